//! `crossmesh_istio_workload_entry`: a workload outside the cluster.

use tfsdk::{Diagnostics, value::Path};

use crate::services::istio::{
    kind::{IstioKind, Subject},
    workload::Workload,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkloadEntry;

impl IstioKind for WorkloadEntry {
    type Spec = Workload;

    const TYPE: &'static str = "crossmesh_istio_workload_entry";
    const DESCRIPTION: &'static str = "A WorkloadEntry of Istio: a virtual machine or another \
        workload outside the cluster. A ServiceEntry whose selector its labels meet makes it part of \
        a service.";
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "WorkloadEntry";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];

    fn check(subject: &Subject<'_, Workload>, diagnostics: &mut Diagnostics) {
        subject.spec.check(&Path::from("spec"), diagnostics);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::istio::testing::{expect_fields, expect_round_trip, problems};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<WorkloadEntry>(include_str!("fields/workload_entry.txt"));
    }

    #[test]
    fn a_full_object_survives_both_ways() {
        expect_round_trip::<WorkloadEntry>(&json!({
            "address": "10.0.0.1", "ports": {"http": 8080}, "labels": {"app": "a"},
            "network": "n", "locality": "r/z", "weight": 0, "serviceAccount": "s",
        }));
    }

    #[test]
    fn what_istio_refuses_is_refused_at_plan() {
        let said = |spec| problems::<WorkloadEntry>("a", &spec);
        for address in ["10.0.0.1", "fd00::1", "vm.example.com", "unix:///a/b", "unix://@a"] {
            assert_eq!(said(json!({"address": address})), [""; 0], "{address}");
        }
        assert_eq!(said(json!({"network": "n"})), [""; 0]);
        assert_eq!(said(json!({"address": "(unknown)"})), [""; 0]);
        for (spec, at) in [
            (json!({}), "spec"),
            (json!({"address": ""}), "spec"),
            (json!({"address": "a b"}), "spec.address"),
            (json!({"address": "*.example.com"}), "spec.address"),
            (json!({"address": "10.0.0.0/8"}), "spec.address"),
            (json!({"address": "unix://a"}), "spec.address"),
            (json!({"address": "unix:///a/"}), "spec.address"),
            (json!({"address": "unix:///a", "ports": {"a": 1}}), "spec.ports"),
            (json!({"network": "n", "ports": {"a_b": 1}}), "spec.ports[\"a_b\"]"),
            (json!({"network": "n", "ports": {"a": 0}}), "spec.ports[\"a\"]"),
            (json!({"network": "n", "weight": -1}), "spec.weight"),
        ] {
            let found = said(spec.clone());
            assert!(found.len() == 1 && found[0].contains(&format!("({at})")), "{spec}: {found:?}");
        }
    }
}
