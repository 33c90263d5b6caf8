//! Strategic merge patch: a merge patch whose lists merge by key, with
//! directives (`$patch`, `$retainKeys`, `$setElementOrder/…`,
//! `$deleteFromPrimitiveList/…`).

use serde_json::{Map, Value};

use super::schema::{ListKind, Schema};

/// Applies a strategic merge patch along a built-in kind's schema.
pub(crate) fn merge(schema: &Schema, target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() || patch.get("$patch").is_some_and(|directive| directive == "replace") {
        *target = Value::Object(Map::new());
    }
    let Value::Object(object) = target else { return };
    if let Some(Value::Array(kept)) = patch.get("$retainKeys") {
        object.retain(|name, _| kept.iter().any(|one| one.as_str() == Some(name)));
    }
    for (name, value) in patch.iter().filter(|(name, _)| !name.starts_with('$')) {
        let child = schema.child_or_any(name);
        match value {
            Value::Null => {
                object.remove(name);
            }
            Value::Object(inner) if inner.get("$patch").is_some_and(|one| one == "delete") => {
                object.remove(name);
            }
            Value::Array(items) => {
                let live = object.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new()));
                merge_list(child, live, items);
            }
            _ => merge(child, object.entry(name.clone()).or_insert(Value::Null), value),
        }
    }
    list_directives(schema, object, patch);
}

/// The field by which a list merges: the first of its keys.
fn merge_key(schema: &Schema) -> Option<&str> {
    match schema.items().1 {
        ListKind::Map(keys) => keys.first().map(String::as_str),
        _ => None,
    }
}

fn merge_list(schema: &Schema, live: &mut Value, patch: &[Value]) {
    let (items, kind) = schema.items();
    let replaced = patch.iter().any(|item| item.get("$patch").is_some_and(|one| one == "replace"));
    let Value::Array(list) = live else {
        *live = Value::Array(patch.to_vec());
        return;
    };
    if replaced {
        list.clear();
    }
    let real = patch.iter().filter(|item| {
        item.get("$patch").is_none_or(|directive| directive == "delete" || directive == "merge")
    });
    match (kind, merge_key(schema)) {
        (_, Some(key)) => {
            for item in real {
                let same = |other: &Value| other.get(key) == item.get(key);
                if item.get("$patch").is_some_and(|directive| directive == "delete") {
                    list.retain(|other| !same(other));
                } else if let Some(found) = list.iter_mut().find(|other| same(other)) {
                    merge(items, found, item);
                } else {
                    let mut fresh = Value::Null;
                    merge(items, &mut fresh, item);
                    list.push(fresh);
                }
            }
        }
        (ListKind::Set, None) => {
            for item in real {
                if !list.contains(item) {
                    list.push(item.clone());
                }
            }
        }
        _ => *list = patch.to_vec(),
    }
}

fn list_directives(schema: &Schema, object: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (directive, value) in patch {
        let Value::Array(value) = value else { continue };
        if let Some(name) = directive.strip_prefix("$deleteFromPrimitiveList/")
            && let Some(Value::Array(list)) = object.get_mut(name)
        {
            list.retain(|item| !value.contains(item));
        }
        if let Some(name) = directive.strip_prefix("$setElementOrder/")
            && let Some(Value::Array(list)) = object.get_mut(name)
        {
            let key = merge_key(schema.child_or_any(name));
            let rank = |item: &Value| {
                value.iter().position(|wanted| match key {
                    Some(key) => wanted.get(key) == item.get(key),
                    None => wanted == item,
                })
            };
            list.sort_by_key(|item| rank(item).unwrap_or(usize::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(mut target: Value, patch: &Value) -> Value {
        merge(&Schema::named("Deployment"), &mut target, patch);
        target
    }

    #[test]
    fn merges_containers_by_name() {
        let target = json!({"spec": {"template": {"spec": {"containers": [
            {"name": "a", "image": "1", "args": ["x"]}, {"name": "b"}]}}}});
        let patch = json!({"spec": {"template": {"spec": {
            "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
            "containers": [{"name": "a", "args": ["y"]}, {"name": "b", "$patch": "delete"}, {"name": "c"}]}}}});
        assert_eq!(
            patched(target, &patch)["spec"]["template"]["spec"],
            json!({"containers": [{"name": "c"}, {"name": "a", "image": "1", "args": ["y"]}]})
        );
    }

    #[test]
    fn retains_keys_and_deletes_primitives() {
        let target = json!({"metadata": {"finalizers": ["a", "b"]},
            "spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {}}}});
        let patch = json!({
            "metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]},
            "spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}});
        assert_eq!(
            patched(target, &patch),
            json!({"metadata": {"finalizers": ["b", "c"]}, "spec": {"strategy": {"type": "Recreate"}}})
        );
    }
}
