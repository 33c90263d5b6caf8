//! `crossmesh_istio_proxy_config`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_proxy_config",
        api_version: "networking.istio.io/v1beta1",
        plural: "proxyconfigs",
        full: r#"{
            selector = { match_labels = { app = "shop" } }
            concurrency = 0
            environment_variables = { A = "", B = "b" }
            image = { image_type = "distroless" }
        }"#,
        wire: r#"{
            "selector": {"matchLabels": {"app": "shop"}}, "concurrency": 0,
            "environmentVariables": {"A": "", "B": "b"}, "image": {"imageType": "distroless"}
        }"#,
        changes: &[("concurrency = 0", "concurrency = 2"), ("A = \"\", ", "")],
        least: "{ concurrency = 0 }",
        left: r#"{"concurrency": 0}"#,
        edit: (r#"{"environmentVariables": {"B": "c"}}"#, "spec.environment_variables.B"),
        foreign: r#"{"image": {"imageType": "debug"}}"#,
    }
    .expect();
}
