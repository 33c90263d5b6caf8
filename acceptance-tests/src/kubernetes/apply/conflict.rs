//! The answer to an apply that would change what others own.

use serde_json::{Value, json};

use super::fieldset::{FieldSet, display};
use super::managers::{Actor, Operation};
use crate::kubernetes::status::ApiError;

/// 409 with a cause per (manager, field). The message counts the conflicts and
/// lists the fields by manager.
pub(crate) fn error(conflicts: &[(Actor, FieldSet)], actor: &Actor) -> ApiError {
    let mut causes = Vec::new();
    let mut by_manager: Vec<(String, Vec<String>)> = Vec::new();
    for (owner, fields) in conflicts {
        let name = describe(owner, actor);
        let shown: Vec<String> = fields.paths().iter().map(|path| display(path)).collect();
        for field in &shown {
            causes.push(json!({
                "reason": "FieldManagerConflict",
                "message": format!("conflict with {name}"),
                "field": field,
            }));
        }
        by_manager.push((name, shown));
    }
    by_manager.sort();
    let count = causes.len();
    let plural = if causes.len() == 1 { "" } else { "s" };
    let text = match by_manager.as_slice() {
        [(name, fields)] if fields.len() == 1 => format!("{name}: {}", fields[0]),
        many => many
            .iter()
            .map(|(name, fields)| format!("{name}:\n- {}", fields.join("\n- ")))
            .collect::<Vec<_>>()
            .join("\n"),
    };
    let message =
        format!("Apply failed with {count} conflict{plural}: conflict{plural} with {text}");
    ApiError::new(409, "Conflict", message).with_details(json!({"causes": Value::Array(causes)}))
}

/// `"name" with subresource "scale" using apps/v1`, as far as it differs from
/// the one who applies.
fn describe(owner: &Actor, actor: &Actor) -> String {
    let mut text = format!("{:?}", owner.manager);
    if !owner.subresource.is_empty() {
        text.push_str(&format!(" with subresource {:?}", owner.subresource));
    }
    if owner.operation == Operation::Update || owner.api_version != actor.api_version {
        text.push_str(&format!(" using {}", owner.api_version));
    }
    text
}
