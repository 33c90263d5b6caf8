//! `crossmesh_istio_virtual_service`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_virtual_service",
        api_version: "networking.istio.io/v1",
        plural: "virtualservices",
        full: r#"{
            hosts = ["a.example.com", "b.example.com"]
            gateways = ["istio-system/main"]
            export_to = ["*"]
            http = [{
                match = [{ uri = { prefix = "/" }, headers = { "x-any" = {} } }]
                route = [{ destination = { host = "a" } }]
                timeout = "5s"
            }]
        }"#,
        wire: r#"{
            "hosts": ["a.example.com", "b.example.com"], "gateways": ["istio-system/main"],
            "exportTo": ["*"],
            "http": [{
                "match": [{"uri": {"prefix": "/"}, "headers": {"x-any": {}}}],
                "route": [{"destination": {"host": "a"}}], "timeout": "5s"
            }]
        }"#,
        changes: &[("\"5s\"", "\"7s\""), ("\"b.example.com\"", "\"c.example.com\"")],
        least: r#"{ http = [{ route = [{ destination = { host = "a" } }] }] }"#,
        left: r#"{"http": [{"route": [{"destination": {"host": "a"}}]}]}"#,
        edit: (
            r#"{"http": [{
                "match": [{"uri": {"prefix": "/"}, "headers": {"x-any": {}}}],
                "route": [{"destination": {"host": "a"}}], "timeout": "9s"
            }]}"#,
            "spec.http[0].timeout",
        ),
        foreign: r#"{"exportTo": ["."]}"#,
    }
    .expect();
}
