//! Server-side apply: who owns which field, what conflicts, what goes when its
//! last applier leaves it out.

pub(crate) mod conflict;
pub(crate) mod fieldset;
pub(crate) mod managers;
pub(crate) mod merge;
pub(crate) mod typed;

use serde_json::Value;

use self::fieldset::{FieldSet, of_value};
use self::managers::{Actor, Entry, Operation, assign, ownable};
use crate::kubernetes::schema::Schema;
use crate::kubernetes::status::ApiError;

/// The kind and the part of it that a request writes.
pub(crate) struct Scope<'a> {
    pub(crate) schema: &'a Schema,
    /// Fields that this endpoint does not write (status, on the main one).
    pub(crate) reset: FieldSet,
    /// Custom resources are compared as they are, built-ins as Go structs.
    pub(crate) custom: bool,
    /// Now, RFC 3339 to the second.
    pub(crate) now: String,
}

/// The live object (with `metadata` at least) with a configuration applied to
/// it, managed fields recorded. 409 with one cause per (manager, field) when
/// others own what would change, unless forced.
pub(crate) fn apply(
    scope: &Scope<'_>,
    live: &Value,
    config: &Value,
    actor: &Actor,
    force: bool,
) -> Result<Value, ApiError> {
    let mut owners = owners(scope, live);
    let live = unmanaged(live);
    let config = unmanaged(config);
    let mut merged = merge::merge(scope.schema, &live, &config);
    let last = owners.iter().find(|owner| owner.actor == *actor).map(|owner| owner.fields.clone());
    let configured = of_value(scope.schema, &config).recursive_difference(&scope.reset);
    assign(&mut owners, actor, ownable(configured.clone()), &scope.now);
    if let Some(last) = last {
        merged = prune(scope, merged, &owners, &configured, &last);
    }
    settle(scope, &live, &merged, &mut owners, actor, force)?;
    managers::write(&mut merged, owners);
    Ok(merged)
}

/// Records what a create, replace or patch changed as owned by its manager.
pub(crate) fn track_update(
    scope: &Scope<'_>,
    live: Option<&Value>,
    new: &mut Value,
    actor: &Actor,
) {
    let given = new.pointer("/metadata/managedFields").and_then(Value::as_array);
    let mut owners = match (given, live) {
        (Some(given), _) if given.iter().all(|entry| entry == &serde_json::json!({})) => Vec::new(),
        (Some(_), _) => managers::read(new),
        (None, Some(live)) => owners(scope, live),
        (None, None) => Vec::new(),
    };
    let object = unmanaged(new);
    let before = live.map(unmanaged).unwrap_or_else(|| serde_json::json!({"metadata": {}}));
    let compared = merge::compare(scope.schema, &before, &object);
    let mut changed = compared.added.union(&compared.modified);
    if live.is_none() && !scope.custom {
        drop_always_there(&mut changed);
    }
    let changed = ownable(changed).recursive_difference(&scope.reset);
    disown(&mut owners, actor, &changed, &compared.removed);
    let mine = owners.iter().find(|owner| owner.actor == *actor);
    let mine = mine.map(|owner| owner.fields.clone()).unwrap_or_default();
    let fields = mine.difference(&compared.removed).union(&changed);
    assign(&mut owners, actor, fields, &scope.now);
    managers::write(new, owners);
}

/// Owners of the live object. What was stored without any belongs to a
/// synthetic one, so that the first apply conflicts over differing values.
fn owners(scope: &Scope<'_>, live: &Value) -> Vec<Entry> {
    let owners = managers::read(live);
    let stored = live.pointer("/metadata/creationTimestamp").and_then(Value::as_str);
    let (true, Some(created)) = (owners.is_empty(), stored) else { return owners };
    let actor = Actor {
        manager: "before-first-apply".to_owned(),
        operation: Operation::Update,
        api_version: live["apiVersion"].as_str().unwrap_or_default().to_owned(),
        subresource: String::new(),
    };
    let fields = ownable(of_value(scope.schema, &unmanaged(live)));
    vec![Entry { actor, time: created.to_owned(), fields }]
}

/// Takes out what this manager applied last time, applies no more, and nobody
/// else owns. What is `configured` stays, also what nobody can own: with the
/// object's name its metadata.
fn prune(
    scope: &Scope<'_>,
    merged: Value,
    owners: &[Entry],
    configured: &FieldSet,
    last: &FieldSet,
) -> Value {
    let schema = scope.schema;
    let last = last.with_named_fields(schema);
    let set_of = |value: &Value| of_value(schema, value).with_named_fields(schema);
    let cut_to = |set: &FieldSet, nulls: bool| {
        let left = merge::remove(schema, &merged, set, nulls);
        left.unwrap_or_else(|| Value::Object(Default::default()))
    };
    let cut = |set: &FieldSet| cut_to(set, false);
    let all = set_of(&merged);
    let owned = owners
        .iter()
        .fold(configured.clone(), |set, owner| set.union(&owner.fields))
        .with_named_fields(schema);
    let kept = set_of(&cut(&last)).union(&owned);
    let without_unowned = cut(&all.difference(&kept));
    let gone = all.difference(&set_of(&without_unowned)).intersection(&last);
    // A Go struct has no nulls; nor has any object's metadata, which is one.
    let mut left = cut_to(&gone, scope.custom);
    if let Some(metadata) = left.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|_, value| !value.is_null());
    }
    left
}

/// Finds conflicts; then takes changed and removed fields from the others.
fn settle(
    scope: &Scope<'_>,
    live: &Value,
    new: &Value,
    owners: &mut [Entry],
    actor: &Actor,
    force: bool,
) -> Result<(), ApiError> {
    let compared = merge::compare(scope.schema, live, new);
    let changed = compared.modified.union(&compared.added);
    let conflicts: Vec<(Actor, FieldSet)> = owners
        .iter()
        .filter(|owner| owner.actor != *actor)
        .map(|owner| (owner.actor.clone(), owner.fields.intersection(&changed)))
        .filter(|(_, fields)| !fields.is_empty())
        .collect();
    if !force && !conflicts.is_empty() {
        return Err(conflict::error(&conflicts, actor));
    }
    disown(owners, actor, &changed, &compared.removed);
    Ok(())
}

fn disown(owners: &mut [Entry], actor: &Actor, changed: &FieldSet, removed: &FieldSet) {
    for owner in owners {
        if owner.actor != *actor {
            owner.fields = owner.fields.difference(changed);
        }
        owner.fields = owner.fields.difference(removed);
    }
}

/// The structs that an empty Go object has too are no addition of its creator.
fn drop_always_there(set: &mut FieldSet) {
    for (edge, child) in &mut set.children {
        if matches!(
            edge.as_str(),
            "f:metadata" | "f:spec" | "f:status" | "f:template" | "f:strategy"
        ) && !child.children.is_empty()
        {
            child.member = false;
            drop_always_there(child);
        }
    }
}

fn unmanaged(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    object
}

#[cfg(test)]
mod tests;
