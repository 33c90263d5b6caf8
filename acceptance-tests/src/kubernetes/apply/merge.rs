//! Merging, comparing and cutting objects along their schema.

use serde_json::{Map, Value};

use super::fieldset::{FieldSet, edge_of_item};
use crate::kubernetes::schema::{ListKind, Schema, Shape};

/// The live object with the applied one laid over it.
pub(crate) fn merge(schema: &Schema, live: &Value, applied: &Value) -> Value {
    match (schema.shape(), live, applied) {
        (Shape::Map(_) | Shape::Any, Value::Object(live), Value::Object(applied))
            if !schema.is_atomic_map() =>
        {
            let mut merged = live.clone();
            for (name, value) in applied {
                let value = match live.get(name) {
                    Some(old) => merge(schema.child_or_any(name), old, value),
                    None => value.clone(),
                };
                merged.insert(name.clone(), value);
            }
            Value::Object(merged)
        }
        (Shape::List(items, kind), Value::Array(live), Value::Array(applied))
            if *kind != ListKind::Atomic =>
        {
            Value::Array(merge_lists(items, kind, live, applied))
        }
        _ => applied.clone(),
    }
}

/// Live items that are not applied come before the applied ones that follow
/// them; applied items keep their order.
fn merge_lists(items: &Schema, kind: &ListKind, live: &[Value], applied: &[Value]) -> Vec<Value> {
    let edges = |list: &[Value]| -> Vec<String> {
        list.iter().map(|item| edge_of_item(items, kind, item)).collect()
    };
    let (live_edges, applied_edges) = (edges(live), edges(applied));
    let mut shared = applied_edges.iter().filter(|edge| live_edges.contains(edge)).peekable();
    let mut merged = Vec::with_capacity(live.len() + applied.len());
    let (mut left, mut right) = (0, 0);
    while left < live.len() || right < applied.len() {
        if left < live.len() {
            let edge = &live_edges[left];
            let is_applied = applied_edges.contains(edge);
            if is_applied && right < applied.len() && *edge != applied_edges[right] {
                if shared.peek().is_some_and(|next| *next != edge) {
                    left += 1;
                    continue;
                }
            } else if !is_applied {
                merged.push(live[left].clone());
                left += 1;
                continue;
            } else if right >= applied.len() {
                left += 1;
                continue;
            }
        }
        if right < applied.len() {
            let edge = &applied_edges[right];
            let found = live_edges.iter().position(|other| other == edge);
            merged.push(match found {
                Some(at) => merge(items, &live[at], &applied[right]),
                None => applied[right].clone(),
            });
            if shared.peek() == Some(&edge) {
                shared.next();
            }
            left += usize::from(live_edges.get(left) == Some(edge));
            right += 1;
        }
    }
    merged
}

/// What differs between two objects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Comparison {
    pub(crate) added: FieldSet,
    pub(crate) modified: FieldSet,
    pub(crate) removed: FieldSet,
}

/// Compares two objects field by field; atomic parts as one.
pub(crate) fn compare(schema: &Schema, old: &Value, new: &Value) -> Comparison {
    let mut comparison = Comparison::default();
    compare_at(schema, Some(old), Some(new), &mut Vec::new(), &mut comparison);
    comparison
}

fn compare_at(
    schema: &Schema,
    old: Option<&Value>,
    new: Option<&Value>,
    path: &mut Vec<String>,
    out: &mut Comparison,
) {
    if old == new {
        return;
    }
    if is_granular_map(schema, old) && is_granular_map(schema, new) {
        let empty = Map::new();
        let (before, after) = (object(old, &empty), object(new, &empty));
        let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            path.push(format!("f:{name}"));
            compare_at(schema.child_or_any(name), before.get(name), after.get(name), path, out);
            path.pop();
        }
    } else if let Shape::List(items, kind) = schema.shape()
        && *kind != ListKind::Atomic
        && is_list(old)
        && is_list(new)
    {
        let (before, after) = (edges(items, kind, old), edges(items, kind, new));
        let mut names: Vec<&String> = before.iter().chain(&after).map(|(edge, _)| edge).collect();
        names.sort();
        names.dedup();
        for name in names {
            path.push(name.clone());
            compare_at(items, find_item(&before, name), find_item(&after, name), path, out);
            path.pop();
        }
    } else if old.is_some() && new.is_some() {
        out.modified.insert(path);
        return;
    }
    match (old, new) {
        (None, Some(_)) => out.added.insert(path),
        (Some(_), None) => out.removed.insert(path),
        _ => {}
    }
}

fn find_item<'a>(list: &[(String, &'a Value)], name: &str) -> Option<&'a Value> {
    list.iter().find(|(edge, _)| edge == name).map(|(_, value)| *value)
}

fn edges<'a>(items: &Schema, kind: &ListKind, list: Option<&'a Value>) -> Vec<(String, &'a Value)> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|item| (edge_of_item(items, kind, item), item))
        .collect()
}

fn is_granular_map(schema: &Schema, value: Option<&Value>) -> bool {
    matches!(schema.shape(), Shape::Map(_) | Shape::Any)
        && !schema.is_atomic_map()
        && value.is_none_or(Value::is_object)
}

fn is_list(value: Option<&Value>) -> bool {
    value.is_none_or(Value::is_array)
}

fn object<'a>(value: Option<&'a Value>, empty: &'a Map<String, Value>) -> &'a Map<String, Value> {
    value.and_then(Value::as_object).unwrap_or(empty)
}

/// The object without the members of a set. Nothing, if nothing is left; so are
/// the parts of which nothing is left, or null if `nulls`, as API servers before
/// 1.36 have it.
pub(crate) fn remove(schema: &Schema, value: &Value, set: &FieldSet, nulls: bool) -> Option<Value> {
    match (schema.shape(), value) {
        (Shape::Map(_) | Shape::Any, Value::Object(object)) if !schema.is_atomic_map() => {
            let mut left = Map::new();
            for (name, child) in object {
                match set.below(&format!("f:{name}")) {
                    Some(inner) if inner.member => {}
                    Some(inner) => {
                        let child = remove(schema.child_or_any(name), child, inner, nulls);
                        if let Some(child) = child.or_else(|| nulls.then_some(Value::Null)) {
                            left.insert(name.clone(), child);
                        }
                    }
                    None => {
                        left.insert(name.clone(), child.clone());
                    }
                }
            }
            (!left.is_empty()).then_some(Value::Object(left))
        }
        (Shape::List(items, kind), Value::Array(list)) if *kind != ListKind::Atomic => {
            let left: Vec<Value> = list
                .iter()
                .filter_map(|item| match set.below(&edge_of_item(items, kind, item)) {
                    Some(inner) if inner.member => None,
                    Some(inner) => remove(items, item, inner, nulls),
                    None => Some(item.clone()),
                })
                .collect();
            (!left.is_empty()).then_some(Value::Array(left))
        }
        _ => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod() -> Schema {
        Schema::named("Pod")
    }

    #[test]
    fn merges_associative_lists_by_key() {
        let live = json!({"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]}});
        let applied = json!({"spec": {"containers": [{"name": "b", "image": "2"}, {"name": "c"}]}});
        let merged = merge(&pod(), &live, &applied);
        assert_eq!(
            merged["spec"]["containers"],
            json!([{"name": "a", "image": "1"}, {"name": "b", "image": "2"}, {"name": "c"}])
        );
    }

    #[test]
    fn compares_by_key() {
        let old = json!({"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b"}]}});
        let new = json!({"spec": {"containers": [{"name": "a", "image": "2", "tty": true}]}});
        let found = compare(&pod(), &old, &new);
        assert_eq!(
            found.modified.to_v1(),
            json!({"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {"f:image": {}}}}})
        );
        assert_eq!(
            found.added.to_v1(),
            json!({"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {"f:tty": {}}}}})
        );
        assert_eq!(
            found.removed.to_v1(),
            json!({"f:spec": {"f:containers": {"k:{\"name\":\"b\"}": {".": {}, "f:name": {}}}}})
        );
    }

    #[test]
    fn removes_members_and_what_becomes_empty() {
        let value =
            json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"hostname": "h"}});
        let set = FieldSet::from_v1(&json!({"f:metadata": {"f:labels": {"f:a": {}, "f:b": {}}}}));
        assert_eq!(remove(&pod(), &value, &set, false), Some(json!({"spec": {"hostname": "h"}})));
    }
}
