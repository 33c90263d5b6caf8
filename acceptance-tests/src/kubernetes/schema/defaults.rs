//! Fills in the values of absent fields.

use serde_json::Value;

use super::{Rest, Schema, Shape};

/// Fills every absent field that has a default, at any depth of what is
/// present. A null in place of a non-nullable field with a default counts as
/// absent.
pub(crate) fn apply(schema: &Schema, value: &mut Value) {
    match (schema.shape(), value) {
        (Shape::Map(map), Value::Object(object)) => {
            for (name, field) in &map.fields {
                let Some(default) = &field.schema.default else { continue };
                let absent = match object.get(name) {
                    None => true,
                    Some(Value::Null) => !field.schema.nullable,
                    Some(_) => false,
                };
                if absent {
                    object.insert(name.clone(), default.clone());
                }
            }
            for (name, child) in object.iter_mut() {
                match (map.fields.get(name), &map.rest) {
                    (Some(field), _) => apply(&field.schema, child),
                    (None, Rest::Open(schema)) => apply(schema, child),
                    _ => {}
                }
            }
        }
        (Shape::List(items, _), Value::Array(list)) => {
            list.iter_mut().for_each(|item| apply(items, item));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Schema, structural};
    use super::*;

    #[test]
    fn fills_nested_defaults_only_where_the_parent_is_there() {
        let schema = structural::node(&json!({
            "type": "object",
            "properties": {
                "a": {"type": "object", "properties": {"x": {"type": "integer", "default": 3}}},
                "b": {"type": "object", "default": {}, "properties": {"y": {"default": "z", "type": "string"}}},
            },
        }));
        let mut value = json!({});
        apply(&schema, &mut value);
        assert_eq!(value, json!({"b": {"y": "z"}}));
        let mut value = json!({"a": {"x": null}});
        apply(&schema, &mut value);
        assert_eq!(value, json!({"a": {"x": 3}, "b": {"y": "z"}}));
    }

    #[test]
    fn fills_a_container() {
        let mut value =
            json!({"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}});
        apply(&Schema::named("Pod"), &mut value);
        let container = &value["spec"]["containers"][0];
        assert_eq!(container["ports"][0]["protocol"], "TCP");
        assert_eq!(container["terminationMessagePath"], "/dev/termination-log");
        assert_eq!(value["spec"]["restartPolicy"], "Always");
    }
}
