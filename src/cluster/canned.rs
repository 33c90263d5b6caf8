//! An API server for tests: a function from request to answer.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use kube::client::Body;
use serde_json::{Value, json};

use super::client::Cluster;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) content_type: String,
    pub(super) body: Value,
}

/// An answer: status, headers, body.
pub(super) type Reply = (u16, Vec<(&'static str, &'static str)>, String);

/// Requests in the order of their arrival, discovery left out.
pub(super) type Log = Arc<Mutex<Vec<Seen>>>;

/// A JSON answer.
pub(super) fn json_reply(status: u16, body: &Value) -> Reply {
    (status, Vec::new(), body.to_string())
}

/// A `Status` answer.
pub(super) fn refusal(status: u16, reason: &str, details: Value) -> Reply {
    let body = json!({"kind": "Status", "code": status, "reason": reason, "message": reason,
        "details": details});
    json_reply(status, &body)
}

/// What an API server says about a path that it does not know.
pub(super) fn unknown_path() -> Reply {
    (404, Vec::new(), "404 page not found\n".to_owned())
}

/// What an API server says about an object that does not exist.
pub(super) fn absent(plural: &str, name: &str) -> Reply {
    refusal(404, "NotFound", json!({"name": name, "kind": plural}))
}

/// A cluster whose API server is `answer`. Discovery of `v1`, `apps/v1` and
/// `networking.istio.io/v1` is answered here unless `answer` gives something.
pub(super) fn cluster(
    answer: impl FnMut(&Seen) -> Option<Reply> + Send + 'static,
) -> (Cluster, Log) {
    let log = Log::default();
    let written = log.clone();
    let answer = Arc::new(Mutex::new(answer));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (log, answer) = (written.clone(), answer.clone());
        async move {
            let seen = seen(request).await;
            let reply = (answer.lock().unwrap())(&seen);
            let (status, headers, body) = match reply.or_else(|| discovery(&seen.path)) {
                Some(reply) => reply,
                None => unknown_path(),
            };
            if discovery(&seen.path).is_none() {
                log.lock().unwrap().push(seen);
            }
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok::<_, Infallible>(response.body(Full::from(body)).unwrap())
        }
    });
    (Cluster::from_client("hub", kube::Client::new(service, "default")), log)
}

/// Methods and paths of a log, one to an entry.
pub(super) fn calls(log: &Log) -> Vec<String> {
    log.lock().unwrap().iter().map(|it| format!("{} {}", it.method, it.path)).collect()
}

async fn seen(request: Request<Body>) -> Seen {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let content_type = parts.headers.get("content-type").map(|it| it.to_str().unwrap().to_owned());
    Seen {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        content_type: content_type.unwrap_or_default(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    }
}

fn discovery(path: &str) -> Option<Reply> {
    let list = |kinds: &[(&str, &str, bool)]| {
        let resources: Vec<Value> = kinds
            .iter()
            .map(|(name, kind, namespaced)| {
                json!({"name": name, "kind": kind, "namespaced": namespaced})
            })
            .collect();
        json_reply(200, &json!({"kind": "APIResourceList", "resources": resources}))
    };
    Some(match path {
        "/api/v1" => list(&[
            ("configmaps", "ConfigMap", true),
            ("namespaces", "Namespace", false),
            ("namespaces/status", "Namespace", false),
            ("pods", "Pod", true),
        ]),
        "/apis/apps/v1" => list(&[("deployments", "Deployment", true)]),
        "/apis/networking.istio.io/v1" => list(&[("gateways", "Gateway", true)]),
        _ => return None,
    })
}
