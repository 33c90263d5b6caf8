//! `crossmesh_istio_gateway`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_gateway",
        api_version: "networking.istio.io/v1",
        plural: "gateways",
        full: r#"{
            selector = { istio = "ingressgateway" }
            servers = [{
                name = "web"
                port = { number = 443, name = "https", protocol = "HTTPS" }
                bind = "0.0.0.0"
                hosts = ["shop/*.example.com", "./a.example.com"]
                tls = { mode = "SIMPLE", credential_name = "example-com" }
            }]
        }"#,
        wire: r#"{
            "selector": {"istio": "ingressgateway"},
            "servers": [{
                "name": "web", "bind": "0.0.0.0",
                "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
                "hosts": ["shop/*.example.com", "./a.example.com"],
                "tls": {"mode": "SIMPLE", "credentialName": "example-com"}
            }]
        }"#,
        changes: &[("443", "8443"), ("\"SIMPLE\"", "\"OPTIONAL_MUTUAL\"")],
        least: r#"{
            servers = [{ port = { number = 80, name = "http", protocol = "HTTP" }, hosts = ["*"] }]
        }"#,
        left: r#"{"servers": [
            {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
        ]}"#,
        edit: (r#"{"selector": {"istio": "theirs"}}"#, "spec.selector.istio"),
        foreign: r#"{"selector": {"istio": "theirs"}}"#,
    }
    .expect();
}
