//! Custom resource definitions: accepted names, establishment, and their end.

use serde_json::{Value, json};

use super::super::state::State;
use super::super::store::Key;
use super::{garbage, is_marked};

/// The manager that writes definitions' status.
const API_SERVER: &str = "kube-apiserver";

/// Serves a new definition after its time; takes an old one apart.
pub(super) fn act(state: &mut State, key: &Key, definition: &Value) {
    if is_marked(definition) {
        end(state, key, definition);
        return;
    }
    let uid = &definition["metadata"]["uid"];
    let delay = state.settings.establish_after;
    if !state.kinds.is_defined(&key.name)
        && !state.controllers.has_waited(key, uid, "establish", delay)
    {
        return;
    }
    let created = definition["metadata"]["creationTimestamp"].clone();
    let stored: Vec<Value> = definition["spec"]["versions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|version| version["storage"] == true)
        .map(|version| version["name"].clone())
        .collect();
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": "True", "reason": reason, "message": message,
            "lastTransitionTime": created,
        })
    };
    let status = json!({
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
        "acceptedNames": definition["spec"]["names"],
        "storedVersions": stored,
    });
    state.set_status(key, status, API_SERVER);
}

/// Deletes the definition's objects; when none is left, the definition goes.
fn end(state: &mut State, key: &Key, definition: &Value) {
    let delay = state.settings.terminate_after;
    if !state.controllers.has_waited(key, &definition["metadata"]["uid"], "end", delay) {
        return;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let group = text(&definition["spec"]["group"]);
    let plural = text(&definition["spec"]["names"]["plural"]);
    let instances = |state: &State| -> Vec<(Key, bool)> {
        state
            .store
            .list(&group, &plural, None)
            .map(|(key, object)| (key.clone(), is_marked(object)))
            .collect()
    };
    for (instance, marked) in instances(state) {
        if !marked {
            garbage::delete(state, &instance);
        }
    }
    if instances(state).is_empty() {
        garbage::finish(state, key, "customresourcecleanup.apiextensions.k8s.io");
    }
}
