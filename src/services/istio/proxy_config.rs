//! `crossmesh_istio_proxy_config`: how proxies are started.

use std::collections::BTreeMap;

use tfsdk::{
    Diagnostics, Model,
    schema::validators,
    value::{Path, Tf},
};

use crate::services::istio::{
    kind::{IstioKind, Subject},
    selector::WorkloadSelector,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProxyConfig;

impl IstioKind for ProxyConfig {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_proxy_config";
    const DESCRIPTION: &'static str = "A ProxyConfig of Istio: threads, environment and image of the \
        sidecars and gateways. It is read when a proxy starts: restart the pods for a change to \
        work.";
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "ProxyConfig";
    const VERSIONS: &'static [&'static str] = &["v1beta1"];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        let path = Path::from("spec").attribute("selector");
        WorkloadSelector::check(&subject.spec.selector, &path, diagnostics);
    }
}

/// How proxies are started, and which.
#[derive(Clone, Model)]
pub(super) struct Spec {
    /// The workloads. Default: all of the namespace, and in the mesh's root
    /// namespace all of the mesh.
    #[attr(optional)]
    pub selector: Tf<WorkloadSelector>,

    /// Threads that a proxy works with. 0 is one per core of the machine.
    /// Default: as many as the proxy's CPU limit allows.
    #[attr(optional, validate(validators::range(0..=2147483647)))]
    pub concurrency: Tf<i64>,

    /// Environment variables of the proxy, in addition to those that it has.
    #[attr(
        optional,
        validate(
            validators::keys(validators::not_empty()),
            validators::each(validators::length(..=2048))
        )
    )]
    pub environment_variables: Tf<BTreeMap<String, String>>,

    /// Image of the proxy.
    #[attr(optional)]
    pub image: Tf<ProxyImage>,
}

/// Image of a proxy.
#[derive(Clone, Model)]
pub(super) struct ProxyImage {
    /// Variant of the image, such as `default`, `debug` or `distroless`. Default:
    /// the one that Istio was installed with.
    #[attr(optional)]
    pub image_type: Tf<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::istio::testing::{expect_fields, expect_round_trip, problems};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<ProxyConfig>(include_str!("fields/proxy_config.txt"));
    }

    #[test]
    fn a_full_object_survives_both_ways() {
        expect_round_trip::<ProxyConfig>(&json!({
            "selector": {"matchLabels": {"app": "shop"}},
            "concurrency": 0,
            "environmentVariables": {"A": "", "B": "b"},
            "image": {"imageType": "distroless"},
        }));
    }

    #[test]
    fn what_istio_refuses_is_refused_at_plan() {
        let said = |spec| problems::<ProxyConfig>("a", &spec);
        assert_eq!(said(json!({"concurrency": 0})), [""; 0]);
        let found = said(json!({
            "concurrency": -1,
            "environment_variables": {"": "a", "B": "b".repeat(2049)},
        }));
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(said(json!({"selector": {"match_labels": {}}}))[0].contains("(spec.selector)"));
    }
}
