//! Routes of HTTP.

use std::collections::BTreeMap;

use tfsdk::{Model, schema::validators, value::Tf};

use super::{
    fault::Fault,
    matching::HttpMatch,
    policy::{CorsPolicy, Percent, Retries},
};
use crate::services::istio::{destination::Destination, re2, syntax};

/// One rule: which requests, and what is done with them.
#[derive(Clone, Model)]
pub(crate) struct HttpRoute {
    /// Name of the rule, for logs.
    #[attr(optional)]
    pub name: Tf<String>,

    /// Requests that the rule is for: those that meet all conditions of any of
    /// these. Default: every request.
    #[attr(optional, name = "match")]
    pub matches: Tf<Vec<HttpMatch>>,

    /// Where the requests go, by weight. Exactly one of `route`, `redirect`,
    /// `direct_response` and `delegate` is set.
    #[attr(optional, validate(validators::not_empty()))]
    pub route: Tf<Vec<HttpDestination>>,

    /// Answers with a redirect instead.
    #[attr(optional)]
    pub redirect: Tf<Redirect>,

    /// Answers with a fixed response instead.
    #[attr(optional)]
    pub direct_response: Tf<DirectResponse>,

    /// Leaves the requests to another VirtualService, whose rules are joined with
    /// this one's conditions.
    #[attr(optional)]
    pub delegate: Tf<Delegate>,

    /// Changes path and host before the request goes on.
    #[attr(optional)]
    pub rewrite: Tf<Rewrite>,

    /// Longest time for a request with all its retries, such as `5s`. Default:
    /// no limit.
    #[attr(optional, validate(syntax::duration()))]
    pub timeout: Tf<String>,

    /// How failed requests are tried again.
    #[attr(optional)]
    pub retries: Tf<Retries>,

    /// Failures that are put in on purpose.
    #[attr(optional)]
    pub fault: Tf<Fault>,

    /// Gets a copy of each request, whose answer is thrown away.
    #[attr(optional)]
    pub mirror: Tf<Destination>,

    /// Destinations that get copies, each with its own share. Not together with
    /// `mirror`.
    #[attr(optional)]
    pub mirrors: Tf<Vec<Mirror>>,

    /// Share of the requests that `mirror` gets. Default: all.
    #[attr(optional)]
    pub mirror_percentage: Tf<Percent>,

    /// Share of the requests that `mirror` gets, as a whole number.
    #[attr(
        optional,
        deprecated = "Use `mirror_percentage`.",
        validate(validators::range(0..=100))
    )]
    pub mirror_percent: Tf<i64>,

    /// What other origins may do in browsers (CORS).
    #[attr(optional)]
    pub cors_policy: Tf<CorsPolicy>,

    /// Headers of requests and responses that are changed.
    #[attr(optional)]
    pub headers: Tf<Headers>,
}

/// A destination with its share of the requests.
#[derive(Clone, Model)]
pub(crate) struct HttpDestination {
    /// The service.
    #[attr(required)]
    pub destination: Tf<Destination>,

    /// Its share: its weight over the sum of all weights. 0 gets nothing. A
    /// single destination needs none.
    #[attr(optional, validate(validators::range(0..=2147483647)))]
    pub weight: Tf<i64>,

    /// Headers that are changed for this destination alone.
    #[attr(optional)]
    pub headers: Tf<Headers>,
}

/// A redirect.
#[derive(Clone, Model)]
#[model(at_most_one_of("port", "derive_port"))]
pub(crate) struct Redirect {
    /// Path and query of the new address. Default: those of the request.
    #[attr(optional)]
    pub uri: Tf<String>,

    /// Host of the new address. Default: that of the request.
    #[attr(optional)]
    pub authority: Tf<String>,

    /// Port of the new address.
    #[attr(optional, validate(syntax::port()))]
    pub port: Tf<i64>,

    /// Takes the port from the protocol (`FROM_PROTOCOL_DEFAULT`: 80 or 443) or
    /// from the request (`FROM_REQUEST_PORT`).
    #[attr(
        optional,
        validate(validators::one_of(["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"]))
    )]
    pub derive_port: Tf<String>,

    /// Scheme of the new address: `http` or `https`. Default: that of the
    /// request.
    #[attr(optional, validate(validators::one_of(["http", "https"])))]
    pub scheme: Tf<String>,

    /// Status of the answer, 300 to 399. Default: 301.
    #[attr(optional, validate(validators::range(300..=399)))]
    pub redirect_code: Tf<i64>,
}

/// A fixed response.
#[derive(Clone, Model)]
pub(crate) struct DirectResponse {
    /// Status, 200 to 599.
    #[attr(required, validate(syntax::http_status()))]
    pub status: Tf<i64>,

    /// Body. Default: none.
    #[attr(optional)]
    pub body: Tf<ResponseBody>,
}

/// The body of a fixed response.
#[derive(Clone, Model)]
#[model(at_most_one_of("string", "bytes"))]
pub(crate) struct ResponseBody {
    /// As text.
    #[attr(optional, validate(validators::bytes(..=1_000_000)))]
    pub string: Tf<String>,

    /// As bytes, in base64.
    #[attr(optional, validate(validators::bytes(..=1_400_000)))]
    pub bytes: Tf<String>,
}

/// A VirtualService that goes on.
#[derive(Clone, Model)]
pub(crate) struct Delegate {
    /// Name of the VirtualService.
    #[attr(optional, validate(syntax::dns_subdomain()))]
    pub name: Tf<String>,

    /// Its namespace. Default: this object's.
    #[attr(optional, validate(syntax::dns_label()))]
    pub namespace: Tf<String>,
}

/// How the address of a request is changed.
#[derive(Clone, Model)]
#[model(at_most_one_of("uri", "uri_regex_rewrite"))]
pub(crate) struct Rewrite {
    /// Takes the place of the path, or of the prefix where the rule matches one.
    #[attr(optional)]
    pub uri: Tf<String>,

    /// Takes the place of the host.
    #[attr(optional)]
    pub authority: Tf<String>,

    /// Changes the path by a regular expression.
    #[attr(optional)]
    pub uri_regex_rewrite: Tf<RegexRewrite>,
}

/// A replacement by a regular expression.
#[derive(Clone, Model)]
pub(crate) struct RegexRewrite {
    /// What is replaced, in the syntax of RE2.
    #[attr(optional, name = "match", validate(re2::regex()))]
    pub pattern: Tf<String>,

    /// What takes its place; `\1` is the first group.
    #[attr(optional)]
    pub rewrite: Tf<String>,
}

/// A destination of copies.
#[derive(Clone, Model)]
pub(crate) struct Mirror {
    /// The service.
    #[attr(required)]
    pub destination: Tf<Destination>,

    /// Share of the requests that are copied. Default: all.
    #[attr(optional)]
    pub percentage: Tf<Percent>,
}

/// Headers that are changed.
#[derive(Clone, Model)]
pub(crate) struct Headers {
    /// Those of the request, before it goes on.
    #[attr(optional)]
    pub request: Tf<HeaderOperations>,

    /// Those of the response, before it goes back.
    #[attr(optional)]
    pub response: Tf<HeaderOperations>,
}

/// Changes of headers.
#[derive(Clone, Model)]
pub(crate) struct HeaderOperations {
    /// Headers that get this value, whatever they had.
    #[attr(optional, validate(validators::keys(syntax::changed_header())))]
    pub set: Tf<BTreeMap<String, String>>,

    /// Values that headers get in addition.
    #[attr(optional, validate(validators::keys(syntax::changed_header())))]
    pub add: Tf<BTreeMap<String, String>>,

    /// Headers that are removed.
    #[attr(optional, validate(validators::each(syntax::header_name())))]
    pub remove: Tf<Vec<String>>,
}
