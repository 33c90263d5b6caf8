//! `crossmesh_istio_telemetry`: what proxies report.

mod check;

use std::collections::BTreeMap;

use tfsdk::{Diagnostics, Model, schema::validators, value::Tf};

use crate::services::istio::{
    kind::{IstioKind, Subject},
    selector::WorkloadSelector,
    syntax,
    target::PolicyTargetReference,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telemetry;

impl IstioKind for Telemetry {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_telemetry";
    const DESCRIPTION: &'static str = "A Telemetry of Istio: which traces, metrics and access logs \
        proxies report, and to whom. Without a selector it is for the whole namespace, and in the \
        mesh's root namespace for the whole mesh.";
    const GROUP: &'static str = "telemetry.istio.io";
    const KIND: &'static str = "Telemetry";
    const VERSIONS: &'static [&'static str] = &["v1", "v1alpha1"];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        check::telemetry(subject.spec, diagnostics);
    }
}

/// What is reported, by which proxies.
#[derive(Clone, Model)]
#[model(at_most_one_of("selector", "target_ref", "target_refs"))]
pub(super) struct Spec {
    /// The workloads. Default: all of the namespace.
    #[attr(optional)]
    pub selector: Tf<WorkloadSelector>,

    /// The object whose proxies report.
    #[attr(optional, deprecated = "Use `target_refs`, which takes several.")]
    pub target_ref: Tf<PolicyTargetReference>,

    /// Objects whose proxies report; at most 16.
    #[attr(optional, validate(validators::count(..=16)))]
    pub target_refs: Tf<Vec<PolicyTargetReference>>,

    /// Traces. Istio heeds one so far.
    #[attr(optional)]
    pub tracing: Tf<Vec<Tracing>>,

    /// Which metrics are reported, to whom.
    #[attr(optional)]
    pub metrics: Tf<Vec<Metrics>>,

    /// Which accesses are logged, to whom.
    #[attr(optional)]
    pub access_logging: Tf<Vec<AccessLogging>>,
}

/// How requests are traced.
#[derive(Clone, Model)]
pub(super) struct Tracing {
    /// Which traffic it is about.
    #[attr(optional)]
    pub r#match: Tf<Direction>,

    /// Who gets the spans. Istio heeds one so far. Default: what the mesh says.
    #[attr(optional)]
    pub providers: Tf<Vec<Provider>>,

    /// Share of requests that are traced where nobody decided before, in percent,
    /// 0 to 100. 0 is none; not set, the mesh decides.
    #[attr(optional, validate(syntax::percent()))]
    pub random_sampling_percentage: Tf<f64>,

    /// Whether no spans are reported. Headers are passed on all the same.
    #[attr(optional)]
    pub disable_span_reporting: Tf<bool>,

    /// Whether the headers of a trace are not passed on.
    #[attr(optional)]
    pub disable_context_propagation: Tf<bool>,

    /// Further tags of each span, by their names.
    #[attr(optional, validate(validators::keys(validators::not_empty())))]
    pub custom_tags: Tf<BTreeMap<String, CustomTag>>,

    /// Whether spans have Istio's own tags. Default: true.
    #[attr(optional)]
    pub enable_istio_tags: Tf<bool>,

    /// Whether the id of a request (`x-request-id`) takes part in the decision to
    /// trace it. Default: true.
    #[attr(optional)]
    pub use_request_id_for_trace_sampling: Tf<bool>,
}

/// Traffic by its direction.
#[derive(Clone, Model)]
pub(super) struct Direction {
    /// Seen from the workload: `CLIENT` (what it sends), `SERVER` (what it
    /// receives) or `CLIENT_AND_SERVER`. Default: `CLIENT_AND_SERVER`.
    #[attr(
        optional,
        validate(validators::one_of(["CLIENT_AND_SERVER", "CLIENT", "SERVER"]))
    )]
    pub mode: Tf<String>,
}

/// Who gets what is reported.
#[derive(Clone, Model)]
pub(super) struct Provider {
    /// Name of an extension provider of the mesh's configuration.
    #[attr(required, validate(validators::not_empty()))]
    pub name: Tf<String>,
}

/// The value of a tag: one of these.
#[derive(Clone, Model)]
#[model(at_most_one_of("literal", "environment", "header", "formatter"))]
pub(super) struct CustomTag {
    /// The same text in each span.
    #[attr(optional)]
    pub literal: Tf<Text>,

    /// A variable of the proxy's environment.
    #[attr(optional)]
    pub environment: Tf<Named>,

    /// A header of the request.
    #[attr(optional)]
    pub header: Tf<Named>,

    /// A text with the operators of Envoy's access logs, such as
    /// `%REQ(:PATH)%`.
    #[attr(optional)]
    pub formatter: Tf<Text>,
}

/// A text.
#[derive(Clone, Model)]
pub(super) struct Text {
    /// The text.
    #[attr(required, validate(validators::not_empty()))]
    pub value: Tf<String>,
}

/// Where a value is found.
#[derive(Clone, Model)]
pub(super) struct Named {
    /// What the variable or the header is called.
    #[attr(required, validate(validators::not_empty()))]
    pub name: Tf<String>,

    /// The value where there is none of that name. Default: no tag then.
    #[attr(optional)]
    pub default_value: Tf<String>,
}

/// Which metrics are reported.
#[derive(Clone, Model)]
pub(super) struct Metrics {
    /// Who gets them. Default: what the mesh says.
    #[attr(optional)]
    pub providers: Tf<Vec<Provider>>,

    /// Changes of single metrics. Later ones come on top.
    #[attr(optional)]
    pub overrides: Tf<Vec<MetricsOverride>>,

    /// How often metrics of TCP are reported while a connection is open, such as
    /// `5s`, at least 1 ms.
    #[attr(optional, validate(syntax::duration()))]
    pub reporting_interval: Tf<String>,
}

/// A change of metrics.
#[derive(Clone, Model)]
pub(super) struct MetricsOverride {
    /// The metrics. Default: all, both ways.
    #[attr(optional)]
    pub r#match: Tf<MetricSelector>,

    /// Whether they are not reported. Not set, what is said elsewhere holds.
    #[attr(optional)]
    pub disabled: Tf<bool>,

    /// Changes of their tags (dimensions), by name.
    #[attr(optional, validate(validators::keys(validators::not_empty())))]
    pub tag_overrides: Tf<BTreeMap<String, TagOverride>>,
}

/// Metrics: by `metric` or `custom_metric`.
#[derive(Clone, Model)]
#[model(at_most_one_of("metric", "custom_metric"))]
pub(super) struct MetricSelector {
    /// A metric of Istio, or `ALL_METRICS`.
    #[attr(
        optional,
        validate(validators::one_of([
            "ALL_METRICS",
            "REQUEST_COUNT",
            "REQUEST_DURATION",
            "REQUEST_SIZE",
            "RESPONSE_SIZE",
            "TCP_OPENED_CONNECTIONS",
            "TCP_CLOSED_CONNECTIONS",
            "TCP_SENT_BYTES",
            "TCP_RECEIVED_BYTES",
            "GRPC_REQUEST_MESSAGES",
            "GRPC_RESPONSE_MESSAGES",
        ]))
    )]
    pub metric: Tf<String>,

    /// Name of any other metric.
    #[attr(optional, validate(validators::not_empty()))]
    pub custom_metric: Tf<String>,

    /// Seen from the workload: `CLIENT` (what it sends), `SERVER` (what it
    /// receives) or `CLIENT_AND_SERVER`. Default: `CLIENT_AND_SERVER`.
    #[attr(
        optional,
        validate(validators::one_of(["CLIENT_AND_SERVER", "CLIENT", "SERVER"]))
    )]
    pub mode: Tf<String>,
}

/// A change of a tag.
#[derive(Clone, Model)]
pub(super) struct TagOverride {
    /// `UPSERT` (adds the tag, or gives it this value) or `REMOVE`. Default:
    /// `UPSERT`.
    #[attr(optional, validate(validators::one_of(["UPSERT", "REMOVE"])))]
    pub operation: Tf<String>,

    /// The value with `UPSERT`: an expression in CEL over Envoy's attributes, such
    /// as `request.host`.
    #[attr(optional)]
    pub value: Tf<String>,
}

/// Which accesses are logged.
#[derive(Clone, Model)]
pub(super) struct AccessLogging {
    /// Which traffic it is about.
    #[attr(optional)]
    pub r#match: Tf<Direction>,

    /// Who gets the logs. Default: what the mesh says.
    #[attr(optional)]
    pub providers: Tf<Vec<Provider>>,

    /// Whether nothing is logged. Not set, what is said elsewhere holds.
    #[attr(optional)]
    pub disabled: Tf<bool>,

    /// Which requests and connections are logged. Default: all.
    #[attr(optional)]
    pub filter: Tf<LogFilter>,
}

/// A choice of requests and connections.
#[derive(Clone, Model)]
pub(super) struct LogFilter {
    /// A condition in CEL over Envoy's attributes, such as `response.code >= 400`.
    #[attr(optional)]
    pub expression: Tf<String>,
}
