//! `crossmesh_istio_envoy_filter`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_envoy_filter",
        api_version: "networking.istio.io/v1alpha3",
        plural: "envoyfilters",
        full: r#"{
            workload_selector = { labels = { app = "shop" } }
            priority          = -10

            config_patches = [
                {
                    apply_to = "HTTP_FILTER"
                    match = {
                        context = "SIDECAR_INBOUND"
                        listener = {
                            port_number = 80
                            filter_chain = { filter = {
                                name       = "envoy.filters.network.http_connection_manager"
                                sub_filter = { name = "envoy.filters.http.router" }
                            } }
                        }
                    }
                    patch = {
                        operation    = "INSERT_BEFORE"
                        filter_class = null
                        value = {
                            name = "envoy.filters.http.local_ratelimit"
                            typed_config = {
                                "@type" = "type.googleapis.com/udpa.type.v1.TypedStruct"
                                share   = 0.5
                                limits  = [1, "b", {}]
                                labels  = tomap({ a = "1" })
                                unset   = null
                            }
                        }
                    }
                },
                {
                    apply_to = "CLUSTER"
                    match    = { cluster = { service = "a.example.com" } }
                    patch    = { operation = "REMOVE" }
                },
            ]
        }"#,
        wire: r#"{"workloadSelector": {"labels": {"app": "shop"}}, "priority": -10, "configPatches": [{
            "applyTo": "HTTP_FILTER",
            "match": {"context": "SIDECAR_INBOUND", "listener": {"portNumber": 80, "filterChain": {"filter": {
                "name": "envoy.filters.network.http_connection_manager",
                "subFilter": {"name": "envoy.filters.http.router"}
            }}}},
            "patch": {"operation": "INSERT_BEFORE", "value": {
                "name": "envoy.filters.http.local_ratelimit",
                "typed_config": {"@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
                    "share": 0.5, "limits": [1, "b", {}], "labels": {"a": "1"}}
            }}
        }, {"applyTo": "CLUSTER", "match": {"cluster": {"service": "a.example.com"}},
            "patch": {"operation": "REMOVE"}}]}"#,
        changes: &[("-10", "0"), ("share   = 0.5", "share   = \"half\""), ("[1, ", "[2, ")],
        least: r#"{
            config_patches = [{
                apply_to = "CLUSTER"
                patch    = { operation = "MERGE", value = { connect_timeout = "5s" } }
            }]
        }"#,
        left: r#"{"configPatches": [
            {"applyTo": "CLUSTER", "patch": {"operation": "MERGE", "value": {"connect_timeout": "5s"}}}
        ]}"#,
        edit: (r#"{"configPatches": [{
            "applyTo": "HTTP_FILTER",
            "match": {"context": "SIDECAR_INBOUND", "listener": {"portNumber": 80, "filterChain": {"filter": {
                "name": "envoy.filters.network.http_connection_manager",
                "subFilter": {"name": "envoy.filters.http.router"}
            }}}},
            "patch": {"operation": "INSERT_BEFORE", "value": {
                "name": "envoy.filters.http.local_ratelimit",
                "typed_config": {"@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
                    "share": 0.5, "limits": [7, "b", {}], "labels": {"a": "1"}}
            }}
        }, {"applyTo": "CLUSTER", "match": {"cluster": {"service": "a.example.com"}},
            "patch": {"operation": "REMOVE"}}]}"#, "spec.config_patches[0].patch.value.typed_config.limits[0]"),
        foreign: r#"{"priority": 5}"#,
    }
    .expect();
}
