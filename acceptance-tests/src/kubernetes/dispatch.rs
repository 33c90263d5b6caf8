//! Requests for a resource: rights, scope, and the verb.

use std::sync::Arc;

use futures::StreamExt as _;
use http::{Method, Response, header};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};

use super::auth::{self, Access, User};
use super::cluster::Shared;
use super::kinds::Kind;
use super::read::{self, Form, Selection};
use super::request::{Options, Target};
use super::respond::{Body, Request, json_answer, text_header};
use super::server::Exclusive;
use super::state::State;
use super::status::{ApiError, Cause};
use super::store::{Key, Store};
use super::watch::Watch;
use super::write::{self, Call, Written};

/// Largest body of a write, bytes.
const LIMIT: usize = 3 * 1024 * 1024;

/// Answers a request for a resource.
pub(crate) fn resource(
    shared: &Arc<Shared>,
    request: &Request,
    user: &User,
    target: &Target,
) -> Result<Response<Body>, ApiError> {
    let mut options = Options::parse(&request.query);
    let verb = verb(request, target, &options);
    let state = shared.lock();
    let found = state.kinds.find(&target.group, &target.version, &target.plural);
    authorize(&state.store, user, target, found.as_deref(), verb)?;
    let kind = found.ok_or_else(ApiError::not_served)?;
    check_scope(&kind, target, verb)?;
    check_options(&options)?;
    let accept = text_header(&request.headers, &header::ACCEPT);
    let form = Form::accepted(accept, query_value(&request.query, "includeObject"))?;
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
        "get" => return Ok(json_answer(200, &read::get(&state, &kind, target, form)?)),
        _ => {}
    }
    drop(state);
    if request.body.len() > LIMIT {
        let message = format!("Request entity too large: limit is {LIMIT}");
        return Err(ApiError::new(413, "RequestEntityTooLarge", message));
    }
    options.dry_run |= verb.starts_with("delete") && asks_dry_run(&request.body);
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
    let (written, now) = {
        let mut state = shared.lock();
        let written = write(&mut state, &call, &kind, verb, &selection)?;
        shared.settle(&mut state);
        (written, state.clock.now())
    };
    let object = if written.object["kind"] == kind.kind.as_str() {
        read::shown(&kind, &read::in_version(&kind, &written.object), form, now)
    } else {
        (*written.object).clone()
    };
    Ok(with_warnings(json_answer(written.code, &object), &kind, &written))
}

fn write(
    state: &mut State,
    call: &Call<'_>,
    kind: &Kind,
    verb: &str,
    selection: &Selection,
) -> Result<Written, ApiError> {
    let written = match verb {
        "create" => write::create(state, call, kind),
        "update" => write::replace(state, call, kind),
        "patch" => write::patch(state, call, kind),
        "delete" => write::delete(state, call, kind),
        "deletecollection" => {
            let found = selection.find(state, kind);
            let names: Vec<_> = found.iter().map(|object| read::place(object)).collect();
            write::delete_all(state, call, kind, &names)
        }
        _ => Err(ApiError::method_not_allowed()),
    }?;
    if written.code == 201 && !call.options.dry_run {
        let (namespace, name) = read::place(&written.object);
        state.made.insert(Key::new(&kind.group, &kind.plural, &namespace, &name));
    }
    Ok(written)
}

/// Whether `DeleteOptions` in a body ask for a dry run.
fn asks_dry_run(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|given| {
        given["dryRun"].as_array().is_some_and(|list| list.iter().any(|one| one == "All"))
    })
}

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
    store: &Store,
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

fn query_value<'a>(query: &'a str, name: &str) -> &'a str {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map_or("", |(_, value)| value)
}
