//! What a request may change of an object that is there.

use serde_json::{Map, Value, json};

use super::apply::fieldset::FieldSet;
use super::kinds::Kind;
use super::state::Write;
use super::status::ApiError;

/// The fields that an endpoint does not write.
pub(crate) fn reset_fields(write: &Write<'_>) -> FieldSet {
    match write.subresource {
        "status" => FieldSet::from_v1(&json!({"f:spec": {}, "f:data": {}, "f:metadata": {}})),
        "" if write.kind.status => FieldSet::from_v1(&json!({"f:status": {}})),
        _ => FieldSet::default(),
    }
}

/// Optimistic lock and identity of what replaces the live object.
pub(crate) fn check_identity(
    write: &Write<'_>,
    live: &Value,
    object: &Value,
    name: &str,
) -> Result<(), ApiError> {
    let (before, after) = (&live["metadata"], &object["metadata"]);
    if let Some(version) = after["resourceVersion"].as_str().filter(|version| !version.is_empty())
        && before["resourceVersion"] != version
    {
        return Err(ApiError::modified(write.kind, name));
    }
    if let Some(uid) = after["uid"].as_str().filter(|uid| !uid.is_empty())
        && before["uid"] != uid
    {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            before["uid"].as_str().unwrap_or_default()
        );
        return Err(ApiError::stale(write.kind, name, &why));
    }
    Ok(())
}

/// What only the server sets stays as it is.
pub(crate) fn keep_system_fields(kind: &Kind, live: &Value, object: &mut Value) {
    if !object["metadata"].is_object() {
        object["metadata"] = Value::Object(Map::new());
    }
    object["apiVersion"] = Value::from(kind.api_version());
    object["kind"] = Value::from(kind.kind.as_str());
    for field in [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "name",
        "namespace",
        "generateName",
    ] {
        match live["metadata"].get(field) {
            Some(value) => object["metadata"][field] = value.clone(),
            None => {
                if let Some(metadata) = object["metadata"].as_object_mut() {
                    metadata.remove(field);
                }
            }
        }
    }
}

/// The status endpoint writes only status; the main one, all but status.
pub(crate) fn keep_other_part(write: &Write<'_>, live: &Value, object: &mut Value) {
    if write.subresource == "status" {
        let status = object.get("status").cloned();
        let managed = object["metadata"].get("managedFields").cloned();
        *object = live.clone();
        set_or_remove(object, "status", status);
        set_or_remove(&mut object["metadata"], "managedFields", managed);
    } else if write.kind.status {
        set_or_remove(object, "status", live.get("status").cloned());
    }
}

fn set_or_remove(object: &mut Value, field: &str, value: Option<Value>) {
    let Some(object) = object.as_object_mut() else { return };
    match value {
        Some(value) => object.insert(field.to_owned(), value),
        None => object.remove(field),
    };
}

/// Whether anything but metadata and status differs.
pub(crate) fn spec_differs(live: &Value, object: &Value) -> bool {
    let content = |value: &Value| -> Map<String, Value> {
        let fields = value.as_object().into_iter().flatten();
        fields
            .filter(|(name, _)| !matches!(name.as_str(), "metadata" | "status"))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    content(live) != content(object)
}

/// Marked for deletion with nothing left to wait for.
pub(crate) fn is_released(object: &Value) -> bool {
    let metadata = &object["metadata"];
    metadata.get("deletionTimestamp").is_some()
        && metadata["finalizers"].as_array().is_none_or(Vec::is_empty)
        && !(object["kind"] == "Namespace"
            && object["spec"]["finalizers"].as_array().is_some_and(|list| !list.is_empty()))
        && !(object["kind"] == "Pod" && metadata["deletionGracePeriodSeconds"].as_i64() != Some(0))
}
