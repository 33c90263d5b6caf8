//! HTTP in front of the cloud: one listener for every product and the
//! operator's surface, HTTP/1.1 and cleartext HTTP/2.

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    control::PREFIX,
    dispatch::{ApiRequest, Cloud, Reply, ReplyBody},
};

/// Largest body of a request, as in the cloud.
const MAX_BODY: usize = 10 * 1024 * 1024;

/// A listener that serves a [`Cloud`].
#[derive(Debug)]
pub struct Front {
    listener: TcpListener,
    cloud: Arc<Cloud>,
}

impl Front {
    /// Listens on `address`; port 0 takes any free one.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn bind(address: SocketAddr, cloud: Arc<Cloud>) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, cloud })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The socket is gone.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `end` is cancelled, then drops what is still open.
    pub async fn serve(self, end: CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = end.cancelled() => break,
                accepted = self.listener.accept() => accepted,
                Some(_) = connections.join_next() => continue,
            };
            let Ok((stream, _)) = accepted else { continue };
            let _ = stream.set_nodelay(true);
            let cloud = self.cloud.clone();
            connections.spawn(async move {
                let service = service_fn(move |request| answer(cloud.clone(), request));
                let builder = Builder::new(TokioExecutor::new());
                let connection = builder.serve_connection(TokioIo::new(stream), service);
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "connection ended");
                }
            });
        }
    }
}

/// Why a request gets no answer: hyper then closes the connection.
#[derive(Debug)]
struct NoAnswer;

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a fault rule wants no answer")
    }
}

impl std::error::Error for NoAnswer {}

async fn answer(
    cloud: Arc<Cloud>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, NoAnswer> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(json_response(&cloud, StatusCode::PAYLOAD_TOO_LARGE, &json!({})));
    };
    let body = body.to_bytes();
    let path = head.uri.path().to_owned();
    let query = head.uri.query().unwrap_or_default().to_owned();
    if let Some(rest) = path.strip_prefix(PREFIX) {
        let (status, value) = match rest {
            "ready" => (200, cloud.ready_line(&own_endpoint(&head.headers))),
            _ => cloud.control(&head.method, rest, &query, &body),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return Ok(json_response(&cloud, status, &value));
    }
    let mut headers = head.headers;
    // HTTP/2 carries the host in the request target alone.
    let authority = head.uri.authority().and_then(|authority| authority.as_str().parse().ok());
    if let (false, Some(authority)) = (headers.contains_key(header::HOST), authority) {
        headers.insert(header::HOST, authority);
    }
    let method = head.method.as_str().to_owned();
    let reply = cloud.handle(&ApiRequest { method, path, query, headers, body });
    send(&cloud, reply).await
}

/// How the client of this request reaches the simulator.
fn own_endpoint(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or_default())
}

async fn send(cloud: &Cloud, reply: Reply) -> Result<Response<Full<Bytes>>, NoAnswer> {
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    match reply.body {
        ReplyBody::Json(value) => Ok(json_response(cloud, StatusCode::OK, &value)),
        ReplyBody::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            let mut response = Response::new(Full::from("<html>gateway error</html>"));
            *response.status_mut() = status;
            Ok(response)
        }
        ReplyBody::Close => Err(NoAnswer),
        ReplyBody::Silence => std::future::pending().await,
    }
}

fn json_response(cloud: &Cloud, status: StatusCode, value: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(value.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    if let Ok(date) = http_date(cloud).parse() {
        headers.insert(header::DATE, date);
    }
    response
}

/// `Sat, 01 Aug 2026 01:30:00 GMT` on the cloud's wall clock.
fn http_date(cloud: &Cloud) -> String {
    let wall = jiff::tz::Offset::UTC.to_datetime(cloud.clock().wall());
    wall.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
