//! A plain HTTPS client for a cluster's API, one connection per request.

// Each test program uses its part of this.
#![allow(dead_code, unreachable_pub)]

use std::sync::Arc;

use crossmesh_sim::cloud::{Instruments, clock::Clock};
use crossmesh_sim::kubernetes::{Cluster, Settings, User};
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub const APPLY: &str = "application/apply-patch+yaml";
pub const MERGE: &str = "application/merge-patch+json";
pub const JSON_PATCH: &str = "application/json-patch+json";
pub const STRATEGIC: &str = "application/strategic-merge-patch+json";
pub const JSON: &str = "application/json";

/// Someone who talks to a cluster.
#[derive(Clone)]
pub struct Client {
    pub cluster: Cluster,
    address: String,
    tls: TlsConnector,
    token: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// Reasons and fields of a refusal's causes.
    pub fn causes(&self) -> Vec<(String, String)> {
        let body = self.json();
        let causes = body["details"]["causes"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        causes.iter().map(|cause| (text(&cause["reason"]), text(&cause["field"]))).collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Client {
    /// An administrator of a new cluster whose controllers act at once.
    pub fn admin() -> Self {
        Self::of(
            Cluster::start(Settings::immediate("cls-test"), Instruments::new(Clock::real()))
                .unwrap(),
        )
    }

    /// An administrator of a cluster.
    pub fn of(cluster: Cluster) -> Self {
        let ca = CertificateDer::from_pem_slice(cluster.ca_certificate().as_bytes()).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(ca).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let token = Some(cluster.token(User::admin("root")));
        let address = cluster.url().trim_start_matches("https://").to_owned();
        Self { cluster, address, tls: TlsConnector::from(Arc::new(config)), token }
    }

    /// The same client as another user; without credentials for `None`.
    pub fn with_token(&self, token: Option<String>) -> Self {
        Self { token, ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], "").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, &[("content-type", JSON)], &body.to_string()).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, &[("content-type", JSON)], &body.to_string()).await
    }

    pub async fn patch(&self, path: &str, media: &str, body: &Value) -> Reply {
        self.send(Method::PATCH, path, &[("content-type", media)], &body.to_string()).await
    }

    /// Server-side apply by a manager, with more query parameters.
    pub async fn apply(&self, path: &str, manager: &str, query: &str, body: &Value) -> Reply {
        self.patch(&format!("{path}?fieldManager={manager}{query}"), APPLY, body).await
    }

    pub async fn delete(&self, path: &str, options: &Value) -> Reply {
        self.send(Method::DELETE, path, &[("content-type", JSON)], &options.to_string()).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        self.try_send(method, path, headers, body).await.unwrap()
    }

    /// The answer, or how the connection failed.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, String> {
        let answer = self.open(method, path, headers, body).await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Ok(Reply { status, headers, text })
    }

    /// A watch's events, as they come.
    pub async fn watch(&self, path: &str) -> Events {
        let answer = self.open(Method::GET, path, &[], "").await.unwrap();
        assert_eq!(answer.status(), 200);
        Events { body: answer.into_body(), rest: String::new() }
    }

    async fn open(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<http::Response<Incoming>, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let stream = TcpStream::connect(&self.address).await.map_err(|error| text(&error))?;
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = self.tls.connect(name, stream).await.map_err(|error| text(&error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| text(&error))?;
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        sender.send_request(request).await.map_err(|error| text(&error))
    }
}

/// The events of a watch.
pub struct Events {
    body: Incoming,
    rest: String,
}

impl Events {
    /// The next event; nothing when the watch has ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((line, rest)) = self.rest.split_once('\n') {
                let event = serde_json::from_str(line).unwrap();
                self.rest = rest.to_owned();
                return Some(event);
            }
            let frame = self.body.frame().await?.unwrap();
            self.rest.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }
}

pub fn deployment(spec: Value) -> Value {
    serde_json::json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec,
    })
}

/// A Deployment's spec with one container.
pub fn web(replicas: u32) -> Value {
    serde_json::json!({
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx:1.27"}]},
        },
    })
}

pub const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/default/deployments/web";
