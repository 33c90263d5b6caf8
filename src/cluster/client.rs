//! One cluster: its label, its session, and how a request is made.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{sync::Mutex, time::timeout};

use super::{
    access::{Access, AccessError, AccessSource},
    batch::Batches,
    connect::{self, Session},
    discovery::Discovery,
    error::{Context, Error, ErrorKind, Result, Verb},
    kubeconfig,
    object::ObjectRef,
    outage::Outage,
    retry::{Pacer, Patience},
    status,
};

/// Longest time for one request and its answer. API servers end a write after
/// 34 s themselves.
const REQUEST_LIMIT: Duration = Duration::from_secs(45);

/// Largest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 96 * 1024 * 1024;

/// A Kubernetes cluster under the label that the user knows it by.
///
/// Cheap to clone; clones share the connections, credentials and discovery.
/// Nothing is sent before the first operation, and every operation may be
/// cancelled by dropping its future.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

struct Inner {
    label: String,
    source: Option<Arc<dyn AccessSource>>,
    session: Mutex<Slot>,
    /// Counts attempts to open a session that failed, so that those who waited
    /// for one know it.
    failures: AtomicU64,
    outage: Outage,
    discovery: Discovery,
    batches: Batches,
}

/// The session, and why there is none.
#[derive(Default)]
struct Slot {
    session: Option<Arc<Session>>,
    failure: Option<Error>,
}

/// One request.
pub(super) struct Request {
    context: Context,
    method: Method,
    path: String,
    accept: &'static str,
    body: Option<(&'static str, Bytes)>,
}

/// One answer with a 2xx status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) warnings: Vec<String>,
    body: Bytes,
}

/// Version of an API server.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerVersion {
    /// Such as `v1.32.2-tke.5`.
    pub git_version: String,
}

impl Cluster {
    /// A cluster that is reached as `access` says.
    ///
    /// The configuration is checked as far as that goes without running or
    /// asking anything; files are read.
    pub fn new(label: impl Into<String>, access: Access) -> Result<Self> {
        let label = label.into();
        let context = Context { cluster: label.clone(), verb: Verb::Connect, object: None };
        kubeconfig::endpoint(&access).map_err(|it| context.error(ErrorKind::Config, it))?;
        Ok(Self::with_source(label, Arc::new(access)))
    }

    /// A cluster whose access is fetched when it is first needed, and again
    /// when the API server no longer accepts it.
    pub fn with_source(label: impl Into<String>, source: Arc<dyn AccessSource>) -> Self {
        Self::from_parts(label.into(), Some(source), Slot::default())
    }

    /// A cluster behind a client that exists; credentials are the client's.
    pub fn from_client(label: impl Into<String>, client: kube::Client) -> Self {
        let session = Some(Arc::new(Session::over(client)));
        Self::from_parts(label.into(), None, Slot { session, failure: None })
    }

    fn from_parts(label: String, source: Option<Arc<dyn AccessSource>>, slot: Slot) -> Self {
        Self(Arc::new(Inner {
            label,
            source,
            session: Mutex::new(slot),
            failures: AtomicU64::new(0),
            outage: Outage::default(),
            discovery: Discovery::default(),
            batches: Batches::default(),
        }))
    }

    /// The label that messages name the cluster by.
    pub fn label(&self) -> &str {
        &self.0.label
    }

    /// Namespace for objects that name none: that of the kubeconfig's context,
    /// else `default`.
    pub async fn default_namespace(&self) -> Result<String> {
        self.default_namespace_of(&self.context(Verb::Connect, None)).await
    }

    pub(super) async fn default_namespace_of(&self, context: &Context) -> Result<String> {
        Ok(self.session(context, None).await?.namespace.clone())
    }

    /// Asks for the server's version: the cheapest way to learn whether the
    /// cluster can be reached with these credentials.
    ///
    /// Source: `GET /version`.
    pub async fn version(&self, patience: Patience) -> Result<ServerVersion> {
        let context = self.context(Verb::Connect, None);
        let mut pacer = Pacer::new(patience);
        loop {
            let error = match self.call(Request::get(context.clone(), "/version".into())).await {
                Ok(answer) => return answer.json(&context),
                Err(error) => error,
            };
            pacer.after(error).await?;
        }
    }

    pub(super) fn discovery(&self) -> &Discovery {
        &self.0.discovery
    }

    /// The last failure to reach the cluster; `None` when it answered since.
    pub fn trouble(&self) -> Option<Error> {
        self.0.outage.last()
    }

    /// Notes that an operation was given up for which the cluster had its whole
    /// time: reads that follow are not to wait for it as well.
    pub fn waited_in_vain(&self) {
        self.0.outage.waited_in_vain();
    }

    pub(super) fn outage(&self) -> &Outage {
        &self.0.outage
    }

    pub(super) fn batches(&self) -> &Batches {
        &self.0.batches
    }

    pub(super) fn context(&self, verb: Verb, object: Option<&ObjectRef>) -> Context {
        Context { cluster: self.0.label.clone(), verb, object: object.cloned() }
    }

    /// Makes one request. Refused credentials and certificates are renewed
    /// once; nothing else is tried again here.
    pub(super) async fn call(&self, request: Request) -> Result<Answer> {
        let answer = self.call_renewing(&request).await;
        self.0.outage.note(answer.as_ref().err());
        answer
    }

    async fn call_renewing(&self, request: &Request) -> Result<Answer> {
        let session = self.session(&request.context, None).await?;
        match (self.try_call(&session, request).await, &self.0.source) {
            (Err(error), Some(source)) if is_about_trust(&error) => {
                let renewed = self.session(&request.context, Some(&session)).await?;
                let again = self.try_call(&renewed, request).await;
                // Right after a rotation, not every server of a cluster knows of it.
                let rotating = |error: &Error| is_about_trust(error) && source.renews();
                again.map_err(|error| if rotating(&error) { error.brief() } else { error })
            }
            (other, _) => other,
        }
    }

    async fn try_call(&self, session: &Session, request: &Request) -> Result<Answer> {
        let Request { context, method, path, accept, body } = request;
        let mut message = http::Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, *accept)
            .header(header::USER_AGENT, USER_AGENT);
        if let Some(value) = &session.authorization {
            message = message.header(header::AUTHORIZATION, value);
        }
        let bytes = match body {
            Some((content_type, bytes)) => {
                message = message.header(header::CONTENT_TYPE, *content_type);
                bytes.clone()
            }
            None => Bytes::new(),
        };
        let message = message
            .body(bytes.into())
            .map_err(|error| context.error(ErrorKind::Malformed, error.to_string()))?;
        let exchange = exchange(context, session, message);
        let answer = timeout(REQUEST_LIMIT, exchange).await.unwrap_or_else(|_| {
            let limit = REQUEST_LIMIT.as_secs();
            let message = format!("no answer from {} within {limit} s", session.address);
            Err(context.error(ErrorKind::Unreachable, message))
        });
        let outcome = match &answer {
            Ok(answer) => answer.status.as_u16(),
            Err(error) => error.status().unwrap_or(0),
        };
        tracing::debug!(cluster = %self.0.label, %method, path, status = outcome, "kubernetes call");
        answer
    }

    /// The current session; a new one if there is none, its credentials have
    /// ended, or it is the `refused` one.
    async fn session(
        &self,
        context: &Context,
        refused: Option<&Arc<Session>>,
    ) -> Result<Arc<Session>> {
        let failures = self.0.failures.load(Ordering::Acquire);
        let mut slot = self.0.session.lock().await;
        if let Some(session) = &slot.session
            && !session.is_stale()
            && refused.is_none_or(|refused| !Arc::ptr_eq(refused, session))
        {
            return Ok(session.clone());
        }
        if let Some(failure) = &slot.failure
            && self.0.failures.load(Ordering::Acquire) != failures
        {
            return Err(failure.about(context));
        }
        let Some(source) = &self.0.source else {
            return Err(context.error(ErrorKind::Unauthorized, "the credentials were refused"));
        };
        match opened(context, source.as_ref()).await {
            Ok(session) => {
                let session = Arc::new(session);
                slot.session = Some(session.clone());
                Ok(session)
            }
            Err(error) => {
                slot.failure = Some(error.clone());
                self.0.failures.fetch_add(1, Ordering::Release);
                Err(error)
            }
        }
    }
}

const USER_AGENT: &str = concat!("terraform-provider-crossmesh/", env!("CARGO_PKG_VERSION"));

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cluster").field(&self.0.label).finish()
    }
}

impl Request {
    /// A read of JSON.
    pub(super) fn get(context: Context, path: String) -> Self {
        Self { context, method: Method::GET, path, accept: "application/json", body: None }
    }

    /// Any other request with a JSON body.
    pub(super) fn send(
        context: Context,
        method: Method,
        path: String,
        content_type: &'static str,
        body: &Value,
    ) -> Self {
        let body = Some((content_type, Bytes::from(body.to_string())));
        Self { context, method, path, accept: "application/json", body }
    }

    /// Asks for another representation.
    pub(super) fn accepting(mut self, media_type: &'static str) -> Self {
        self.accept = media_type;
        self
    }
}

impl Answer {
    /// Reads the body. A body that is no such JSON is [`ErrorKind::Malformed`].
    pub(super) fn json<T: DeserializeOwned>(&self, context: &Context) -> Result<T> {
        self.json_borrowed(context)
    }

    /// The body as it arrived.
    pub(super) fn body(&self) -> &Bytes {
        &self.body
    }

    /// As [`json`](Self::json), with parts that stay in the body.
    pub(super) fn json_borrowed<'a, T: Deserialize<'a>>(&'a self, context: &Context) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // The position only: the message may quote a Secret's data.
            let (line, column) = (error.line(), error.column());
            let message = format!("the answer is not the expected JSON (line {line}:{column})");
            context.error(ErrorKind::Malformed, message).with_status(self.status.as_u16())
        })
    }
}

async fn opened(context: &Context, source: &dyn AccessSource) -> Result<Session> {
    let access = source.access().await.map_err(|AccessError { message, next_step, passes }| {
        let error = context.error(ErrorKind::Credentials, message).with_next_step(next_step);
        if passes { error.passing() } else { error }
    })?;
    let endpoint = kubeconfig::endpoint(&access);
    let endpoint = endpoint.map_err(|problem| context.error(ErrorKind::Config, problem))?;
    Session::open(context, &endpoint).await
}

async fn exchange(
    context: &Context,
    session: &Session,
    message: http::Request<kube::client::Body>,
) -> Result<Answer> {
    let answer = session.client.send(message).await;
    let answer = answer.map_err(|error| connect::no_answer(context, &session.address, &error))?;
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, ANSWER_LIMIT).collect().await.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            return context.error(ErrorKind::Malformed, "the answer is too large");
        }
        let message = format!("the answer of {} broke off: {error}", session.address);
        context.error(ErrorKind::Unreachable, message)
    })?;
    let body = body.to_bytes();
    if !parts.status.is_success() {
        return Err(status::refusal(context, parts.status, &parts.headers, &body));
    }
    Ok(Answer { status: parts.status, warnings: warnings(&parts.headers), body })
}

fn is_about_trust(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Certificate)
}

/// Texts of `Warning: 299 - "text"` headers (RFC 7234 section 5.5).
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::WARNING).into_iter();
    values
        .filter_map(|value| {
            let text = value.to_str().ok()?;
            let (_, quoted) = text.split_once('"')?;
            let (quoted, _) = quoted.rsplit_once('"')?;
            Some(quoted.replace("\\\"", "\"").replace("\\\\", "\\"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_unquoted() {
        let mut headers = HeaderMap::new();
        headers.append(header::WARNING, r#"299 - "v1 \"Endpoints\" is old""#.parse().unwrap());
        headers.append(header::WARNING, "nonsense".parse().unwrap());
        assert_eq!(warnings(&headers), ["v1 \"Endpoints\" is old"]);
    }
}
