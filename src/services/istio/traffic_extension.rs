//! `crossmesh_istio_traffic_extension`: code in WebAssembly or Lua that proxies
//! run.

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
pub(super) struct TrafficExtension;

impl IstioKind for TrafficExtension {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_traffic_extension";
    const DESCRIPTION: &'static str = "A TrafficExtension of Istio (1.30 and later): code in \
        WebAssembly or Lua that sidecars and gateways run on what passes them. Without a selector it \
        is for the whole namespace, and in the mesh's root namespace for the whole mesh.";
    const GROUP: &'static str = "extensions.istio.io";
    const KIND: &'static str = "TrafficExtension";
    const VERSIONS: &'static [&'static str] = &["v1alpha1"];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        let (spec, path) = (subject.spec, Path::from("spec"));
        WorkloadSelector::check(&spec.selector, &path.attribute("selector"), diagnostics);
        target::check(&Tf::Null, &spec.target_refs, diagnostics);
        plugin::check_traffic(&spec.r#match, diagnostics);
        if let Some(module) = spec.wasm.known() {
            module.check(&path.attribute("wasm"), diagnostics);
        }
    }
}

/// The code, and which traffic of which proxies it is for.
#[derive(Clone, Model)]
#[model(exactly_one_of("wasm", "lua"), at_most_one_of("selector", "target_refs"))]
pub(super) struct Spec {
    /// The workloads whose proxies run the code. Default: all of the namespace.
    #[attr(optional)]
    pub selector: Tf<WorkloadSelector>,

    /// Objects whose proxies run the code; at most 16.
    #[attr(optional, validate(validators::count(..=16)))]
    pub target_refs: Tf<Vec<PolicyTargetReference>>,

    /// Code in WebAssembly.
    #[attr(optional)]
    pub wasm: Tf<Module>,

    /// Code in Lua.
    #[attr(optional)]
    pub lua: Tf<Lua>,

    /// Where among the proxy's filters the code stands: before Istio's own
    /// filters of that phase, `AUTHN` (who it is), `AUTHZ` (what it may) or
    /// `STATS` (metrics). Default, as `UNSPECIFIED`: at the end, before the
    /// router.
    #[attr(
        optional,
        validate(validators::one_of(["UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"]))
    )]
    pub phase: Tf<String>,

    /// Order among the extensions of a phase: higher ones come first. Default: 0.
    #[attr(optional)]
    pub priority: Tf<i32>,

    /// Traffic that the code is for: one of these. Default: all.
    #[attr(optional)]
    pub r#match: Tf<Vec<TrafficSelector>>,
}

/// Code in Lua.
#[derive(Clone, Model)]
pub(super) struct Lua {
    /// The code, with the functions `envoy_on_request` and `envoy_on_response`;
    /// at most 64 KiB.
    #[attr(required, validate(validators::length(1..=65536)))]
    pub inline_code: Tf<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::istio::testing::{expect_fields, expect_round_trip, problems};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<TrafficExtension>(include_str!("fields/traffic_extension.txt"));
    }

    #[test]
    fn a_full_extension_survives_both_ways() {
        expect_round_trip::<TrafficExtension>(&json!({
            "selector": {"matchLabels": {"app": "a"}},
            "targetRefs": [{"group": "", "kind": "Service", "name": "a", "namespace": ""}],
            "wasm": {
                "url": "file:///opt/filter.wasm", "sha256": "", "imagePullPolicy": "IfNotPresent",
                "imagePullSecret": "registry", "verificationKey": "k", "pluginConfig": {"a": 1},
                "pluginName": "main", "failStrategy": "FAIL_RELOAD", "type": "NETWORK",
                "vmConfig": {"env": [{"name": "A", "value": "1", "valueFrom": "INLINE"}]},
            },
            "lua": {"inlineCode": "function envoy_on_request(handle) end"},
            "phase": "STATS", "priority": -1,
            "match": [{"mode": "CLIENT", "ports": [{"number": 80}]}],
        }));
    }

    #[test]
    fn what_istio_refuses_is_refused_at_plan() {
        let lua = json!({"inline_code": "x"});
        let wasm = json!({"url": "oci://a/b:1", "plugin_config": {"a": 1}});
        let said = |spec: &serde_json::Value| problems::<TrafficExtension>("a", spec);
        for right in [json!({"lua": lua}), json!({"wasm": wasm}), json!({"wasm": "(unknown)"})] {
            assert_eq!(said(&right), [""; 0], "{right}");
        }
        let host = json!({"env": [{"name": "A", "value_from": "HOST", "value": "x"}]});
        for (wrong, at) in [
            (json!({}), "spec"),
            (json!({"lua": lua, "wasm": wasm}), "spec"),
            (json!({"lua": {}}), "spec.lua.inline_code"),
            (json!({"lua": {"inline_code": ""}}), "spec.lua.inline_code"),
            (json!({"lua": lua, "phase": "UNSPECIFIED_PHASE"}), "spec.phase"),
            (json!({"wasm": {"url": "a", "vm_config": host}}), "spec.wasm.vm_config.env[0].value"),
        ] {
            let found = said(&wrong);
            assert!(found.len() == 1 && found[0].contains(&format!("({at}")), "{wrong}: {found:?}");
        }
    }
}
