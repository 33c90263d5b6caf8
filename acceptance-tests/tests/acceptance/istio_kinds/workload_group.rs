//! `crossmesh_istio_workload_group`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_workload_group",
        api_version: "networking.istio.io/v1",
        plural: "workloadgroups",
        full: r#"{
            metadata = { labels = { app = "shop" }, annotations = { "example.com/a" = "b c" } }
            template = {
                ports = { http = 8080 }
                labels = { tier = "web" }
                network = "vpc-1"
                locality = "r/z"
                weight = 2
                service_account = "shop"
            }
            probe = {
                initial_delay_seconds = 0
                timeout_seconds = 1
                period_seconds = 2
                success_threshold = 3
                failure_threshold = 4
                http_get = {
                    path = "/ready"
                    port = 8080
                    host = "127.0.0.1"
                    scheme = "HTTPS"
                    http_headers = [{ name = "x-a", value = "b" }, { name = "x-c" }]
                }
            }
        }"#,
        wire: r#"{
            "metadata": {"labels": {"app": "shop"}, "annotations": {"example.com/a": "b c"}},
            "template": {
                "ports": {"http": 8080}, "labels": {"tier": "web"}, "network": "vpc-1",
                "locality": "r/z", "weight": 2, "serviceAccount": "shop"
            },
            "probe": {
                "initialDelaySeconds": 0, "timeoutSeconds": 1, "periodSeconds": 2,
                "successThreshold": 3, "failureThreshold": 4,
                "httpGet": {
                    "path": "/ready", "port": 8080, "host": "127.0.0.1", "scheme": "HTTPS",
                    "httpHeaders": [{"name": "x-a", "value": "b"}, {"name": "x-c"}]
                }
            }
        }"#,
        changes: &[("period_seconds = 2", "period_seconds = 20"), ("\"/ready\"", "\"/healthz\"")],
        least: r#"{ template = { network = "vpc-2" } }"#,
        left: r#"{"template": {"network": "vpc-2"}}"#,
        edit: (r#"{"probe": {"httpGet": {"path": "/theirs"}}}"#, "spec.probe.http_get.path"),
        foreign: r#"{"template": {"locality": "theirs"}, "metadata": {"labels": {"a": "b"}}}"#,
    }
    .expect();
}
