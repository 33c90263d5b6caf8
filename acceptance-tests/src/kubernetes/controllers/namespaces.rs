//! Namespaces: what is in them from the start, and their end.

use serde_json::{Value, json};

use super::super::state::State;
use super::super::store::Key;
use super::{MANAGER, garbage, is_marked};

/// Gives a new namespace its service account and CA; empties one that goes.
pub(super) fn act(state: &mut State, key: &Key, namespace: &Value) {
    let name = &key.name;
    if !is_marked(namespace) {
        if state.store.find(&Key::new("", "serviceaccounts", name, "default")).is_none() {
            // It is missing, or the namespace goes at this moment.
            let _ = state.create_for(json!({
                "apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": {"name": "default", "namespace": name},
            }));
        }
        if state.store.find(&Key::new("", "configmaps", name, "kube-root-ca.crt")).is_none() {
            let data = json!({"ca.crt": state.ca_certificate});
            // It is missing, or the namespace goes at this moment.
            let _ = state.create_for(json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "kube-root-ca.crt", "namespace": name}, "data": data,
            }));
        }
        return;
    }
    let delay = state.settings.terminate_after;
    if !state.controllers.has_waited(key, &namespace["metadata"]["uid"], "empty", delay) {
        return;
    }
    let inside: Vec<(Key, bool)> = state
        .store
        .all()
        .filter(|(key, _)| key.namespace == *name)
        .map(|(key, object)| (key.clone(), is_marked(object)))
        .collect();
    for (key, marked) in &inside {
        if !marked {
            garbage::delete(state, key);
        }
    }
    if state.store.all().any(|(key, _)| key.namespace == *name) {
        return;
    }
    state.change(key, "finalize", MANAGER, |object| {
        if let Some(spec) = object["spec"].as_object_mut() {
            spec.insert("finalizers".to_owned(), json!([]));
        }
    });
}
