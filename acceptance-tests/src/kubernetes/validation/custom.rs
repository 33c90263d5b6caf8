//! Values of custom resources against their definition's schema.

use regex::Regex;
use serde_json::Value;

use crate::kubernetes::schema::{Checks, Rest, Scalar, Schema, Shape, structural};
use crate::kubernetes::status::Cause;

/// What does not fit the schema, with paths as `spec.http[0].match`.
pub(crate) fn causes(schema: &Schema, live: Option<&Value>, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    walk(schema, live, object, "", &mut causes);
    causes
}

fn walk(schema: &Schema, live: Option<&Value>, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    if matches!(schema.shape, Shape::Named(_)) {
        return;
    }
    if value.is_null() {
        if !schema.nullable && !matches!(schema.shape, Shape::Any) {
            causes.push(type_cause(schema, value, path));
        }
        return;
    }
    if !is_of_type(schema, value) {
        causes.push(type_cause(schema, value, path));
        return;
    }
    if let Some(checks) = &schema.checks {
        check_value(checks, value, path, causes);
        for fault in checks.rules.iter().filter_map(|rule| rule.fault(value, live)) {
            let field = if path.is_empty() { "<nil>" } else { path };
            causes.push(Cause::invalid(field, &Value::from(type_name(value)), &fault));
        }
    }
    match (&schema.shape, value) {
        (Shape::Map(map), Value::Object(object)) => {
            for (name, field) in &map.fields {
                if field.required && !object.contains_key(name) {
                    causes.push(Cause::required(join(path, name), ""));
                }
            }
            for (name, child) in object {
                let (before, path) = (live.and_then(|live| live.get(name)), join(path, name));
                match (map.fields.get(name), &map.rest) {
                    (Some(field), _) => walk(&field.schema, before, child, &path, causes),
                    (None, Rest::Open(schema)) => walk(schema, before, child, &path, causes),
                    _ => {}
                }
            }
        }
        (Shape::List(items, _), Value::Array(list)) => {
            // Items of a list have no old value unless the list is keyed;
            // rules that need one are rare there.
            for (at, item) in list.iter().enumerate() {
                walk(items, None, item, &format!("{path}[{at}]"), causes);
            }
        }
        _ => {}
    }
}

fn is_of_type(schema: &Schema, value: &Value) -> bool {
    match &schema.shape {
        Shape::Any | Shape::Named(_) => true,
        Shape::Map(_) => value.is_object(),
        Shape::List(..) => value.is_array(),
        Shape::Scalar(scalar) => match scalar {
            Scalar::String | Scalar::Bytes | Scalar::Time => value.is_string(),
            Scalar::Boolean => value.is_boolean(),
            Scalar::Number => value.is_number(),
            Scalar::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Scalar::IntOrString => value.is_i64() || value.is_u64() || value.is_string(),
            Scalar::Quantity => value.is_number() || value.is_string(),
        },
    }
}

fn type_cause(schema: &Schema, value: &Value, path: &str) -> Cause {
    let wanted = match &schema.shape {
        Shape::Map(_) | Shape::Any | Shape::Named(_) => "object",
        Shape::List(..) => "array",
        Shape::Scalar(Scalar::Boolean) => "boolean",
        Shape::Scalar(Scalar::Integer) => "integer",
        Shape::Scalar(Scalar::Number) => "number",
        Shape::Scalar(Scalar::IntOrString) => "integer,string",
        Shape::Scalar(_) => "string",
    };
    let found = type_name(value);
    let detail = format!("{path} in body must be of type {wanted}: {found:?}");
    Cause::mistyped(path, &Value::from(found), &detail)
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn check_value(checks: &Checks, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    if !checks.enumeration.is_empty() && !checks.enumeration.contains(value) {
        causes.push(Cause::not_supported(path, value, &checks.enumeration));
    }
    let mut refuse = |detail: String| causes.push(Cause::invalid(path, value, &detail));
    match value {
        Value::String(text) => check_text(checks, text, path, &mut refuse),
        Value::Number(number) => {
            check_number(checks, number.as_f64().unwrap_or_default(), path, &mut refuse);
        }
        Value::Array(list) => {
            check_count(list.len(), checks.min_items, checks.max_items, path, "items", &mut refuse);
        }
        Value::Object(object) => {
            let (least, most) = (checks.min_properties, checks.max_properties);
            check_count(object.len(), least, most, path, "properties", &mut refuse);
        }
        _ => {}
    }
    check_combinations(checks, value, path, &mut refuse);
}

fn check_text(checks: &Checks, text: &str, path: &str, refuse: &mut impl FnMut(String)) {
    let length = text.chars().count() as u64;
    if let Some(least) = checks.min_length.filter(|least| length < *least) {
        refuse(format!("{path} in body should be at least {least} chars long"));
    }
    if let Some(most) = checks.max_length.filter(|most| length > *most) {
        refuse(format!("{path} in body should be at most {most} chars long"));
    }
    if let Some(pattern) = &checks.pattern
        && Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text))
    {
        refuse(format!("{path} in body should match '{pattern}'"));
    }
    if checks.format.as_deref() == Some("date-time") && text.parse::<jiff::Timestamp>().is_err() {
        refuse(format!("{path} in body must be of type date-time: {text:?}"));
    }
}

fn check_number(checks: &Checks, number: f64, path: &str, refuse: &mut impl FnMut(String)) {
    if let Some(least) = checks.minimum
        && (number < least || checks.exclusive_minimum && number <= least)
    {
        let than =
            if checks.exclusive_minimum { "greater than" } else { "greater than or equal to" };
        refuse(format!("{path} in body should be {than} {least}"));
    }
    if let Some(most) = checks.maximum
        && (number > most || checks.exclusive_maximum && number >= most)
    {
        let than = if checks.exclusive_maximum { "less than" } else { "less than or equal to" };
        refuse(format!("{path} in body should be {than} {most}"));
    }
    if let Some(unit) = checks.multiple_of.filter(|unit| (number / unit).fract() != 0.0) {
        refuse(format!("{path} in body should be a multiple of {unit}"));
    }
    let bounds = match checks.format.as_deref() {
        Some("int32") => Some((f64::from(i32::MIN), f64::from(i32::MAX))),
        Some("uint32") => Some((0.0, f64::from(u32::MAX))),
        _ => None,
    };
    if let Some((least, most)) = bounds.filter(|(least, most)| number < *least || number > *most) {
        refuse(format!("{path} in body should be between {least} and {most}"));
    }
}

fn check_count(
    count: usize,
    least: Option<u64>,
    most: Option<u64>,
    path: &str,
    what: &str,
    refuse: &mut impl FnMut(String),
) {
    let count = count as u64;
    if let Some(least) = least.filter(|least| count < *least) {
        refuse(format!("{path} in body should have at least {least} {what}"));
    }
    if let Some(most) = most.filter(|most| count > *most) {
        refuse(format!("{path} in body should have at most {most} {what}"));
    }
}

fn check_combinations(checks: &Checks, value: &Value, path: &str, refuse: &mut impl FnMut(String)) {
    let fits = |schema: &Value| satisfies(schema, value);
    let name = if path.is_empty() { "\"\"" } else { path };
    if !checks.all_of.iter().all(fits) {
        refuse(format!("{name} must validate all the schemas (allOf)"));
    }
    if !checks.any_of.is_empty() && !checks.any_of.iter().any(fits) {
        refuse(format!("{name} must validate at least one schema (anyOf)"));
    }
    if !checks.one_of.is_empty() && checks.one_of.iter().filter(|one| fits(one)).count() != 1 {
        refuse(format!("{name} must validate one and only one schema (oneOf)"));
    }
    if checks.not.as_ref().is_some_and(fits) {
        refuse(format!("{name} must not validate the schema (not)"));
    }
}

/// Whether a value satisfies a schema inside a combination, which may lack a type.
fn satisfies(source: &Value, value: &Value) -> bool {
    let mut required =
        source["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let present = |name: &str| value.get(name).is_some_and(|value| !value.is_null());
    if value.is_object() && !required.all(present) {
        return false;
    }
    for (name, schema) in source["properties"].as_object().into_iter().flatten() {
        if value.get(name).is_some_and(|child| !satisfies(schema, child)) {
            return false;
        }
    }
    let mut schema = structural::node(source);
    if source.get("type").is_none() {
        schema.shape = Shape::Any;
        schema.nullable = true;
    }
    let mut causes = Vec::new();
    walk(&schema, None, value, "", &mut causes);
    causes.is_empty()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_each_fault_with_its_path() {
        let schema = structural::object_schema(Some(&json!({
            "type": "object", "required": ["spec"],
            "properties": {"spec": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "pattern": "^a"},
                "mode": {"type": "string", "enum": ["X", "Y"]},
                "ports": {"type": "array", "items": {"type": "integer", "maximum": 65535}},
            }}},
        })));
        let found =
            causes(&schema, None, &json!({"spec": {"mode": "Z", "ports": [1, 70000, "x"]}}));
        let shown: Vec<_> =
            found.iter().map(|cause| (cause.reason, cause.field.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("FieldValueRequired", "spec.name"),
                ("FieldValueNotSupported", "spec.mode"),
                ("FieldValueInvalid", "spec.ports[1]"),
                ("FieldValueTypeInvalid", "spec.ports[2]"),
            ]
        );
        assert_eq!(causes(&schema, None, &json!({})).len(), 1);
    }

    #[test]
    fn one_of_takes_exactly_one() {
        let schema = structural::node(&json!({
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "oneOf": [
                {"not": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}},
                {"required": ["a"]}, {"required": ["b"]},
            ],
        }));
        assert!(causes(&schema, None, &json!({})).is_empty());
        assert!(causes(&schema, None, &json!({"a": "1"})).is_empty());
        assert_eq!(causes(&schema, None, &json!({"a": "1", "b": "2"})).len(), 1);
    }
}
