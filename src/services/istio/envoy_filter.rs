//! `crossmesh_istio_envoy_filter`: changes of what Istio tells Envoy.

mod check;
mod matching;

use tfsdk::{
    Diagnostics, Model,
    schema::validators,
    value::{Tf, Value},
};

use self::matching::PatchMatch;
use crate::services::istio::{
    kind::{IstioKind, Subject},
    loose,
    selector::LabelSelector,
    target::PolicyTargetReference,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct EnvoyFilter;

impl IstioKind for EnvoyFilter {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_envoy_filter";
    const DESCRIPTION: &'static str = "An EnvoyFilter of Istio: changes of the configuration that \
        Istio makes for Envoy, where no other kind offers what is needed. Another version of Istio \
        may need other changes. Without a selector it is for the whole namespace, and in the mesh's \
        root namespace for the whole mesh.";
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "EnvoyFilter";
    const VERSIONS: &'static [&'static str] = &["v1alpha3"];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        check::envoy_filter(subject.spec, diagnostics);
    }
}

/// The changes, and which proxies they are for.
#[derive(Clone, Model)]
#[model(at_most_one_of("workload_selector", "target_refs"))]
pub(super) struct Spec {
    /// The workloads whose proxies are changed. Default: all of the namespace.
    #[attr(optional)]
    pub workload_selector: Tf<LabelSelector>,

    /// Objects whose proxies are changed; at most 16.
    #[attr(optional, validate(validators::count(..=16)))]
    pub target_refs: Tf<Vec<PolicyTargetReference>>,

    /// The changes, in the order in which they are made.
    #[attr(optional)]
    pub config_patches: Tf<Vec<ConfigPatch>>,

    /// Order among the EnvoyFilters of a namespace: lower ones come first, also
    /// below 0. Default: 0; those of equal priority come by age.
    #[attr(optional)]
    pub priority: Tf<i32>,
}

/// One change.
#[derive(Clone, Model)]
pub(super) struct ConfigPatch {
    /// What is changed: `LISTENER`, `FILTER_CHAIN`, `LISTENER_FILTER`,
    /// `NETWORK_FILTER`, `HTTP_FILTER`, `ROUTE_CONFIGURATION`, `VIRTUAL_HOST`,
    /// `HTTP_ROUTE`, `CLUSTER`, `EXTENSION_CONFIG` or `BOOTSTRAP`.
    #[attr(
        required,
        validate(validators::one_of([
            "INVALID",
            "LISTENER",
            "FILTER_CHAIN",
            "NETWORK_FILTER",
            "HTTP_FILTER",
            "ROUTE_CONFIGURATION",
            "VIRTUAL_HOST",
            "HTTP_ROUTE",
            "CLUSTER",
            "EXTENSION_CONFIG",
            "BOOTSTRAP",
            "LISTENER_FILTER",
        ]))
    )]
    pub apply_to: Tf<String>,

    /// Which of them. Default: all.
    #[attr(optional)]
    pub r#match: Tf<PatchMatch>,

    /// What becomes of them.
    #[attr(required)]
    pub patch: Tf<Patch>,
}

/// What becomes of a part of the configuration.
#[derive(Clone, Model)]
pub(super) struct Patch {
    /// `MERGE` (into what is there), `ADD`, `REMOVE`, `INSERT_BEFORE`,
    /// `INSERT_AFTER` (the filter or route that is matched), `INSERT_FIRST` or
    /// `REPLACE`.
    #[attr(
        required,
        validate(validators::one_of([
            "INVALID",
            "MERGE",
            "ADD",
            "REMOVE",
            "INSERT_BEFORE",
            "INSERT_AFTER",
            "INSERT_FIRST",
            "REPLACE",
        ]))
    )]
    pub operation: Tf<String>,

    /// Configuration of Envoy, as its own documentation has it: any object. An
    /// entry that is null is not there. Needed unless something is removed.
    #[attr(optional, validate(loose::is_object()))]
    pub value: Tf<Value>,

    /// Where an added filter stands: before Istio's own filters of that class,
    /// `AUTHN` (who it is), `AUTHZ` (what it may) or `STATS` (metrics). Only with
    /// `ADD`. Default, as `UNSPECIFIED`: `operation` alone says it.
    #[attr(
        optional,
        validate(validators::one_of(["UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"]))
    )]
    pub filter_class: Tf<String>,
}
