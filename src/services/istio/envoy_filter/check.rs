//! What Istio's webhook refuses of an EnvoyFilter.

use tfsdk::{
    Diagnostics,
    value::{Path, Tf},
};

use super::{
    ConfigPatch, Patch, Spec,
    matching::{FilterMatch, PatchMatch},
};
use crate::services::istio::{selector::LabelSelector, target};

/// Stands for a value that is missing.
const INVALID: &str = "INVALID";

/// The network filter that HTTP filters are in, by its names.
const CONNECTION_MANAGER: &[&str] =
    &["envoy.filters.network.http_connection_manager", "envoy.http_connection_manager"];

/// What can be changed, and the condition that tells these apart.
const CLASSES: &[(&[&str], &str)] = &[
    (&["LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER", "LISTENER_FILTER"], "listener"),
    (&["ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"], "route_configuration"),
    (&["CLUSTER"], "cluster"),
];

/// Checks an EnvoyFilter.
pub(super) fn envoy_filter(spec: &Spec, diagnostics: &mut Diagnostics) {
    let path = Path::from("spec");
    LabelSelector::check(
        &spec.workload_selector,
        &path.attribute("workload_selector"),
        diagnostics,
    );
    target::check(&Tf::Null, &spec.target_refs, diagnostics);
    for (i, one) in spec.config_patches.items().iter().enumerate() {
        config_patch(one, &path.attribute("config_patches").index(i), diagnostics);
    }
}

fn config_patch(one: &ConfigPatch, path: &Path, diagnostics: &mut Diagnostics) {
    if one.apply_to.text() == INVALID {
        let detail = "Say what is changed: INVALID stands for a value that was left out.";
        diagnostics.error_at(path.attribute("apply_to"), "Nothing to change", detail);
    }
    if let Some(patch) = one.patch.known() {
        operation(patch, &path.attribute("patch"), diagnostics);
    }
    if let Some(condition) = one.r#match.known() {
        let path = path.attribute("match");
        class(one.apply_to.text(), condition, &path, diagnostics);
        waypoint(condition, &path, diagnostics);
        let chain = condition.listener.known().and_then(|it| it.filter_chain.known());
        if let Some(filter) = chain.and_then(|it| it.filter.known()) {
            let path = path.attribute("listener").attribute("filter_chain").attribute("filter");
            if !one.apply_to.is_unknown() {
                filters(one.apply_to.text(), filter, &path, diagnostics);
            }
        }
    }
}

fn operation(patch: &Patch, path: &Path, diagnostics: &mut Diagnostics) {
    match patch.operation.known().map(String::as_str) {
        Some(INVALID) => {
            let detail = "Say what becomes of it: INVALID stands for a value that was left out.";
            diagnostics.error_at(path.attribute("operation"), "Nothing to do", detail);
        }
        Some(operation) if operation != "REMOVE" && patch.value.is_null() => {
            let detail = format!("The operation {operation} needs a `value`.");
            diagnostics.error_at(path, "Patch without a value", detail);
        }
        _ => {}
    }
}

/// A condition is on what is changed, or on what that is in.
fn class(apply_to: &str, condition: &PatchMatch, path: &Path, diagnostics: &mut Diagnostics) {
    let Some((_, expected)) = CLASSES.iter().find(|(members, _)| members.contains(&apply_to))
    else {
        return;
    };
    let given = [
        ("listener", condition.listener.is_known()),
        ("route_configuration", condition.route_configuration.is_known()),
        ("cluster", condition.cluster.is_known()),
    ];
    for (name, _) in given.iter().filter(|(name, given)| *given && name != expected) {
        let detail = format!("What is changed is {apply_to}: it is matched by `{expected}`.");
        diagnostics.error_at(path.attribute(*name), "Condition on something else", detail);
    }
}

fn waypoint(condition: &PatchMatch, path: &Path, diagnostics: &mut Diagnostics) {
    if condition.context.is_unknown() || condition.waypoint.is_unknown() {
        return;
    }
    match (condition.context.text() == "WAYPOINT", condition.waypoint.is_known()) {
        (true, false) => {
            let detail = "With the context WAYPOINT, what is changed is matched by `waypoint`, which \
                may be empty.";
            diagnostics.error_at(path, "Context without its condition", detail);
        }
        (false, true) => {
            let detail = "It is for the context WAYPOINT alone: set `context`.";
            diagnostics.error_at(path.attribute("waypoint"), "Condition of waypoints", detail);
        }
        _ => {}
    }
}

fn filters(apply_to: &str, filter: &FilterMatch, path: &Path, diagnostics: &mut Diagnostics) {
    let of_filters = matches!(apply_to, "NETWORK_FILTER" | "HTTP_FILTER");
    if of_filters && !filter.name.is_unknown() && filter.name.text().is_empty() {
        diagnostics.error_at(path, "Filter without a name", "Say which filter: set `name`.");
    }
    let Some(inner) = filter.sub_filter.known() else { return };
    let path = path.attribute("sub_filter");
    if apply_to != "HTTP_FILTER" {
        let detail = format!("What is changed is {apply_to}: this is for HTTP_FILTER alone.");
        diagnostics.error_at(&path, "Condition on something else", detail);
        return;
    }
    if !inner.name.is_unknown() && inner.name.text().is_empty() {
        diagnostics.error_at(&path, "Filter without a name", "Say which filter: set `name`.");
    }
    if let Some(name) = filter.name.known()
        && !name.is_empty()
        && !CONNECTION_MANAGER.contains(&name.as_str())
    {
        let detail = format!(
            "HTTP filters are in the filter {:?}, and `filter.name` is {name:?}.",
            CONNECTION_MANAGER[0]
        );
        diagnostics.error_at(&path, "Filter that has no filters", detail);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::EnvoyFilter;
    use crate::services::istio::testing::{expect_fields, expect_round_trip, problems};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<EnvoyFilter>(include_str!("../fields/envoy_filter.txt"));
    }

    #[test]
    fn a_full_filter_survives_both_ways() {
        let filter = json!({"name": "a", "subFilter": {"name": "b"}});
        let patch = |condition: Value| {
            json!({"applyTo": "HTTP_FILTER", "match": condition,
                "patch": {"operation": "ADD", "filterClass": "STATS", "value": {
                    "name": "x", "typed_config": {"@type": "t", "n": 0.5, "l": [1, "2", {"a": true}]}}}})
        };
        expect_round_trip::<EnvoyFilter>(&json!({
            "workloadSelector": {"labels": {"app": "a"}},
            "targetRefs": [{"group": "", "kind": "Service", "name": "a", "namespace": ""}],
            "priority": -10,
            "configPatches": [
                patch(json!({
                    "context": "GATEWAY", "proxy": {"proxyVersion": "^1.*", "metadata": {"a": "b"}},
                    "listener": {"portNumber": 80, "portName": "p", "name": "l", "listenerFilter": "f",
                        "filterChain": {"name": "c", "sni": "s", "transportProtocol": "tls",
                            "applicationProtocols": "h2", "destinationPort": 80, "filter": filter}},
                })),
                patch(json!({"routeConfiguration": {
                    "portNumber": 80, "portName": "p", "gateway": "a/b", "name": "r",
                    "vhost": {"name": "v", "domainName": "d", "route": {"name": "r", "action": "ANY"}},
                }})),
                patch(json!({"cluster":
                    {"portNumber": 80, "service": "s", "subset": "v1", "name": "n"}})),
                patch(json!({"context": "WAYPOINT", "waypoint":
                    {"portNumber": 80, "filter": filter, "route": {"name": "r"}}})),
                {"applyTo": "CLUSTER", "patch": {"operation": "REMOVE"}},
            ],
        }));
    }

    fn said(patch: &Value) -> Vec<String> {
        problems::<EnvoyFilter>("a", &json!({"config_patches": [patch]}))
    }

    fn with(apply_to: &str, condition: Value) -> Value {
        json!({"apply_to": apply_to, "match": condition,
            "patch": {"operation": "MERGE", "value": {"a": 1}}})
    }

    fn in_chain(filter: Value) -> Value {
        json!({"listener": {"filter_chain": {"filter": filter}}})
    }

    #[test]
    fn a_usual_filter_is_right() {
        let manager = "envoy.filters.network.http_connection_manager";
        for right in [
            with("HTTP_FILTER", in_chain(json!({"name": manager, "sub_filter": {"name": "x"}}))),
            with("HTTP_ROUTE", json!({"route_configuration": {"vhost": {"name": "a:80"}}})),
            with("CLUSTER", json!({"context": "WAYPOINT", "waypoint": {}})),
            with("BOOTSTRAP", json!({"proxy": {"proxy_version": "^1\\.30.*"}})),
            json!({"apply_to": "CLUSTER", "patch": {"operation": "REMOVE"}}),
            json!({"apply_to": "(unknown)", "patch": {"operation": "ADD", "value": "(unknown)"}}),
            json!({"apply_to": "CLUSTER", "patch": "(unknown)"}),
        ] {
            assert_eq!(said(&right), [""; 0], "{right}");
        }
        assert_eq!(problems::<EnvoyFilter>("a", &json!({"config_patches": "(unknown)"})), [""; 0]);
    }

    #[test]
    fn what_istio_refuses_is_refused_at_plan() {
        let remove = json!({"operation": "REMOVE"});
        let filter = "match.listener.filter_chain.filter";
        for (wrong, at) in [
            (json!({"patch": remove}), "apply_to".to_owned()),
            (json!({"apply_to": "INVALID", "patch": remove}), "apply_to".to_owned()),
            (json!({"apply_to": "CLUSTERS", "patch": remove}), "apply_to".to_owned()),
            (json!({"apply_to": "CLUSTER"}), "patch".to_owned()),
            (json!({"apply_to": "CLUSTER", "patch": {}}), "patch.operation".to_owned()),
            (json!({"apply_to": "CLUSTER", "patch": {"operation": "ADD"}}), "patch".to_owned()),
            (
                json!({"apply_to": "CLUSTER", "patch": {"operation": "ADD", "value": "x"}}),
                "patch.value".to_owned(),
            ),
            (with("CLUSTER", json!({"listener": {}})), "match.listener".to_owned()),
            (with("LISTENER", json!({"cluster": {}})), "match.cluster".to_owned()),
            (with("CLUSTER", json!({"cluster": {}, "context": "WAYPOINT"})), "match".to_owned()),
            (with("CLUSTER", json!({"waypoint": {}})), "match.waypoint".to_owned()),
            (
                with("BOOTSTRAP", json!({"cluster": {}, "route_configuration": {}})),
                "match".to_owned(),
            ),
            (
                with("LISTENER", json!({"listener": {"port_number": 70000}})),
                "match.listener.port_number".to_owned(),
            ),
            (
                with("LISTENER", json!({"proxy": {"proxy_version": "("}})),
                "match.proxy.proxy_version".to_owned(),
            ),
            (with("NETWORK_FILTER", in_chain(json!({}))), filter.to_owned()),
            (
                with("NETWORK_FILTER", in_chain(json!({"name": "a", "sub_filter": {"name": "b"}}))),
                format!("{filter}.sub_filter"),
            ),
            (
                with("HTTP_FILTER", in_chain(json!({"name": "a", "sub_filter": {"name": "b"}}))),
                format!("{filter}.sub_filter"),
            ),
        ] {
            let (found, at) = (said(&wrong), format!("(spec.config_patches[0].{at}"));
            assert!(found.len() == 1 && found[0].contains(&at), "{wrong}: {found:?}");
        }
    }

    #[test]
    fn both_ways_to_name_proxies_exclude_each_other() {
        let found = problems::<EnvoyFilter>(
            "a",
            &json!({"workload_selector": {"labels": {"a": "b"}},
                "target_refs": [{"kind": "Service", "name": "a"}]}),
        );
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
