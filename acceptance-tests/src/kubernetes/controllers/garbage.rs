//! The garbage collector: dependents of what is gone, foreground deletion,
//! orphaning.

use serde_json::Value;

use super::super::state::State;
use super::super::store::Key;
use super::{MANAGER, is_marked};
use crate::kubernetes::delete::{DeleteOptions, Propagation};
use crate::kubernetes::request::Options;
use crate::kubernetes::state::Write;

/// Keys of the owners that an object names, in its own namespace or the cluster's.
pub(super) fn owners(state: &State, object: &Value) -> Vec<Key> {
    references(object)
        .filter_map(|reference| {
            let kind = state.kinds.of_object(reference)?;
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
            let namespace = if kind.namespaced { namespace } else { "" };
            Some(Key::new(&kind.group, &kind.plural, namespace, reference["name"].as_str()?))
        })
        .collect()
}

/// Deletes what depended on an object that is gone.
pub(super) fn after_deletion(state: &mut State, gone: &Value) {
    for (key, dependent) in dependents(state, &gone["metadata"]["uid"]) {
        let left = references(&dependent).filter(|one| one["uid"] != gone["metadata"]["uid"]);
        let kept: Vec<Value> = left.filter(|one| exists(state, &dependent, one)).cloned().collect();
        if kept.is_empty() {
            delete(state, &key);
        } else {
            state.change(&key, "", MANAGER, |object| {
                object["metadata"]["ownerReferences"] = Value::Array(kept);
            });
        }
    }
}

/// Goes on with the deletion of an object that waits for its dependents.
pub(super) fn act(state: &mut State, key: &Key, object: &Value) {
    if !is_marked(object) {
        return;
    }
    let has = |name: &str| {
        object["metadata"]["finalizers"].as_array().into_iter().flatten().any(|one| one == name)
    };
    let uid = &object["metadata"]["uid"];
    if has("orphan") {
        for (dependent, value) in dependents(state, uid) {
            let left: Vec<Value> =
                references(&value).filter(|one| one["uid"] != *uid).cloned().collect();
            state.change(&dependent, "", MANAGER, |object| set_owners(object, left));
        }
        finish(state, key, "orphan");
    }
    if has("foregroundDeletion") {
        let waiting = dependents(state, uid);
        for (dependent, value) in &waiting {
            if !is_marked(value) {
                delete(state, dependent);
            }
        }
        if dependents(state, uid).is_empty() {
            finish(state, key, "foregroundDeletion");
        }
    }
}

/// Removes a finalizer; with the last one the object goes.
pub(super) fn finish(state: &mut State, key: &Key, finalizer: &str) {
    state.change(key, "", MANAGER, |object| {
        let Some(metadata) = object["metadata"].as_object_mut() else { return };
        let Some(list) = metadata.get_mut("finalizers").and_then(Value::as_array_mut) else {
            return;
        };
        list.retain(|one| one != finalizer);
        if list.is_empty() {
            metadata.remove("finalizers");
        }
    });
}

/// Deletes an object in the background, if it is there.
pub(super) fn delete(state: &mut State, key: &Key) {
    let Some(kind) = state.kinds.preferred(&key.group, &key.plural) else { return };
    let options = Options::default();
    let write = Write {
        kind: &kind,
        namespace: &key.namespace,
        subresource: "",
        options: &options,
        manager: MANAGER,
    };
    let how = DeleteOptions {
        propagation: Propagation::Background,
        uid: None,
        resource_version: None,
        grace: None,
    };
    // Gone already is as good.
    let _ = state.delete(&write, &key.name, &how);
}

fn set_owners(object: &mut Value, owners: Vec<Value>) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        if owners.is_empty() {
            metadata.remove("ownerReferences");
        } else {
            metadata.insert("ownerReferences".to_owned(), Value::Array(owners));
        }
    }
}

fn references(object: &Value) -> impl Iterator<Item = &Value> {
    object["metadata"]["ownerReferences"].as_array().into_iter().flatten()
}

fn exists(state: &State, dependent: &Value, reference: &Value) -> bool {
    let keys = owners(state, dependent);
    keys.iter()
        .filter_map(|key| state.store.find(key))
        .any(|owner| owner["metadata"]["uid"] == reference["uid"])
}

fn dependents(state: &State, uid: &Value) -> Vec<(Key, Value)> {
    state
        .store
        .all()
        .filter(|(_, object)| references(object).any(|one| one["uid"] == *uid))
        .map(|(key, object)| (key.clone(), (**object).clone()))
        .collect()
}
