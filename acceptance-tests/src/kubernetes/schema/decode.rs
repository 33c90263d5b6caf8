//! Reads an object the way the API server decodes into its Go types: nulls and
//! empty maps go, quantities take their canonical spelling, wrong types are errors.

use serde_json::Value;

use super::{Rest, Scalar, Schema, Shape, quantity};

/// Brings a built-in object into its stored form. The error names the field
/// (`spec.replicas`), what was found and what belongs there.
pub(crate) fn normalize(schema: &Schema, value: &mut Value) -> Result<(), Mismatch> {
    walk(schema, value, "")
}

/// A value of the wrong type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) path: String,
    pub(crate) found: &'static str,
    pub(crate) expected: &'static str,
}

fn walk(schema: &Schema, value: &mut Value, path: &str) -> Result<(), Mismatch> {
    let mismatch = |found: &'static str, expected: &'static str| {
        Err(Mismatch { path: path.to_owned(), found, expected })
    };
    match (schema.shape(), value) {
        (Shape::Any, _) | (_, Value::Null) => Ok(()),
        (Shape::Map(map), Value::Object(object)) => {
            for (name, child) in object.iter_mut() {
                let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match (map.fields.get(name), &map.rest) {
                    (Some(field), _) => walk(&field.schema, child, &inner)?,
                    (None, Rest::Open(schema)) => {
                        if child.is_null() {
                            *child = zero(schema);
                        }
                        walk(schema, child, &inner)?;
                    }
                    _ => {}
                }
            }
            object.retain(|name, child| match map.fields.get(name) {
                Some(field) => !(child.is_null() || is_omitted(&field.schema, child)),
                None => true,
            });
            Ok(())
        }
        (Shape::List(items, _), Value::Array(list)) => {
            for (at, item) in list.iter_mut().enumerate() {
                walk(items, item, &format!("{path}[{at}]"))?;
            }
            Ok(())
        }
        (Shape::Scalar(kind), value) => match scalar(*kind, value) {
            Some(expected) => mismatch(found(value), expected),
            None => Ok(()),
        },
        (Shape::Map(_), value) => mismatch(found(value), "object"),
        (Shape::List(..), value) => mismatch(found(value), "array"),
        (Shape::Named(_), _) => Ok(()),
    }
}

/// Normalises one scalar; the expected type if it is of another.
fn scalar(kind: Scalar, value: &mut Value) -> Option<&'static str> {
    match (kind, &*value) {
        (Scalar::String | Scalar::Time | Scalar::Bytes, Value::String(_))
        | (Scalar::Boolean, Value::Bool(_))
        | (Scalar::Number, Value::Number(_))
        | (Scalar::IntOrString, Value::String(_)) => None,
        (Scalar::Integer | Scalar::IntOrString, Value::Number(number)) => {
            if number.is_i64() || number.is_u64() {
                return None;
            }
            let whole = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15);
            let Some(whole) = whole else { return Some("int32") };
            #[expect(clippy::cast_possible_truncation, reason = "bounded and whole")]
            let whole = whole as i64;
            *value = Value::from(whole);
            None
        }
        (Scalar::Quantity, Value::Number(number)) => respell(&number.to_string(), value),
        (Scalar::Quantity, Value::String(text)) => respell(&text.clone(), value),
        (Scalar::Integer, _) => Some("int32"),
        (Scalar::Boolean, _) => Some("bool"),
        (Scalar::Number, _) => Some("float64"),
        (Scalar::Quantity, _) => Some("quantity"),
        _ => Some("string"),
    }
}

fn respell(text: &str, value: &mut Value) -> Option<&'static str> {
    match quantity::canonical(text) {
        Some(spelled) => {
            *value = Value::from(spelled);
            None
        }
        None => Some("quantity"),
    }
}

/// Whether Go's `omitempty` leaves the field out: an empty map or list. An
/// empty struct is a pointer that is set, and stays.
fn is_omitted(schema: &Schema, value: &Value) -> bool {
    match (schema.shape(), value) {
        (Shape::Map(map), Value::Object(object)) => {
            object.is_empty() && matches!(map.rest, Rest::Open(_))
        }
        (Shape::List(..), Value::Array(list)) => list.is_empty(),
        _ => false,
    }
}

fn zero(schema: &Schema) -> Value {
    match schema.shape() {
        Shape::Scalar(Scalar::String | Scalar::Bytes) => Value::from(""),
        Shape::Scalar(Scalar::Quantity) => Value::from("0"),
        _ => Value::Null,
    }
}

fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn takes_the_stored_form() {
        let mut value = json!({
            "metadata": {"name": "p", "labels": {}, "annotations": null},
            "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80.0}],
                "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}},
                "securityContext": {}}]},
        });
        normalize(&Schema::named("Pod"), &mut value).unwrap();
        assert_eq!(
            value,
            json!({
                "metadata": {"name": "p"},
                "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80}],
                    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                    "securityContext": {}}]},
            })
        );
    }

    #[test]
    fn a_null_in_a_string_map_is_empty() {
        let mut value = json!({"data": {"a": null}});
        normalize(&Schema::named("ConfigMap"), &mut value).unwrap();
        assert_eq!(value, json!({"data": {"a": ""}}));
    }

    #[test]
    fn a_wrong_type_is_named() {
        let mut value = json!({"spec": {"replicas": "3"}});
        let mismatch = normalize(&Schema::named("Deployment"), &mut value).unwrap_err();
        assert_eq!(mismatch.path, "spec.replicas");
        assert_eq!((mismatch.found, mismatch.expected), ("string", "int32"));
    }
}
