//! `crossmesh_istio_workload_entry`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_workload_entry",
        api_version: "networking.istio.io/v1",
        plural: "workloadentries",
        full: r#"{
            address = "10.0.4.17"
            ports = { http = 8080, grpc = 9090 }
            labels = { app = "shop", version = "v1" }
            network = "vpc-1"
            locality = "r/z/s"
            weight = 0
            service_account = "shop"
        }"#,
        wire: r#"{
            "address": "10.0.4.17", "ports": {"http": 8080, "grpc": 9090},
            "labels": {"app": "shop", "version": "v1"}, "network": "vpc-1", "locality": "r/z/s",
            "weight": 0, "serviceAccount": "shop"
        }"#,
        changes: &[("weight = 0", "weight = 10"), ("grpc = 9090", "tcp = 9091")],
        least: r#"{ network = "vpc-1" }"#,
        left: r#"{"network": "vpc-1"}"#,
        edit: (r#"{"ports": {"http": 8081}}"#, "spec.ports.http"),
        foreign: r#"{"weight": 3, "labels": {"theirs": "1"}}"#,
    }
    .expect();
}
