//! The subresource `scale`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::kinds::{Kind, Scale};
use super::patch::merge_patch;
use super::state::{State, Write};
use super::status::ApiError;
use super::write::Written;

/// The `Scale` of an object; `None` if its kind has none.
pub(crate) fn of(kind: &Kind, object: &Value) -> Option<Value> {
    let paths = kind.scale.as_ref()?;
    let mut metadata = json!({});
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = object["metadata"].get(field) {
            metadata[field] = value.clone();
        }
    }
    let selector = selector(paths, object);
    let mut scale = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {"replicas": number(object, &paths.spec_replicas)},
        "status": {"replicas": number(object, &paths.status_replicas)},
    });
    if !selector.is_empty() {
        scale["status"]["selector"] = Value::from(selector);
    }
    Some(scale)
}

pub(crate) fn replace(
    state: &mut State,
    write: &Write<'_>,
    live: &Arc<Value>,
    scale: &Value,
) -> Result<Written, ApiError> {
    let paths = write.kind.scale.as_ref().ok_or_else(ApiError::not_served)?;
    if let Some(version) = scale["metadata"]["resourceVersion"].as_str()
        && !version.is_empty()
        && live["metadata"]["resourceVersion"] != version
    {
        let name = live["metadata"]["name"].as_str().unwrap_or_default();
        return Err(ApiError::modified(write.kind, name));
    }
    let Some(replicas) = scale["spec"]["replicas"].as_i64() else {
        return Err(ApiError::bad_request("spec.replicas is no integer"));
    };
    let mut object = (**live).clone();
    let pointer = pointer(&paths.spec_replicas);
    match object.pointer_mut(&pointer) {
        Some(value) => *value = Value::from(replicas),
        None => object["spec"]["replicas"] = Value::from(replicas),
    }
    let stored = state.update(write, live, object, false)?;
    let object = Arc::new(of(write.kind, &stored).unwrap_or_default());
    Ok(Written { code: 200, object, warnings: Vec::new() })
}

pub(crate) fn patch(
    state: &mut State,
    write: &Write<'_>,
    live: &Arc<Value>,
    patch: &Value,
) -> Result<Written, ApiError> {
    let mut scale = of(write.kind, live).ok_or_else(ApiError::not_served)?;
    if patch.is_array() {
        super::patch::json_patch(&mut scale, patch).map_err(ApiError::bad_request)?;
    } else {
        merge_patch(&mut scale, patch);
    }
    replace(state, write, live, &scale)
}

fn pointer(path: &str) -> String {
    path.replace('.', "/")
}

fn number(object: &Value, path: &str) -> i64 {
    object.pointer(&pointer(path)).and_then(Value::as_i64).unwrap_or(0)
}

/// The selector in its string form.
fn selector(paths: &Scale, object: &Value) -> String {
    if let Some(path) = &paths.selector {
        return object
            .pointer(&pointer(path))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
    }
    let labels = object["spec"]["selector"]["matchLabels"].as_object().into_iter().flatten();
    let pairs: Vec<String> = labels
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    pairs.join(",")
}
