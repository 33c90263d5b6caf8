//! The writing verbs, from a request's body to the state.

use std::sync::Arc;

use serde_json::{Value, json};

use super::apply::managers::Operation;
use super::apply::{self, typed};
use super::auth::{self, Access, User};
use super::content;
use super::delete::{DeleteOptions, Deletion};
use super::kinds::Kind;
use super::patch::{json_patch, merge_patch};
use super::request::{FieldValidation, Options, Target};
use super::state::{State, Write};
use super::status::{ApiError, Cause};
use super::{scale, strategic};

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";
const APPLY_PATCH: &str = "application/apply-patch+yaml";

/// A writing request.
pub(crate) struct Call<'a> {
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) target: &'a Target,
    pub(crate) options: &'a Options,
    pub(crate) user: &'a User,
    /// Field manager: given, or the client's name.
    pub(crate) manager: &'a str,
}

/// What a write answers with.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) code: u16,
    pub(crate) object: Arc<Value>,
    pub(crate) warnings: Vec<String>,
}

/// Content types that a kind's PATCH takes.
pub(crate) fn patch_types(kind: &Kind) -> Vec<&'static str> {
    if kind.custom.is_some() {
        vec![JSON_PATCH, MERGE_PATCH, APPLY_PATCH]
    } else {
        vec![JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH]
    }
}

impl<'a> Call<'a> {
    fn write(&self, kind: &'a Kind) -> Write<'a> {
        Write {
            kind,
            namespace: self.target.namespace.as_deref().unwrap_or_default(),
            subresource: self.target.subresource.as_deref().unwrap_or_default(),
            options: self.options,
            manager: self.manager,
        }
    }

    fn name(&self) -> &'a str {
        self.target.name.as_deref().unwrap_or_default()
    }

    /// The body in JSON or YAML.
    fn parsed(&self) -> Result<Value, ApiError> {
        let media = self.content_type.split(';').next().unwrap_or_default().trim();
        if !matches!(media, "application/json" | "application/yaml" | "") {
            return Err(ApiError::unsupported_media(&["application/json", "application/yaml"]));
        }
        content::parse(media, self.body, self.options.field_validation)
    }
}

/// `POST`: a new object.
pub(crate) fn create(state: &mut State, call: &Call<'_>, kind: &Kind) -> Result<Written, ApiError> {
    let write = call.write(kind);
    let mut object = call.parsed()?;
    content::check_type(kind, write.namespace, None, &mut object)?;
    let warnings = content::accept(kind, &mut object, call.options.field_validation)?;
    let object = state.create(&write, object, false)?;
    Ok(Written { code: 201, object, warnings })
}

/// `PUT`: the whole object, or its status.
pub(crate) fn replace(
    state: &mut State,
    call: &Call<'_>,
    kind: &Kind,
) -> Result<Written, ApiError> {
    let write = call.write(kind);
    let live = live(state, &write, call.name())?;
    let mut object = call.parsed()?;
    if write.subresource == "scale" {
        return scale::replace(state, &write, &live, &object);
    }
    content::check_type(kind, write.namespace, Some(call.name()), &mut object)?;
    let versioned = object["metadata"]["resourceVersion"].as_str().is_some_and(|v| !v.is_empty());
    if kind.custom.is_some() && !versioned {
        let cause = Cause {
            reason: "FieldValueInvalid",
            message: "Invalid value: 0: must be specified for an update".to_owned(),
            field: "metadata.resourceVersion".to_owned(),
        };
        return Err(ApiError::invalid(&kind.group, &kind.kind, call.name(), &[cause]));
    }
    let warnings = content::accept(kind, &mut object, call.options.field_validation)?;
    let object = state.update(&write, &live, object, false)?;
    Ok(Written { code: 200, object, warnings })
}

/// `PATCH` in any of its forms.
pub(crate) fn patch(state: &mut State, call: &Call<'_>, kind: &Kind) -> Result<Written, ApiError> {
    let media = call.content_type.split(';').next().unwrap_or_default().trim();
    if !patch_types(kind).contains(&media) {
        return Err(ApiError::unsupported_media(&patch_types(kind)));
    }
    if media == APPLY_PATCH {
        return apply(state, call, kind);
    }
    if call.options.force.is_some() {
        let cause = Cause::forbidden("force", "may not be specified for non-apply patch");
        return Err(ApiError::invalid("meta.k8s.io", "PatchOptions", "", &[cause]));
    }
    let write = call.write(kind);
    let live = live(state, &write, call.name())?;
    let patch: Value = serde_json::from_slice(call.body)
        .map_err(|error| ApiError::bad_request(format!("error decoding patch: {error}")))?;
    if write.subresource == "scale" {
        return scale::patch(state, &write, &live, &patch);
    }
    let mut object = (*live).clone();
    match media {
        JSON_PATCH => json_patch(&mut object, &patch).map_err(|error| {
            ApiError::new(
                422,
                "Invalid",
                "the server rejected our request due to an error in our request",
            )
            .with_details(json!({"causes": [{"reason": "", "message": error}]}))
        })?,
        MERGE_PATCH => merge_patch(&mut object, &patch),
        _ => strategic::merge(&kind.schema, &mut object, &patch),
    }
    content::check_type(kind, write.namespace, Some(call.name()), &mut object)?;
    let warnings = content::accept(kind, &mut object, call.options.field_validation)?;
    let object = state.update(&write, &live, object, false)?;
    Ok(Written { code: 200, object, warnings })
}

/// `DELETE` of one object: the `Status` of success, or the object that waits.
pub(crate) fn delete(state: &mut State, call: &Call<'_>, kind: &Kind) -> Result<Written, ApiError> {
    let write = call.write(kind);
    let options = delete_options(call)?;
    let object = match state.delete(&write, call.name(), &options)? {
        Deletion::Terminating(object) => object,
        Deletion::Gone(object) if kind.is("", "pods") => object,
        Deletion::Gone(object) => {
            let mut details = kind.details(call.name());
            details["uid"] = object["metadata"]["uid"].clone();
            Arc::new(json!({
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Success",
                "details": details,
            }))
        }
    };
    Ok(Written { code: 200, object, warnings: Vec::new() })
}

/// `DELETE` of a collection: every object that the selectors match.
pub(crate) fn delete_all(
    state: &mut State,
    call: &Call<'_>,
    kind: &Kind,
    names: &[(String, String)],
) -> Result<Written, ApiError> {
    let options = delete_options(call)?;
    let mut items = Vec::new();
    for (namespace, name) in names {
        let write = Write { namespace, ..call.write(kind) };
        match state.delete(&write, name, &options)? {
            Deletion::Gone(object) | Deletion::Terminating(object) => items.push((*object).clone()),
        }
    }
    let object = Arc::new(json!({
        "kind": kind.list_kind,
        "apiVersion": kind.api_version(),
        "metadata": {"resourceVersion": state.store.revision().to_string()},
        "items": items,
    }));
    Ok(Written { code: 200, object, warnings: Vec::new() })
}

fn delete_options(call: &Call<'_>) -> Result<DeleteOptions, ApiError> {
    let body = if call.body.is_empty() { Value::Null } else { call.parsed()? };
    DeleteOptions::read(&body, call.options.propagation_policy.as_deref())
}

fn live(state: &State, write: &Write<'_>, name: &str) -> Result<Arc<Value>, ApiError> {
    state.store.find(&write.key(name)).cloned().ok_or_else(|| ApiError::not_found(write.kind, name))
}

/// Server-side apply.
fn apply(state: &mut State, call: &Call<'_>, kind: &Kind) -> Result<Written, ApiError> {
    let write = call.write(kind);
    let name = call.name();
    check_apply_options(call)?;
    let mut config = content::parse("application/yaml", call.body, call.options.field_validation)?;
    check_apply_type(kind, &write, name, &config)?;
    if let Some(faults) = typed::faults(&kind.schema, &config) {
        let namespace = write.namespace;
        let place =
            if kind.namespaced { format!("{namespace}/{name}") } else { format!("/{name}") };
        let message =
            format!("failed to create typed patch object ({place}; {}): {faults}", kind.gvk());
        return Err(ApiError::new(500, "", message));
    }
    if kind.status
        && write.subresource.is_empty()
        && let Some(config) = config.as_object_mut()
    {
        config.remove("status");
    }
    let live = state.store.find(&write.key(name)).cloned();
    check_locks(kind, live.as_deref(), &config, name)?;
    if live.is_none() {
        if !write.subresource.is_empty() {
            return Err(ApiError::not_found(kind, name));
        }
        check_may_create(state, call, kind)?;
    }
    let nothing = json!({
        "apiVersion": kind.api_version(), "kind": kind.kind, "metadata": {"name": name},
    });
    let actor = write.actor(Operation::Apply);
    let base = live.as_deref().unwrap_or(&nothing);
    let scope = state.scope(&write);
    let force = call.options.force == Some(true);
    let mut object = apply::apply(&scope, base, &config, &actor, force)?;
    content::accept(kind, &mut object, FieldValidation::Ignore)?;
    let (code, object) = match live {
        None => (201, state.create(&write, object, true)?),
        Some(live) => (200, state.update(&write, &live, object, true)?),
    };
    Ok(Written { code, object, warnings: Vec::new() })
}

fn check_apply_options(call: &Call<'_>) -> Result<(), ApiError> {
    let cause = match call.options.field_manager.as_deref() {
        None | Some("") => Cause::required("fieldManager", "is required for apply patch"),
        Some(name) if name.chars().count() > 128 => {
            Cause::too_long("fieldManager", "may not be more than 128 bytes")
        }
        Some(name) if name.chars().any(char::is_control) => Cause::invalid(
            "fieldManager",
            &Value::from(name),
            "should only contain printable characters",
        ),
        Some(_) => return Ok(()),
    };
    Err(ApiError::invalid("meta.k8s.io", "PatchOptions", "", &[cause]))
}

fn check_apply_type(
    kind: &Kind,
    write: &Write<'_>,
    name: &str,
    config: &Value,
) -> Result<(), ApiError> {
    let metadata = &config["metadata"];
    if config["apiVersion"] != kind.api_version() || config["kind"] != kind.kind {
        let (group, version) =
            super::kinds::split_api_version(config["apiVersion"].as_str().unwrap_or_default());
        return Err(ApiError::bad_request(format!(
            "invalid object type: {group}/{version}, Kind={}",
            config["kind"].as_str().unwrap_or_default()
        )));
    }
    if metadata.get("managedFields").is_some() {
        return Err(ApiError::bad_request("metadata.managedFields must be nil"));
    }
    let given = metadata["name"].as_str().unwrap_or_default();
    if given.is_empty() {
        return Err(ApiError::bad_request("metadata.name is required for apply patch"));
    }
    if given != name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({name})"
        )));
    }
    let namespace = metadata["namespace"].as_str().unwrap_or_default();
    if kind.namespaced && !namespace.is_empty() && namespace != write.namespace {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

/// `resourceVersion` and `uid` in an applied configuration are preconditions.
fn check_locks(
    kind: &Kind,
    live: Option<&Value>,
    config: &Value,
    name: &str,
) -> Result<(), ApiError> {
    let metadata = &config["metadata"];
    let version = metadata["resourceVersion"].as_str().filter(|version| !version.is_empty());
    let uid = metadata["uid"].as_str().filter(|uid| !uid.is_empty());
    let Some(live) = live else {
        if version.is_some() || uid.is_some() {
            return Err(ApiError::modified(kind, name));
        }
        return Ok(());
    };
    if version.is_some_and(|version| live["metadata"]["resourceVersion"] != version) {
        return Err(ApiError::modified(kind, name));
    }
    if uid.is_some_and(|uid| live["metadata"]["uid"] != uid) {
        let cause = Cause::invalid("metadata.uid", &metadata["uid"], "field is immutable");
        return Err(ApiError::invalid(&kind.group, &kind.kind, name, &[cause]));
    }
    Ok(())
}

/// An apply that creates needs `create` beside `patch`.
fn check_may_create(state: &State, call: &Call<'_>, kind: &Kind) -> Result<(), ApiError> {
    let access = Access {
        verb: "create",
        group: &kind.group,
        resource: &kind.plural,
        namespace: call.target.namespace.as_deref().unwrap_or_default(),
        name: call.name(),
    };
    if auth::allows(&state.store, call.user, &access) {
        return Ok(());
    }
    Err(ApiError::forbidden(kind, call.name(), &access.refusal(call.user)))
}
