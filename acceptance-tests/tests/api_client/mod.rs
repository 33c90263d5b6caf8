//! A client of the cloud's API for tests, with a signer of its own: the
//! simulator's verification must not be the only code that knows how to sign.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use crossmesh_sim::{Simulator, world::Account};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use jiff::{Timestamp, tz::Offset};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;

/// A key, and where and how it calls.
#[derive(Clone, Debug)]
pub(crate) struct ApiClient {
    pub(crate) address: SocketAddr,
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
    pub(crate) token: Option<String>,
    pub(crate) region: String,
    /// Host header; `{service}` stands for the product.
    pub(crate) host: String,
    /// Whether the request line names the whole URL, as to a proxy.
    pub(crate) absolute: bool,
    /// Added to the time of the signature, in seconds.
    pub(crate) late: i64,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) response: Value,
}

impl Reply {
    /// Error code; empty if there is none.
    pub(crate) fn code(&self) -> &str {
        self.response["Error"]["Code"].as_str().unwrap_or_default()
    }
}

impl ApiClient {
    /// A client with the permanent key of an account.
    pub(crate) fn new(simulator: &Simulator, account: &str) -> Self {
        let world = simulator.cloud().world();
        let Account { secret_id, secret_key, .. } = world.account(account).unwrap();
        Self {
            address: simulator.address(),
            secret_id: secret_id.clone(),
            secret_key: secret_key.clone(),
            token: None,
            region: "ap-guangzhou".to_owned(),
            host: "{service}.tencentcloudapi.com".to_owned(),
            absolute: false,
            late: 0,
        }
    }

    /// Calls `service:Action`.
    pub(crate) async fn call(&self, operation: &str, params: Value) -> Reply {
        self.try_call(operation, params).await.unwrap()
    }

    /// Calls an action that must succeed; returns `Response`.
    pub(crate) async fn ok(&self, operation: &str, params: Value) -> Value {
        let reply = self.call(operation, params).await;
        assert_eq!(reply.code(), "", "{operation}: {}", reply.response);
        reply.response
    }

    /// Calls an action; `Err` if no answer came.
    pub(crate) async fn try_call(&self, operation: &str, params: Value) -> Result<Reply, String> {
        let request = self.request(operation, &params);
        let exchange = exchange(self.address, request);
        tokio::time::timeout(Duration::from_secs(20), exchange).await.map_err(|e| e.to_string())?
    }

    /// The signed request.
    pub(crate) fn request(&self, operation: &str, params: &Value) -> Request<Full<Bytes>> {
        let (service, action) = operation.split_once(':').unwrap();
        let version = match service {
            "vpc" => "2017-03-12",
            "sts" => "2018-08-13",
            "tke" => "2018-05-25",
            other => panic!("no version of {other}"),
        };
        let host = self.host.replace("{service}", service);
        let body = params.to_string();
        let time = Timestamp::now().as_second() + self.late;
        let authorization = self.authorization(service, &host, time, body.as_bytes());
        let target = if self.absolute { format!("http://{host}/") } else { "/".to_owned() };
        let mut request = Request::post(target)
            .header("host", host)
            .header("content-type", "application/json")
            .header("x-tc-action", action)
            .header("x-tc-version", version)
            .header("x-tc-timestamp", time.to_string())
            .header("authorization", authorization);
        if !self.region.is_empty() {
            request = request.header("x-tc-region", &self.region);
        }
        if let Some(token) = &self.token {
            request = request.header("x-tc-token", token);
        }
        request.body(Full::from(body)).unwrap()
    }

    fn authorization(&self, service: &str, host: &str, time: i64, body: &[u8]) -> String {
        let date = Offset::UTC.to_datetime(Timestamp::from_second(time).unwrap()).date();
        let scope = format!("{date}/{service}/tc3_request");
        let canonical = format!(
            "POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n{}",
            digest(body)
        );
        let text = format!("TC3-HMAC-SHA256\n{time}\n{scope}\n{}", digest(canonical.as_bytes()));
        let start = format!("TC3{}", self.secret_key).into_bytes();
        let key = [date.to_string().as_str(), service, "tc3_request"]
            .iter()
            .fold(start, |key, part| hmac(&key, part));
        let signature = hex(&hmac(&key, &text));
        format!(
            "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=content-type;host, \
             Signature={signature}",
            self.secret_id
        )
    }
}

/// Sends one request on a connection of its own.
pub(crate) async fn exchange(
    address: SocketAddr,
    request: Request<Full<Bytes>>,
) -> Result<Reply, String> {
    let stream = TcpStream::connect(address).await.map_err(|e| e.to_string())?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|e| e.to_string())?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|e| e.to_string())?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|e| e.to_string())?.to_bytes();
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let response = value.get("Response").cloned().unwrap_or(value);
    Ok(Reply { status: head.status, headers: head.headers, response })
}

/// Calls the operator's surface.
pub(crate) async fn control(simulator: &Simulator, method: &str, path: &str, body: Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(format!("/_sim/{path}"))
        .header("host", "simulator")
        .body(Full::from(body))
        .unwrap();
    exchange(simulator.address(), request).await.unwrap()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
