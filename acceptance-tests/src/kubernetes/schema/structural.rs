//! Schemas of custom resources, from a definition's `openAPIV3Schema`.

use serde_json::Value;

use super::{Checks, Field, ListKind, MapShape, Rest, Scalar, Schema, Shape};
use crate::kubernetes::cel::Rule;

/// The key of CEL rules in a schema.
const RULES: &str = "x-kubernetes-validations";

/// The schema of a custom resource's object. Without `openAPIV3Schema`,
/// everything is kept.
pub(crate) fn object_schema(schema: Option<&Value>) -> Schema {
    let mut schema = schema.map_or_else(preserving, node);
    if let Shape::Any = schema.shape {
        schema = preserving();
    }
    if let Shape::Map(map) = &mut schema.shape {
        let string = || Schema::of(Shape::Scalar(Scalar::String));
        for (name, schema) in [
            ("apiVersion", string()),
            ("kind", string()),
            ("metadata", Schema::named("ObjectMeta")),
        ] {
            map.fields.insert(name.to_owned(), Field { schema, required: false });
        }
    }
    schema
}

fn preserving() -> Schema {
    Schema::of(Shape::Map(MapShape { rest: Rest::Preserved, ..MapShape::default() }))
}

/// The schema of one node of an OpenAPI v3 schema.
pub(crate) fn node(source: &Value) -> Schema {
    Schema {
        shape: shape(source),
        nullable: flag(source, "nullable"),
        default: source.get("default").cloned(),
        checks: checks(source),
    }
}

fn shape(source: &Value) -> Shape {
    if flag(source, "x-kubernetes-int-or-string") {
        return Shape::Scalar(Scalar::IntOrString);
    }
    let preserve = flag(source, "x-kubernetes-preserve-unknown-fields");
    match source.get("type").and_then(Value::as_str) {
        Some("string") => Shape::Scalar(match source.get("format").and_then(Value::as_str) {
            Some("byte") => Scalar::Bytes,
            _ => Scalar::String,
        }),
        Some("integer") => Shape::Scalar(Scalar::Integer),
        Some("number") => Shape::Scalar(Scalar::Number),
        Some("boolean") => Shape::Scalar(Scalar::Boolean),
        Some("array") => {
            Shape::List(Box::new(source.get("items").map(node).unwrap_or_default()), list(source))
        }
        Some("object") => Shape::Map(map(source, preserve)),
        _ if source.get("properties").is_some() => Shape::Map(map(source, preserve)),
        _ => Shape::Any,
    }
}

fn map(source: &Value, preserve: bool) -> MapShape {
    let required: Vec<&str> = source
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mut fields: std::collections::BTreeMap<String, Field> = source
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, schema)| {
            let required = required.contains(&name.as_str());
            (name.clone(), Field { schema: node(schema), required })
        })
        .collect();
    if flag(source, "x-kubernetes-embedded-resource") {
        for name in ["apiVersion", "kind"] {
            let schema = Schema::of(Shape::Scalar(Scalar::String));
            fields.insert(name.to_owned(), Field { schema, required: true });
        }
        let schema = Schema::named("ObjectMeta");
        fields.insert("metadata".to_owned(), Field { schema, required: false });
    }
    let rest = match source.get("additionalProperties") {
        Some(schema @ Value::Object(_)) => Rest::Open(Box::new(node(schema))),
        Some(Value::Bool(true)) => Rest::Open(Box::default()),
        _ if preserve => Rest::Preserved,
        _ => Rest::Closed,
    };
    let atomic = source.get("x-kubernetes-map-type").and_then(Value::as_str) == Some("atomic");
    MapShape { fields, rest, atomic }
}

fn list(source: &Value) -> ListKind {
    match source.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => ListKind::Set,
        Some("map") => ListKind::Map(
            source
                .get("x-kubernetes-list-map-keys")
                .and_then(Value::as_array)
                .map(|keys| keys.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default(),
        ),
        _ => ListKind::Atomic,
    }
}

fn checks(source: &Value) -> Option<Box<Checks>> {
    let list = |name: &str| source.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |name: &str| source.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| source.get(name).and_then(Value::as_f64);
    let count = |name: &str| source.get(name).and_then(Value::as_u64);
    let named = [
        "enum",
        "pattern",
        "format",
        "minimum",
        "maximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        RULES,
    ];
    named.iter().any(|name| source.get(name).is_some()).then(|| {
        Box::new(Checks {
            enumeration: list("enum"),
            pattern: text("pattern"),
            format: text("format"),
            minimum: number("minimum"),
            exclusive_minimum: flag(source, "exclusiveMinimum"),
            maximum: number("maximum"),
            exclusive_maximum: flag(source, "exclusiveMaximum"),
            multiple_of: number("multipleOf"),
            min_length: count("minLength"),
            max_length: count("maxLength"),
            min_items: count("minItems"),
            max_items: count("maxItems"),
            min_properties: count("minProperties"),
            max_properties: count("maxProperties"),
            all_of: list("allOf"),
            any_of: list("anyOf"),
            one_of: list("oneOf"),
            not: source.get("not").cloned(),
            // A rule that does not parse is refused with its definition.
            rules: list(RULES).iter().filter_map(|entry| Rule::read(entry).ok()).collect(),
        })
    })
}

fn flag(source: &Value, name: &str) -> bool {
    source.get(name).and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Child;
    use super::*;

    #[test]
    fn lists_without_a_type_are_atomic_and_unknown_fields_closed() {
        let schema = object_schema(Some(&json!({
            "type": "object",
            "properties": {"spec": {"type": "object", "properties": {
                "hosts": {"type": "array", "items": {"type": "string"}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            }}},
        })));
        let spec = schema.child_or_any("spec");
        assert_eq!(*spec.child_or_any("hosts").items().1, ListKind::Atomic);
        assert!(matches!(spec.child("other"), Child::Unknown));
        assert!(matches!(spec.child_or_any("free").child("x"), Child::Entry(_)));
        assert!(matches!(schema.child("metadata"), Child::Field(_)));
    }
}
