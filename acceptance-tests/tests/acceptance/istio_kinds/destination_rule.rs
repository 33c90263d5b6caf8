//! `crossmesh_istio_destination_rule`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_destination_rule",
        api_version: "networking.istio.io/v1",
        plural: "destinationrules",
        full: r#"{
            host = "reviews.shop.svc.cluster.local"
            export_to = ["."]
            workload_selector = { match_labels = { app = "shop" } }
            traffic_policy = {
                load_balancer = {
                    simple = "ROUND_ROBIN"
                    warmup = { duration = "30s", minimum_percent = 12.5, aggression = 1.5 }
                    locality_lb_setting = {
                        enabled = true
                        distribute = [{ from = "a/*", to = { "a/b" = 70, c = 30 } }]
                    }
                }
                connection_pool = {
                    tcp = { max_connections = 10, tcp_keepalive = { time = "2h" } }
                    http = { http1_max_pending_requests = 0, h2_upgrade_policy = "UPGRADE" }
                }
                outlier_detection = {
                    split_external_local_origin_errors = true
                    consecutive_local_origin_failures = 3
                    consecutive_gateway_errors = 0
                    consecutive_5xx_errors = 7
                    interval = "10s"
                    base_ejection_time = "30s"
                    max_ejection_percent = 100
                    min_health_percent = 0
                }
                tls = { mode = "SIMPLE", sni = "a.example.com", insecure_skip_verify = false }
                port_level_settings = [{
                    port = { number = 80 }
                    load_balancer = { consistent_hash = { use_source_ip = true, maglev = { table_size = 65537 } } }
                }]
                proxy_protocol = { version = "V2" }
                retry_budget = { percent = 0, min_retry_concurrency = 3 }
            }
            subsets = [
                {
                    name = "v1"
                    labels = { version = "v1" }
                    traffic_policy = {
                        load_balancer = {
                            consistent_hash = {
                                http_cookie = {
                                    name = "user", path = "/", ttl = "0s"
                                    attributes = [{ name = "Secure" }]
                                }
                                ring_hash = { minimum_ring_size = 2048 }
                            }
                        }
                    }
                },
                { name = "all" },
            ]
        }"#,
        wire: r#"{
            "host": "reviews.shop.svc.cluster.local", "exportTo": ["."],
            "workloadSelector": {"matchLabels": {"app": "shop"}},
            "trafficPolicy": {
                "loadBalancer": {
                    "simple": "ROUND_ROBIN",
                    "warmup": {"duration": "30s", "minimumPercent": 12.5, "aggression": 1.5},
                    "localityLbSetting": {
                        "enabled": true,
                        "distribute": [{"from": "a/*", "to": {"a/b": 70, "c": 30}}]
                    }
                },
                "connectionPool": {
                    "tcp": {"maxConnections": 10, "tcpKeepalive": {"time": "2h"}},
                    "http": {"http1MaxPendingRequests": 0, "h2UpgradePolicy": "UPGRADE"}
                },
                "outlierDetection": {
                    "splitExternalLocalOriginErrors": true, "consecutiveLocalOriginFailures": 3,
                    "consecutiveGatewayErrors": 0, "consecutive5xxErrors": 7, "interval": "10s",
                    "baseEjectionTime": "30s", "maxEjectionPercent": 100, "minHealthPercent": 0
                },
                "tls": {"mode": "SIMPLE", "sni": "a.example.com", "insecureSkipVerify": false},
                "portLevelSettings": [{
                    "port": {"number": 80},
                    "loadBalancer": {
                        "consistentHash": {"useSourceIp": true, "maglev": {"tableSize": 65537}}
                    }
                }],
                "proxyProtocol": {"version": "V2"},
                "retryBudget": {"percent": 0, "minRetryConcurrency": 3}
            },
            "subsets": [
                {
                    "name": "v1", "labels": {"version": "v1"},
                    "trafficPolicy": {"loadBalancer": {"consistentHash": {
                        "httpCookie": {
                            "name": "user", "path": "/", "ttl": "0s",
                            "attributes": [{"name": "Secure"}]
                        },
                        "ringHash": {"minimumRingSize": 2048}
                    }}}
                },
                {"name": "all"}
            ]
        }"#,
        changes: &[
            ("minimum_percent = 12.5, ", ""),
            ("consecutive_5xx_errors = 7", "consecutive_5xx_errors = 0"),
            ("\"all\"", "\"v2\""),
        ],
        least: r#"{ host = "reviews" }"#,
        left: r#"{"host": "reviews"}"#,
        edit: (
            r#"{"trafficPolicy": {"connectionPool": {"tcp": {"maxConnections": 11}}}}"#,
            "spec.traffic_policy.connection_pool.tcp.max_connections",
        ),
        foreign: r#"{"trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}}}"#,
    }
    .expect();
}
