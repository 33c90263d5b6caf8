//! What is sent and compared of a manifest.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value};

use super::object::ObjectRef;

/// The manifest as it is sent and compared.
///
/// * Null values are left out: the server would store them as values.
/// * `stringData` of a Secret becomes `data`: the server never removes keys
///   that were once given as `stringData`.
/// * A port's `protocol` that is left open is `TCP`: ports are told apart by it,
///   and servers before Kubernetes 1.21 do not fill it in.
/// * What only the server writes (`resourceVersion`, `uid`, `generation`,
///   `creationTimestamp`, `selfLink`, `managedFields`) is left out, so that a
///   manifest copied from a cluster works.
pub fn intent(manifest: &Value) -> Value {
    let mut intent = without_nulls(manifest);
    if let Some(metadata) = intent.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in SERVER_METADATA {
            metadata.remove(*field);
        }
    }
    let is_secret = intent.get("kind").is_some_and(|kind| kind == "Secret")
        && intent.get("apiVersion").is_some_and(|version| version == "v1");
    if is_secret && let Some(fields) = intent.as_object_mut() {
        encode_string_data(fields);
    }
    if let Ok(object) = ObjectRef::of(&intent)
        && matches!(object.group(), "" | "apps" | "batch")
    {
        let of_service = object.is("", "Service");
        name_protocols(&mut intent, of_service);
    }
    intent
}

const SERVER_METADATA: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), without_nulls(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        scalar => scalar.clone(),
    }
}

fn encode_string_data(secret: &mut Map<String, Value>) {
    let Some(Value::Object(texts)) = secret.remove("stringData") else { return };
    if texts.is_empty() {
        return;
    }
    let data = secret.entry("data").or_insert_with(|| Map::new().into());
    let Value::Object(data) = data else { return };
    for (name, text) in texts {
        let encoded = match text {
            Value::String(text) => BASE64_STANDARD.encode(text).into(),
            // Of the wrong type either way: the server explains it.
            other => other,
        };
        data.insert(name, encoded);
    }
}

/// Names the protocol of a Service's ports and of containers' ports.
fn name_protocols(value: &mut Value, of_service: bool) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), &mut *value) {
                    ("ports", Value::Array(ports)) => {
                        for port in ports.iter_mut().filter_map(Value::as_object_mut) {
                            if of_service || port.contains_key("containerPort") {
                                port.entry("protocol").or_insert_with(|| "TCP".into());
                            }
                        }
                    }
                    // Free-form texts.
                    ("metadata" | "data" | "stringData", _) => {}
                    _ => name_protocols(value, of_service),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| name_protocols(item, of_service)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nulls_and_server_fields_are_left_out() {
        let manifest = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "uid": "1", "resourceVersion": "2", "creationTimestamp": null,
                "managedFields": [], "labels": {"x": null}},
            "data": {"a": null, "b": "c"},
        });
        assert_eq!(
            intent(&manifest),
            json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "a", "labels": {}}, "data": {"b": "c"}})
        );
    }

    #[test]
    fn string_data_of_a_secret_is_encoded_and_wins() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"},
            "data": {"a": "b2xk", "k": "a2VlcA=="}, "stringData": {"a": "new"}});
        assert_eq!(intent(&secret)["data"], json!({"a": "bmV3", "k": "a2VlcA=="}));
        assert!(intent(&secret).get("stringData").is_none());
        let other =
            json!({"apiVersion": "example.com/v1", "kind": "Secret", "stringData": {"a": "b"}});
        assert_eq!(intent(&other)["stringData"], json!({"a": "b"}));
    }

    #[test]
    fn ports_get_the_protocol_that_is_meant() {
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"},
            "spec": {"ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}]}});
        let ports = json!([{"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]);
        assert_eq!(intent(&service)["spec"]["ports"], ports);
        let workload = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
            "spec": {"template": {"metadata": {"annotations": {"ports": "x"}},
                "spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}}}});
        let container = &intent(&workload)["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["ports"], json!([{"containerPort": 80, "protocol": "TCP"}]));
        let other = json!({"apiVersion": "example.com/v1", "kind": "Service", "metadata": {"name": "a"},
            "spec": {"ports": [{"port": 80}]}});
        assert_eq!(intent(&other), other);
    }
}
