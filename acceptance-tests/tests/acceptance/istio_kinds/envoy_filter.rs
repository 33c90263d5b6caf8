//! `crossmesh_istio_envoy_filter`

use serde_json::json;

use super::Life;
use crate::cluster::Bench;

const ADDRESS: &str = "crossmesh_istio_envoy_filter.main";

/// An EnvoyFilter of one patch, after something else.
fn config(bench: &Bench, before: &str, patch: &str) -> String {
    let head = bench
        .here("cluster = \"CLUSTER\"\n  metadata = { name = \"main\", namespace = \"NAMESPACE\" }");
    format!(
        "{before}\nresource \"crossmesh_istio_envoy_filter\" \"main\" {{\n  {head}\n  spec = {{ \
         config_patches = [{patch}] }}\n}}\n"
    )
}

#[test]
fn values_that_are_known_only_at_apply_are_planned() {
    let bench = Bench::with_istio();
    let late = "resource \"terraform_data\" \"late\" {\n  input = \"5s\"\n}";
    let patch = r#"{
        apply_to = "CLUSTER"
        patch = { operation = "MERGE", value = { connect_timeout = terraform_data.late.output } }
    }"#;
    bench.plan_config(&config(&bench, late, patch));
    bench.apply().expect_success();
    bench.plan().expect_empty();
    let path = bench.object("networking.istio.io/v1alpha3", "envoyfilters", "main");
    let made = bench.kube().get(&path);
    let value = &made["spec"]["configPatches"][0]["patch"]["value"];
    assert_eq!(value, &json!({"connect_timeout": "5s"}));
    assert_eq!(bench.state().attributes(ADDRESS)["uid"], made["metadata"]["uid"]);
}

#[test]
fn arguments_in_a_patch_are_checked_at_plan() {
    let bench = Bench::with_istio();
    for (patch, expected) in [
        (
            r#"{ apply_to = "CLUSTER", patch = { operation = "REMOVE" }, matches = {} }"#,
            "spec.config_patches[0]: There is no argument \"matches\" here.",
        ),
        (
            r#"{ apply_to = "CLUSTER", patch = { operation = "MERGE" } }"#,
            "spec.config_patches[0].patch: The operation MERGE needs a `value`.",
        ),
        (
            r#"{ apply_to = "CLUSTER", patch = { operation = ["REMOVE"] } }"#,
            "spec.config_patches[0].patch.operation",
        ),
    ] {
        bench.write("main.tf", &config(&bench, "", patch));
        let said = bench.try_plan().expect_failure().prose();
        assert!(said.contains(expected), "{said}");
    }
}

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
