//! From a request to an answer: faults, authentication, authorization, then
//! discovery or a verb on a resource.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

use super::auth::User;
use super::cluster::Shared;
use super::faults::Fault;
use super::request::target;
use super::status::ApiError;
use super::{discovery, dispatch, observe, openapi, reviews};

/// A request with its whole body.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Client certificate, DER.
    pub(crate) certificate: Option<Vec<u8>>,
}

/// The answer's body: whole, or a stream that a watch feeds.
pub(crate) type Body = BoxBody<Bytes, Infallible>;

/// The connection is to end without an answer.
#[derive(Debug)]
pub(crate) struct Reset;

impl std::fmt::Display for Reset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection reset on purpose")
    }
}

impl std::error::Error for Reset {}

/// Answers a request.
pub(crate) async fn respond(
    shared: &Arc<Shared>,
    request: Request,
) -> Result<Response<Body>, Reset> {
    shared.count_call(&request);
    let own = shared.faults.strike(request.method.as_str(), &request.path);
    let fault = own.or_else(|| observe::strike(shared, &request));
    if let Some(Fault::Hold(time)) = &fault {
        observe::record(shared, &request, &Err(Reset), fault.as_ref());
        return held(*time).await;
    }
    let outcome = outcome(shared, &request, fault.as_ref()).await;
    observe::record(shared, &request, &outcome, fault.as_ref());
    outcome
}

/// Keeps the client waiting, for good or until the connection ends.
async fn held(time: Option<Duration>) -> Result<Response<Body>, Reset> {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
    Err(Reset)
}

async fn outcome(
    shared: &Arc<Shared>,
    request: &Request,
    fault: Option<&Fault>,
) -> Result<Response<Body>, Reset> {
    match fault {
        Some(Fault::TooManyRequests { retry_after }) => {
            let text = "Too many requests, please try again later.\n";
            let mut error = ApiError::plain(429, text);
            error.retry_after = Some(*retry_after);
            return Ok(failure(&error));
        }
        Some(Fault::Status { code, reason, message }) => {
            return Ok(failure(&ApiError::new(*code, reason, message.as_str())));
        }
        Some(Fault::ResetBefore) => return Err(Reset),
        Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
        Some(Fault::ResetAfter | Fault::Hold(_)) | None => {}
    }
    let answer = answer(shared, request).unwrap_or_else(|error| failure(&error));
    if fault == Some(&Fault::ResetAfter) {
        return Err(Reset);
    }
    Ok(answer)
}

fn answer(shared: &Arc<Shared>, request: &Request) -> Result<Response<Body>, ApiError> {
    let user = authenticate(shared, request)?;
    if let Some(answer) = open_paths(shared, request) {
        return answer;
    }
    if let Some(answer) = reviews::answer(shared, request, &user) {
        return answer;
    }
    match target(&request.path) {
        Some(target) => dispatch::resource(shared, request, &user, &target),
        None if user.is_anonymous() => {
            let message = format!(
                "forbidden: User {:?} cannot {} path {:?}",
                user.name,
                request.method.as_str().to_lowercase(),
                request.path
            );
            Err(ApiError::new(403, "Forbidden", message).with_details(json!({})))
        }
        None => described(shared, request),
    }
}

fn authenticate(shared: &Shared, request: &Request) -> Result<User, ApiError> {
    let header = request.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim);
    if header.is_some() && bearer.is_none() {
        return Err(ApiError::unauthorized());
    }
    shared
        .credentials
        .authenticate(bearer, request.certificate.as_deref())
        .map_err(|()| ApiError::unauthorized())
}

/// What everybody may read.
fn open_paths(shared: &Shared, request: &Request) -> Option<Result<Response<Body>, ApiError>> {
    let path = request.path.trim_end_matches('/');
    if matches!(path, "/healthz" | "/livez" | "/readyz") {
        return Some(Ok(whole(200, "text/plain; charset=utf-8", "ok")));
    }
    if path != "/version" {
        return None;
    }
    let version = shared.lock().settings.version.clone();
    let mut parts = version.split('.');
    let version = json!({
        "major": parts.next().unwrap_or("1"),
        "minor": parts.next().unwrap_or("0"),
        "gitVersion": format!("v{version}"),
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "2025-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "gc",
        "platform": "linux/amd64",
    });
    Some(Ok(json_answer(200, &version)))
}

/// Discovery and OpenAPI.
fn described(shared: &Shared, request: &Request) -> Result<Response<Body>, ApiError> {
    if request.method != Method::GET {
        return Err(ApiError::method_not_allowed());
    }
    let state = shared.lock();
    let kinds = &state.kinds;
    let accept = text_header(&request.headers, &header::ACCEPT);
    let segments: Vec<&str> = request.path.split('/').filter(|one| !one.is_empty()).collect();
    let aggregated = aggregated_version(accept);
    let found = match (segments.as_slice(), aggregated) {
        (["api" | "apis"], Some(version)) => {
            let body = discovery::aggregated(kinds, segments == ["api"], version);
            let media = format!(
                "application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
            );
            return Ok(whole(200, &media, body.to_string()));
        }
        (["api"], None) => Some(discovery::core_versions()),
        (["apis"], None) => Some(discovery::groups(kinds)),
        (["api", version], _) => discovery::resources(kinds, "", version),
        (["apis", group], _) => discovery::group(kinds, group),
        (["apis", group, version], _) => discovery::resources(kinds, group, version),
        (["openapi", "v2"], _) if accept.contains("protobuf") => {
            let media = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
            return Ok(whole(200, media, openapi::version_2_protobuf()));
        }
        (["openapi", "v2"], _) => Some(openapi::version_2()),
        (["openapi", "v3"], _) => Some(openapi::index(kinds, state.store.revision())),
        (["openapi", "v3", "api", version], _) => openapi::document(kinds, "", version),
        (["openapi", "v3", "apis", group, version], _) => openapi::document(kinds, group, version),
        _ => None,
    };
    found.map(|body| json_answer(200, &body)).ok_or_else(ApiError::not_served)
}

/// The version of aggregated discovery that the client takes first.
fn aggregated_version(accept: &str) -> Option<&'static str> {
    let first = accept.split(',').next().unwrap_or_default();
    if !first.contains("as=APIGroupDiscoveryList") {
        return None;
    }
    if first.contains("v=v2beta1") { Some("v2beta1") } else { Some("v2") }
}

/// A JSON answer.
pub(crate) fn json_answer(code: u16, body: &Value) -> Response<Body> {
    whole(code, "application/json", body.to_string())
}

fn failure(error: &ApiError) -> Response<Body> {
    let (media, bytes) = error.body();
    let mut answer = whole(error.code, media, bytes);
    if let Some(seconds) = error.retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

fn whole(code: u16, media: &str, body: impl Into<Bytes>) -> Response<Body> {
    let mut answer = Response::new(Full::new(body.into()).boxed());
    *answer.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = media.parse() {
        answer.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    answer
}

/// A header's text; empty without it.
pub(crate) fn text_header<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
