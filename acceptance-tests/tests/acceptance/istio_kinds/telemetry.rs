//! `crossmesh_istio_telemetry`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_telemetry",
        api_version: "telemetry.istio.io/v1",
        plural: "telemetries",
        full: r#"{
            selector = { match_labels = { app = "shop" } }

            tracing = [{
                match                             = { mode = "CLIENT" }
                providers                         = [{ name = "zipkin" }]
                random_sampling_percentage        = 0
                disable_span_reporting            = false
                disable_context_propagation       = true
                enable_istio_tags                 = false
                use_request_id_for_trace_sampling = true
                custom_tags = {
                    team = { literal = { value = "shop" } }
                    pod  = { environment = { name = "POD_NAME", default_value = "none" } }
                    user = { header = { name = "x-user" } }
                    path = { formatter = { value = "%REQ(:PATH)%" } }
                }
            }]

            metrics = [{
                providers          = [{ name = "prometheus" }]
                reporting_interval = "5s"
                overrides = [
                    {
                        match         = { metric = "REQUEST_COUNT", mode = "SERVER" }
                        tag_overrides = { host = { value = "request.host" }, port = { operation = "REMOVE" } }
                    },
                    { match = { custom_metric = "mine" }, disabled = true },
                ]
            }]

            access_logging = [{
                match     = { mode = "SERVER" }
                providers = [{ name = "envoy" }]
                disabled  = false
                filter    = { expression = "response.code >= 400" }
            }]
        }"#,
        wire: r#"{
            "selector": {"matchLabels": {"app": "shop"}},
            "tracing": [{
                "match": {"mode": "CLIENT"}, "providers": [{"name": "zipkin"}],
                "randomSamplingPercentage": 0, "disableSpanReporting": false,
                "disableContextPropagation": true, "enableIstioTags": false,
                "useRequestIdForTraceSampling": true,
                "customTags": {
                    "team": {"literal": {"value": "shop"}},
                    "pod": {"environment": {"name": "POD_NAME", "defaultValue": "none"}},
                    "user": {"header": {"name": "x-user"}},
                    "path": {"formatter": {"value": "%REQ(:PATH)%"}}
                }
            }],
            "metrics": [{
                "providers": [{"name": "prometheus"}], "reportingInterval": "5s",
                "overrides": [
                    {"match": {"metric": "REQUEST_COUNT", "mode": "SERVER"},
                        "tagOverrides": {"host": {"value": "request.host"}, "port": {"operation": "REMOVE"}}},
                    {"match": {"customMetric": "mine"}, "disabled": true}
                ]
            }],
            "accessLogging": [{
                "match": {"mode": "SERVER"}, "providers": [{"name": "envoy"}], "disabled": false,
                "filter": {"expression": "response.code >= 400"}
            }]
        }"#,
        changes: &[("sampling_percentage        = 0", "sampling_percentage        = 12.5"), ("\"5s\"", "\"7s\"")],
        least: r#"{}"#,
        left: r#"{}"#,
        edit: (r#"{"selector": {"matchLabels": {"app": "theirs"}}}"#, "spec.selector.match_labels.app"),
        foreign: r#"{"accessLogging": [{"disabled": true}]}"#,
    }
    .expect();
}
