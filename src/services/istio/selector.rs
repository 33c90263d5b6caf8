//! Which workloads an object is for, by their labels.

use std::collections::BTreeMap;

use tfsdk::{
    Diagnostics, Model,
    schema::validators,
    value::{Path, Tf},
};

use crate::services::istio::syntax;

/// Workloads by their labels.
#[derive(Clone, Model)]
pub(super) struct WorkloadSelector {
    /// Labels that a workload has all, each with this value. Wildcards do not
    /// work here.
    #[attr(
        optional,
        validate(
            validators::count(..=4096),
            validators::keys(syntax::qualified_name()),
            validators::each(syntax::label_value())
        )
    )]
    pub match_labels: Tf<BTreeMap<String, String>>,
}

/// Workloads by their labels, in the older form.
#[derive(Clone, Model)]
pub(super) struct LabelSelector {
    /// Labels that a workload has all, each with this value. Wildcards do not
    /// work here.
    #[attr(
        optional,
        validate(
            validators::count(..=256),
            validators::keys(syntax::qualified_name()),
            validators::each(syntax::label_value())
        )
    )]
    pub labels: Tf<BTreeMap<String, String>>,
}

impl WorkloadSelector {
    /// Warns of a selector that selects everything.
    pub(super) fn check(selector: &Tf<Self>, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(selector) = selector.known() {
            warn_of_all(&selector.match_labels, path, "match_labels", diagnostics);
        }
    }

    /// Whether it surely selects nothing in particular.
    pub(super) fn is_open(selector: &Tf<Self>) -> bool {
        match selector {
            Tf::Unknown => false,
            Tf::Null => true,
            Tf::Known(selector) => has_none(&selector.match_labels),
        }
    }
}

impl LabelSelector {
    /// Warns of a selector that selects everything.
    pub(super) fn check(selector: &Tf<Self>, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(selector) = selector.known() {
            warn_of_all(&selector.labels, path, "labels", diagnostics);
        }
    }
}

fn warn_of_all(
    labels: &Tf<BTreeMap<String, String>>,
    path: &Path,
    name: &str,
    diagnostics: &mut Diagnostics,
) {
    if has_none(labels) {
        let detail = format!(
            "It selects every workload of the namespace. Name labels in `{name}`, or leave the \
             selector out to say so."
        );
        diagnostics.warn_at(path, "Selector without labels", detail);
    }
}

fn has_none(labels: &Tf<BTreeMap<String, String>>) -> bool {
    labels.is_null() || labels.known().is_some_and(BTreeMap::is_empty)
}
