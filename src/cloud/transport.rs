//! One HTTP exchange: the seam between the client's rules and the network.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, header};
use reqwest::{Certificate, Client, Url, redirect::Policy};

use super::endpoint::{authority, is_loopback};

/// Longest time for a connection to come about, name resolution and TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Idle connections are dropped before the cloud's gateway drops them: a request on a connection that is
/// being closed is a request whose answer is lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Longest answer that is read. The largest real ones, a hundred clusters, have some hundred kilobytes.
const MAX_ANSWER: usize = 32 << 20;

/// A request ready to be sent; always `POST /`.
pub struct Outgoing {
    /// What is dialled.
    pub url: Url,
    /// All headers, `Host` and `Authorization` included.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// Longest time for the whole exchange.
    pub timeout: Duration,
}

impl Outgoing {
    /// A header's value as text, or the empty string.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Headers and body may hold secrets: only the address is shown.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

/// An answer, whatever its status.
#[derive(Clone, Default)]
pub struct Incoming {
    /// HTTP status; the API answers 200 to errors of its own.
    pub status: u16,
    /// The `Date` header.
    pub date: Option<String>,
    /// The `Retry-After` header, if it gives seconds.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Vec<u8>,
}

/// The body may hold secrets: only its size is shown.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whether the request may have reached the server; `false` only if it surely has not.
    pub sent: bool,
    /// Whether time ran out.
    pub timeout: bool,
    /// Whether there was an answer that cannot be taken: too long, or cut off.
    pub unreadable: bool,
    /// What happened, for people.
    pub message: String,
}

/// Sends requests. The network does it in earnest; tests answer from memory.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends `request` once and reads the whole answer. Dropping the future abandons the exchange.
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, Failure>>;
}

/// Settings of the connections.
#[derive(Debug, Clone, Default)]
pub struct Connections {
    /// Certificate authorities trusted beside the system's, PEM, any number in one text.
    pub extra_roots_pem: Option<String>,
}

/// HTTP over kept-alive connections; HTTP/2 where the server offers it.
///
/// Certificates are always verified, redirects are never followed. Each kind of connection is set up when
/// it is first used: a run against loopback reads no certificate store and obeys no proxy.
#[derive(Debug)]
pub(super) struct Network {
    connections: Connections,
    loopback: OnceLock<Result<Client, String>>,
    plain: OnceLock<Result<Client, String>>,
    tls: OnceLock<Result<Client, String>>,
}

impl Network {
    pub(super) fn new(connections: Connections) -> Self {
        Self {
            connections,
            loopback: OnceLock::new(),
            plain: OnceLock::new(),
            tls: OnceLock::new(),
        }
    }

    fn client(&self, url: &Url) -> Result<&Client, Failure> {
        let built = match url.scheme() {
            "https" => self.tls.get_or_init(|| self.build_tls()),
            _ if is_loopback(url) => self.loopback.get_or_init(|| build_plain(false)),
            _ => self.plain.get_or_init(|| build_plain(true)),
        };
        built.as_ref().map_err(|message| Failure {
            sent: false,
            timeout: false,
            unreadable: false,
            message: message.clone(),
        })
    }

    fn build_tls(&self) -> Result<Client, String> {
        install_ring();
        let mut builder = builder();
        if let Some(pem) = &self.connections.extra_roots_pem {
            let roots = Certificate::from_pem_bundle(pem.as_bytes())
                .map_err(|error| format!("the extra certificate authorities: {}", chain(&error)))?;
            if roots.is_empty() {
                return Err("the extra certificate authorities hold no PEM certificate".to_owned());
            }
            builder = builder.tls_certs_merge(roots);
        }
        builder.build().map_err(|error| {
            format!(
                "TLS cannot be set up: {}; install the system's CA certificates (package \
                 ca-certificates) or point SSL_CERT_FILE to a bundle",
                chain(&error)
            )
        })
    }
}

impl Transport for Network {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, Failure>> {
        Box::pin(async move {
            let Outgoing { url, mut headers, .. } = request;
            // HTTP/2 says the same in another place; both at once would be one too many.
            if headers.get(header::HOST).is_some_and(|host| host == authority(&url).as_str()) {
                headers.remove(header::HOST);
            }
            let response = self
                .client(&url)?
                .post(url)
                .headers(headers)
                .timeout(request.timeout)
                .body(request.body)
                .send()
                .await
                .map_err(failure)?;
            read(response).await
        })
    }
}

async fn read(mut response: reqwest::Response) -> Result<Incoming, Failure> {
    let text = |name: header::HeaderName| {
        response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let mut incoming = Incoming {
        status: response.status().as_u16(),
        date: text(header::DATE),
        retry_after: text(header::RETRY_AFTER)
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(Duration::from_secs),
        body: Vec::new(),
    };
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if incoming.body.len() + chunk.len() > MAX_ANSWER {
            return Err(Failure {
                sent: true,
                timeout: false,
                unreadable: true,
                message: format!("the answer is longer than {} MiB", MAX_ANSWER >> 20),
            });
        }
        incoming.body.extend_from_slice(&chunk);
    }
    Ok(incoming)
}

fn builder() -> reqwest::ClientBuilder {
    Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .referer(false)
}

fn build_plain(proxied: bool) -> Result<Client, String> {
    install_ring();
    let builder = builder().tls_certs_only(Vec::new());
    let builder = if proxied { builder } else { builder.no_proxy() };
    builder.build().map_err(|error| chain(&error))
}

/// Makes ring the process's TLS arithmetic; a provider that is already installed stays.
fn install_ring() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn failure(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    Failure {
        // Everything that is not surely a failed connection may have reached the server.
        sent: !(error.is_connect() || error.is_builder()),
        timeout: error.is_timeout(),
        unreadable: error.is_body() || error.is_decode(),
        message: chain(&error),
    }
}

/// The error with its causes in one line; without the address, which callers name themselves.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}

/// A header value that is never shown by `Debug`.
pub(super) fn hidden(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The transport of a process, shared by all of its calls.
pub type SharedTransport = Arc<dyn Transport>;

#[cfg(test)]
mod tests;
