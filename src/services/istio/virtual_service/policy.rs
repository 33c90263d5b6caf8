//! Retries, shares and CORS.

use tfsdk::{Model, schema::validators, value::Tf};

use super::matching::StringMatch;
use crate::services::istio::syntax;

/// A share.
#[derive(Clone, Model)]
pub(crate) struct Percent {
    /// Percent, 0 to 100, also in fractions: 0.1 is one in a thousand.
    #[attr(optional, validate(syntax::percent()))]
    pub value: Tf<f64>,
}

/// How failed requests are tried again.
#[derive(Clone, Model)]
pub(crate) struct Retries {
    /// How often at most. 0 switches it off.
    #[attr(optional, validate(validators::range(0..=2147483647)))]
    pub attempts: Tf<i64>,

    /// Longest time of one try, such as `2s`. Default: the timeout of the rule.
    #[attr(optional, validate(syntax::duration()))]
    pub per_try_timeout: Tf<String>,

    /// What is tried again: conditions of Envoy and statuses, with commas between
    /// them, such as `connect-failure,refused-stream,503`.
    #[attr(optional)]
    pub retry_on: Tf<String>,

    /// Whether tries may go to other localities.
    #[attr(optional)]
    pub retry_remote_localities: Tf<bool>,

    /// Whether tries avoid hosts that failed before. Default: true.
    #[attr(optional)]
    pub retry_ignore_previous_hosts: Tf<bool>,

    /// Least pause between tries, which grows. Default: `25ms`.
    #[attr(optional, validate(syntax::duration()))]
    pub backoff: Tf<String>,
}

/// What other origins may do in browsers (CORS).
#[derive(Clone, Model)]
pub(crate) struct CorsPolicy {
    /// Origins that are allowed.
    #[attr(optional)]
    pub allow_origins: Tf<Vec<StringMatch>>,

    /// Origins that are allowed, each in full.
    #[attr(optional, deprecated = "Use `allow_origins`, as `{ exact = \"…\" }`.")]
    pub allow_origin: Tf<Vec<String>>,

    /// Methods that are allowed (`Access-Control-Allow-Methods`).
    #[attr(
        optional,
        validate(validators::each(validators::one_of([
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*",
        ])))
    )]
    pub allow_methods: Tf<Vec<String>>,

    /// Request headers that are allowed (`Access-Control-Allow-Headers`).
    #[attr(optional, validate(validators::each(cors_header())))]
    pub allow_headers: Tf<Vec<String>>,

    /// Response headers that browsers show to pages
    /// (`Access-Control-Expose-Headers`).
    #[attr(optional, validate(validators::each(cors_header())))]
    pub expose_headers: Tf<Vec<String>>,

    /// How long browsers keep the answer (`Access-Control-Max-Age`), in whole
    /// seconds.
    #[attr(optional, validate(syntax::duration()))]
    pub max_age: Tf<String>,

    /// Whether cookies and credentials may come along.
    #[attr(optional)]
    pub allow_credentials: Tf<bool>,

    /// What becomes of preflight requests of other origins: `FORWARD` to the
    /// service, or `IGNORE` (answered without CORS headers). Default, as
    /// `UNSPECIFIED`: `FORWARD`.
    #[attr(
        optional,
        validate(validators::one_of(["UNSPECIFIED", "FORWARD", "IGNORE"]))
    )]
    pub unmatched_preflights: Tf<String>,
}

/// A header's name, or `*`.
fn cors_header() -> impl tfsdk::schema::Validator {
    let name = syntax::header_name();
    validators::satisfies("must be the name of an HTTP header, or `*`", move |value| {
        use tfsdk::schema::Validator as _;
        match value.as_str() {
            Some("*") => Ok(()),
            _ => name.check(value, &tfsdk::value::Path::root()),
        }
    })
}
