//! Requests through the gateway.

use std::{io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

/// What came back.
pub(super) struct Reply {
    /// The status, if there was an answer.
    pub(super) status: Option<u16>,
    /// The body, or what went wrong.
    pub(super) body: String,
    /// The cluster that answered.
    pub(super) cluster: String,
}

impl Reply {
    /// No answer came.
    pub(super) fn none(why: &str) -> Self {
        Self { status: None, body: why.to_owned(), cluster: String::new() }
    }
}

/// Requests `http://HOST/` from the gateway.
pub(super) async fn get(gateway: SocketAddr, host: &str, within: Duration) -> io::Result<Reply> {
    timeout(within, exchange(gateway, host)).await.map_err(|_| io::Error::other("no answer"))?
}

async fn exchange(gateway: SocketAddr, host: &str) -> io::Result<Reply> {
    let stream = TcpStream::connect(gateway).await?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let request = Request::get("/").header("host", host).body(Empty::<Bytes>::new());
    let answer = sender.send_request(request.map_err(io::Error::other)?).await;
    let answer = answer.map_err(io::Error::other)?;
    let status = answer.status().as_u16();
    let cluster = answer.headers().get("x-cluster-id").and_then(|value| value.to_str().ok());
    let cluster = cluster.unwrap_or_default().to_owned();
    let body = answer.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Reply { status: Some(status), body, cluster })
}
