//! `crossmesh_istio_peer_authentication`: whether workloads take plain
//! connections, mutual TLS, or both.

use std::collections::BTreeMap;

use tfsdk::{
    Diagnostics, Model,
    schema::{Validator, validators},
    value::{Path, Tf},
};

use crate::services::istio::{
    kind::{IstioKind, Subject},
    selector::WorkloadSelector,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeerAuthentication;

impl IstioKind for PeerAuthentication {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_peer_authentication";
    const DESCRIPTION: &'static str = "A PeerAuthentication of Istio: whether workloads take \
        connections in mutual TLS, plain ones, or both. Without a selector it is for the whole \
        namespace, and in the mesh's root namespace for the whole mesh.";
    const GROUP: &'static str = "security.istio.io";
    const KIND: &'static str = "PeerAuthentication";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1"];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        let (spec, path) = (subject.spec, Path::from("spec"));
        WorkloadSelector::check(&spec.selector, &path.attribute("selector"), diagnostics);
        let has_ports = spec.port_level_mtls.known().is_some_and(|ports| !ports.is_empty());
        if has_ports && WorkloadSelector::is_open(&spec.selector) {
            diagnostics.error_at(
                path.attribute("port_level_mtls"),
                "Ports without workloads",
                "Ports are those of certain workloads: name these in `selector.match_labels`. For \
                 all of a namespace, use `mtls`.",
            );
        }
    }
}

/// What is accepted, by which workloads.
#[derive(Clone, Model)]
pub(super) struct Spec {
    /// The workloads. Default: all of the namespace.
    #[attr(optional)]
    pub selector: Tf<WorkloadSelector>,

    /// What the workloads accept on their ports.
    #[attr(optional)]
    pub mtls: Tf<MutualTls>,

    /// What they accept on single ports, by the ports' numbers. They are the
    /// workload's own, not those of its Service.
    #[attr(optional, validate(validators::not_empty(), validators::keys(port_number())))]
    pub port_level_mtls: Tf<BTreeMap<String, MutualTls>>,
}

/// What is accepted.
#[derive(Clone, Model)]
pub(super) struct MutualTls {
    /// `STRICT` (mutual TLS alone), `PERMISSIVE` (plain too), `DISABLE` (plain
    /// alone) or `UNSET`, which takes it from the namespace or the mesh, and in
    /// the end is `PERMISSIVE`. Default: `UNSET`.
    #[attr(
        optional,
        validate(validators::one_of(["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]))
    )]
    pub mode: Tf<String>,
}

/// A port's number as the key of a map.
fn port_number() -> impl Validator {
    validators::satisfies("must be a port, 1 to 65535", |value| {
        let Some(text) = value.as_str() else { return Ok(()) };
        match text.parse::<u16>() {
            Ok(port) if port > 0 && !text.starts_with('0') && !text.starts_with('+') => Ok(()),
            _ => Err(format!("must be a port, 1 to 65535, and is {text:?}")),
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::istio::testing::{expect_fields, expect_round_trip, problems};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<PeerAuthentication>(include_str!("fields/peer_authentication.txt"));
    }

    #[test]
    fn a_full_object_survives_both_ways() {
        expect_round_trip::<PeerAuthentication>(&json!({
            "selector": {"matchLabels": {"app": "shop"}},
            "mtls": {"mode": "STRICT"},
            "portLevelMtls": {"8080": {"mode": "DISABLE"}, "9090": {}},
        }));
    }

    #[test]
    fn what_istio_refuses_is_refused_at_plan() {
        let said = |spec| problems::<PeerAuthentication>("a", &spec);
        let selector = json!({"match_labels": {"app": "a"}});
        assert_eq!(said(json!({})), [""; 0]);
        assert_eq!(
            said(json!({"selector": selector, "port_level_mtls": {"80": {"mode": "STRICT"}}})),
            [""; 0]
        );
        assert_eq!(said(json!({"selector": "(unknown)", "port_level_mtls": {"80": {}}})), [""; 0]);
        for (spec, at) in [
            (json!({"mtls": {"mode": "strict"}}), "spec.mtls.mode"),
            (json!({"port_level_mtls": {"80": {}}}), "spec.port_level_mtls"),
            (json!({"selector": selector, "port_level_mtls": {}}), "spec.port_level_mtls"),
            (
                json!({"selector": selector, "port_level_mtls": {"0": {}}}),
                "spec.port_level_mtls[\"0\"]",
            ),
            (
                json!({"selector": selector, "port_level_mtls": {"65536": {}}}),
                "spec.port_level_mtls[\"65536\"]",
            ),
            (
                json!({"selector": {"match_labels": {"app": "a*"}}}),
                "spec.selector.match_labels[\"app\"]",
            ),
            (json!({"selector": {}}), "spec.selector"),
        ] {
            let found = said(spec.clone());
            assert!(found.len() == 1 && found[0].contains(&format!("({at})")), "{spec}: {found:?}");
        }
    }
}
