//! `crossmesh_istio_virtual_service`: where requests for a host go.

mod check;
mod fault;
mod http;
mod http_check;
mod l4;
mod matching;
mod policy;
#[cfg(test)]
mod tests;

use tfsdk::{Diagnostics, Model, schema::validators, value::Tf};

use self::{
    http::HttpRoute,
    l4::{TcpRoute, TlsRoute},
};
use crate::services::istio::{
    kind::{IstioKind, Subject},
    syntax,
    wire::Spelling,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct VirtualService;

impl IstioKind for VirtualService {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_virtual_service";
    const DESCRIPTION: &'static str = "A VirtualService of Istio: how requests for a host are routed, \
        by path, header, weight or port, and what happens to them on the way.";
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "VirtualService";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];
    const SPELLINGS: &'static [Spelling] = &[Spelling {
        attribute: "mirror_percent",
        wire: "mirrorPercent",
        also: &["mirror_percent"],
    }];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        check::virtual_service(subject, diagnostics);
    }
}

/// Hosts, and the routes of what is sent to them.
#[derive(Clone, Model)]
pub(super) struct Spec {
    /// Hosts that the routes are for: names of services, domain names that
    /// gateways serve (also with `*.` at the beginning), or IP addresses. A host
    /// belongs to one VirtualService per gateway. Left out in a VirtualService
    /// that others delegate to.
    #[attr(optional, validate(validators::each(syntax::host())))]
    pub hosts: Tf<Vec<String>>,

    /// Gateways that the routes are for, as `namespace/name` (or `name` in the
    /// object's own namespace), and `mesh` for the sidecars of the mesh. Default:
    /// `mesh` alone.
    #[attr(optional, validate(validators::each(syntax::gateway_name())))]
    pub gateways: Tf<Vec<String>>,

    /// Routes of HTTP, also over TLS that a gateway ends, and of gRPC. The first
    /// that matches is taken.
    #[attr(optional)]
    pub http: Tf<Vec<HttpRoute>>,

    /// Routes of TLS that is passed through, by its SNI. The first that matches
    /// is taken.
    #[attr(optional)]
    pub tls: Tf<Vec<TlsRoute>>,

    /// Routes of TCP. The first that matches is taken.
    #[attr(optional)]
    pub tcp: Tf<Vec<TcpRoute>>,

    /// Namespaces whose sidecars and gateways see the routes: names, `.` (the
    /// object's own) or `*` (all). Default: what the mesh says, usually `*`.
    #[attr(optional, validate(validators::each(syntax::export_to())))]
    pub export_to: Tf<Vec<String>>,
}

#[cfg(test)]
mod mapping {
    use serde_json::json;

    use super::*;
    use crate::services::istio::testing::{expect_fields, expect_round_trip};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<VirtualService>(include_str!("../fields/virtual_service.txt"));
    }

    #[test]
    fn a_full_http_route_survives_both_ways() {
        let headers = json!({
            "request": {"set": {"a": "b"}, "add": {"c": "d"}, "remove": ["e"]},
            "response": {"set": {}, "remove": []},
        });
        let destination = json!({"host": "a", "subset": "v1", "port": {"number": 80}});
        expect_round_trip::<VirtualService>(&json!({
            "hosts": ["a"], "gateways": ["mesh"], "exportTo": ["*"],
            "http": [{
                "name": "main",
                "match": [{
                    "name": "m", "uri": {"prefix": "/"}, "scheme": {"exact": "https"},
                    "method": {"regex": "G.*"}, "authority": {"exact": "a"},
                    "headers": {"x": {"exact": "1"}, "y": {}}, "port": 80,
                    "sourceLabels": {"app": "a"}, "gateways": ["ns/a"],
                    "queryParams": {"q": {"exact": ""}}, "ignoreUriCase": true,
                    "withoutHeaders": {"z": {"prefix": "1"}}, "sourceNamespace": "n",
                    "statPrefix": "s",
                }],
                "route": [{"destination": destination, "weight": 100, "headers": headers}],
                "rewrite": {"uri": "/", "authority": "b", "uriRegexRewrite": {"match": "a", "rewrite": "b"}},
                "timeout": "5s",
                "retries": {"attempts": 3, "perTryTimeout": "1s", "retryOn": "5xx",
                    "retryRemoteLocalities": false, "retryIgnorePreviousHosts": true, "backoff": "25ms"},
                "fault": {
                    "delay": {"percentage": {"value": 0.1}, "percent": 5, "fixedDelay": "1s", "exponentialDelay": "2s"},
                    "abort": {"percentage": {"value": 100}, "httpStatus": 503, "grpcStatus": "OK", "http2Error": "X"},
                },
                "mirror": destination, "mirrorPercentage": {"value": 12.5}, "mirrorPercent": 5,
                "mirrors": [{"destination": destination, "percentage": {"value": 1}}],
                "corsPolicy": {
                    "allowOrigin": ["*"], "allowOrigins": [{"exact": "a"}], "allowMethods": ["GET"],
                    "allowHeaders": ["x"], "exposeHeaders": ["y"], "maxAge": "24h",
                    "allowCredentials": true, "unmatchedPreflights": "IGNORE",
                },
                "headers": headers,
            }],
        }));
    }

    #[test]
    fn other_routes_survive_both_ways() {
        let destination = json!({"host": "a"});
        expect_round_trip::<VirtualService>(&json!({
            "http": [
                {"redirect": {"uri": "/", "authority": "b", "port": 443, "derivePort": "FROM_REQUEST_PORT",
                    "scheme": "https", "redirectCode": 308}},
                {"directResponse": {"status": 200, "body": {"string": "hi", "bytes": "aGk="}}},
                {"delegate": {"name": "a", "namespace": "b"}},
            ],
            "tls": [{
                "match": [{"sniHosts": ["a"], "destinationSubnets": ["10.0.0.0/8"], "port": 443,
                    "sourceLabels": {"a": "b"}, "gateways": ["mesh"], "sourceNamespace": "n"}],
                "route": [{"destination": destination, "weight": 1}],
            }],
            "tcp": [{
                "match": [{"destinationSubnets": ["10.0.0.0/8"], "port": 27017, "sourceSubnet": "10.0.0.0/8",
                    "sourceLabels": {"a": "b"}, "gateways": ["mesh"], "sourceNamespace": "n"}],
                "route": [{"destination": destination, "weight": 1}],
            }],
        }));
    }
}
