//! What Istio's webhook refuses of a DestinationRule, and what it warns of.

use std::collections::BTreeSet;

use tfsdk::{
    Diagnostics,
    value::{Path, Tf},
};

use super::{
    Spec, load_balancer::LoadBalancer, outlier_detection::OutlierDetection, tls::ClientTls,
    traffic_policy::TrafficPolicy,
};
use crate::services::istio::{
    connection_pool::ConnectionPool, export, kind::Subject, selector::WorkloadSelector,
};

/// Checks a DestinationRule.
pub(super) fn destination_rule(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
    let (spec, path) = (subject.spec, Path::from("spec"));
    let selector = path.attribute("workload_selector");
    WorkloadSelector::check(&spec.workload_selector, &selector, diagnostics);
    export::check(&spec.export_to, subject.metadata, diagnostics);
    if spec.workload_selector.is_known() && !export::is_own(&spec.export_to, subject.metadata) {
        diagnostics.error_at(
            path.attribute("export_to"),
            "Rule for other namespaces",
            "A rule with `workload_selector` is for clients of its own namespace: use `[\".\"]`, or \
             leave it out.",
        );
    }
    if let Some(policy) = spec.traffic_policy.known() {
        traffic_policy(policy, &path.attribute("traffic_policy"), diagnostics);
    }
    let mut names = BTreeSet::new();
    for (i, subset) in spec.subsets.items().iter().enumerate() {
        let path = path.attribute("subsets").index(i);
        if subset.name.known().is_some_and(|name| !names.insert(name)) {
            let detail =
                format!("{:?} is there before: give each subset a name.", subset.name.text());
            diagnostics.error_at(path.attribute("name"), "Subset is there twice", detail);
        }
        if let Some(policy) = subset.traffic_policy.known() {
            traffic_policy(policy, &path.attribute("traffic_policy"), diagnostics);
        }
    }
}

fn traffic_policy(policy: &TrafficPolicy, path: &Path, diagnostics: &mut Diagnostics) {
    let TrafficPolicy { load_balancer, connection_pool, outlier_detection, tls, .. } = policy;
    let parts = Parts { load_balancer, connection_pool, outlier_detection, tls };
    parts.check(path, diagnostics);
    if let Some(tunnel) = policy.tunnel.known()
        && tunnel.target_host.text().contains('*')
    {
        diagnostics.error_at(
            path.attribute("tunnel").attribute("target_host"),
            "Wildcard at the end of a tunnel",
            "A tunnel ends at one host: name it.",
        );
    }
    for (i, port) in policy.port_level_settings.items().iter().enumerate() {
        let parts = Parts {
            load_balancer: &port.load_balancer,
            connection_pool: &port.connection_pool,
            outlier_detection: &port.outlier_detection,
            tls: &port.tls,
        };
        parts.check(&path.attribute("port_level_settings").index(i), diagnostics);
    }
}

/// What a service and a single port can both say.
struct Parts<'a> {
    load_balancer: &'a Tf<LoadBalancer>,
    connection_pool: &'a Tf<ConnectionPool>,
    outlier_detection: &'a Tf<OutlierDetection>,
    tls: &'a Tf<ClientTls>,
}

impl Parts<'_> {
    fn check(&self, path: &Path, diagnostics: &mut Diagnostics) {
        let ejects = match self.outlier_detection {
            Tf::Unknown => None,
            outlier => Some(outlier.is_known()),
        };
        if let Some(balancer) = self.load_balancer.known() {
            balancer.check(ejects, &path.attribute("load_balancer"), diagnostics);
        }
        let pool = path.attribute("connection_pool");
        ConnectionPool::check(self.connection_pool, &pool, diagnostics);
        if let Some(outlier) = self.outlier_detection.known() {
            outlier.check(&path.attribute("outlier_detection"), diagnostics);
        }
        if let Some(tls) = self.tls.known() {
            tls.check(&path.attribute("tls"), diagnostics);
        }
    }
}
