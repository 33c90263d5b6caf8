//! `crossmesh_istio_destination_rule`: what holds for requests once it is clear
//! where they go.

mod check;
mod load_balancer;
mod locality;
mod outlier_detection;
#[cfg(test)]
mod tests;
mod tls;
mod traffic_policy;

use std::collections::BTreeMap;

use tfsdk::{Diagnostics, Model, schema::validators, value::Tf};

use self::traffic_policy::TrafficPolicy;
use crate::services::istio::{
    kind::{IstioKind, Subject},
    selector::WorkloadSelector,
    syntax,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct DestinationRule;

impl IstioKind for DestinationRule {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_destination_rule";
    const DESCRIPTION: &'static str = "A DestinationRule of Istio: what holds for requests to a \
        service once it is clear where they go – subsets, load balancing, limits of connections, \
        ejection of failing hosts, TLS.";
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "DestinationRule";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        check::destination_rule(subject, diagnostics);
    }
}

/// The service, its subsets, and what holds for them.
#[derive(Clone, Model)]
pub(super) struct Spec {
    /// The service: a name of the mesh's registry, best in full
    /// (`reviews.default.svc.cluster.local`), or a host of a ServiceEntry, also
    /// with `*.` at the beginning. A short name is completed with the namespace
    /// of this object.
    #[attr(required, validate(syntax::wildcard_domain()))]
    pub host: Tf<String>,

    /// What holds for all requests to the service.
    #[attr(optional)]
    pub traffic_policy: Tf<TrafficPolicy>,

    /// Named parts of the service, which VirtualServices can route to.
    #[attr(optional)]
    pub subsets: Tf<Vec<Subset>>,

    /// Namespaces whose sidecars and gateways see the rule: names, `.` (the
    /// object's own) or `*` (all). Default: what the mesh says, usually `*`; with
    /// a selector, the own one alone.
    #[attr(optional, validate(validators::each(syntax::export_to())))]
    pub export_to: Tf<Vec<String>>,

    /// The clients that the rule is for, in the object's namespace. Default: all
    /// that see it.
    #[attr(optional)]
    pub workload_selector: Tf<WorkloadSelector>,
}

/// A named part of a service.
#[derive(Clone, Model)]
pub(crate) struct Subset {
    /// Name, unique within the rule.
    #[attr(required, validate(syntax::subset()))]
    pub name: Tf<String>,

    /// Labels that the pods of the subset have all. Default: all pods.
    #[attr(
        optional,
        validate(
            validators::keys(syntax::qualified_name()),
            validators::each(syntax::label_value())
        )
    )]
    pub labels: Tf<BTreeMap<String, String>>,

    /// What holds for requests to the subset, instead of what holds for the
    /// service.
    #[attr(optional)]
    pub traffic_policy: Tf<TrafficPolicy>,
}
