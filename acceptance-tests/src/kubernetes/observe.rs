//! The part of a cluster that the whole simulator shares: fault rules for the
//! service `kubernetes`, and the record of calls.

use std::time::Duration;

use http::{Method, Response};
use serde_json::json;

use super::cluster::Shared;
use super::faults::Fault;
use super::request::target;
use super::respond::{Body, Request, Reset};
use crate::cloud::faults::Fault as Rule;
use crate::cloud::recorder::Call;

/// What the simulator's fault rules want for this request.
pub(crate) fn strike(shared: &Shared, request: &Request) -> Option<Fault> {
    let rule = shared.instruments.faults.decide("kubernetes", &action(request), &[&shared.id])?;
    match rule {
        Rule::Throttle => Some(Fault::TooManyRequests { retry_after: 1 }),
        Rule::Error { code, message } => {
            Some(Fault::Status { code: status_of(&code), reason: code, message })
        }
        Rule::Http { status } => {
            let message = "the gateway in front of the API server is in trouble".to_owned();
            Some(Fault::Status { code: status, reason: String::new(), message })
        }
        Rule::Hold { ms } => Some(Fault::Hold(ms.map(Duration::from_millis))),
        Rule::ResetBefore => Some(Fault::ResetBefore),
        Rule::ResetAfter => Some(Fault::ResetAfter),
        Rule::Slow { ms } => Some(Fault::Delay(Duration::from_millis(ms))),
        // An API server's reads are never behind its writes.
        Rule::Stale => None,
    }
}

/// Notes a request. Bodies are left out: they carry Secrets.
pub(crate) fn record(
    shared: &Shared,
    request: &Request,
    outcome: &Result<Response<Body>, Reset>,
    fault: Option<&Fault>,
) {
    let code = match outcome {
        Err(Reset) => "NoAnswer".to_owned(),
        Ok(answer) if answer.status().as_u16() < 400 => String::new(),
        Ok(answer) => format!("HttpStatus.{}", answer.status().as_u16()),
    };
    shared.instruments.recorder.record(Call {
        seq: 0,
        at_ms: shared.instruments.clock.wall().as_millisecond(),
        account: shared.id.clone(),
        service: "kubernetes".to_owned(),
        action: action(request),
        region: String::new(),
        params: json!({"path": request.path, "query": request.query}),
        code,
        message: String::new(),
        fault: fault.map(|fault| name(fault).to_owned()),
    });
}

/// Verb and resource, `patch deployments/status`; method and path where there
/// is no resource.
fn action(request: &Request) -> String {
    let Some(target) = target(&request.path) else {
        return format!("{} {}", request.method.as_str().to_lowercase(), request.path);
    };
    let named = target.name.is_some();
    let watches = request.query.split('&').any(|pair| pair == "watch=true" || pair == "watch=1");
    let verb = match request.method {
        Method::GET | Method::HEAD if watches => "watch",
        Method::GET | Method::HEAD if named => "get",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if named => "delete",
        Method::DELETE => "deletecollection",
        _ => "other",
    };
    match &target.subresource {
        Some(subresource) => format!("{verb} {}/{subresource}", target.plural),
        None => format!("{verb} {}", target.plural),
    }
}

fn name(fault: &Fault) -> &'static str {
    match fault {
        Fault::TooManyRequests { .. } => "throttle",
        Fault::Status { .. } => "error",
        Fault::ResetBefore => "reset_before",
        Fault::ResetAfter => "reset_after",
        Fault::Delay(_) => "slow",
        Fault::Hold(_) => "hold",
    }
}

/// HTTP status that an API server sends with a reason.
fn status_of(reason: &str) -> u16 {
    match reason {
        "BadRequest" => 400,
        "Unauthorized" => 401,
        "Forbidden" => 403,
        "NotFound" => 404,
        "AlreadyExists" | "Conflict" => 409,
        "Gone" | "Expired" => 410,
        "Invalid" => 422,
        "TooManyRequests" => 429,
        "ServiceUnavailable" => 503,
        "Timeout" | "ServerTimeout" => 504,
        _ => 500,
    }
}
