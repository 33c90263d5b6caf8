//! The metadata of an Istio object.

use std::collections::BTreeMap;

use tfsdk::{Model, schema::validators, value::Tf};

use crate::services::istio::syntax;

/// Name, namespace, labels and annotations.
#[derive(Clone, Model)]
pub(super) struct Metadata {
    /// Name of the object, unique among the objects of its kind in the
    /// namespace. Another name replaces the object.
    #[attr(required, replace, validate(syntax::dns_subdomain()))]
    pub name: Tf<String>,

    /// Namespace. It need not exist before the same apply. Another namespace
    /// replaces the object.
    #[attr(optional, default = "default", replace, validate(syntax::dns_label()))]
    pub namespace: Tf<String>,

    /// Labels. Those that others put on the object are left alone.
    #[attr(
        optional,
        validate(
            validators::keys(syntax::qualified_name()),
            validators::each(syntax::label_value())
        )
    )]
    pub labels: Tf<BTreeMap<String, String>>,

    /// Annotations. Those that others put on the object are left alone.
    #[attr(optional, validate(validators::keys(syntax::qualified_name())))]
    pub annotations: Tf<BTreeMap<String, String>>,
}
