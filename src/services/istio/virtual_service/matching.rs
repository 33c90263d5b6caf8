//! Conditions on requests.

use std::collections::BTreeMap;

use tfsdk::{Model, schema::validators, value::Tf};

use crate::services::istio::{re2, syntax};

/// Conditions that a request meets all. At least one.
#[derive(Clone, Model)]
pub(crate) struct HttpMatch {
    /// Name of the condition, for logs.
    #[attr(optional)]
    pub name: Tf<String>,

    /// Path and query. Case matters unless `ignore_uri_case` is set.
    #[attr(optional)]
    pub uri: Tf<StringMatch>,

    /// Scheme: `http` or `https`.
    #[attr(optional)]
    pub scheme: Tf<StringMatch>,

    /// Method, such as `GET`.
    #[attr(optional)]
    pub method: Tf<StringMatch>,

    /// Host that the request names.
    #[attr(optional)]
    pub authority: Tf<StringMatch>,

    /// Headers by their lower-case names. `{}` asks only that the header be
    /// there. Claims of a token are `@request.auth.claims.<name>`.
    #[attr(optional, validate(validators::keys(syntax::matched_header())))]
    pub headers: Tf<BTreeMap<String, StringMatch>>,

    /// Port that the request was sent to.
    #[attr(optional, validate(syntax::port()))]
    pub port: Tf<i64>,

    /// Labels of the client's workload. Not with gateways.
    #[attr(optional, validate(validators::keys(syntax::qualified_name())))]
    pub source_labels: Tf<BTreeMap<String, String>>,

    /// Gateways that the condition is for, instead of those of the
    /// VirtualService.
    #[attr(optional, validate(validators::each(syntax::gateway_name())))]
    pub gateways: Tf<Vec<String>>,

    /// Parameters of the query by their names. `{ exact = "" }` asks for one
    /// without a value.
    #[attr(optional, validate(validators::keys(validators::not_empty())))]
    pub query_params: Tf<BTreeMap<String, StringMatch>>,

    /// Whether upper and lower case are the same in the path, for `exact` and
    /// `prefix`.
    #[attr(optional)]
    pub ignore_uri_case: Tf<bool>,

    /// Headers that the request must not have so. `{}` asks that the header be
    /// absent.
    #[attr(optional, validate(validators::keys(syntax::matched_header())))]
    pub without_headers: Tf<BTreeMap<String, StringMatch>>,

    /// Namespace of the client's workload. Not with gateways.
    #[attr(optional, validate(syntax::dns_label()))]
    pub source_namespace: Tf<String>,

    /// Prefix of the metrics of what matches.
    #[attr(optional)]
    pub stat_prefix: Tf<String>,
}

/// A condition on text: one of these.
#[derive(Clone, Model)]
#[model(at_most_one_of("exact", "prefix", "regex"))]
pub(crate) struct StringMatch {
    /// It is this text.
    #[attr(optional)]
    pub exact: Tf<String>,

    /// It begins with this text.
    #[attr(optional, validate(validators::not_empty()))]
    pub prefix: Tf<String>,

    /// All of it matches this regular expression, in the syntax of RE2.
    #[attr(optional, validate(re2::regex()))]
    pub regex: Tf<String>,
}

impl StringMatch {
    /// Whether it has no condition, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        self.exact.is_null() && self.prefix.is_null() && self.regex.is_null()
    }
}
