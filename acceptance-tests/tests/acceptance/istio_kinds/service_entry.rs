//! `crossmesh_istio_service_entry`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_service_entry",
        api_version: "networking.istio.io/v1",
        plural: "serviceentries",
        full: r#"{
            hosts = ["a.example.com", "*.b.example.com"]
            addresses = ["10.0.0.0/8"]
            ports = [
                { number = 80, name = "http", protocol = "HTTP", target_port = 8080 },
                { number = 443, name = "https", protocol = "TLS" },
            ]
            location = "MESH_INTERNAL"
            resolution = "STATIC"
            endpoints = [
                {
                    address = "10.0.0.1"
                    ports = { http = 8081 }
                    labels = { app = "a" }
                    network = "vpc-1"
                    locality = "r/z"
                    weight = 3
                    service_account = "a"
                },
                { network = "vpc-2" },
            ]
            export_to = ["."]
            subject_alt_names = ["spiffe://cluster.local/ns/a/sa/b"]
        }"#,
        wire: r#"{
            "hosts": ["a.example.com", "*.b.example.com"], "addresses": ["10.0.0.0/8"],
            "ports": [
                {"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 8080},
                {"number": 443, "name": "https", "protocol": "TLS"}
            ],
            "location": "MESH_INTERNAL", "resolution": "STATIC",
            "endpoints": [
                {
                    "address": "10.0.0.1", "ports": {"http": 8081}, "labels": {"app": "a"},
                    "network": "vpc-1", "locality": "r/z", "weight": 3, "serviceAccount": "a"
                },
                {"network": "vpc-2"}
            ],
            "exportTo": ["."], "subjectAltNames": ["spiffe://cluster.local/ns/a/sa/b"]
        }"#,
        changes: &[
            ("location = \"MESH_INTERNAL\"", ""),
            ("{ network = \"vpc-2\" },", ""),
            ("number = 443", "number = 8443"),
        ],
        least: r#"{ hosts = ["a.example.com"] }"#,
        left: r#"{"hosts": ["a.example.com"]}"#,
        edit: (
            r#"{"ports": [
                {"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 9999},
                {"number": 443, "name": "https", "protocol": "TLS"}
            ]}"#,
            "spec.ports[0].target_port",
        ),
        foreign: r#"{
            "resolution": "DNS", "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}]
        }"#,
    }
    .expect();
}
