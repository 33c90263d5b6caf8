//! Failures on purpose.

use tfsdk::{Model, schema::validators, value::Tf};

use super::policy::Percent;
use crate::services::istio::syntax;

/// Failures that are put in: a delay, an abort, or both.
#[derive(Clone, Model)]
#[model(at_least_one_of("delay", "abort"))]
pub(crate) struct Fault {
    /// Holds requests up before they go on.
    #[attr(optional)]
    pub delay: Tf<Delay>,

    /// Ends requests with an error.
    #[attr(optional)]
    pub abort: Tf<Abort>,
}

/// A delay.
#[derive(Clone, Model)]
#[model(at_most_one_of("fixed_delay", "exponential_delay"))]
pub(crate) struct Delay {
    /// How long, such as `5s`.
    #[attr(optional, validate(syntax::duration()))]
    pub fixed_delay: Tf<String>,

    /// A delay that grows. No version of Istio has it so far.
    #[attr(optional, validate(syntax::duration()))]
    pub exponential_delay: Tf<String>,

    /// Share of the requests that are held up. Default: all.
    #[attr(optional)]
    pub percentage: Tf<Percent>,

    /// Share of the requests that are held up, as a whole number.
    #[attr(
        optional,
        deprecated = "Use `percentage`.",
        validate(validators::range(0..=100))
    )]
    pub percent: Tf<i64>,
}

/// An abort.
#[derive(Clone, Model)]
#[model(at_most_one_of("http_status", "grpc_status", "http2_error"))]
pub(crate) struct Abort {
    /// Status of HTTP, 200 to 599.
    #[attr(optional, validate(syntax::http_status()))]
    pub http_status: Tf<i64>,

    /// Status of gRPC, such as `UNAVAILABLE`.
    #[attr(optional, validate(syntax::grpc_status()))]
    pub grpc_status: Tf<String>,

    /// Error of HTTP/2. No version of Istio has it so far.
    #[attr(optional)]
    pub http2_error: Tf<String>,

    /// Share of the requests that are ended. Default: all.
    #[attr(optional)]
    pub percentage: Tf<Percent>,
}
