//! JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386).

use serde_json::{Map, Value};

/// Applies a JSON Patch. The error says which operation failed and why.
pub(crate) fn json_patch(target: &mut Value, operations: &Value) -> Result<(), String> {
    let Value::Array(operations) = operations else {
        return Err("a JSON Patch is a list of operations".to_owned());
    };
    for operation in operations {
        apply_operation(target, operation)?;
    }
    Ok(())
}

/// Applies a merge patch: nulls remove, objects merge, all else replaces.
pub(crate) fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(object) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            object.remove(name);
        } else {
            merge_patch(object.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

fn apply_operation(target: &mut Value, operation: &Value) -> Result<(), String> {
    let text = |name: &str| {
        operation[name].as_str().ok_or_else(|| format!("operation lacks {name:?}: {operation}"))
    };
    let path = text("path")?;
    let value = || {
        operation
            .get("value")
            .cloned()
            .ok_or_else(|| format!("operation lacks \"value\": {operation}"))
    };
    match text("op")? {
        "add" => add(target, path, value()?),
        "replace" => {
            take(target, path)?;
            add(target, path, value()?)
        }
        "remove" => take(target, path).map(drop),
        "test" => {
            let wanted = value()?;
            if target.pointer(path) == Some(&wanted) {
                Ok(())
            } else {
                Err(format!("testing value {path} failed"))
            }
        }
        "copy" => {
            let from = text("from")?;
            let value = target.pointer(from).cloned().ok_or_else(|| missing(from))?;
            add(target, path, value)
        }
        "move" => {
            let value = take(target, text("from")?)?;
            add(target, path, value)
        }
        other => Err(format!("unknown operation {other:?}")),
    }
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    let (parent, last) = split(path)?;
    match target.pointer_mut(parent) {
        Some(Value::Object(object)) => {
            object.insert(last, value);
            Ok(())
        }
        Some(Value::Array(list)) => {
            let at =
                if last == "-" { list.len() } else { last.parse().map_err(|_| missing(path))? };
            if at > list.len() {
                return Err(missing(path));
            }
            list.insert(at, value);
            Ok(())
        }
        _ => Err(missing(path)),
    }
}

fn take(target: &mut Value, path: &str) -> Result<Value, String> {
    let (parent, last) = split(path)?;
    match target.pointer_mut(parent) {
        Some(Value::Object(object)) => object.remove(&last).ok_or_else(|| missing(path)),
        Some(Value::Array(list)) => {
            let at: usize = last.parse().map_err(|_| missing(path))?;
            if at >= list.len() {
                return Err(missing(path));
            }
            Ok(list.remove(at))
        }
        _ => Err(missing(path)),
    }
}

/// The parent's pointer and the unescaped last token.
fn split(path: &str) -> Result<(&str, String), String> {
    let (parent, last) = path.rsplit_once('/').ok_or_else(|| missing(path))?;
    Ok((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn missing(path: &str) -> String {
    format!("path {path} does not exist")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_patch_operations() {
        let mut value = json!({"a": {"b/c": 1}, "list": [1, 3]});
        let patch = json!([
            {"op": "test", "path": "/a/b~1c", "value": 1},
            {"op": "replace", "path": "/a/b~1c", "value": 2},
            {"op": "add", "path": "/list/1", "value": 2},
            {"op": "add", "path": "/list/-", "value": 4},
            {"op": "copy", "from": "/list", "path": "/copy"},
            {"op": "remove", "path": "/list/0"},
            {"op": "move", "from": "/copy", "path": "/moved"},
        ]);
        json_patch(&mut value, &patch).unwrap();
        assert_eq!(value, json!({"a": {"b/c": 2}, "list": [2, 3, 4], "moved": [1, 2, 3, 4]}));
        for refused in [
            json!([{"op": "test", "path": "/list/0", "value": 9}]),
            json!([{"op": "remove", "path": "/nothing"}]),
            json!([{"op": "replace", "path": "/nothing", "value": 1}]),
        ] {
            assert!(json_patch(&mut value, &refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn merge_patches() {
        let mut value = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        merge_patch(&mut value, &json!({"a": {"b": null, "e": {"f": null}}, "d": [2]}));
        assert_eq!(value, json!({"a": {"c": 2, "e": {}}, "d": [2]}));
    }
}
