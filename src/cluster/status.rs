//! From an API server's refusal to an [`Error`].
//!
//! The rules are those observed on real API servers: the HTTP status alone
//! says little (500 may be the user's typing error, 404 may mean a missing
//! definition, namespace or object), so the `Status` object's reason, details
//! and, for typed-patch and webhook failures, its text decide.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;

use super::{
    error::{Cause, Context, Error, ErrorKind, FieldConflict},
    fields::FieldPath,
};

/// Longest message that is passed on, in characters.
const MESSAGE_LIMIT: usize = 2000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    kind: String,
    message: String,
    reason: String,
    details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    name: String,
    kind: String,
    causes: Option<Vec<StatusCause>>,
    retry_after_seconds: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatusCause {
    reason: String,
    message: String,
    field: String,
}

/// Reads an answer whose status is not 2xx.
pub(super) fn refusal(
    context: &Context,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Error {
    let parsed: Option<Status> = serde_json::from_slice(body).ok();
    let parsed = parsed.filter(|it| it.kind == "Status");
    let retry_after = retry_after(headers, parsed.as_ref());
    let error = match parsed {
        Some(parsed) => from_status(context, status, parsed),
        None => from_text(context, status, &String::from_utf8_lossy(body)),
    };
    error.with_status(status.as_u16()).with_retry_after(retry_after)
}

fn from_status(context: &Context, status: StatusCode, parsed: Status) -> Error {
    let Status { message, reason, details, .. } = parsed;
    let details = details.unwrap_or_default();
    let causes = details.causes.as_deref().unwrap_or_default();
    let has_cause = |reason: &str| causes.iter().any(|cause| cause.reason == reason);
    let kind = match status.as_u16() {
        401 => ErrorKind::Unauthorized,
        403 if has_cause("NamespaceTerminating") || message.contains("is terminating") => {
            ErrorKind::Terminating { finalizers: Vec::new() }
        }
        400 | 403 | 422 if is_denial(&message, causes) => {
            ErrorKind::Denied { webhook: webhook_name(&message) }
        }
        403 => ErrorKind::Forbidden,
        404 if is_about_namespace(context, &details) => {
            ErrorKind::NamespaceMissing { namespace: details.name.clone() }
        }
        404 => ErrorKind::NotFound,
        409 if has_cause("FieldManagerConflict") => {
            ErrorKind::Conflict { fields: causes.iter().filter_map(conflict).collect() }
        }
        409 => ErrorKind::Stale,
        410 => ErrorKind::Expired,
        413 => ErrorKind::TooLarge,
        422 => ErrorKind::Invalid {
            causes: causes.iter().map(|cause| refused_value(context, cause)).collect(),
        },
        429 => ErrorKind::Throttled,
        500 if is_schema_mismatch(&message) => {
            ErrorKind::SchemaMismatch { causes: schema_causes(context, &message) }
        }
        400 if message.contains("strict decoding error") => {
            ErrorKind::SchemaMismatch { causes: Vec::new() }
        }
        500 if message.contains("failed calling webhook") => ErrorKind::WebhookDown,
        500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Malformed,
    };
    let message = match message.trim() {
        "" if reason.is_empty() => format!("the API server answered {status}"),
        "" => format!("the API server answered {status} ({reason})"),
        text => masked(context, &kind, text),
    };
    context.error(kind, message)
}

/// Answers that are no `Status` object: an unknown path (404 in plain text),
/// early throttling, and whatever a proxy or load balancer says.
fn from_text(context: &Context, status: StatusCode, text: &str) -> Error {
    let kind = match status.as_u16() {
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::KindNotServed,
        409 => ErrorKind::Stale,
        410 => ErrorKind::Expired,
        413 => ErrorKind::TooLarge,
        429 => ErrorKind::Throttled,
        500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Malformed,
    };
    let message = match (&kind, &context.object) {
        (ErrorKind::KindNotServed, Some(object)) => {
            format!("the API server does not serve {} {}", object.api_version, object.kind)
        }
        (ErrorKind::KindNotServed, None) => "the API server does not serve this path".to_owned(),
        _ if is_secret(context) || text.trim().is_empty() || text.trim_start().starts_with('<') => {
            format!("the API server answered {status}")
        }
        _ => format!("the API server answered {status}: {}", shortened(text.trim())),
    };
    context.error(kind, message)
}

fn retry_after(headers: &HeaderMap, parsed: Option<&Status>) -> Option<Duration> {
    let header = headers.get(RETRY_AFTER).and_then(|it| it.to_str().ok()?.trim().parse().ok());
    let details = parsed.and_then(|it| it.details.as_ref()).map(|it| it.retry_after_seconds);
    header.or_else(|| details.filter(|seconds| *seconds > 0)).map(Duration::from_secs)
}

fn is_about_namespace(context: &Context, details: &Details) -> bool {
    let is_namespace = context.object.as_ref().is_some_and(|object| object.is("", "Namespace"));
    details.kind == "namespaces" && !is_namespace
}

/// A webhook answers with a code of its own choice (default 403, Istio's 400);
/// a policy with 422 and a cause that names no field.
fn is_denial(message: &str, causes: &[StatusCause]) -> bool {
    let by_webhook =
        message.contains("admission webhook") && message.contains("denied the request");
    let fieldless = causes.iter().all(|cause| cause.field.is_empty());
    by_webhook || (message.contains("ValidatingAdmissionPolicy") && fieldless)
}

fn webhook_name(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("admission webhook \"")?;
    rest.split_once('"').map(|(name, _)| name.to_owned())
}

fn conflict(cause: &StatusCause) -> Option<FieldConflict> {
    if cause.reason != "FieldManagerConflict" {
        return None;
    }
    let manager = match cause.message.split_once("conflict with \"") {
        Some((_, rest)) => {
            let (name, rest) = rest.split_once('"').unwrap_or((rest, ""));
            match rest.split_once("with subresource \"").and_then(|(_, it)| it.split_once('"')) {
                Some((subresource, _)) => format!("{name} ({subresource})"),
                None => name.to_owned(),
            }
        }
        None => cause.message.clone(),
    };
    Some(FieldConflict { field: FieldPath::parse(&cause.field), manager })
}

fn refused_value(context: &Context, cause: &StatusCause) -> Cause {
    let message = if is_secret(context) {
        "the value was refused (not shown, since the object is a Secret)".to_owned()
    } else {
        shortened(&cause.message)
    };
    Cause { field: FieldPath::parse(&cause.field), reason: cause.reason.clone(), message }
}

/// Type errors of the caller's own manifest arrive as status 500 without a
/// reason; the text is their only mark.
fn is_schema_mismatch(message: &str) -> bool {
    message.contains("failed to create typed patch object")
        || message.contains("field not declared in schema")
}

/// Splits `failed to create typed patch object (…): .spec.a: problem` and its
/// form with several problems, one to a line.
fn schema_causes(context: &Context, message: &str) -> Vec<Cause> {
    let problems = match message.split_once("): ") {
        Some((_, problems)) => problems,
        None => message,
    };
    let mut causes = Vec::new();
    for line in problems.lines().map(str::trim).filter(|line| line.starts_with('.')) {
        let Some((field, problem)) = line.split_once(": ") else { continue };
        let message = if is_secret(context) && problem.contains("got ") {
            "wrong type".to_owned()
        } else {
            shortened(problem)
        };
        causes.push(Cause { field: FieldPath::parse(field), reason: String::new(), message });
    }
    causes
}

/// The server's sentence, without values where the object is a Secret, since
/// validation messages quote what they refuse.
fn masked(context: &Context, kind: &ErrorKind, message: &str) -> String {
    match kind {
        ErrorKind::Invalid { .. } if is_secret(context) => "the Secret is invalid".to_owned(),
        ErrorKind::SchemaMismatch { .. } if is_secret(context) => {
            "the Secret does not fit its schema".to_owned()
        }
        ErrorKind::Malformed if is_secret(context) => "the Secret cannot be read".to_owned(),
        ErrorKind::Denied { webhook } if is_secret(context) => match webhook {
            Some(webhook) => format!("the admission webhook {webhook:?} refused the Secret"),
            None => "an admission policy refused the Secret".to_owned(),
        },
        // Whatever else happened on the way may quote what was sent.
        ErrorKind::Unavailable | ErrorKind::WebhookDown | ErrorKind::TooLarge
            if is_secret(context) =>
        {
            "the API server failed (its message is not shown, since the object is a Secret)"
                .to_owned()
        }
        // The causes say it one by one; the sentence would repeat them all.
        ErrorKind::SchemaMismatch { causes } if !causes.is_empty() => {
            "fields do not fit the schema".to_owned()
        }
        ErrorKind::Invalid { causes } if causes.iter().any(|it| !it.field.is_empty()) => {
            "values were refused".to_owned()
        }
        ErrorKind::Conflict { fields } if !fields.is_empty() => {
            "other managers own fields that the configuration sets differently".to_owned()
        }
        _ => shortened(message),
    }
}

fn is_secret(context: &Context) -> bool {
    context.object.as_ref().is_some_and(|object| object.is("", "Secret"))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::error::Verb;

    fn answer_about(object: &str, status: u16, body: &str) -> Error {
        let context = Context {
            cluster: "hub".to_owned(),
            verb: Verb::Apply,
            object: Some(object.parse().unwrap()),
        };
        let status = StatusCode::from_u16(status).unwrap();
        refusal(&context, status, &HeaderMap::new(), body.as_bytes())
    }

    fn answer(status: u16, mut body: Value) -> Error {
        body["kind"] = json!("Status");
        answer_about("apps/v1/Deployment/shop/cart", status, &body.to_string())
    }

    #[test]
    fn not_found_is_told_from_unknown_kind_and_missing_namespace() {
        let object =
            json!({"reason": "NotFound", "details": {"name": "cart", "kind": "deployments"}});
        assert_eq!(answer(404, object).kind(), &ErrorKind::NotFound);
        let namespace =
            json!({"reason": "NotFound", "details": {"name": "shop", "kind": "namespaces"}});
        assert_eq!(
            answer(404, namespace.clone()).kind(),
            &ErrorKind::NamespaceMissing { namespace: "shop".to_owned() }
        );
        let plain = answer_about("example.com/v1/Thing/a/b", 404, "404 page not found\n");
        assert_eq!(plain.kind(), &ErrorKind::KindNotServed);
        assert!(plain.message().contains("example.com/v1 Thing"));
        let mut own = namespace;
        own["kind"] = json!("Status");
        let own = answer_about("v1/Namespace/shop", 404, &own.to_string());
        assert_eq!(own.kind(), &ErrorKind::NotFound);
    }

    #[test]
    fn conflicts_name_field_and_manager() {
        let error = answer(
            409,
            json!({"reason": "Conflict", "message": "Apply failed with 2 conflicts", "details": {"causes": [
                {"reason": "FieldManagerConflict", "message": "conflict with \"kubectl\" using apps/v1",
                 "field": ".spec.template.spec.containers[name=\"web\"].image"},
                {"reason": "FieldManagerConflict",
                 "message": "conflict with \"hpa\" with subresource \"scale\"", "field": ".spec.replicas"},
            ]}}),
        );
        let ErrorKind::Conflict { fields } = error.kind() else { panic!("{error}") };
        let listed: Vec<(String, &str)> =
            fields.iter().map(|it| (it.field.to_string(), it.manager.as_str())).collect();
        assert_eq!(listed[0].1, "kubectl");
        assert_eq!(listed[1], (".spec.replicas".to_owned(), "hpa (scale)"));
        let stale =
            answer(409, json!({"reason": "Conflict", "message": "object has been modified"}));
        assert_eq!(stale.kind(), &ErrorKind::Stale);
    }

    #[test]
    fn a_typing_error_of_the_user_is_no_server_error() {
        let error = answer(
            500,
            json!({"code": 500, "message": "failed to create typed patch object (shop/cart; apps/v1, \
                Kind=Deployment): errors:\n  .spec.foo: field not declared in schema\n  \
                .spec.replicas: expected numeric (int or float), got string"}),
        );
        let ErrorKind::SchemaMismatch { causes } = error.kind() else { panic!("{error}") };
        assert_eq!(causes[0].field.to_string(), ".spec.foo");
        assert_eq!(causes[1].field.to_string(), ".spec.replicas");
        assert!(!error.is_transient());
        let one = answer(
            500,
            json!({"message": "failed to create typed patch object (a; v1, Kind=A): .spec.b: \
                field not declared in schema"}),
        );
        let ErrorKind::SchemaMismatch { causes } = one.kind() else { panic!("{one}") };
        assert_eq!(causes.len(), 1);
    }

    #[test]
    fn webhooks_that_refuse_are_told_from_webhooks_that_fail() {
        let refused = "admission webhook \"validation.istio.io\" denied the request: bad";
        for status in [400, 403, 422] {
            assert_eq!(
                answer(status, json!({"message": refused})).kind(),
                &ErrorKind::Denied { webhook: Some("validation.istio.io".to_owned()) }
            );
        }
        let down = json!({"reason": "InternalError",
            "message": "Internal error occurred: failed calling webhook \"x\": refused"});
        assert_eq!(answer(500, down).kind(), &ErrorKind::WebhookDown);
        let policy = json!({"reason": "Invalid", "message":
            "deployments.apps \"x\" is forbidden: ValidatingAdmissionPolicy 'p' denied request",
            "details": {"causes": [{"message": "denied"}]}});
        assert_eq!(answer(422, policy).kind(), &ErrorKind::Denied { webhook: None });
    }

    #[test]
    fn rights_are_told_from_termination() {
        let right = json!({"reason": "Forbidden", "message": "cannot patch"});
        assert_eq!(answer(403, right).kind(), &ErrorKind::Forbidden);
        let terminating = json!({"reason": "Forbidden", "message": "…", "details": {"causes": [
            {"reason": "NamespaceTerminating", "field": "metadata.namespace"}]}});
        assert!(matches!(answer(403, terminating).kind(), ErrorKind::Terminating { .. }));
        let definition = json!({"message":
            "create not allowed while custom resource definition is terminating"});
        assert!(answer(403, definition).is_transient());
    }

    #[test]
    fn refused_values_keep_their_path() {
        let error = answer(
            422,
            json!({"reason": "Invalid", "message": "Deployment is invalid", "details": {"causes": [
                {"reason": "FieldValueInvalid", "message": "must be positive", "field": "spec.replicas"}]}}),
        );
        let ErrorKind::Invalid { causes } = error.kind() else { panic!("{error}") };
        assert_eq!(causes[0].field, FieldPath::parse(".spec.replicas"));
        assert_eq!(causes[0].reason, "FieldValueInvalid");
    }

    #[test]
    fn waiting_times_come_from_header_or_details() {
        let context = Context { cluster: "hub".to_owned(), verb: Verb::List, object: None };
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "7".parse().unwrap());
        let text = b"Too many requests, please try again later.";
        let error = refusal(&context, StatusCode::TOO_MANY_REQUESTS, &headers, text);
        assert_eq!(error.kind(), &ErrorKind::Throttled);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        let detailed = answer(503, json!({"details": {"retryAfterSeconds": 3}}));
        assert_eq!(detailed.retry_after(), Some(Duration::from_secs(3)));
        assert_eq!(detailed.kind(), &ErrorKind::Unavailable);
    }

    #[test]
    fn values_of_secrets_are_not_repeated() {
        let body = json!({"kind": "Status", "reason": "Invalid",
            "message": "Secret is invalid: data: Invalid value: \"hunter2\"",
            "details": {"causes": [{"field": "data.a", "message": "Invalid value: \"hunter2\""}]}});
        let error = answer_about("v1/Secret/shop/token", 422, &body.to_string());
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(error.to_string().contains(".data.a"), "{error}");
    }

    #[test]
    fn pages_of_proxies_are_not_repeated() {
        let error = answer_about("v1/Service/a/b", 502, "<html><body>Bad gateway</body></html>");
        assert_eq!(error.kind(), &ErrorKind::Unavailable);
        assert!(!error.message().contains('<'));
    }

    #[test]
    fn no_answer_about_a_secret_is_quoted() {
        let webhook = "admission webhook \"guard.example.com\" denied the request: hunter2 is weak";
        let policy = "ValidatingAdmissionPolicy 'p' denied request: hunter2 is weak";
        for (status, message, shown) in [
            (400, webhook, "guard.example.com"),
            (422, policy, "policy refused the Secret"),
            (500, "failed calling webhook \"x\": hunter2", "not shown"),
            (503, "hunter2 is too much", "not shown"),
            (413, "hunter2 is too long", "not shown"),
        ] {
            let body = json!({"kind": "Status", "message": message}).to_string();
            let error = answer_about("v1/Secret/shop/s", status, &body);
            assert!(!error.to_string().contains("hunter2"), "{status}: {error}");
            assert!(error.message().contains(shown), "{status}: {error}");
        }
        let plain = answer_about("v1/Secret/shop/s", 502, "upstream said hunter2");
        assert!(!plain.to_string().contains("hunter2"), "{plain}");
    }
}
