//! The reading verbs and the forms in which objects are shown.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::Kind;
use super::request::{Options, Target};
use super::scale;
use super::selectors::{FieldSelector, LabelSelector};
use super::state::State;
use super::status::ApiError;
use super::store::Key;
use super::table::{IncludeObject, table};

/// How the client wants objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Objects,
    Table(IncludeObject),
    /// `PartialObjectMetadata`.
    Metadata,
}

impl Form {
    /// Reads the `Accept` header: the first acceptable JSON form.
    pub(crate) fn accepted(accept: &str, include_object: &str) -> Result<Self, ApiError> {
        for media in accept.split(',').map(str::trim) {
            let json = media.starts_with("application/json") || media.starts_with("*/*");
            if media.starts_with("application/json") && media.contains("as=Table") {
                return Ok(Self::Table(match include_object {
                    "None" => IncludeObject::None,
                    "Object" => IncludeObject::Full,
                    _ => IncludeObject::Metadata,
                }));
            }
            if media.starts_with("application/json") && media.contains("as=PartialObjectMetadata") {
                return Ok(Self::Metadata);
            }
            if json || media.is_empty() || media.starts_with("application/*") {
                return Ok(Self::Objects);
            }
        }
        Err(ApiError::new(
            406,
            "NotAcceptable",
            "only the following media types are accepted: application/json, \
             application/json;stream=watch",
        ))
    }
}

/// `GET` of one object or its subresource.
pub(crate) fn get(
    state: &State,
    kind: &Kind,
    target: &Target,
    form: Form,
) -> Result<Value, ApiError> {
    let name = target.name.as_deref().unwrap_or_default();
    let namespace = target.namespace.as_deref().unwrap_or_default();
    let key = Key::new(&kind.group, &kind.plural, namespace, name);
    let found = state.store.find(&key).ok_or_else(|| ApiError::not_found(kind, name))?;
    if target.subresource.as_deref() == Some("scale") {
        return scale::of(kind, found).ok_or_else(ApiError::not_served);
    }
    let object = in_version(kind, found);
    Ok(shown(kind, &object, form, state.clock.now()))
}

/// One object in a form.
pub(crate) fn shown(kind: &Kind, object: &Value, form: Form, now: Timestamp) -> Value {
    match form {
        Form::Objects => object.clone(),
        Form::Metadata => partial(object, true),
        Form::Table(include) => {
            let version = &object["metadata"]["resourceVersion"];
            table(kind, &[object], json!({"resourceVersion": version}), include, now)
        }
    }
}

/// Which objects of a kind a request is about.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) namespace: Option<String>,
    pub(crate) labels: LabelSelector,
    pub(crate) fields: FieldSelector,
}

impl Selection {
    pub(crate) fn of(target: &Target, options: &Options) -> Result<Self, ApiError> {
        let unparsable =
            |part: String| ApiError::bad_request(format!("unable to parse requirement: {part}"));
        let mut fields = options.field_selector.clone();
        if let Some(name) = &target.name {
            fields = format!("metadata.name={name}");
        }
        Ok(Self {
            namespace: target.namespace.clone(),
            labels: LabelSelector::parse(&options.label_selector).map_err(unparsable)?,
            fields: FieldSelector::parse(&fields).map_err(unparsable)?,
        })
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.labels.matches(object) && self.fields.matches(object)
    }

    /// The objects, by namespace and name.
    pub(crate) fn find<'a>(&'a self, state: &'a State, kind: &'a Kind) -> Vec<&'a Arc<Value>> {
        state
            .store
            .list(&kind.group, &kind.plural, self.namespace.as_deref())
            .map(|(_, object)| object)
            .filter(|object| self.matches(object))
            .collect()
    }
}

/// `GET` of a collection.
pub(crate) fn list(
    state: &State,
    kind: &Kind,
    selection: &Selection,
    options: &Options,
    form: Form,
) -> Result<Value, ApiError> {
    let after = options.continuation.as_deref().map(place_of).transpose()?;
    let mut objects: Vec<&Arc<Value>> = selection.find(state, kind);
    if let Some(after) = after {
        objects.retain(|object| place(object) > after);
    }
    let mut metadata = json!({"resourceVersion": state.store.revision().to_string()});
    if let Some(limit) = options.limit.filter(|limit| objects.len() > *limit) {
        metadata["remainingItemCount"] = json!(objects.len() - limit);
        objects.truncate(limit);
        if let Some(last) = objects.last() {
            let (namespace, name) = place(last);
            let token = URL_SAFE_NO_PAD.encode(format!("{namespace}/{name}"));
            metadata["continue"] = Value::from(token);
        }
    }
    let objects: Vec<Value> = objects.into_iter().map(|object| in_version(kind, object)).collect();
    Ok(match form {
        Form::Table(include) => {
            let rows: Vec<&Value> = objects.iter().collect();
            table(kind, &rows, metadata, include, state.clock.now())
        }
        Form::Metadata => json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "items": objects.iter().map(|object| partial(object, false)).collect::<Vec<_>>(),
        }),
        Form::Objects => {
            let items: Vec<Value> = objects.into_iter().map(|object| item(kind, object)).collect();
            json!({
                "kind": kind.list_kind,
                "apiVersion": kind.api_version(),
                "metadata": metadata,
                "items": items,
            })
        }
    })
}

/// The object as a version shows it. All versions of a kind share one storage.
pub(crate) fn in_version(kind: &Kind, object: &Value) -> Value {
    let mut object = object.clone();
    object["apiVersion"] = Value::from(kind.api_version());
    object
}

/// Items of a list of built-ins say no kind.
fn item(kind: &Kind, mut object: Value) -> Value {
    if kind.custom.is_none()
        && let Some(object) = object.as_object_mut()
    {
        object.remove("kind");
        object.remove("apiVersion");
    }
    object
}

fn partial(object: &Value, typed: bool) -> Value {
    if typed {
        json!({
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": object["metadata"],
        })
    } else {
        json!({"metadata": object["metadata"]})
    }
}

/// Namespace (empty for none) and name.
pub(crate) fn place(object: &Value) -> (String, String) {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    (text("namespace"), text("name"))
}

fn place_of(token: &str) -> Result<(String, String), ApiError> {
    let wrong = || ApiError::bad_request("continue key is not valid");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    let (namespace, name) = text.split_once('/').ok_or_else(wrong)?;
    Ok((namespace.to_owned(), name.to_owned()))
}
