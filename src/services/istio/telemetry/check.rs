//! What Istio refuses of a Telemetry, and what has no effect.

use tfsdk::{
    Diagnostics,
    value::{Path, Tf},
};

use super::{CustomTag, MetricsOverride, Provider, Spec, TagOverride, Tracing};
use crate::services::istio::{selector::WorkloadSelector, target};

/// Checks a Telemetry.
pub(super) fn telemetry(spec: &Spec, diagnostics: &mut Diagnostics) {
    let path = Path::from("spec");
    WorkloadSelector::check(&spec.selector, &path.attribute("selector"), diagnostics);
    target::check(&spec.target_ref, &spec.target_refs, diagnostics);
    let at = path.attribute("tracing");
    for (i, one) in spec.tracing.items().iter().enumerate() {
        if i == 1 {
            let detail = "Istio heeds one, and which one is not defined: put them together.";
            diagnostics.warn_at(at.index(i), "More than one way of tracing", detail);
        }
        tracing(one, &at.index(i), diagnostics);
    }
    for (i, one) in spec.metrics.items().iter().enumerate() {
        let at = path.attribute("metrics").index(i).attribute("overrides");
        for (j, one) in one.overrides.items().iter().enumerate() {
            tags(one, &at.index(j), diagnostics);
        }
    }
}

fn tracing(tracing: &Tracing, path: &Path, diagnostics: &mut Diagnostics) {
    one_provider(&tracing.providers, path, diagnostics);
    for (name, tag) in tracing.custom_tags.known().into_iter().flatten() {
        if is_open(tag) {
            let path = path.attribute("custom_tags").key(name);
            let detail = "Say where its value comes from: `literal`, `environment`, `header` or \
                `formatter`.";
            diagnostics.error_at(path, "Tag without a value", detail);
        }
    }
}

fn one_provider(providers: &Tf<Vec<Provider>>, path: &Path, diagnostics: &mut Diagnostics) {
    if providers.items().len() > 1 {
        let path = path.attribute("providers").index(1);
        let detail = "Istio sends spans to one provider so far, the first.";
        diagnostics.warn_at(path, "More than one provider", detail);
    }
}

fn is_open(tag: &CustomTag) -> bool {
    tag.literal.is_null()
        && tag.environment.is_null()
        && tag.header.is_null()
        && tag.formatter.is_null()
}

fn tags(change: &MetricsOverride, path: &Path, diagnostics: &mut Diagnostics) {
    for (name, tag) in change.tag_overrides.known().into_iter().flatten() {
        let path = path.attribute("tag_overrides").key(name).attribute("value");
        tag_override(tag, &path, diagnostics);
    }
}

fn tag_override(tag: &TagOverride, path: &Path, diagnostics: &mut Diagnostics) {
    let removes = match &tag.operation {
        Tf::Unknown => return,
        operation => operation.text() == "REMOVE",
    };
    if removes && tag.value.is_known() {
        let detail = "A tag that is removed has no value: leave it out, or use UPSERT.";
        diagnostics.error_at(path, "Value of a removed tag", detail);
    }
    if !removes && !tag.value.is_unknown() && tag.value.text().is_empty() {
        let detail = "Say its value, an expression such as `request.host`, or use REMOVE.";
        diagnostics.error_at(path, "Tag without a value", detail);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Telemetry;
    use crate::services::istio::testing::{expect_fields, expect_round_trip, problems};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<Telemetry>(include_str!("../fields/telemetry.txt"));
    }

    #[test]
    fn a_full_telemetry_survives_both_ways() {
        let target = json!({"group": "", "kind": "Service", "name": "a", "namespace": ""});
        expect_round_trip::<Telemetry>(&json!({
            "selector": {"matchLabels": {"app": "a"}}, "targetRef": target, "targetRefs": [target],
            "tracing": [{
                "match": {"mode": "CLIENT"}, "providers": [{"name": "zipkin"}],
                "randomSamplingPercentage": 0, "disableSpanReporting": false,
                "disableContextPropagation": true, "enableIstioTags": true,
                "useRequestIdForTraceSampling": false,
                "customTags": {
                    "a": {"literal": {"value": "x"}},
                    "b": {"environment": {"name": "N", "defaultValue": ""}},
                    "c": {"header": {"name": "x-a", "defaultValue": "none"}},
                    "d": {"formatter": {"value": "%REQ(:PATH)%"}},
                },
            }],
            "metrics": [{
                "providers": [{"name": "prometheus"}], "reportingInterval": "5s",
                "overrides": [
                    {"match": {"metric": "REQUEST_COUNT", "mode": "SERVER"}, "disabled": false,
                        "tagOverrides": {"host": {"operation": "UPSERT", "value": "request.host"},
                            "port": {"operation": "REMOVE"}}},
                    {"match": {"customMetric": "mine"}, "disabled": true},
                ],
            }],
            "accessLogging": [{
                "match": {"mode": "SERVER"}, "providers": [{"name": "envoy"}], "disabled": false,
                "filter": {"expression": "response.code >= 400"},
            }],
        }));
    }

    fn said(spec: &Value) -> Vec<String> {
        problems::<Telemetry>("a", spec)
    }

    fn tag(tag: Value) -> Value {
        json!({"metrics": [{"overrides": [{"tag_overrides": {"a": tag}}]}]})
    }

    #[test]
    fn a_usual_telemetry_is_right() {
        for right in [
            json!({}),
            json!({"tracing": [{"random_sampling_percentage": 0.5, "custom_tags":
                {"a": {"literal": {"value": "x"}}, "b": {"header": "(unknown)"}}}]}),
            tag(json!({"value": "request.host"})),
            tag(json!({"operation": "REMOVE"})),
            tag(json!({"operation": "(unknown)"})),
            tag(json!({"operation": "UPSERT", "value": "(unknown)"})),
        ] {
            assert_eq!(said(&right), [""; 0], "{right}");
        }
    }

    #[test]
    fn what_istio_refuses_is_refused_at_plan() {
        let value = "spec.metrics[0].overrides[0].tag_overrides[\"a\"].value";
        for (wrong, at) in [
            (tag(json!({})), value),
            (tag(json!({"operation": "UPSERT", "value": ""})), value),
            (tag(json!({"operation": "REMOVE", "value": "x"})), value),
            (
                json!({"tracing": [{"custom_tags": {"a": {}}}]}),
                "spec.tracing[0].custom_tags[\"a\"]",
            ),
            (
                json!({"tracing": [{"random_sampling_percentage": 101}]}),
                "spec.tracing[0].random_sampling_percentage",
            ),
            (json!({"tracing": [{}, {}]}), "spec.tracing[1]"),
            (
                json!({"tracing": [{"providers": [{"name": "a"}, {"name": "b"}]}]}),
                "spec.tracing[0].providers[1]",
            ),
            (
                json!({"metrics": [{"reporting_interval": "1us"}]}),
                "spec.metrics[0].reporting_interval",
            ),
            (
                json!({"metrics": [{"overrides":
                    [{"match": {"metric": "ALL_METRICS", "custom_metric": "a"}}]}]}),
                "spec.metrics[0].overrides[0].match",
            ),
            (
                json!({"access_logging": [{"providers": [{"name": ""}]}]}),
                "spec.access_logging[0].providers[0].name",
            ),
        ] {
            let found = said(&wrong);
            assert!(found.len() == 1 && found[0].contains(&format!("({at}")), "{wrong}: {found:?}");
        }
    }
}
