//! The record of who owns which field: `metadata.managedFields`.

use serde_json::{Value, json};

use super::fieldset::FieldSet;

/// Apply or Update: the two ways to own a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Apply,
    Update,
}

/// Who writes, and as what. Manager, operation, API version and subresource
/// together are one owner; an applier is the same in every version.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) manager: String,
    pub(crate) operation: Operation,
    pub(crate) api_version: String,
    pub(crate) subresource: String,
}

impl PartialEq for Actor {
    fn eq(&self, other: &Self) -> bool {
        self.manager == other.manager
            && self.operation == other.operation
            && self.subresource == other.subresource
            && (self.operation == Operation::Apply || self.api_version == other.api_version)
    }
}

impl Eq for Actor {}

/// One owner's fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) actor: Actor,
    /// RFC 3339, to the second.
    pub(crate) time: String,
    pub(crate) fields: FieldSet,
}

/// The owners recorded in an object.
pub(crate) fn read(object: &Value) -> Vec<Entry> {
    object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|entry| entry.as_object().is_some_and(|entry| !entry.is_empty()))
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            let operation = match entry["operation"].as_str() {
                Some("Apply") => Operation::Apply,
                _ => Operation::Update,
            };
            let actor = Actor {
                manager: text("manager"),
                operation,
                api_version: text("apiVersion"),
                subresource: text("subresource"),
            };
            Entry { actor, time: text("time"), fields: FieldSet::from_v1(&entry["fieldsV1"]) }
        })
        .collect()
}

/// Records the owners in an object, appliers first, then by time and name.
pub(crate) fn write(object: &mut Value, mut entries: Vec<Entry>) {
    entries.retain(|entry| !entry.fields.is_empty());
    entries.sort_by(|a, b| {
        (a.actor.operation, &a.time, &a.actor.manager, &a.actor.api_version).cmp(&(
            b.actor.operation,
            &b.time,
            &b.actor.manager,
            &b.actor.api_version,
        ))
    });
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    if entries.is_empty() {
        metadata.remove("managedFields");
        return;
    }
    let list = entries.into_iter().map(|entry| entry.to_value()).collect();
    metadata.insert("managedFields".to_owned(), Value::Array(list));
}

impl Entry {
    fn to_value(&self) -> Value {
        let operation = match self.actor.operation {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        };
        let mut value = json!({
            "manager": self.actor.manager,
            "operation": operation,
            "apiVersion": self.actor.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": self.fields.to_v1(),
        });
        if !self.actor.subresource.is_empty() {
            value["subresource"] = Value::from(self.actor.subresource.clone());
        }
        value
    }
}

/// Replaces an owner's fields; the time stays when they are the same.
pub(crate) fn assign(entries: &mut Vec<Entry>, actor: &Actor, fields: FieldSet, now: &str) {
    match entries.iter_mut().find(|entry| entry.actor == *actor) {
        Some(entry) if entry.fields == fields => entry.actor = actor.clone(),
        Some(entry) => {
            entry.actor = actor.clone();
            entry.fields = fields;
            entry.time = now.to_owned();
        }
        None => entries.push(Entry { actor: actor.clone(), time: now.to_owned(), fields }),
    }
}

/// Without what every object has and nobody owns.
pub(crate) fn ownable(mut set: FieldSet) -> FieldSet {
    set.member = false;
    set.children.remove("f:apiVersion");
    set.children.remove("f:kind");
    if let Some(metadata) = set.children.get_mut("f:metadata") {
        metadata.member = false;
        for name in [
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "generation",
            "managedFields",
            "resourceVersion",
        ] {
            metadata.children.remove(&format!("f:{name}"));
        }
        if metadata.children.is_empty() {
            set.children.remove("f:metadata");
        }
    }
    set
}
