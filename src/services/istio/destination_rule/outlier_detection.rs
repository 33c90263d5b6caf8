//! When failing hosts are left out.

use tfsdk::{
    Diagnostics, Model,
    schema::validators,
    value::{Path, Tf},
};

use crate::services::istio::syntax;

/// When a host that fails is left out, and for how long. `{}` is Istio's defaults.
#[derive(Clone, Model)]
pub(crate) struct OutlierDetection {
    /// Errors in a row.
    #[attr(
        optional,
        deprecated = "Use `consecutive_gateway_errors` or `consecutive_5xx_errors`.",
        validate(validators::range(0..=i32::MAX))
    )]
    pub consecutive_errors: Tf<i64>,

    /// Whether failures of this side (no connection, a timeout) are counted apart
    /// from answers with errors. Default: false, counted as 5xx.
    #[attr(optional)]
    pub split_external_local_origin_errors: Tf<bool>,

    /// Failures of this side in a row after which a host is left out, where they
    /// are counted apart. Default: 5.
    #[attr(optional, validate(validators::range(0..=u32::MAX)))]
    pub consecutive_local_origin_failures: Tf<i64>,

    /// Answers with 502, 503 or 504 in a row after which a host is left out; 0
    /// switches it off. Default: 0.
    #[attr(optional, validate(validators::range(0..=u32::MAX)))]
    pub consecutive_gateway_errors: Tf<i64>,

    /// Answers with 5xx in a row after which a host is left out; 0 switches it
    /// off. Default: 5.
    #[attr(optional, validate(validators::range(0..=u32::MAX)))]
    pub consecutive_5xx_errors: Tf<i64>,

    /// Time from one look at the hosts to the next, such as `10s`. Default:
    /// `10s`.
    #[attr(optional, validate(syntax::duration()))]
    pub interval: Tf<String>,

    /// How long a host is left out, times how often it was before. Default:
    /// `30s`.
    #[attr(optional, validate(syntax::duration()))]
    pub base_ejection_time: Tf<String>,

    /// Most hosts that are left out, in percent. Default: 10.
    #[attr(optional, validate(validators::range(0..=100)))]
    pub max_ejection_percent: Tf<i64>,

    /// Share of healthy hosts, in percent, below which nothing is left out and
    /// requests go to all of them. 0 switches it off. Default: 0.
    #[attr(optional, validate(validators::range(0..=100)))]
    pub min_health_percent: Tf<i64>,
}

impl OutlierDetection {
    /// Checks what goes together.
    pub(super) fn check(&self, path: &Path, diagnostics: &mut Diagnostics) {
        let split = &self.split_external_local_origin_errors;
        let counted = self.consecutive_local_origin_failures.or_default() > 0;
        if counted && !split.is_unknown() && !split.or_default() {
            diagnostics.error_at(
                path.attribute("consecutive_local_origin_failures"),
                "Failures are not counted apart",
                "Set `split_external_local_origin_errors` to true, or remove it.",
            );
        }
    }
}
