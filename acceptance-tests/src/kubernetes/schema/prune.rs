//! Removes what a schema does not declare.

use serde_json::Value;

use super::{Rest, Schema, Shape};

/// Removes undeclared fields at any depth and returns their paths
/// (`spec.foo`, `spec.ports[0].bar`), in order of the document.
pub(crate) fn undeclared(schema: &Schema, value: &mut Value) -> Vec<String> {
    let mut paths = Vec::new();
    walk(schema, value, "", &mut paths);
    paths
}

fn walk(schema: &Schema, value: &mut Value, path: &str, paths: &mut Vec<String>) {
    match (schema.shape(), value) {
        (Shape::Map(map), Value::Object(object)) => {
            object.retain(|name, child| {
                let path = join(path, name);
                match (map.fields.get(name), &map.rest) {
                    (Some(field), _) => walk(&field.schema, child, &path, paths),
                    (None, Rest::Open(schema)) => walk(schema, child, &path, paths),
                    (None, Rest::Preserved) => {}
                    (None, Rest::Closed) => {
                        paths.push(path);
                        return false;
                    }
                }
                true
            });
        }
        (Shape::List(items, _), Value::Array(list)) => {
            for (at, item) in list.iter_mut().enumerate() {
                walk(items, item, &format!("{path}[{at}]"), paths);
            }
        }
        _ => {}
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_what_it_removes() {
        let mut value = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "labels": {"x": "y"}},
            "spec": {"ports": [{"port": 80, "tagret": 1}], "foo": 1},
        });
        let paths = undeclared(&Schema::named("Service"), &mut value);
        assert_eq!(paths, ["spec.foo", "spec.ports[0].tagret"]);
        assert_eq!(value["spec"], json!({"ports": [{"port": 80}]}));
    }
}
