//! `crossmesh_istio_wasm_plugin`

use crossmesh_sim::terraform::Action;
use serde_json::json;

use super::Life;
use crate::cluster::Bench;

const ADDRESS: &str = "crossmesh_istio_wasm_plugin.main";

const IN_A_LIST: &str = r#"
resource "crossmesh_istio_wasm_plugin" "main" {
  cluster = "CLUSTER"

  metadata = {
    name        = "main"
    namespace   = "NAMESPACE"
    labels      = {}
    annotations = {}
  }

  spec = {
    url       = "registry.example.com/filter:1"
    vm_config = { env = [{ name = "A", value = "1" }, { name = "B", value = "2" }] }
  }
}
"#;

#[test]
fn items_with_a_key_are_shown_where_they_stand() {
    let bench = Bench::with_istio();
    bench.apply_config(&bench.here(IN_A_LIST));
    bench.plan().expect_empty();
    let path = bench.object("extensions.istio.io/v1alpha1", "wasmplugins", "main");
    let theirs = json!({"spec": {"vmConfig": {"env": [
        {"name": "A", "value": "1"}, {"name": "B", "value": "9"}]}}});
    bench.kube().edit(&path, &theirs);
    let plan = bench.plan();
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    let (mut found, change) = (Vec::new(), plan.change(ADDRESS));
    super::differences(&change["before"], &change["after"], "", &mut found);
    assert_eq!(found, ["spec.vm_config.env[1].value"], "empty labels are no drift");
    let said = plan.outcome.prose();
    assert!(said.contains("spec.vm_config.env[1].value by \"kubectl-edit\""), "{said}");
}

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_wasm_plugin",
        api_version: "extensions.istio.io/v1alpha1",
        plural: "wasmplugins",
        full: r#"{
            selector = { match_labels = { app = "shop" } }

            url               = "oci://registry.example.com/filter:1"
            sha256            = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            image_pull_policy = "IfNotPresent"
            image_pull_secret = "registry"
            plugin_name       = "main"
            fail_strategy     = "FAIL_OPEN"
            type              = "HTTP"
            phase             = "AUTHN"
            priority          = 0

            plugin_config = {
                realm    = "shop"
                attempts = 3
                share    = 0.5
                rules    = [{ path = "/", open = true }, "rest", [1, 2]]
                labels   = tomap({ a = "1" })
                empty    = {}
                unset    = null
            }

            vm_config = { env = [{ name = "MODE", value = "a" }, { name = "POD", value_from = "HOST" }] }
            match     = [{ mode = "SERVER", ports = [{ number = 80 }, { number = 443 }] }]
        }"#,
        wire: r#"{
            "selector": {"matchLabels": {"app": "shop"}}, "url": "oci://registry.example.com/filter:1",
            "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "imagePullPolicy": "IfNotPresent", "imagePullSecret": "registry", "pluginName": "main",
            "failStrategy": "FAIL_OPEN", "type": "HTTP", "phase": "AUTHN", "priority": 0,
            "pluginConfig": {"realm": "shop", "attempts": 3, "share": 0.5, "empty": {},
                "rules": [{"path": "/", "open": true}, "rest", [1, 2]], "labels": {"a": "1"}},
            "vmConfig": {"env": [{"name": "MODE", "value": "a"}, {"name": "POD", "valueFrom": "HOST"}]},
            "match": [{"mode": "SERVER", "ports": [{"number": 80}, {"number": 443}]}]
        }"#,
        changes: &[("\"AUTHN\"", "\"STATS\""), ("attempts = 3", "attempts = \"many\""), ("443", "444")],
        least: r#"{ url = "registry.example.com/filter:1" }"#,
        left: r#"{"url": "registry.example.com/filter:1"}"#,
        edit: (r#"{"pluginConfig": {"attempts": 9}}"#, "spec.plugin_config.attempts"),
        foreign: r#"{"priority": 5, "pluginConfig": {"a": 1}}"#,
    }
    .expect();
}
