//! Manifests applied from inside the simulator.

use serde_json::Value;

use super::auth::User;
use super::cluster::Shared;
use super::delete::{DeleteOptions, Propagation};
use super::request::{Options, Target};
use super::state::Write;
use super::store::Key;
use super::write::{self, Call};

/// Applies every document, taking over conflicting fields.
pub(crate) fn apply(shared: &Shared, manager: &str, manifests: &str) -> Result<(), String> {
    for object in documents(manifests)? {
        apply_object(shared, manager, &object)?;
    }
    Ok(())
}

/// Applies one object, taking over conflicting fields.
pub(crate) fn apply_object(shared: &Shared, manager: &str, object: &Value) -> Result<(), String> {
    let mut state = shared.lock();
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let kind = state.kinds.of_object(object).ok_or_else(|| {
        format!("{}/{} {name:?}: no such kind", object["apiVersion"], object["kind"])
    })?;
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
    let target = Target {
        group: kind.group.clone(),
        version: kind.version.clone(),
        plural: kind.plural.clone(),
        namespace: kind.namespaced.then(|| namespace.to_owned()),
        name: Some(name.to_owned()),
        subresource: None,
    };
    let options = Options {
        field_manager: Some(manager.to_owned()),
        force: Some(true),
        ..Options::default()
    };
    let body = object.to_string();
    let call = Call {
        content_type: "application/apply-patch+yaml",
        body: body.as_bytes(),
        target: &target,
        options: &options,
        user: &User::admin(manager),
        manager,
    };
    let applied = write::patch(&mut state, &call, &kind);
    shared.settle(&mut state);
    applied.map(drop).map_err(|error| format!("{} {name:?}: {}", kind.kind, error.to_value()))
}

/// Deletes an object in the background, if it is there.
pub(crate) fn delete(shared: &Shared, key: &Key) {
    let mut state = shared.lock();
    let Some(kind) = state.kinds.preferred(&key.group, &key.plural) else { return };
    let options = Options::default();
    let write = Write {
        kind: &kind,
        namespace: &key.namespace,
        subresource: "",
        options: &options,
        manager: "simulator",
    };
    let how = DeleteOptions {
        propagation: Propagation::Background,
        uid: None,
        resource_version: None,
        grace: None,
    };
    // Not found is what was wanted.
    let _ = state.delete(&write, &key.name, &how);
    shared.settle(&mut state);
}

/// The documents of a YAML text, without empty ones.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, String> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).map_err(|error| error.to_string())?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}
