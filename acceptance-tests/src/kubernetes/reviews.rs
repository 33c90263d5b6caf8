//! Questions about oneself: `kubectl auth can-i`, `kubectl auth whoami`, and
//! tokens for service accounts.

use http::{Method, Response};
use serde_json::{Value, json};

use super::auth::{self, Access, User};
use super::cluster::Shared;
use super::identifiers;
use super::request::{Target, target};
use super::respond::{Body, Request, json_answer};
use super::status::ApiError;
use super::store::Key;

/// The answer to a review or token request; `None` for anything else.
pub(crate) fn answer(
    shared: &Shared,
    request: &Request,
    user: &User,
) -> Option<Result<Response<Body>, ApiError>> {
    if request.method != Method::POST {
        return None;
    }
    let target = target(&request.path)?;
    let answered = match (target.group.as_str(), target.plural.as_str()) {
        ("authorization.k8s.io", "selfsubjectaccessreviews") => access(shared, request, user),
        ("authentication.k8s.io", "selfsubjectreviews") => Ok(json!({
            "kind": "SelfSubjectReview",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"creationTimestamp": null},
            "status": {"userInfo": {"username": user.name, "groups": user.groups}},
        })),
        ("", "serviceaccounts") if target.subresource.as_deref() == Some("token") => {
            token(shared, request, user, &target)
        }
        _ => return None,
    };
    Some(answered.map(|body| json_answer(201, &body)))
}

fn parsed(request: &Request) -> Result<Value, ApiError> {
    serde_json::from_slice(&request.body)
        .map_err(|error| ApiError::bad_request(format!("json parse error: {error}")))
}

fn access(shared: &Shared, request: &Request, user: &User) -> Result<Value, ApiError> {
    let mut review = parsed(request)?;
    let wanted = &review["spec"]["resourceAttributes"];
    let text = |field: &str| wanted[field].as_str().unwrap_or_default();
    let access = Access {
        verb: text("verb"),
        group: text("group"),
        resource: text("resource"),
        namespace: text("namespace"),
        name: text("name"),
    };
    let allowed = auth::allows(&shared.lock().store, user, &access);
    review["status"] = json!({"allowed": allowed});
    Ok(review)
}

/// `TokenRequest`: a bearer token of a service account.
fn token(
    shared: &Shared,
    request: &Request,
    user: &User,
    target: &Target,
) -> Result<Value, ApiError> {
    let mut review = parsed(request)?;
    let (namespace, name) = (
        target.namespace.as_deref().unwrap_or_default(),
        target.name.as_deref().unwrap_or_default(),
    );
    let state = shared.lock();
    let kind = state.kinds.preferred("", "serviceaccounts").ok_or_else(ApiError::not_served)?;
    let access =
        Access { verb: "create", group: "", resource: "serviceaccounts/token", namespace, name };
    if !auth::allows(&state.store, user, &access) {
        return Err(ApiError::forbidden(&kind, name, &access.refusal(user)));
    }
    if state.store.find(&Key::new("", "serviceaccounts", namespace, name)).is_none() {
        return Err(ApiError::not_found(&kind, name));
    }
    let seconds = review["spec"]["expirationSeconds"].as_i64().unwrap_or(3600);
    let ends = state.clock.now() + jiff::SignedDuration::from_secs(seconds);
    drop(state);
    let token = identifiers::token();
    let account = User::named(&format!("system:serviceaccount:{namespace}:{name}"));
    shared.credentials.accept_token(&token, account);
    let ends = crate::cloud::clock::utc_time(ends);
    review["status"] = json!({"token": token, "expirationTimestamp": ends});
    Ok(review)
}
