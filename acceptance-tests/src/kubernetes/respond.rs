//! From a request to an answer: faults, authentication, authorization, then
//! discovery or a verb on a resource.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};

use super::auth::{self, Access, User};
use super::cluster::Shared;
use super::faults::Fault;
use super::kinds::Kind;
use super::read::{self, Form, Selection};
use super::request::{Options, Target, target};
use super::server::Exclusive;
use super::status::{ApiError, Cause};
use super::store::Key;
use super::watch::Watch;
use super::write::{self, Call, Written};
use super::{discovery, observe, openapi, reviews};

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
        Some(target) => resource(shared, request, &user, &target),
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

fn resource(
    shared: &Arc<Shared>,
    request: &Request,
    user: &User,
    target: &Target,
) -> Result<Response<Body>, ApiError> {
    let mut options = Options::parse(&request.query);
    let mut state = shared.lock();
    let found = state.kinds.find(&target.group, &target.version, &target.plural);
    let verb = verb(request, target, &options);
    let Some(kind) = found else {
        authorize(&state.store, user, target, None, verb)?;
        return Err(ApiError::not_served());
    };
    authorize(&state.store, user, target, Some(&kind), verb)?;
    check_scope(&kind, target, verb)?;
    check_options(&options)?;
    let accept = text_header(&request.headers, &header::ACCEPT);
    let include = query_value(&request.query, "includeObject");
    let form = Form::accepted(accept, include)?;
    let selection = Selection::of(target, &options)?;
    match verb {
        "watch" => {
            let watch = Watch::new(&state, Arc::clone(&kind), selection, &options, form)?;
            drop(state);
            return Ok(streamed(watch, shared));
        }
        "list" => {
            let body = read::list(&state, &kind, &selection, &options, form)?;
            drop(state);
            return Ok(json_answer(200, &body));
        }
        "get" => {
            let body = read::get(&state, &kind, target, form)?;
            return Ok(json_answer(200, &body));
        }
        _ => {}
    }
    if request.body.len() > LIMIT {
        let message = format!("Request entity too large: limit is {LIMIT}");
        return Err(ApiError::new(413, "RequestEntityTooLarge", message));
    }
    if let Some(given) =
        serde_json::from_slice::<Value>(&request.body).ok().filter(|_| verb.starts_with("delete"))
        && given["dryRun"].as_array().is_some_and(|list| list.iter().any(|one| one == "All"))
    {
        options.dry_run = true;
    }
    let agent = text_header(&request.headers, &header::USER_AGENT);
    let default_manager: String =
        agent.split(['/', ' ']).next().unwrap_or_default().chars().take(128).collect();
    let call = Call {
        content_type: text_header(&request.headers, &header::CONTENT_TYPE),
        body: &request.body,
        target,
        options: &options,
        user,
        manager: options.field_manager.as_deref().unwrap_or(&default_manager),
    };
    let written = match verb {
        "create" => write::create(&mut state, &call, &kind),
        "update" => write::replace(&mut state, &call, &kind),
        "patch" => write::patch(&mut state, &call, &kind),
        "delete" => write::delete(&mut state, &call, &kind),
        "deletecollection" => {
            let names = selection
                .find(&state, &kind)
                .iter()
                .map(|object| {
                    let text = |field: &str| {
                        object["metadata"][field].as_str().unwrap_or_default().to_owned()
                    };
                    (text("namespace"), text("name"))
                })
                .collect::<Vec<_>>();
            write::delete_all(&mut state, &call, &kind, &names)
        }
        _ => Err(ApiError::method_not_allowed()),
    }?;
    if written.code == 201 && !options.dry_run {
        let (namespace, name) = (target.namespace.as_deref(), &written.object["metadata"]["name"]);
        let name = name.as_str().unwrap_or_default();
        let key = Key::new(&kind.group, &kind.plural, namespace.unwrap_or_default(), name);
        state.made.insert(key);
    }
    shared.settle(&mut state);
    let now = state.clock.now();
    drop(state);
    let object = if written.object["kind"] == kind.kind.as_str() {
        read::shown(&kind, &read::in_version(&kind, &written.object), form, now)
    } else {
        (*written.object).clone()
    };
    Ok(with_warnings(json_answer(written.code, &object), &kind, &written))
}

/// Largest body of a write, bytes.
const LIMIT: usize = 3 * 1024 * 1024;

fn verb(request: &Request, target: &Target, options: &Options) -> &'static str {
    let named = target.name.is_some();
    match request.method {
        Method::GET | Method::HEAD if options.watch => "watch",
        Method::GET | Method::HEAD if named => "get",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if named => "delete",
        Method::DELETE => "deletecollection",
        _ => "",
    }
}

fn authorize(
    store: &super::store::Store,
    user: &User,
    target: &Target,
    kind: Option<&Kind>,
    verb: &str,
) -> Result<(), ApiError> {
    let resource = match &target.subresource {
        Some(subresource) => format!("{}/{subresource}", target.plural),
        None => target.plural.clone(),
    };
    let is_namespace = target.group.is_empty() && target.plural == "namespaces";
    let own = if is_namespace { target.name.as_deref() } else { None };
    let access = Access {
        verb,
        group: &target.group,
        resource: &resource,
        namespace: target.namespace.as_deref().or(own).unwrap_or_default(),
        name: target.name.as_deref().unwrap_or_default(),
    };
    if auth::allows(store, user, &access) {
        return Ok(());
    }
    let shown = Access { namespace: target.namespace.as_deref().unwrap_or_default(), ..access };
    let refusal = shown.refusal(user);
    let name = target.name.as_deref().unwrap_or_default();
    if let Some(kind) = kind.filter(|_| !name.is_empty()) {
        return Err(ApiError::forbidden(kind, name, &refusal));
    }
    let qualified = if target.group.is_empty() {
        target.plural.clone()
    } else {
        format!("{}.{}", target.plural, target.group)
    };
    let mut details = json!({"kind": target.plural});
    if !target.group.is_empty() {
        details["group"] = Value::from(target.group.as_str());
    }
    Err(ApiError::new(403, "Forbidden", format!("{qualified} is forbidden: {refusal}"))
        .with_details(details))
}

/// Whether the URL fits the kind's scope and what it has below its objects.
fn check_scope(kind: &Kind, target: &Target, verb: &str) -> Result<(), ApiError> {
    let writes_one = target.name.is_some() || verb == "create";
    if kind.namespaced && target.namespace.is_none() && writes_one
        || !kind.namespaced && target.namespace.is_some()
    {
        return Err(ApiError::not_served());
    }
    let served = match target.subresource.as_deref() {
        None => true,
        Some("status") => kind.status,
        Some("scale") => kind.scale.is_some(),
        Some("finalize") => kind.is("", "namespaces"),
        Some(_) => false,
    };
    if !served {
        return Err(ApiError::not_served());
    }
    let named = target.name.is_some();
    if named && verb == "create" || !named && matches!(verb, "update" | "patch") {
        return Err(ApiError::method_not_allowed());
    }
    Ok(())
}

fn check_options(options: &Options) -> Result<(), ApiError> {
    if options.faults.is_empty() {
        return Ok(());
    }
    let causes: Vec<Cause> = options
        .faults
        .iter()
        .map(|fault| {
            let (field, message) = fault.split_once(": ").unwrap_or(("", fault));
            Cause {
                reason: "FieldValueNotSupported",
                message: message.to_owned(),
                field: field.to_owned(),
            }
        })
        .collect();
    Err(ApiError::invalid("meta.k8s.io", "PatchOptions", "", &causes))
}

fn with_warnings(mut answer: Response<Body>, kind: &Kind, written: &Written) -> Response<Body> {
    let deprecated = kind.custom.as_ref().and_then(|custom| custom.deprecated.as_ref());
    for warning in written.warnings.iter().chain(deprecated) {
        let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = format!("299 - \"{quoted}\"").parse() {
            answer.headers_mut().append(header::WARNING, value);
        }
    }
    answer
}

fn streamed(watch: Watch, shared: &Arc<Shared>) -> Response<Body> {
    let frames = watch.stream(Arc::clone(shared)).map(|line| Ok(Frame::data(line)));
    let mut answer = Response::new(Exclusive::new(StreamBody::new(frames)).boxed());
    let media = header::HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, media);
    answer
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

fn text_header<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn query_value<'a>(query: &'a str, name: &str) -> &'a str {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map_or("", |(_, value)| value)
}
