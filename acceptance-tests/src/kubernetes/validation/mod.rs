//! What the API server refuses with 422, cause by cause.

mod built_in;
mod custom;
mod metadata;

use serde_json::Value;

use super::kinds::Kind;
use super::status::Cause;

/// Everything that is wrong with an object that is about to be stored.
pub(crate) fn causes(
    kind: &Kind,
    live: Option<&Value>,
    object: &Value,
    subresource: &str,
) -> Vec<Cause> {
    let mut causes = metadata::causes(kind, live, object);
    match &kind.custom {
        Some(_) => causes.extend(custom::causes(&kind.schema, live, object)),
        None if subresource.is_empty() => causes.extend(built_in::causes(kind, live, object)),
        None => {}
    }
    causes
}
