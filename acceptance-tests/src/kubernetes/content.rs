//! From a request's body to an object of its kind.

use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;

use super::kinds::Kind;
use super::request::FieldValidation;
use super::schema::{decode, defaults, prune};
use super::status::ApiError;

/// Parses JSON, or YAML where the content type allows it. Duplicate keys are
/// refused only by strict validation; otherwise the last one counts.
pub(crate) fn parse(
    content_type: &str,
    body: &[u8],
    validation: FieldValidation,
) -> Result<Value, ApiError> {
    let malformed = |error: serde_json::Error| {
        ApiError::bad_request(format!("couldn't get version/kind; json parse error: {error}"))
    };
    if !content_type.contains("yaml") {
        return serde_json::from_slice(body).map_err(malformed);
    }
    let text = std::str::from_utf8(body)
        .map_err(|error| ApiError::bad_request(format!("error decoding YAML: {error}")))?;
    if text.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    let duplicate_keys = match validation {
        FieldValidation::Strict => DuplicateKeyPolicy::Error,
        _ => DuplicateKeyPolicy::LastWins,
    };
    let options = serde_saphyr::options! { duplicate_keys: duplicate_keys };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| ApiError::bad_request(format!("error decoding YAML: {error}")))
}

/// Checks that an object is of the kind that its URL names, and in the URL's
/// namespace, and fills in what it left out of that.
pub(crate) fn check_type(
    kind: &Kind,
    namespace: &str,
    name: Option<&str>,
    object: &mut Value,
) -> Result<(), ApiError> {
    if !object.is_object() {
        return Err(ApiError::bad_request("the body is no object"));
    }
    match (object["apiVersion"].as_str(), object["kind"].as_str()) {
        (None, None) if kind.custom.is_none() => {
            object["apiVersion"] = Value::from(kind.api_version());
            object["kind"] = Value::from(kind.kind.as_str());
        }
        (Some(version), _) if version != kind.api_version() => {
            return Err(ApiError::bad_request(format!(
                "the API version in the data ({version}) does not match the expected API version ({})",
                kind.api_version()
            )));
        }
        (Some(_), Some(found)) if found == kind.kind => {}
        (version, found) => {
            return Err(ApiError::bad_request(format!(
                "{} in version {:?} cannot be handled as a {}: no kind {:?} is registered for version {:?}",
                found.unwrap_or_default(),
                kind.version,
                kind.kind,
                found.unwrap_or_default(),
                version.unwrap_or_default(),
            )));
        }
    }
    if object["metadata"].is_null() {
        object["metadata"] = Value::Object(serde_json::Map::new());
    }
    check_place(kind, namespace, name, object)
}

fn check_place(
    kind: &Kind,
    namespace: &str,
    name: Option<&str>,
    object: &mut Value,
) -> Result<(), ApiError> {
    let given = object["metadata"]["namespace"].as_str().unwrap_or_default();
    if kind.namespaced && !given.is_empty() && given != namespace {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if let Some(name) = name {
        let given = object["metadata"]["name"].as_str().unwrap_or_default();
        if !given.is_empty() && given != name {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({given}) does not match the name on the URL ({name})"
            )));
        }
        object["metadata"]["name"] = Value::from(name);
    }
    Ok(())
}

/// Brings an object into its stored form: unknown fields gone (or refused),
/// nulls and empty maps of built-ins gone, defaults filled in. Returns warnings.
pub(crate) fn accept(
    kind: &Kind,
    object: &mut Value,
    unknown: FieldValidation,
) -> Result<Vec<String>, ApiError> {
    let fields = prune::undeclared(&kind.schema, object);
    let said: Vec<String> = fields.iter().map(|path| format!("unknown field {path:?}")).collect();
    if unknown == FieldValidation::Strict && !said.is_empty() {
        return Err(ApiError::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: strict decoding error: {}",
            kind.kind,
            kind.version,
            kind.kind,
            said.join(", ")
        )));
    }
    if kind.custom.is_none() {
        decode::normalize(&kind.schema, object).map_err(|mismatch| {
            ApiError::bad_request(format!(
                "{} in version {:?} cannot be handled as a {}: json: cannot unmarshal {} into Go struct field {}.{} of type {}",
                kind.kind,
                kind.version,
                kind.kind,
                mismatch.found,
                kind.kind,
                mismatch.path,
                mismatch.expected
            ))
        })?;
    } else {
        // Only the metadata of a custom resource is a Go struct.
        let metadata = super::schema::Schema::named("ObjectMeta");
        decode::normalize(&metadata, &mut object["metadata"]).map_err(|mismatch| {
            ApiError::bad_request(format!(
                "json: cannot unmarshal {} into Go struct field ObjectMeta.metadata.{} of type {}",
                mismatch.found, mismatch.path, mismatch.expected
            ))
        })?;
    }
    defaults::apply(&kind.schema, object);
    Ok(if unknown == FieldValidation::Warn { said } else { Vec::new() })
}
