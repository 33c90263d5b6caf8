//! Errors as the API server answers them: `Status` objects, or plain text
//! where the real server has no `Status` either.

use serde_json::{Value, json};

use super::kinds::Kind;

/// An answer other than success.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) code: u16,
    body: Body,
    /// Seconds for the header `Retry-After`.
    pub(crate) retry_after: Option<u32>,
}

#[derive(Debug, Clone)]
enum Body {
    Status(Box<Value>),
    Plain(String),
}

/// One cause of a 422: reason, message, field path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) field: String,
}

impl ApiError {
    /// A `Status` with a code, a reason (empty: none) and a message.
    pub(crate) fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message.into(),
            "code": code,
        });
        if !reason.is_empty() {
            status["reason"] = Value::from(reason);
        }
        Self { code, body: Body::Status(Box::new(status)), retry_after: None }
    }

    /// A plain text body.
    pub(crate) fn plain(code: u16, text: &str) -> Self {
        Self { code, body: Body::Plain(text.to_owned()), retry_after: None }
    }

    pub(crate) fn with_details(mut self, details: Value) -> Self {
        if let Body::Status(status) = &mut self.body {
            status["details"] = details;
        }
        self
    }

    /// Content type and bytes of the answer.
    pub(crate) fn body(&self) -> (&'static str, Vec<u8>) {
        match &self.body {
            Body::Status(status) => ("application/json", status.to_string().into_bytes()),
            Body::Plain(text) => ("text/plain; charset=utf-8", text.clone().into_bytes()),
        }
    }

    /// The `Status` object (a string for plain text).
    pub(crate) fn to_value(&self) -> Value {
        match &self.body {
            Body::Status(status) => (**status).clone(),
            Body::Plain(text) => Value::from(text.as_str()),
        }
    }

    /// What it says.
    pub(crate) fn message(&self) -> String {
        match &self.body {
            Body::Status(status) => status["message"].as_str().unwrap_or_default().to_owned(),
            Body::Plain(text) => text.clone(),
        }
    }

    /// Group, version or resource that is not served: plain text, no `Status`.
    pub(crate) fn not_served() -> Self {
        Self::plain(404, "404 page not found\n")
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message).with_details(json!({}))
    }

    pub(crate) fn not_found(kind: &Kind, name: &str) -> Self {
        let message = format!("{} {name:?} not found", kind.qualified());
        Self::new(404, "NotFound", message).with_details(kind.details(name))
    }

    pub(crate) fn already_exists(kind: &Kind, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", kind.qualified());
        Self::new(409, "AlreadyExists", message).with_details(kind.details(name))
    }

    /// A failed optimistic lock or precondition: 409 without causes.
    pub(crate) fn stale(kind: &Kind, name: &str, why: &str) -> Self {
        let message =
            format!("Operation cannot be fulfilled on {} {name:?}: {why}", kind.qualified());
        Self::new(409, "Conflict", message).with_details(kind.details(name))
    }

    pub(crate) fn modified(kind: &Kind, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        Self::stale(kind, name, why)
    }

    pub(crate) fn forbidden(kind: &Kind, name: &str, why: &str) -> Self {
        let message = format!("{} {name:?} is forbidden: {why}", kind.qualified());
        Self::new(403, "Forbidden", message).with_details(kind.details(name))
    }

    /// 422 with its causes.
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let said: Vec<_> =
            causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let said = match said.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let causes: Vec<Value> = causes
            .iter()
            .map(|cause| {
                json!({"reason": cause.reason, "message": cause.message, "field": cause.field})
            })
            .collect();
        let mut details = json!({"name": name, "kind": kind, "causes": causes});
        if !group.is_empty() {
            details["group"] = Value::from(group);
        }
        Self::new(422, "Invalid", format!("{qualified} {name:?} is invalid: {said}"))
            .with_details(details)
    }

    pub(crate) fn unsupported_media(accepted: &[&str]) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            accepted.join(", ")
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    pub(crate) fn expired(asked: u64, oldest: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {asked} ({oldest})"))
    }
}

impl Cause {
    pub(crate) fn required(field: impl Into<String>, detail: &str) -> Self {
        let message = if detail.is_empty() {
            "Required value".to_owned()
        } else {
            format!("Required value: {detail}")
        };
        Self { reason: "FieldValueRequired", message, field: field.into() }
    }

    /// A value as given and what is wrong with it.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> Self {
        let message = format!("Invalid value: {}: {detail}", shown(value));
        Self { reason: "FieldValueInvalid", message, field: field.into() }
    }

    pub(crate) fn mistyped(field: impl Into<String>, value: &Value, detail: &str) -> Self {
        let message = format!("Invalid value: {}: {detail}", shown(value));
        Self { reason: "FieldValueTypeInvalid", message, field: field.into() }
    }

    pub(crate) fn not_supported(
        field: impl Into<String>,
        value: &Value,
        allowed: &[Value],
    ) -> Self {
        let allowed: Vec<_> = allowed.iter().map(Value::to_string).collect();
        let message = format!(
            "Unsupported value: {}: supported values: {}",
            shown(value),
            allowed.join(", ")
        );
        Self { reason: "FieldValueNotSupported", message, field: field.into() }
    }

    pub(crate) fn too_long(field: impl Into<String>, detail: &str) -> Self {
        let message = format!("Too long: {detail}");
        Self { reason: "FieldValueTooLong", message, field: field.into() }
    }

    pub(crate) fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        Self {
            reason: "FieldValueForbidden",
            message: format!("Forbidden: {detail}"),
            field: field.into(),
        }
    }
}

fn shown(value: &Value) -> String {
    value.to_string()
}
