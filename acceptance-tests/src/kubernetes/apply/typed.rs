//! Checks an applied configuration against its kind's types, before any merge.

use serde_json::Value;

use super::fieldset::{display_keys, edge_of_item};
use crate::kubernetes::schema::{Child, ListKind, Scalar, Schema, Shape};

/// What keeps a configuration from being typed, or nothing. One fault is said
/// plainly, several as a list.
pub(crate) fn faults(schema: &Schema, value: &Value) -> Option<String> {
    let mut found = Vec::new();
    walk(schema, value, "", &mut found);
    match found.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        many => Some(format!("errors:\n  {}", many.join("\n  "))),
    }
}

fn walk(schema: &Schema, value: &Value, path: &str, found: &mut Vec<String>) {
    match (schema.shape(), value) {
        (_, Value::Null) | (Shape::Any | Shape::Named(_), _) => {}
        (Shape::Map(_), Value::Object(object)) => {
            for (name, child) in object {
                let path = format!("{path}.{name}");
                match schema.child(name) {
                    Child::Field(schema) | Child::Entry(schema) => {
                        walk(schema, child, &path, found);
                    }
                    Child::Unknown => found.push(format!("{path}: field not declared in schema")),
                }
            }
        }
        (Shape::List(items, kind), Value::Array(list)) => {
            walk_list(items, kind, list, path, found);
        }
        (Shape::Map(_), value) => {
            found.push(format!("{path}: expected map, got &{{{}}}", go(value)))
        }
        (Shape::List(..), value) => {
            found.push(format!("{path}: expected list, got &{{{}}}", go(value)));
        }
        (Shape::Scalar(scalar), value) => {
            if let Some(expected) = mistyped(*scalar, value) {
                let got = format!("&value.valueUnstructured{{Value:{}}}", go_literal(value));
                found.push(format!("{path}: expected {expected}, got {got}"));
            }
        }
    }
}

fn walk_list(items: &Schema, kind: &ListKind, list: &[Value], path: &str, found: &mut Vec<String>) {
    let mut seen = Vec::new();
    for (at, item) in list.iter().enumerate() {
        if *kind == ListKind::Atomic {
            walk(items, item, &format!("{path}[{at}]"), found);
            continue;
        }
        if let ListKind::Map(keys) = kind
            && let Some(key) = missing_key(items, keys, item)
        {
            found.push(format!(
                "{path}: element {at}: associative list with keys has an element that omits key \
                 field {key:?} (and doesn't have default value)"
            ));
            continue;
        }
        let edge = edge_of_item(items, kind, item);
        let shown = match kind {
            ListKind::Map(_) => display_keys(&edge[2..]),
            _ => format!("[={item}]"),
        };
        if seen.contains(&edge) {
            found.push(format!("{path}: duplicate entries for key {shown}"));
        }
        seen.push(edge);
        walk(items, item, &format!("{path}{shown}"), found);
    }
}

fn missing_key<'a>(items: &Schema, keys: &'a [String], item: &Value) -> Option<&'a str> {
    let present = |key: &str| item.get(key).is_some() || items.key_default(key).is_some();
    if keys.iter().any(|key| present(key)) && keys.iter().any(|key| item.get(key).is_some()) {
        return None;
    }
    keys.first().map(String::as_str)
}

fn mistyped(scalar: Scalar, value: &Value) -> Option<&'static str> {
    let fits = match scalar {
        Scalar::String | Scalar::Bytes | Scalar::Time => value.is_string(),
        Scalar::Integer | Scalar::Number => value.is_number(),
        Scalar::Boolean => value.is_boolean(),
        Scalar::Quantity | Scalar::IntOrString => !(value.is_object() || value.is_array()),
    };
    (!fits).then_some(match scalar {
        Scalar::Integer | Scalar::Number => "numeric (int or float)",
        Scalar::Boolean => "boolean",
        Scalar::Quantity | Scalar::IntOrString => "scalar",
        _ => "string",
    })
}

/// A value as Go's `%v` prints it.
fn go(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => format!("[{}]", list.iter().map(go).collect::<Vec<_>>().join(" ")),
        Value::Object(object) => {
            let entries: Vec<_> =
                object.iter().map(|(name, value)| format!("{name}:{}", go(value))).collect();
            format!("map[{}]", entries.join(" "))
        }
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

fn go_literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        other => go(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_deployment(spec: Value) -> Option<String> {
        faults(&Schema::named("Deployment"), &json!({"spec": spec}))
    }

    #[test]
    fn names_unknown_fields_and_wrong_types() {
        assert_eq!(
            of_deployment(json!({"foo": 1})).unwrap(),
            ".spec.foo: field not declared in schema"
        );
        assert_eq!(
            of_deployment(json!({"replicas": "3"})).unwrap(),
            ".spec.replicas: expected numeric (int or float), got \
             &value.valueUnstructured{Value:\"3\"}"
        );
        assert_eq!(
            of_deployment(json!({"template": {"spec": {"containers": {"a": 1}}}})).unwrap(),
            ".spec.template.spec.containers: expected list, got &{map[a:1]}"
        );
        assert_eq!(of_deployment(json!({"replicas": 80.0})), None);
    }

    #[test]
    fn refuses_duplicate_and_missing_keys() {
        let containers =
            |list: Value| of_deployment(json!({"template": {"spec": {"containers": list}}}));
        assert_eq!(
            containers(json!([{"name": "a"}, {"name": "a"}])).unwrap(),
            ".spec.template.spec.containers: duplicate entries for key [name=\"a\"]"
        );
        assert!(containers(json!([{"image": "a"}])).unwrap().contains("omits key field \"name\""));
        assert_eq!(containers(json!([{"name": "a", "ports": [{"containerPort": 1}]}])), None);
    }
}
