//! `crossmesh_istio_sidecar`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_sidecar",
        api_version: "networking.istio.io/v1",
        plural: "sidecars",
        full: r#"{
            workload_selector = { labels = { app = "shop" } }
            ingress = [
                {
                    port = { number = 8080, protocol = "HTTPS", name = "https" }
                    bind = "0.0.0.0"
                    capture_mode = "IPTABLES"
                    default_endpoint = "127.0.0.1:80"
                    tls = { mode = "SIMPLE", server_certificate = "/a", private_key = "/b" }
                    connection_pool = { tcp = { max_connections = 10 } }
                },
            ]
            egress = [
                {
                    port = { number = 0, protocol = "HTTP", name = "socket" }
                    bind = "unix:///tmp/a"
                    capture_mode = "NONE"
                    hosts = ["~/*"]
                },
                { hosts = ["./*", "istio-system/*"] },
            ]
            inbound_connection_pool = {
                tcp = {
                    max_connections = 100
                    connect_timeout = "3s"
                    max_connection_duration = "1h"
                    idle_timeout = "0s"
                    tcp_keepalive = { probes = 3, time = "2h", interval = "75s" }
                }
                http = { http2_max_requests = 5, use_client_protocol = true }
            }
            outbound_traffic_policy = {
                mode = "ALLOW_ANY"
                egress_proxy = { host = "egress.example.com", port = { number = 80 } }
            }
        }"#,
        wire: r#"{
            "workloadSelector": {"labels": {"app": "shop"}},
            "ingress": [{
                "port": {"number": 8080, "protocol": "HTTPS", "name": "https"},
                "bind": "0.0.0.0", "captureMode": "IPTABLES", "defaultEndpoint": "127.0.0.1:80",
                "tls": {"mode": "SIMPLE", "serverCertificate": "/a", "privateKey": "/b"},
                "connectionPool": {"tcp": {"maxConnections": 10}}
            }],
            "egress": [
                {
                    "port": {"number": 0, "protocol": "HTTP", "name": "socket"},
                    "bind": "unix:///tmp/a", "captureMode": "NONE", "hosts": ["~/*"]
                },
                {"hosts": ["./*", "istio-system/*"]}
            ],
            "inboundConnectionPool": {
                "tcp": {
                    "maxConnections": 100, "connectTimeout": "3s", "maxConnectionDuration": "1h",
                    "idleTimeout": "0s",
                    "tcpKeepalive": {"probes": 3, "time": "2h", "interval": "75s"}
                },
                "http": {"http2MaxRequests": 5, "useClientProtocol": true}
            },
            "outboundTrafficPolicy": {
                "mode": "ALLOW_ANY",
                "egressProxy": {"host": "egress.example.com", "port": {"number": 80}}
            }
        }"#,
        changes: &[("\"3s\"", "\"4s\""), ("\"istio-system/*\"", "\"a/b.example.com\"")],
        least: r#"{ egress = [{ hosts = ["./*"] }] }"#,
        left: r#"{"egress": [{"hosts": ["./*"]}]}"#,
        edit: (
            r#"{"inboundConnectionPool": {"tcp": {"tcpKeepalive": {"time": "1h"}}}}"#,
            "spec.inbound_connection_pool.tcp.tcp_keepalive.time",
        ),
        foreign: r#"{"outboundTrafficPolicy": {"mode": "ALLOW_ANY"}}"#,
    }
    .expect();
}
