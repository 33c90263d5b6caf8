//! `crossmesh_istio_traffic_extension`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_traffic_extension",
        api_version: "extensions.istio.io/v1alpha1",
        plural: "trafficextensions",
        full: r#"{
            target_refs = [{ kind = "Service", name = "shop" }]

            wasm = {
                url           = "file:///opt/filter.wasm"
                plugin_config = { rules = ["a", { b = 1 }], unset = null }
                type          = "NETWORK"
                vm_config     = { env = [{ name = "MODE", value = "a" }] }
            }

            phase    = "AUTHZ"
            priority = -5
            match    = [{ mode = "CLIENT", ports = [{ number = 80 }] }]
        }"#,
        wire: r#"{
            "targetRefs": [{"kind": "Service", "name": "shop"}],
            "wasm": {"url": "file:///opt/filter.wasm", "type": "NETWORK",
                "pluginConfig": {"rules": ["a", {"b": 1}]},
                "vmConfig": {"env": [{"name": "MODE", "value": "a"}]}},
            "phase": "AUTHZ", "priority": -5, "match": [{"mode": "CLIENT", "ports": [{"number": 80}]}]
        }"#,
        changes: &[("\"AUTHZ\"", "\"UNSPECIFIED\""), ("b = 1", "b = true")],
        least: r#"{ lua = { inline_code = "function envoy_on_request(handle) end" } }"#,
        left: r#"{"lua": {"inlineCode": "function envoy_on_request(handle) end"}}"#,
        edit: (r#"{"wasm": {"type": "HTTP"}}"#, "spec.wasm.type"),
        foreign: r#"{"phase": "STATS"}"#,
    }
    .expect();
}
