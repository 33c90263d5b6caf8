//! `crossmesh_istio_sidecar`: what the sidecars of a namespace know and take.

mod check;

use tfsdk::{Diagnostics, Model, schema::validators, value::Tf};

use crate::services::istio::{
    connection_pool::ConnectionPool,
    destination::Destination,
    kind::{IstioKind, Subject},
    protocol::protocol,
    selector::LabelSelector,
    server_tls::ServerTls,
    syntax,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sidecar;

impl IstioKind for Sidecar {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_sidecar";
    const DESCRIPTION: &'static str = "A Sidecar of Istio: which services the sidecars of workloads \
        know, which ports they take requests on, and what becomes of requests that they know nothing \
        of. Naming what is needed saves much memory in large meshes.";
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "Sidecar";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        check::sidecar(subject, diagnostics);
    }
}

/// What sidecars know and take. At least one besides the selector.
#[derive(Clone, Model)]
pub(super) struct Spec {
    /// The workloads. Default: all of the namespace, and in the mesh's root
    /// namespace all of the namespaces without a Sidecar of their own.
    #[attr(optional)]
    pub workload_selector: Tf<LabelSelector>,

    /// Ports that requests to the workload are taken on. Default: those of its
    /// Services.
    #[attr(optional)]
    pub ingress: Tf<Vec<Ingress>>,

    /// What requests of the workload may go to. Default: every service that is
    /// visible in the namespace.
    #[attr(optional)]
    pub egress: Tf<Vec<Egress>>,

    /// Limits of connections to the workload, on all ports.
    #[attr(optional)]
    pub inbound_connection_pool: Tf<ConnectionPool>,

    /// What becomes of requests to hosts that the sidecar knows nothing of.
    /// Default: what the mesh says.
    #[attr(optional)]
    pub outbound_traffic_policy: Tf<OutboundTrafficPolicy>,
}

/// A port that requests to the workload are taken on.
#[derive(Clone, Model)]
pub(crate) struct Ingress {
    /// Number, protocol and name of the port that is listened on.
    #[attr(required)]
    pub port: Tf<SidecarPort>,

    /// IP address that is listened on. Default: the workload's own.
    #[attr(optional)]
    pub bind: Tf<String>,

    /// How connections come to the port: `IPTABLES` (redirected), `NONE` (made to
    /// it by the client), or as the mesh says, `DEFAULT`.
    #[attr(optional, validate(validators::one_of(["DEFAULT", "IPTABLES", "NONE"])))]
    pub capture_mode: Tf<String>,

    /// Where the workload itself listens: `127.0.0.1:port`, `[::1]:port`,
    /// `0.0.0.0:port` or `[::]:port` (the pod's address), or `unix:///path`.
    /// Default: the port at the address that the request came to.
    #[attr(optional, validate(check::endpoint()))]
    pub default_endpoint: Tf<String>,

    /// TLS of clients outside the mesh, which the sidecar ends. Mutual TLS within
    /// the mesh is switched off for the port in a PeerAuthentication.
    #[attr(optional)]
    pub tls: Tf<ServerTls>,

    /// Limits of connections to the port, instead of `inbound_connection_pool`.
    #[attr(optional)]
    pub connection_pool: Tf<ConnectionPool>,
}

/// What requests of the workload may go to.
#[derive(Clone, Model)]
pub(crate) struct Egress {
    /// Port that the requests go to. Without one it is for all ports that no
    /// other has, and stands last.
    #[attr(optional)]
    pub port: Tf<SidecarPort>,

    /// IP address that is listened on, or with port 0 a socket (`unix:///path`,
    /// `unix://@name`). Default: the addresses of the services.
    #[attr(optional)]
    pub bind: Tf<String>,

    /// How connections come to the sidecar: `IPTABLES` (redirected), `NONE` (made
    /// to it by the workload), or as the mesh says, `DEFAULT`.
    #[attr(optional, validate(validators::one_of(["DEFAULT", "IPTABLES", "NONE"])))]
    pub capture_mode: Tf<String>,

    /// Services, as `namespace/host`: `./*` (all of the own namespace), `*/*` (all
    /// of them), `shop/*.example.com`, `shop/api.shop.svc.cluster.local`, or `~/*`
    /// for none.
    #[attr(required, validate(validators::not_empty(), validators::each(check::service())))]
    pub hosts: Tf<Vec<String>>,
}

/// A port of a sidecar.
#[derive(Clone, Model)]
pub(crate) struct SidecarPort {
    /// Number; 0 with a socket in `bind`.
    #[attr(optional, validate(validators::range(0..=65535)))]
    pub number: Tf<i64>,

    /// What is spoken on it: `HTTP`, `HTTPS`, `HTTP2`, `GRPC`, `GRPC-WEB`, `TCP`,
    /// `TLS`, `MONGO`, `MYSQL` or `REDIS`. Default: found out by the proxy.
    #[attr(optional, validate(protocol()))]
    pub protocol: Tf<String>,

    /// Name, for logs and metrics.
    #[attr(optional, validate(syntax::subset()))]
    pub name: Tf<String>,

    /// Has no effect on sidecars.
    #[attr(
        optional,
        deprecated = "Has no effect: remove it, and set `default_endpoint` for another port of the \
            workload.",
        validate(syntax::port())
    )]
    pub target_port: Tf<i64>,
}

/// What becomes of requests to hosts that the sidecar knows nothing of.
#[derive(Clone, Model)]
pub(crate) struct OutboundTrafficPolicy {
    /// `REGISTRY_ONLY` (refused) or `ALLOW_ANY` (let through). Default:
    /// `REGISTRY_ONLY`.
    #[attr(
        optional,
        validate(validators::one_of(["REGISTRY_ONLY", "ALLOW_ANY"]))
    )]
    pub mode: Tf<String>,

    /// Service that they are sent to instead, with `ALLOW_ANY`: its host in full
    /// and its port.
    #[attr(optional)]
    pub egress_proxy: Tf<Destination>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::istio::testing::{expect_fields, expect_round_trip};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<Sidecar>(include_str!("../fields/sidecar.txt"));
    }

    #[test]
    fn a_full_object_survives_both_ways() {
        let pool = json!({
            "tcp": {
                "maxConnections": 1, "connectTimeout": "1s", "maxConnectionDuration": "1h",
                "idleTimeout": "0s",
                "tcpKeepalive": {"probes": 3, "time": "2h", "interval": "75s"},
            },
            "http": {
                "http1MaxPendingRequests": 0, "http2MaxRequests": 1, "maxRequestsPerConnection": 2,
                "maxRetries": 3, "idleTimeout": "1h", "h2UpgradePolicy": "UPGRADE",
                "useClientProtocol": false, "maxConcurrentStreams": 4,
            },
        });
        let port = json!({"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 8080});
        expect_round_trip::<Sidecar>(&json!({
            "workloadSelector": {"labels": {"app": "a"}},
            "ingress": [{
                "port": port, "bind": "10.0.0.1", "captureMode": "NONE",
                "defaultEndpoint": "127.0.0.1:8080", "tls": {"mode": "SIMPLE"},
                "connectionPool": pool,
            }],
            "egress": [{"port": port, "bind": "unix:///a", "captureMode": "NONE", "hosts": ["./*"]}],
            "inboundConnectionPool": pool,
            "outboundTrafficPolicy": {
                "mode": "ALLOW_ANY",
                "egressProxy": {"host": "a.b", "subset": "v1", "port": {"number": 80}},
            },
        }));
    }
}
