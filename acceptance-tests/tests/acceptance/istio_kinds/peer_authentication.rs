//! `crossmesh_istio_peer_authentication`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_peer_authentication",
        api_version: "security.istio.io/v1",
        plural: "peerauthentications",
        full: r#"{
            selector = { match_labels = { app = "shop", tier = "web" } }
            mtls = { mode = "STRICT" }
            port_level_mtls = { "8080" = { mode = "DISABLE" }, "9090" = {} }
        }"#,
        wire: r#"{
            "selector": {"matchLabels": {"app": "shop", "tier": "web"}},
            "mtls": {"mode": "STRICT"},
            "portLevelMtls": {"8080": {"mode": "DISABLE"}, "9090": {}}
        }"#,
        changes: &[("\"STRICT\"", "\"PERMISSIVE\""), ("\"9090\"", "\"9091\"")],
        least: r#"{ mtls = { mode = "DISABLE" } }"#,
        left: r#"{"mtls": {"mode": "DISABLE"}}"#,
        edit: (
            r#"{"portLevelMtls": {"8080": {"mode": "STRICT"}}}"#,
            "spec.port_level_mtls.8080.mode",
        ),
        foreign: r#"{"selector": {"matchLabels": {"app": "theirs"}}}"#,
    }
    .expect();
}
