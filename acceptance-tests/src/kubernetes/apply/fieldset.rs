//! Sets of field paths, in the form in which managed fields record them
//! (`fieldsV1`): a tree whose edges are `f:name`, `k:{"key":value}`, `v:value`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::kubernetes::schema::{Child, ListKind, Schema, Shape};

/// A set of paths. A node is a member itself, has members below it, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    pub(crate) member: bool,
    pub(crate) children: BTreeMap<String, Self>,
}

impl FieldSet {
    /// Reads `fieldsV1`.
    pub(crate) fn from_v1(fields: &Value) -> Self {
        let mut set = Self::default();
        let Value::Object(fields) = fields else { return set };
        for (edge, inner) in fields {
            if edge == "." {
                set.member = true;
                continue;
            }
            let mut child = Self::from_v1(inner);
            child.member |= child.children.is_empty();
            set.children.insert(edge.clone(), child);
        }
        set
    }

    /// Writes `fieldsV1`.
    pub(crate) fn to_v1(&self) -> Value {
        let mut fields = Map::new();
        if self.member && !self.children.is_empty() {
            fields.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for (edge, child) in &self.children {
            fields.insert(edge.clone(), child.to_v1());
        }
        Value::Object(fields)
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.member && self.children.is_empty()
    }

    /// Adds a path.
    pub(crate) fn insert(&mut self, path: &[String]) {
        let mut node = self;
        for edge in path {
            node = node.children.entry(edge.clone()).or_default();
        }
        node.member = true;
    }

    /// The subset below an edge.
    pub(crate) fn below(&self, edge: &str) -> Option<&Self> {
        self.children.get(edge)
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        let mut result = self.clone();
        result.member |= other.member;
        for (edge, child) in &other.children {
            let merged = match result.children.get(edge) {
                Some(mine) => mine.union(child),
                None => child.clone(),
            };
            result.children.insert(edge.clone(), merged);
        }
        result
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let children = self
            .children
            .iter()
            .filter_map(|(edge, child)| {
                let shared = child.intersection(other.children.get(edge)?);
                (!shared.is_empty()).then(|| (edge.clone(), shared))
            })
            .collect();
        Self { member: self.member && other.member, children }
    }

    /// What is in this set and not in the other.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        let children = self
            .children
            .iter()
            .filter_map(|(edge, child)| {
                let left = match other.children.get(edge) {
                    Some(theirs) => child.difference(theirs),
                    None => child.clone(),
                };
                (!left.is_empty()).then(|| (edge.clone(), left))
            })
            .collect();
        Self { member: self.member && !other.member, children }
    }

    /// What is in this set and neither in the other nor below one of its members.
    pub(crate) fn recursive_difference(&self, other: &Self) -> Self {
        if other.member {
            return Self::default();
        }
        let children = self
            .children
            .iter()
            .filter_map(|(edge, child)| {
                let left = match other.children.get(edge) {
                    Some(theirs) => child.recursive_difference(theirs),
                    None => child.clone(),
                };
                (!left.is_empty()).then(|| (edge.clone(), left))
            })
            .collect();
        Self { member: self.member, children }
    }

    /// Every struct field that has members below it becomes a member, so that
    /// it can be removed with the last of them.
    pub(crate) fn with_named_fields(&self, schema: &Schema) -> Self {
        let children = self
            .children
            .iter()
            .map(|(edge, child)| {
                let (inner, named) = match edge.strip_prefix("f:") {
                    Some(name) => match schema.child(name) {
                        Child::Field(inner) => (inner, true),
                        Child::Entry(inner) => (inner, false),
                        Child::Unknown => (Schema::any(), false),
                    },
                    None => (schema.items().0, false),
                };
                let mut set = child.with_named_fields(inner);
                set.member |= named && !set.children.is_empty();
                (edge.clone(), set)
            })
            .collect();
        Self { member: self.member, children }
    }

    /// All member paths, each as its edges.
    pub(crate) fn paths(&self) -> Vec<Vec<&str>> {
        fn walk<'a>(set: &'a FieldSet, path: &mut Vec<&'a str>, out: &mut Vec<Vec<&'a str>>) {
            if set.member {
                out.push(path.clone());
            }
            for (edge, child) in &set.children {
                path.push(edge);
                walk(child, path, out);
                path.pop();
            }
        }
        let mut out = Vec::new();
        walk(self, &mut Vec::new(), &mut out);
        out
    }
}

/// The set of fields that an object sets.
pub(crate) fn of_value(schema: &Schema, value: &Value) -> FieldSet {
    match (schema.shape(), value) {
        (Shape::Map(_) | Shape::Any, Value::Object(object)) if !schema.is_atomic_map() => {
            let children = object
                .iter()
                .map(|(name, child)| {
                    let (inner, named) = match schema.child(name) {
                        Child::Field(inner) => (inner, true),
                        Child::Entry(inner) => (inner, false),
                        Child::Unknown => (Schema::any(), false),
                    };
                    let mut set = of_value(inner, child);
                    let hollow = child.is_null() || child.as_object().is_some_and(Map::is_empty);
                    set.member |= hollow || !named || set.children.is_empty();
                    (format!("f:{name}"), set)
                })
                .collect();
            FieldSet { member: false, children }
        }
        (Shape::List(items, kind), Value::Array(list)) if *kind != ListKind::Atomic => {
            let children = list
                .iter()
                .map(|item| {
                    let mut set = of_value(items, item);
                    set.member = true;
                    (edge_of_item(items, kind, item), set)
                })
                .collect();
            FieldSet { member: false, children }
        }
        _ => FieldSet { member: true, children: BTreeMap::new() },
    }
}

/// The edge that leads to an item of an associative list or a set.
pub(crate) fn edge_of_item(items: &Schema, kind: &ListKind, item: &Value) -> String {
    let ListKind::Map(keys) = kind else { return format!("v:{item}") };
    let mut named = BTreeMap::new();
    for key in keys {
        let value = item.get(key).or_else(|| items.key_default(key)).cloned();
        named.insert(key.as_str(), value.unwrap_or(Value::Null));
    }
    format!("k:{}", serde_json::to_string(&named).unwrap_or_default())
}

/// A path as error messages show it: `.spec.containers[name="a"].image`.
pub(crate) fn display(path: &[&str]) -> String {
    let mut shown = String::new();
    for edge in path {
        match edge.split_at_checked(2) {
            Some(("f:", name)) => {
                shown.push('.');
                shown.push_str(name);
            }
            Some(("k:", keys)) => shown.push_str(&display_keys(keys)),
            Some(("v:", value)) => {
                shown.push_str("[=");
                shown.push_str(value);
                shown.push(']');
            }
            _ => shown.push_str(edge),
        }
    }
    shown
}

/// Keys of an associative list's item as error messages show them: `[name="a"]`.
pub(crate) fn display_keys(keys: &str) -> String {
    let keys: BTreeMap<String, Value> = serde_json::from_str(keys).unwrap_or_default();
    let shown: Vec<_> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("[{}]", shown.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records_keys_sets_and_atomic_lists() {
        let deployment = json!({"metadata": {"finalizers": ["a/b"], "labels": {}}, "spec": {
            "selector": {"matchLabels": {"app": "x"}},
            "template": {"spec": {"containers": [
                {"name": "c", "args": ["-v"], "ports": [{"containerPort": 80}]}]}}}});
        let set = of_value(&Schema::named("Deployment"), &deployment);
        let expected = json!({
            "f:metadata": {"f:finalizers": {"v:\"a/b\"": {}}, "f:labels": {}},
            "f:spec": {"f:selector": {}, "f:template": {"f:spec": {"f:containers": {
                "k:{\"name\":\"c\"}": {".": {}, "f:name": {}, "f:args": {}, "f:ports": {
                    "k:{\"containerPort\":80,\"protocol\":\"TCP\"}":
                        {".": {}, "f:containerPort": {}}}}}}}},
        });
        assert_eq!(set.to_v1(), expected);
        assert_eq!(FieldSet::from_v1(&expected), set);
    }

    #[test]
    fn set_algebra() {
        let a = FieldSet::from_v1(&json!({"f:a": {".": {}, "f:b": {}}, "f:c": {}}));
        let b = FieldSet::from_v1(&json!({"f:a": {"f:b": {}}, "f:d": {}}));
        assert_eq!(a.intersection(&b).to_v1(), json!({"f:a": {"f:b": {}}}));
        assert_eq!(a.difference(&b).to_v1(), json!({"f:a": {}, "f:c": {}}));
        assert_eq!(a.union(&b).to_v1(), json!({"f:a": {".": {}, "f:b": {}}, "f:c": {}, "f:d": {}}));
        let whole = FieldSet::from_v1(&json!({"f:a": {}}));
        assert_eq!(a.recursive_difference(&whole).to_v1(), json!({"f:c": {}}));
    }

    #[test]
    fn shows_paths() {
        let shown = display(&["f:spec", "f:containers", "k:{\"name\":\"a\"}", "f:image"]);
        assert_eq!(shown, ".spec.containers[name=\"a\"].image");
    }
}
