//! The mapping of a DestinationRule, and what is refused of one.

use serde_json::{Value as Json, json};

use super::DestinationRule;
use crate::services::istio::testing::{expect_fields, expect_round_trip, problems};

#[test]
fn every_field_of_the_definition_is_an_attribute() {
    expect_fields::<DestinationRule>(include_str!("../fields/destination_rule.txt"));
}

#[test]
fn a_full_object_survives_both_ways() {
    let balancer = |hash: Json| {
        json!({
            "simple": "ROUND_ROBIN", "consistentHash": hash, "warmupDurationSecs": "1s",
            "warmup": {"duration": "30s", "minimumPercent": 12.5, "aggression": 1.5},
            "localityLbSetting": {
                "distribute": [{"from": "a/*", "to": {"a/b": 70, "c": 30}}],
                "failover": [{"from": "a", "to": "c"}], "failoverPriority": ["x=y"],
                "enabled": false,
            },
        })
    };
    let pool = json!({
        "tcp": {"maxConnections": 1, "connectTimeout": "1s", "maxConnectionDuration": "1h",
            "idleTimeout": "0s", "tcpKeepalive": {"probes": 3, "time": "2h", "interval": "75s"}},
        "http": {"http1MaxPendingRequests": 0, "http2MaxRequests": 1, "maxRequestsPerConnection": 2,
            "maxRetries": 3, "idleTimeout": "1h", "h2UpgradePolicy": "UPGRADE",
            "useClientProtocol": false, "maxConcurrentStreams": 4},
    });
    let outlier = json!({
        "consecutiveErrors": 1, "splitExternalLocalOriginErrors": true,
        "consecutiveLocalOriginFailures": 0, "consecutiveGatewayErrors": 0, "consecutive5xxErrors": 2,
        "interval": "10s", "baseEjectionTime": "30s", "maxEjectionPercent": 100,
        "minHealthPercent": 0,
    });
    let tls = json!({
        "mode": "MUTUAL", "clientCertificate": "/a", "privateKey": "/b", "caCertificates": "/c",
        "credentialName": "d", "subjectAltNames": ["e"], "sni": "f", "insecureSkipVerify": false,
        "caCrl": "/g",
    });
    let policy = json!({
        "loadBalancer": balancer(json!({
            "httpHeaderName": "a", "useSourceIp": true, "httpQueryParameterName": "b",
            "httpCookie": {"name": "c", "path": "/", "ttl": "0s",
                "attributes": [{"name": "SameSite", "value": "Lax"}]},
            "ringHash": {"minimumRingSize": 1024}, "maglev": {"tableSize": 65537},
            "minimumRingSize": 7,
        })),
        "connectionPool": pool, "outlierDetection": outlier, "tls": tls,
        "portLevelSettings": [{
            "port": {"number": 80}, "loadBalancer": balancer(json!({"useSourceIp": true})),
            "connectionPool": pool, "outlierDetection": outlier, "tls": tls,
        }],
        "tunnel": {"protocol": "POST", "targetHost": "a.b", "targetPort": 443},
        "proxyProtocol": {"version": "V2"},
        "retryBudget": {"percent": 0, "minRetryConcurrency": 3},
    });
    expect_round_trip::<DestinationRule>(&json!({
        "host": "a.b", "trafficPolicy": policy, "exportTo": ["."],
        "subsets": [{"name": "v1", "labels": {"version": "v1"}, "trafficPolicy": policy}],
        "workloadSelector": {"matchLabels": {"app": "a"}},
    }));
}

fn said(more: &Json) -> Vec<String> {
    let mut spec = json!({"host": "a.b"});
    spec.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    problems::<DestinationRule>("a", &spec)
}

fn policy(policy: Json) -> Json {
    json!({"traffic_policy": policy})
}

fn balancer(balancer: Json) -> Json {
    policy(json!({"load_balancer": balancer, "outlier_detection": {}}))
}

fn locality(setting: Json) -> Json {
    balancer(json!({"locality_lb_setting": setting}))
}

fn tls(tls: Json) -> Json {
    policy(json!({"tls": tls}))
}

#[track_caller]
fn expect_one_each(cases: &[(Json, &str)]) {
    for (more, at) in cases {
        let found = said(more);
        assert!(found.len() == 1 && found[0].contains(&format!("({at})")), "{more}: {found:?}");
    }
}

#[test]
fn what_istio_accepts_passes() {
    for more in [
        json!({}),
        json!({"host": "*.a.com", "workload_selector": {"match_labels": {"a": "b"}}, "export_to": ["default"]}),
        json!({"subsets": [{"name": "V1"}, {"name": "v2", "labels": {"version": "v2"}}]}),
        policy(json!({"tunnel": {"target_host": "10.0.0.1", "target_port": 443}})),
        policy(json!({"retry_budget": {"percent": 0.5}})),
        balancer(json!({"consistent_hash": {"http_cookie": {"name": "a", "ttl": "0s"}}})),
        balancer(
            json!({"consistent_hash": {"use_source_ip": true, "maglev": {"table_size": 65537}}}),
        ),
        balancer(json!({"simple": "ROUND_ROBIN", "warmup": {"duration": "30s", "aggression": 1}})),
        locality(json!({"distribute": [{"from": "a/*", "to": {"a/b/*": 50, "a/c": 50}}]})),
        locality(json!({"failover": [{"from": "a", "to": "b"}], "failover_priority": ["network"]})),
        tls(json!({"mode": "SIMPLE"})),
        tls(json!({"mode": "MUTUAL", "credential_name": "(unknown)"})),
        tls(json!({"mode": "ISTIO_MUTUAL", "sni": "a"})),
    ] {
        assert_eq!(said(&more), [""; 0], "{more}");
    }
}

#[test]
fn a_rule_has_a_host_subsets_and_policies() {
    expect_one_each(&[
        (json!({"host": null}), "spec.host"),
        (json!({"host": "a b"}), "spec.host"),
        (json!({"export_to": ["*", "a"]}), "spec.export_to"),
        (
            json!({"workload_selector": {"match_labels": {"a": "b"}}, "export_to": ["other"]}),
            "spec.export_to",
        ),
        (json!({"subsets": [{"name": "a"}, {"name": "a"}]}), "spec.subsets[1].name"),
        (json!({"subsets": [{"name": "a_b"}]}), "spec.subsets[0].name"),
        (
            json!({"subsets": [{"name": "a", "traffic_policy": {}}]}),
            "spec.subsets[0].traffic_policy",
        ),
        (policy(json!({})), "spec.traffic_policy"),
        (
            policy(json!({"port_level_settings": [{"port": {"number": 80}}]})),
            "spec.traffic_policy.port_level_settings[0]",
        ),
        (
            policy(json!({"port_level_settings": [{"tls": {"mode": "SIMPLE"}}]})),
            "spec.traffic_policy.port_level_settings[0].port",
        ),
        (policy(json!({"connection_pool": {}})), "spec.traffic_policy.connection_pool"),
        (
            policy(json!({"connection_pool": {"tcp": {"connect_timeout": "0s"}}})),
            "spec.traffic_policy.connection_pool.tcp.connect_timeout",
        ),
        (
            policy(json!({"tunnel": {"target_host": "*.a", "target_port": 1}})),
            "spec.traffic_policy.tunnel.target_host",
        ),
        (
            policy(json!({"retry_budget": {"percent": 101}})),
            "spec.traffic_policy.retry_budget.percent",
        ),
        (
            policy(json!({"outlier_detection": {"consecutive_local_origin_failures": 1}})),
            "spec.traffic_policy.outlier_detection.consecutive_local_origin_failures",
        ),
        (
            policy(json!({"outlier_detection": {"max_ejection_percent": 101}})),
            "spec.traffic_policy.outlier_detection.max_ejection_percent",
        ),
    ]);
    let both = json!({"tunnel": {"target_host": "a", "target_port": 1}, "proxy_protocol": {}});
    assert!(!said(&policy(both)).is_empty());
}

#[test]
fn hosts_are_chosen_in_one_way() {
    let hash = |hash: Json| balancer(json!({"consistent_hash": hash}));
    let at = |name: &str| format!("spec.traffic_policy.load_balancer.consistent_hash{name}");
    expect_one_each(&[
        (hash(json!({})), &at("")),
        (hash(json!({"use_source_ip": true, "maglev": {}})), &at(".maglev")),
        (
            hash(json!({"use_source_ip": true, "maglev": {"table_size": 4}})),
            &at(".maglev.table_size"),
        ),
        (
            hash(json!({"use_source_ip": true, "maglev": {"table_size": 5_000_011}})),
            &at(".maglev.table_size"),
        ),
        (hash(json!({"http_cookie": {"ttl": "1h"}})), &at(".http_cookie.name")),
        (
            balancer(json!({"simple": "RANDOM", "warmup": {"duration": "1s"}})),
            "spec.traffic_policy.load_balancer.warmup",
        ),
        (
            balancer(json!({"warmup": {"duration": "1s", "aggression": 0.5}})),
            "spec.traffic_policy.load_balancer.warmup.aggression",
        ),
    ]);
    for both in [
        balancer(json!({"simple": "RANDOM", "consistent_hash": {"use_source_ip": true}})),
        hash(json!({"use_source_ip": true, "http_header_name": "a"})),
        hash(json!({"use_source_ip": true, "ring_hash": {}, "minimum_ring_size": 1})),
    ] {
        assert!(!said(&both).is_empty(), "{both}");
    }
}

#[test]
fn places_do_not_overlap_and_shares_are_the_whole() {
    let distribute =
        |from: &str, to: Json| locality(json!({"distribute": [{"from": from, "to": to}]}));
    let at = |name: &str| format!("spec.traffic_policy.load_balancer.locality_lb_setting.{name}");
    expect_one_each(&[
        (distribute("a", json!({"b": 50, "c": 49})), &at("distribute[0].to")),
        (distribute("a//b", json!({"b": 100})), &at("distribute[0].from")),
        (distribute("*/b", json!({"b": 100})), &at("distribute[0].from")),
        (distribute("a", json!({"b/*": 50, "b/c": 50})), &at("distribute[0].to[\"b/c\"]")),
        (
            locality(
                json!({"distribute": [{"from": "a", "to": {"b": 100}}, {"from": "a/b", "to": {"b": 100}}]}),
            ),
            &at("distribute[1].from"),
        ),
        (locality(json!({"failover": [{"from": "a", "to": "a"}]})), &at("failover[0].to")),
        (locality(json!({"failover": [{"from": "a/b", "to": "c"}]})), &at("failover[0].from")),
        (
            locality(json!({"failover": [{"from": "a", "to": "b"}],
                "failover_priority": ["topology.kubernetes.io/zone"]})),
            &at("failover_priority[0]"),
        ),
        (
            locality(json!({"failover": [{"from": "a", "to": "b"}],
                "distribute": [{"from": "a", "to": {"b": 100}}]})),
            &at("failover"),
        ),
        (
            policy(json!({"load_balancer": {"locality_lb_setting": {"failover_priority": ["a"]}}})),
            &at("failover_priority"),
        ),
    ]);
}

#[test]
fn tls_has_the_certificates_of_its_mode() {
    expect_one_each(&[
        (tls(json!({"mode": "simple"})), "spec.traffic_policy.tls.mode"),
        (tls(json!({"mode": "MUTUAL"})), "spec.traffic_policy.tls.mode"),
        (tls(json!({"mode": "MUTUAL", "private_key": "/a"})), "spec.traffic_policy.tls.mode"),
        (
            tls(json!({"mode": "SIMPLE", "credential_name": "a", "ca_certificates": "/b"})),
            "spec.traffic_policy.tls.ca_certificates",
        ),
        (
            tls(json!({"mode": "ISTIO_MUTUAL", "private_key": "/b"})),
            "spec.traffic_policy.tls.private_key",
        ),
        (
            tls(
                json!({"mode": "SIMPLE", "insecure_skip_verify": true, "subject_alt_names": ["a"]}),
            ),
            "spec.traffic_policy.tls.subject_alt_names",
        ),
    ]);
}
