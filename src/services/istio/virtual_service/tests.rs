//! Configurations that Istio refuses, and where the plan says so.

use serde_json::{Value as Json, json};

use super::VirtualService;
use crate::services::istio::testing::problems;

#[track_caller]
fn expect(spec: &Json, expected: &[&str]) {
    let found = problems::<VirtualService>("a", spec);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{found:?} lacks {expected:?}");
    }
}

/// A VirtualService of one rule with a route.
#[track_caller]
fn expect_rule(rule: Json, expected: &[&str]) {
    let mut full = json!({"route": [{"destination": {"host": "a"}}]});
    full.as_object_mut().unwrap().extend(rule.as_object().cloned().unwrap());
    expect(&json!({"hosts": ["a"], "http": [full]}), expected);
}

#[track_caller]
fn expect_alone(rule: Json, expected: &[&str]) {
    expect(&json!({"hosts": ["a"], "http": [rule]}), expected);
}

fn to(weights: &[i64]) -> Json {
    weights.iter().map(|it| json!({"destination": {"host": "a"}, "weight": it})).collect()
}

#[test]
fn a_usual_virtual_service_is_right() {
    expect_rule(
        json!({
            "match": [{"uri": {"prefix": "/api"}, "headers": {"x-a": {}}}],
            "route": to(&[90, 10]), "timeout": "5s", "rewrite": {"uri": "/"},
            "retries": {"attempts": 3, "retry_on": "5xx,503"},
            "fault": {"delay": {"fixed_delay": "1s", "percentage": {"value": 0.5}}},
        }),
        &[],
    );
}

#[test]
fn what_is_unknown_may_turn_out_right() {
    let unknown = "(unknown)";
    expect(&json!({"hosts": unknown, "gateways": unknown, "http": unknown}), &[]);
    expect_alone(json!({"route": unknown}), &[]);
    expect_rule(json!({"match": unknown, "timeout": unknown, "retries": unknown}), &[]);
    expect_rule(
        json!({"route": [{"destination": {"host": unknown}, "weight": unknown},
        {"destination": unknown, "weight": 0}]}),
        &[],
    );
    expect_rule(json!({"match": [{"uri": {"prefix": unknown}}, {"uri": unknown}]}), &[]);
    expect_rule(json!({"redirect": unknown}), &[]);
}

#[test]
fn a_rule_does_exactly_one_thing() {
    expect_alone(json!({}), &["(spec.http[0]): Set exactly one of `route`"]);
    expect_alone(json!({"route": []}), &["(spec.http[0].route): must not be empty"]);
    let redirect = json!({"uri": "/"});
    expect_rule(
        json!({"redirect": redirect, "direct_response": {"status": 200}}),
        &["(spec.http[0].redirect)", "(spec.http[0].direct_response)"],
    );
    let fault = json!({"abort": {"http_status": 500}});
    expect_alone(
        json!({"redirect": redirect, "fault": fault, "rewrite": {"uri": "/"}}),
        &["(spec.http[0].fault)", "(spec.http[0].rewrite)"],
    );
    let delegated = json!({"http": [{"delegate": {"name": "b"}}]});
    expect(&delegated, &["(spec.http[0].delegate): A VirtualService without `hosts`"]);
}

#[test]
fn weights_have_a_sum() {
    expect_rule(json!({"route": to(&[0])}), &[]);
    expect_rule(json!({"route": to(&[1, 0])}), &[]);
    expect_rule(json!({"route": to(&[30, 30])}), &[]);
    expect_rule(json!({"route": to(&[0, 0])}), &["(spec.http[0].route): Of several"]);
    expect_rule(json!({"route": to(&[-1, 5])}), &["(spec.http[0].route[0].weight)"]);
    let two = json!([{"destination": {"host": "a"}}, {"destination": {"host": "b"}}]);
    expect(
        &json!({"hosts": ["a"], "tcp": [{"route": two}]}),
        &["(spec.tcp[0].route): Of several destinations"],
    );
}

#[test]
fn destinations_are_services() {
    let at = |destination: Json| json!({"route": [{"destination": destination}]});
    expect_rule(
        at(json!({"host": "a", "port": {"number": 70000}})),
        &["route[0].destination.port.number"],
    );
    expect_rule(at(json!({"host": "http://a"})), &["(spec.http[0].route[0].destination.host)"]);
    expect_rule(at(json!({"host": "a", "subset": "V 1"})), &["destination.subset"]);
}

#[test]
fn conditions_are_conditions() {
    let at = |one: Json| json!({"match": [one]});
    expect_rule(at(json!({})), &["(spec.http[0].match[0]): It would match everything"]);
    expect_rule(at(json!({"uri": {}})), &["(spec.http[0].match[0].uri): Set exactly one"]);
    expect_rule(
        at(json!({"uri": {"exact": "/", "prefix": "/"}})),
        &["(spec.http[0].match[0].uri.prefix): at most one of"],
    );
    expect_rule(at(json!({"uri": {"prefix": ""}})), &["match[0].uri.prefix): must not be empty"]);
    expect_rule(
        at(json!({"headers": {"x": {"regex": "("}}})),
        &["(spec.http[0].match[0].headers[\"x\"].regex)"],
    );
    expect_rule(at(json!({"port": 0})), &["(spec.http[0].match[0].port)"]);
    expect_rule(at(json!({"gateways": ["a/b/c"]})), &["match[0].gateways[0]"]);
    expect(
        &json!({"hosts": ["a"], "tcp": [{"match": [{}], "route": to(&[1])}]}),
        &["(spec.tcp[0].match[0])"],
    );
}

#[test]
fn rules_behind_a_rule_for_all_are_warned_of() {
    let rule = |matches: Json| json!({"match": matches, "route": to(&[1])});
    let all = json!([{"uri": {"prefix": "/"}}]);
    let some = json!([{"uri": {"prefix": "/a"}}]);
    let with = |rules: [Json; 2]| json!({"hosts": ["a"], "http": rules});
    expect(&with([rule(some.clone()), rule(all.clone())]), &[]);
    let warning = "Rule is never reached (spec.http[1]): Rule 0 matches every request";
    expect(&with([rule(all), rule(some.clone())]), &[warning]);
    expect(&with([rule(Json::Null), rule(some)]), &[warning]);
}

#[test]
fn times_and_shares_are_in_range() {
    expect_rule(json!({"timeout": "0s"}), &["(spec.http[0].timeout)"]);
    expect_rule(
        json!({"mirror": {"host": "a"}, "mirror_percentage": {"value": 100.5}}),
        &["mirror_percentage.value"],
    );
    expect_rule(json!({"mirror_percentage": {"value": 5}}), &["Share of no mirror"]);
    let both = json!({"mirror": {"host": "a"}, "mirrors": [{"destination": {"host": "b"}}]});
    expect_rule(both, &["(spec.http[0].mirror): Each of `mirrors`"]);
}

#[test]
fn retries_fit_together() {
    expect_rule(
        json!({"retries": {"retry_on": "5xx"}}),
        &["(spec.http[0].retries.retry_on): Without"],
    );
    expect_rule(json!({"retries": {"attempts": 0}}), &[]);
    expect_rule(
        json!({"retries": {"attempts": 1, "retry_on": "5xx,sometimes"}}),
        &["\"sometimes\" is neither"],
    );
    expect_rule(json!({"retries": {"attempts": -1}}), &["(spec.http[0].retries.attempts)"]);
}

#[test]
fn redirects_and_responses_are_possible() {
    expect_alone(json!({"redirect": {}}), &["(spec.http[0].redirect): Set `uri`"]);
    expect_alone(
        json!({"redirect": {"uri": "/", "redirect_code": 200, "scheme": "ftp"}}),
        &["redirect.scheme", "redirect.redirect_code"],
    );
    expect_alone(
        json!({"redirect": {"port": 443, "derive_port": "FROM_REQUEST_PORT"}}),
        &["(spec.http[0].redirect.derive_port): at most one"],
    );
    expect_alone(json!({"direct_response": {"status": 700}}), &["direct_response.status"]);
}

#[test]
fn rewrites_change_something_once() {
    expect_rule(json!({"rewrite": {}}), &["(spec.http[0].rewrite): Set `uri`"]);
    expect_rule(
        json!({"rewrite": {"uri_regex_rewrite": {"match": "("}}}),
        &["uri_regex_rewrite.match", "Set both"],
    );
    expect_rule(
        json!({"rewrite": {"authority": "b"}, "headers": {"request": {"set": {"Host": "c"}}}}),
        &["(spec.http[0].headers.request.set[\"Host\"])"],
    );
    expect_rule(
        json!({"headers": {"response": {"add": {":status": "1"}, "remove": [""]}}}),
        &["response.add[\":status\"]", "response.remove[0]"],
    );
}

#[test]
fn faults_are_complete() {
    expect_rule(json!({"fault": {}}), &["(spec.http[0].fault): at least one of"]);
    expect_rule(
        json!({"fault": {"delay": {}}}),
        &["(spec.http[0].fault.delay): Set `fixed_delay`"],
    );
    expect_rule(
        json!({"fault": {"abort": {}}}),
        &["(spec.http[0].fault.abort): Set `http_status`"],
    );
    expect_rule(
        json!({"fault": {"abort": {"http2_error": "X"}, "delay": {"exponential_delay": "1s"}}}),
        &["delay.exponential_delay", "abort.http2_error"],
    );
    expect_rule(json!({"fault": {"abort": {"grpc_status": "NOPE"}}}), &["abort.grpc_status"]);
}

#[test]
fn cors_is_possible() {
    expect_rule(
        json!({"cors_policy": {"allow_origins": [{}], "allow_methods": ["get"], "max_age": "1500ms"}}),
        &["allow_methods[0]", "allow_origins[0]", "cors_policy.max_age"],
    );
    expect_rule(json!({"cors_policy": {"allow_headers": ["*", "x-a"], "max_age": "24h"}}), &[]);
}

#[test]
fn hosts_are_named_once() {
    let with = |hosts: Json, gateways: Json| json!({"hosts": hosts, "gateways": gateways, "http": [{"route": to(&[1])}]});
    expect(&with(json!(["*"]), Json::Null), &["(spec.hosts[0]): `*` would take"]);
    expect(&with(json!(["*"]), json!(["ns/a"])), &[]);
    expect(
        &with(json!(["*.a.com", "b.a.com"]), Json::Null),
        &["(spec.hosts[1]): \"b.a.com\" and \"*.a.com\""],
    );
    expect(&with(json!(["a b"]), Json::Null), &["(spec.hosts[0])"]);
}

#[test]
fn delegates_have_http_only() {
    expect(&json!({"http": [{"route": to(&[1])}]}), &[]);
    expect(
        &json!({"gateways": ["a"], "tcp": [{"route": to(&[1])}]}),
        &["(spec.gateways)", "(spec.tcp)"],
    );
    expect(&json!({"hosts": ["a"]}), &["(spec): Set at least one rule"]);
}

#[test]
fn tls_routes_have_hosts_of_their_own() {
    let with = |sni: &str| {
        json!({"hosts": ["*.a.com"], "gateways": ["g"],
        "tls": [{"match": [{"sni_hosts": [sni]}], "route": to(&[1])}]})
    };
    expect(&with("b.a.com"), &[]);
    expect(&with("b.com"), &["(spec.tls[0].match[0].sni_hosts[0]): \"b.com\" is covered by none"]);
    let none = json!({"hosts": ["a"], "tls": [{"match": [{"sni_hosts": ["a"]}]}]});
    expect(&none, &["(spec.tls[0]): A rule of TLS needs"]);
}

#[test]
fn visibility_is_said_once() {
    let with = |to_: Json| json!({"hosts": ["a"], "export_to": to_, "http": [{"route": to(&[1])}]});
    expect(&with(json!(["*", "a"])), &["(spec.export_to): `*` is every"]);
    expect(&with(json!([".", "."])), &["(spec.export_to[1])"]);
}
