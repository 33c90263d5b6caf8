//! `crossmesh_istio_gateway`: what the mesh's edge listens on.

mod check;

use std::collections::BTreeMap;

use tfsdk::{Diagnostics, Model, schema::validators, value::Tf};

use crate::services::istio::{
    kind::{IstioKind, Subject},
    protocol::protocol,
    server_tls::ServerTls,
    syntax,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gateway;

impl IstioKind for Gateway {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_gateway";
    const DESCRIPTION: &'static str = "A Gateway of Istio: ports, protocols, hosts and certificates \
        that the proxies at the edge of a mesh listen on. VirtualServices that name it route what \
        comes in.";
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "Gateway";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        check::gateway(subject, diagnostics);
    }
}

/// What is listened on, and by which proxies.
#[derive(Clone, Model)]
pub(super) struct Spec {
    /// Labels of the proxies' pods that serve this gateway, such as `{ istio =
    /// "ingressgateway" }`.
    #[attr(optional, validate(validators::keys(syntax::qualified_name())))]
    pub selector: Tf<BTreeMap<String, String>>,

    /// The ports, each with its hosts. At least one.
    #[attr(required, validate(validators::not_empty()))]
    pub servers: Tf<Vec<Server>>,
}

/// One port with the hosts that it serves.
#[derive(Clone, Model)]
pub(super) struct Server {
    /// The port that is listened on.
    #[attr(required)]
    pub port: Tf<Port>,

    /// Hosts that are served: domain names, which may begin with `*.`, or `*`.
    /// With `namespace/` before it (`./` for the gateway's own, `*/` for any),
    /// only VirtualServices of that namespace can bind to the host.
    #[attr(required, validate(validators::not_empty(), validators::each(syntax::gateway_host())))]
    pub hosts: Tf<Vec<String>>,

    /// How TLS is ended, passed through or redirected to. Needed for the
    /// protocols `HTTPS` and `TLS`.
    #[attr(optional)]
    pub tls: Tf<ServerTls>,

    /// Name of the server, for logs and metrics.
    #[attr(optional)]
    pub name: Tf<String>,

    /// Address or socket (`unix:///path`, `unix://@abstract`) that is listened
    /// on. Default: all addresses of the proxy.
    #[attr(optional)]
    pub bind: Tf<String>,

    /// Address that unmatched traffic is sent to, such as `127.0.0.1:8080` or
    /// `unix:///path`. For sidecars only.
    #[attr(optional)]
    pub default_endpoint: Tf<String>,
}

/// A port with its protocol.
#[derive(Clone, Model)]
pub(super) struct Port {
    /// Number of the port; 0 with a socket in `bind`.
    #[attr(required, validate(validators::range(0..=65535)))]
    pub number: Tf<i64>,

    /// What is spoken on it: `HTTP`, `HTTPS`, `HTTP2`, `GRPC`, `GRPC-WEB`,
    /// `TCP`, `TLS`, `MONGO`, `MYSQL` or `REDIS`. `TLS` is TCP in TLS without a
    /// look into it.
    #[attr(required, validate(protocol()))]
    pub protocol: Tf<String>,

    /// Name of the port, unique within the gateway.
    #[attr(required, validate(validators::not_empty()))]
    pub name: Tf<String>,

    /// Has no effect on gateways.
    #[attr(
        optional,
        deprecated = "Has no effect: remove it. The Service of the proxies says which port of theirs \
            is meant.",
        validate(syntax::port())
    )]
    pub target_port: Tf<i64>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::istio::testing::{expect_fields, expect_round_trip};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<Gateway>(include_str!("fields/gateway.txt"));
    }

    #[test]
    fn a_full_gateway_survives_both_ways() {
        expect_round_trip::<Gateway>(&json!({
            "selector": {"istio": "ingressgateway"},
            "servers": [{
                "name": "web", "bind": "0.0.0.0", "defaultEndpoint": "127.0.0.1:80",
                "port": {"number": 443, "name": "https", "protocol": "HTTPS", "targetPort": 8443},
                "hosts": ["*.example.com", "team/a.com"],
                "tls": {
                    "httpsRedirect": false, "mode": "MUTUAL", "serverCertificate": "/a",
                    "privateKey": "/b", "caCertificates": "/c", "caCrl": "/d",
                    "credentialName": "a", "credentialNames": ["a", "b"],
                    "caCertCredentialName": "ca", "subjectAltNames": ["x"],
                    "verifyCertificateSpki": ["s"], "verifyCertificateHash": ["h"],
                    "minProtocolVersion": "TLSV1_2", "maxProtocolVersion": "TLSV1_3",
                    "cipherSuites": ["AES128-SHA"],
                    "tlsCertificates": [{"serverCertificate": "/e", "privateKey": "/f", "caCertificates": "/g"}],
                },
            }],
        }));
    }
}
