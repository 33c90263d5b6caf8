//! `crossmesh_istio_wasm_plugin`: a module in WebAssembly that proxies run.

use tfsdk::{
    Diagnostics, Model,
    schema::validators,
    value::{Path, Tf},
};

use crate::services::istio::{
    kind::{IstioKind, Subject},
    plugin::{self, Module, TrafficSelector},
    selector::WorkloadSelector,
    target::{self, PolicyTargetReference},
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct WasmPlugin;

impl IstioKind for WasmPlugin {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_wasm_plugin";
    const DESCRIPTION: &'static str = "A WasmPlugin of Istio: a module in WebAssembly that sidecars \
        and gateways run on what passes them. Without a selector it is for the whole namespace, and \
        in the mesh's root namespace for the whole mesh.";
    const GROUP: &'static str = "extensions.istio.io";
    const KIND: &'static str = "WasmPlugin";
    const VERSIONS: &'static [&'static str] = &["v1alpha1"];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        let (spec, path) = (subject.spec, Path::from("spec"));
        WorkloadSelector::check(&spec.selector, &path.attribute("selector"), diagnostics);
        target::check(&spec.target_ref, &spec.target_refs, diagnostics);
        plugin::check_traffic(&spec.r#match, diagnostics);
        spec.module.check(&path, diagnostics);
    }
}

/// The module, and which traffic of which proxies it is for.
#[derive(Clone, Model)]
#[model(at_most_one_of("selector", "target_ref", "target_refs"))]
pub(super) struct Spec {
    /// The workloads whose proxies run the module. Default: all of the namespace.
    #[attr(optional)]
    pub selector: Tf<WorkloadSelector>,

    /// The object whose proxies run the module.
    #[attr(optional, deprecated = "Use `target_refs`, which takes several.")]
    pub target_ref: Tf<PolicyTargetReference>,

    /// Objects whose proxies run the module; at most 16.
    #[attr(optional, validate(validators::count(..=16)))]
    pub target_refs: Tf<Vec<PolicyTargetReference>>,

    #[attr(flatten)]
    pub module: Module,

    /// Where among the proxy's filters the module stands: before Istio's own
    /// filters of that phase, `AUTHN` (who it is), `AUTHZ` (what it may) or
    /// `STATS` (metrics). Default, as `UNSPECIFIED_PHASE`: at the end, before the
    /// router.
    #[attr(
        optional,
        validate(validators::one_of(["UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"]))
    )]
    pub phase: Tf<String>,

    /// Order among the modules of a phase: higher ones come first. Default: 0.
    #[attr(optional)]
    pub priority: Tf<i32>,

    /// Traffic that the module is for: one of these. Default: all.
    #[attr(optional)]
    pub r#match: Tf<Vec<TrafficSelector>>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::istio::testing::{expect_fields, expect_round_trip, problems};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<WasmPlugin>(include_str!("fields/wasm_plugin.txt"));
    }

    #[test]
    fn a_full_plugin_survives_both_ways() {
        let target = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "a",
            "namespace": ""});
        expect_round_trip::<WasmPlugin>(&json!({
            "selector": {"matchLabels": {"app": "a"}}, "targetRef": target, "targetRefs": [target],
            "url": "oci://registry/filter:1", "sha256": "", "imagePullPolicy": "Always",
            "imagePullSecret": "registry", "verificationKey": "k",
            "pluginConfig": {"a_B": [1, 0.5, {"c": true}], "d": {}}, "pluginName": "main",
            "failStrategy": "FAIL_OPEN", "type": "HTTP", "phase": "AUTHN", "priority": 0,
            "vmConfig": {"env": [{"name": "A", "value": "1", "valueFrom": "INLINE"}]},
            "match": [{"mode": "SERVER", "ports": [{"number": 80}]}],
        }));
    }

    #[test]
    fn what_istio_refuses_is_refused_at_plan() {
        let said = |more: serde_json::Value| {
            let mut spec = json!({"url": "oci://a/b:1"});
            spec.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            problems::<WasmPlugin>("a", &spec)
        };
        let gateway = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "a"});
        for right in [
            json!({}),
            json!({"url": "registry/a:1"}),
            json!({"url": "(unknown)", "plugin_config": "(unknown)"}),
            json!({"plugin_config": {"a": [1, "b"]}, "priority": -5}),
            json!({"target_refs": [gateway], "match": [{"ports": [{"number": 1}, {"number": 2}]}]}),
            json!({"vm_config": {"env": [{"name": "A", "value_from": "HOST"}, {"name": "B"}]}}),
        ] {
            assert_eq!(said(right.clone()), [""; 0], "{right}");
        }
        for (wrong, at) in [
            (json!({"url": "ftp://a"}), "spec.url"),
            (json!({"url": ""}), "spec.url"),
            (json!({"url": null}), "spec.url"),
            (json!({"sha256": "ABC"}), "spec.sha256"),
            (json!({"plugin_config": "text"}), "spec.plugin_config"),
            (json!({"phase": "FIRST"}), "spec.phase"),
            (
                json!({"selector": {"match_labels": {"a": "b"}}, "target_refs": [gateway]}),
                "spec.target_refs",
            ),
            (
                json!({"vm_config": {"env": [{"name": "A", "value_from": "HOST", "value": ""}]}}),
                "spec.vm_config.env[0].value",
            ),
            (
                json!({"vm_config": {"env": [{"name": "A"}, {"name": "A"}]}}),
                "spec.vm_config.env[1].name",
            ),
            (json!({"match": [{"ports": [{"number": 0}]}]}), "spec.match[0].ports[0].number"),
            (
                json!({"match": [{"ports": [{"number": 1}, {"number": 1}]}]}),
                "spec.match[0].ports[1].number",
            ),
        ] {
            let found = said(wrong.clone());
            assert!(
                found.len() == 1 && found[0].contains(&format!("({at})")),
                "{wrong}: {found:?}"
            );
        }
    }
}
