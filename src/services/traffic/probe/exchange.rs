//! One request and its answer over a connection of its own.

use std::{error::Error as StdError, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::http1,
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{
    net::{TcpStream, lookup_host},
    sync::OnceCell,
    time::Instant,
};
use tokio_rustls::TlsConnector;

use super::{ProbeSpec, SpecProblem, target::Target};

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers in the order of the answer, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as text, cut at the limit of the specification; bytes that are
    /// no UTF-8 are replaced.
    pub body: String,
    /// Whether the body was longer.
    pub truncated: bool,
    /// Address that answered.
    pub remote: SocketAddr,
    /// Time from dialling to the end of the body, redirects included.
    pub elapsed: Duration,
}

/// Everything about a request but its target.
pub(super) struct Exchange {
    method: Method,
    headers: HeaderMap,
    body: Bytes,
    authorities: Option<RootCertStore>,
    tls: OnceCell<TlsConnector>,
    max_redirects: u32,
    body_limit: usize,
}

const USER_AGENT: &str = concat!("terraform-provider-crossmesh/", env!("CARGO_PKG_VERSION"));

impl Exchange {
    pub(super) fn new(spec: &ProbeSpec, problems: &mut Vec<SpecProblem>) -> Option<Self> {
        let before = problems.len();
        let mut refuse = |field, message: String| problems.push(SpecProblem { field, message });
        let method = match spec.method.trim().to_ascii_uppercase().as_str() {
            "" => Method::GET,
            name => Method::from_bytes(name.as_bytes()).unwrap_or_else(|_| {
                refuse("method", format!("{name:?} is no request method"));
                Method::GET
            }),
        };
        if method == Method::CONNECT {
            refuse("method", "CONNECT asks for a tunnel, which is no probe".to_owned());
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        for (name, value) in &spec.headers {
            match (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
                (Ok(header::HOST), _) => refuse("headers", "set host instead of Host".to_owned()),
                (Ok(header::CONTENT_LENGTH | header::TRANSFER_ENCODING), _) => {
                    refuse("headers", format!("{name} follows from the body"));
                }
                (Ok(name), Ok(value)) => {
                    headers.insert(name, value);
                }
                // Its value may be a credential, so only the name is shown.
                _ => refuse("headers", format!("{name:?} has an invalid name or value")),
            }
        }
        let authorities = spec.ca_certificate.as_deref().map(authorities).transpose();
        let authorities = authorities.unwrap_or_else(|problem| {
            refuse("ca_certificate", problem);
            None
        });
        (problems.len() == before).then(|| Self {
            method,
            headers,
            body: spec.body.clone().unwrap_or_default().into(),
            authorities,
            tls: OnceCell::new(),
            max_redirects: spec.max_redirects,
            body_limit: spec.body_limit,
        })
    }

    /// Asks the target, follows redirects as far as allowed, reads the answer.
    /// The error says in words why there is none.
    pub(super) async fn run(&self, target: &Target) -> Result<Answer, String> {
        let started = Instant::now();
        let mut target = target.clone();
        let mut method = self.method.clone();
        let mut headers = self.headers.clone();
        let mut body = self.body.clone();
        let mut redirects = 0;
        loop {
            let request = request(&target, &method, &headers, &body)?;
            let mut answer = self.ask(&target, request).await?;
            let location = answer.headers.iter().find(|(name, _)| name == "location");
            let (true, Some((_, location))) = (is_redirect(answer.status), location) else {
                answer.elapsed = started.elapsed();
                return Ok(answer);
            };
            if redirects == self.max_redirects {
                if self.max_redirects > 0 {
                    return Err(format!("redirected more than {redirects} times"));
                }
                answer.elapsed = started.elapsed();
                return Ok(answer);
            }
            redirects += 1;
            let next = target.redirected(location)?;
            if !target.same_origin(&next) {
                headers.remove(header::AUTHORIZATION);
                headers.remove(header::COOKIE);
            }
            if answer.status == 303 || (answer.status < 303 && method == Method::POST) {
                method = if method == Method::HEAD { method } else { Method::GET };
                body = Bytes::new();
                headers.remove(header::CONTENT_TYPE);
            }
            target = next;
        }
    }

    async fn ask(&self, target: &Target, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let (stream, remote) = dial(target).await?;
        if !target.https {
            return self.exchange(target, remote, TokioIo::new(stream), request).await;
        }
        let name = ServerName::try_from(target.tls_name.clone())
            .map_err(|_| format!("{:?} is no name for TLS", target.tls_name))?;
        let connector = self.tls.get_or_try_init(|| async { self.connector() }).await?;
        let stream = connector.connect(name, stream).await.map_err(|error| {
            let why = innermost(&error);
            format!("TLS with {remote} for {:?} failed: {why}", target.tls_name)
        })?;
        self.exchange(target, remote, TokioIo::new(stream), request).await
    }

    async fn exchange<S>(
        &self,
        target: &Target,
        remote: SocketAddr,
        stream: S,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, String>
    where
        S: Read + Write + Unpin + Send + 'static,
    {
        let broken = |error: hyper::Error| {
            let name = &target.host;
            format!("{remote} did not answer for {name:?}: {}", innermost(&error))
        };
        let (mut sender, connection) = http1::handshake(stream).await.map_err(broken)?;
        let driver = Driver(tokio::spawn(async move {
            // A failure of the connection is seen by the request as well.
            let _ = connection.await;
        }));
        let answer = sender.send_request(request).await.map_err(broken)?;
        let (parts, body) = answer.into_parts();
        let (body, truncated) = limited(body, self.body_limit).await.map_err(broken)?;
        drop(driver);
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
            truncated,
            remote,
            elapsed: Duration::ZERO,
        })
    }

    fn connector(&self) -> Result<TlsConnector, String> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(|it| it.to_string())?;
        let mut config = match &self.authorities {
            Some(roots) => builder.with_root_certificates(roots.clone()),
            None => builder
                .with_platform_verifier()
                .map_err(|error| format!("the system's certificate authorities: {error}"))?,
        }
        .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

/// Ends the connection's task with the exchange.
struct Driver(tokio::task::JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn request(
    target: &Target,
    method: &Method,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Request<Full<Bytes>>, String> {
    let mut request = Request::new(Full::new(body.clone()));
    *request.method_mut() = method.clone();
    *request.uri_mut() = target.path.clone().into();
    *request.headers_mut() = headers.clone();
    let host = HeaderValue::from_str(&target.host);
    let host = host.map_err(|_| format!("{:?} is no value for Host", target.host))?;
    request.headers_mut().insert(header::HOST, host);
    Ok(request)
}

async fn dial(target: &Target) -> Result<(TcpStream, SocketAddr), String> {
    let addresses = lookup_host(target.dial()).await;
    let addresses = addresses
        .map_err(|error| format!("the name {:?} cannot be resolved: {error}", target.dial().0))?;
    let mut failures = Vec::new();
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok((stream, address)),
            Err(error) => failures.push(format!("{address}: {error}")),
        }
    }
    if failures.is_empty() {
        return Err(format!("the name {:?} has no address", target.dial().0));
    }
    Err(format!("cannot connect to {}", failures.join("; ")))
}

/// Reads up to `limit` bytes and whether there were more.
async fn limited(mut body: Incoming, limit: usize) -> Result<(Vec<u8>, bool), hyper::Error> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let room = limit - read.len();
        if data.len() > room {
            read.extend_from_slice(&data[..room]);
            return Ok((read, true));
        }
        read.extend_from_slice(&data);
    }
    Ok((read, false))
}

fn is_redirect(status: u16) -> bool {
    let followed = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    followed.iter().any(|it| it.as_u16() == status)
}

fn authorities(pem: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| format!("no PEM: {error}"))?;
        roots.add(certificate).map_err(|error| format!("no usable certificate: {error}"))?;
    }
    if roots.is_empty() {
        return Err("it holds no PEM certificate".to_owned());
    }
    Ok(roots)
}

/// The deepest error says what happened. An `io::Error` around another error
/// passes over that one in its `source`.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    loop {
        let wrapped = last.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped.map(|it| it as &(dyn StdError + 'static)).or_else(|| last.source()) {
            Some(cause) => last = cause,
            None => return last.to_string(),
        }
    }
}
