use serde_json::{Value, json};

use super::*;

fn config(value: Value) -> Tf<Config> {
    let value = from_json(value);
    Tf::Known(Config::decode(&value, &Path::root()).unwrap())
}

fn from_json(value: Value) -> tfsdk::value::Value {
    match value {
        Value::Null => tfsdk::value::Value::Null,
        Value::Bool(value) => value.into(),
        Value::Number(value) => tfsdk::value::Value::Number(value.to_string().parse().unwrap()),
        Value::String(text) => text.into(),
        Value::Array(items) => items.into_iter().map(from_json).collect::<Vec<_>>().into(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, from_json(value))).collect()
        }
    }
}

fn api(value: Value) -> tcm::MeshConfig {
    serde_json::from_value(value).unwrap()
}

#[test]
fn a_new_mesh_needs_a_policy() {
    assert_eq!(
        Config::of_new(&Tf::Unknown),
        api(json!({"Istio": {"OutboundTrafficPolicy": "ALLOW_ANY"}}))
    );
    let strict = config(json!({
        "istio": {"outbound_traffic_policy": "REGISTRY_ONLY"},
        "tracing": {"sampling": 1.5, "zipkin": {"address": "zipkin:9411"}},
        "sidecar_resources": {"limits": {"cpu": "1"}}
    }));
    assert_eq!(
        Config::of_new(&strict),
        api(json!({
            "Istio": {"OutboundTrafficPolicy": "REGISTRY_ONLY"},
            "Tracing": {"Sampling": 1.5, "Zipkin": {"Address": "zipkin:9411"}},
            "SidecarResources": {"Limits": [{"Name": "cpu", "Quantity": "1"}]}
        }))
    );
}

#[test]
fn what_was_written_is_what_is_read() {
    let full = config(json!({
        "istio": {
            "outbound_traffic_policy": "ALLOW_ANY", "disable_policy_checks": true,
            "enable_pilot_http": true, "disable_http_retry": false,
            "smart_dns": {
                "istio_meta_dns_capture": true, "istio_meta_dns_auto_allocate": false
            }
        },
        "access_log": {
            "enable": true, "template": "custom", "encoding": "JSON", "format": "%PROTOCOL%",
            "address": "logs:9000", "enable_server": true, "enable_stdout": true,
            "selected_range": {"all": false, "items": [
                {"namespace": "shop", "cluster_name": "c", "item_name": "i", "gateways": ["g"]}
            ]},
            "cls": {
                "enable": true, "log_set": "s", "topic": "t", "need_delete": true, "region": "r"
            }
        },
        "prometheus": {
            "vpc_id": "vpc-1", "subnet_id": "subnet-1", "region": "r", "instance_id": "prom-1",
            "custom_prom": {
                "url": "http://prom", "auth_type": "basic", "is_public_addr": true,
                "vpc_id": "vpc-2", "username": "u", "password": "p"
            }
        },
        "inject": {
            "exclude_ip_ranges": ["10.0.0.0/8"], "hold_application_until_proxy_starts": true,
            "hold_proxy_until_application_ends": false
        },
        "tracing": {
            "enable": true, "sampling": 12.5, "zipkin": {"address": "zipkin:9411"},
            "apm": {"enable": true, "region": "r", "instance_id": "apm-1", "need_delete": false}
        },
        "sidecar_resources": {"limits": {"cpu": "2"}, "requests": {"memory": "128Mi"}}
    }));
    let written = Config::of_new(&full);
    let mut read = Config::told(&written);
    let Tf::Known(Config { prometheus: Tf::Known(part), .. }) = &mut read else { panic!() };
    let Tf::Known(server) = &mut part.custom_prom else { panic!() };
    assert_eq!(server.password, Tf::Null);
    server.password = "p".into();
    assert!(read == full);
}

#[test]
fn only_parts_that_change_are_sent_and_with_what_else_is_in_them() {
    let now = api(json!({
        "Istio": {
            "OutboundTrafficPolicy": "ALLOW_ANY", "DisableHTTPRetry": true, "Later": [1]
        },
        "Tracing": {"Enable": true, "Sampling": 1.0}
    }));
    let prior = Config::told(&now);
    let Tf::Known(mut after) = prior.clone() else { panic!() };
    assert_eq!(Config::changes(&prior, &prior, &now), None);
    let Tf::Known(istio) = &mut after.istio else { panic!() };
    istio.outbound_traffic_policy = "REGISTRY_ONLY".into();
    let after = Tf::Known(after);
    assert!(!Config::is_in_effect(&after, &now));
    let changes = Config::changes(&prior, &after, &now).unwrap();
    assert_eq!(
        changes,
        api(json!({"Istio": {
            "OutboundTrafficPolicy": "REGISTRY_ONLY", "DisableHTTPRetry": true, "Later": [1]
        }}))
    );
}

#[test]
fn a_password_that_is_not_shown_is_in_effect_all_the_same() {
    let server = json!({"url": "http://prom", "auth_type": "basic", "username": "u"});
    let mut secret = server.clone();
    secret["password"] = json!("p");
    let with = |server| config(json!({"prometheus": {"custom_prom": server}}));
    let now = Config::of_new(&with(server.clone()));
    assert!(Config::is_in_effect(&with(secret.clone()), &now));
    // Another password is a change.
    let mut other = secret.clone();
    other["password"] = json!("q");
    let changes = Config::changes(&with(secret.clone()), &with(other), &now).unwrap();
    assert!(changes.istio.is_none() && changes.prometheus.is_some());
    let mut diagnostics = Diagnostics::new();
    Config::validate(&with(secret), &mut diagnostics);
    assert!(diagnostics.is_empty());
    Config::validate(&with(server), &mut diagnostics);
    assert!(diagnostics.to_string().contains("config.prometheus.custom_prom.auth_type"));
}
