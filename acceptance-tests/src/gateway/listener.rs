//! A load balancer's address and the sockets behind it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::ingress::{Answer, Ingress, Request};
use crate::kubernetes::Cluster;

/// An address of its own on loopback. Port 80 is served there if it may be
/// bound, else on a free port; other ports follow the gateway's servers.
#[derive(Debug)]
pub struct LoadBalancer {
    shared: Arc<Shared>,
    runtime: Handle,
    /// Follows the gateway's configuration for ports to listen on.
    follower: Mutex<Option<AbortHandle>>,
}

#[derive(Debug)]
struct Shared {
    address: Ipv4Addr,
    sockets: Mutex<Vec<Socket>>,
    ingress: Mutex<Option<Arc<Ingress>>>,
    end: CancellationToken,
}

#[derive(Debug)]
struct Socket {
    port: u16,
    dial: SocketAddr,
}

impl LoadBalancer {
    /// Takes an address derived from the id, and listens for port 80.
    ///
    /// # Errors
    /// No socket could be bound at all.
    pub fn open(id: &str, runtime: Handle) -> std::io::Result<Self> {
        Self::open_at(derived(id), None, runtime)
    }

    /// Takes this address, and listens for port 80 on `http` if it is said.
    ///
    /// # Errors
    /// No socket could be bound at all, or not the one that was said.
    pub fn open_at(address: Ipv4Addr, http: Option<u16>, runtime: Handle) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            address,
            sockets: Mutex::default(),
            ingress: Mutex::default(),
            end: CancellationToken::new(),
        });
        let listener = match http {
            Some(http) => TcpListener::bind(SocketAddr::from((address, http)))?,
            None => bind(address, 80)?,
        };
        listen(&shared, &runtime, 80, listener)?;
        Ok(Self { shared, runtime, follower: Mutex::default() })
    }

    /// What DNS records point to.
    pub fn address(&self) -> Ipv4Addr {
        self.shared.address
    }

    /// The ports, each with the socket to dial for it.
    pub fn listeners(&self) -> Vec<(u16, SocketAddr)> {
        locked(&self.shared.sockets).iter().map(|socket| (socket.port, socket.dial)).collect()
    }

    /// Sends requests to a gateway's proxy from now on, or to nobody: then
    /// connections are closed.
    pub fn serve(&self, ingress: Option<Arc<Ingress>>) {
        let follower = ingress.as_ref().map(|ingress| {
            let (shared, runtime) = (Arc::clone(&self.shared), self.runtime.clone());
            self.runtime.spawn(follow(shared, runtime, Arc::clone(ingress))).abort_handle()
        });
        *locked(&self.shared.ingress) = ingress;
        if let Some(old) = std::mem::replace(&mut *locked(&self.follower), follower) {
            old.abort();
        }
    }
}

impl Drop for LoadBalancer {
    fn drop(&mut self) {
        self.serve(None);
        self.shared.end.cancel();
    }
}

/// Every value behind these locks is replaced or appended to whole, so a
/// poisoned one is sound.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves a port of the load balancer on this socket.
fn listen(
    shared: &Arc<Shared>,
    runtime: &Handle,
    port: u16,
    listener: TcpListener,
) -> std::io::Result<()> {
    let mut sockets = locked(&shared.sockets);
    listener.set_nonblocking(true)?;
    let dial = listener.local_addr()?;
    let shared = Arc::clone(shared);
    runtime.spawn(async move {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
        accept(listener, port, shared).await;
    });
    sockets.push(Socket { port, dial });
    Ok(())
}

/// Listens on the ports of the gateway's servers.
fn open_ports(shared: &Arc<Shared>, runtime: &Handle, ingress: &Ingress) {
    for port in ingress.ports() {
        if locked(&shared.sockets).iter().any(|socket| socket.port == port) {
            continue;
        }
        // A port that cannot be had stays closed, like one without a CLB listener.
        let _ =
            bind(shared.address, port).and_then(|listener| listen(shared, runtime, port, listener));
    }
}

async fn follow(shared: Arc<Shared>, runtime: Handle, ingress: Arc<Ingress>) {
    let mut changes: Vec<_> = ingress.primaries().map(Cluster::changes).collect();
    while !changes.is_empty() {
        open_ports(&shared, &runtime, &ingress);
        let next = changes.iter_mut().map(|change| Box::pin(change.changed()));
        if futures::future::select_all(next).await.0.is_err() {
            return;
        }
    }
}

/// 127.64.0.0 and up, so that usual loopback addresses stay free.
fn derived(id: &str) -> Ipv4Addr {
    let digest = Sha256::digest(id.as_bytes());
    Ipv4Addr::new(127, 64 | (digest[0] & 0x3f), digest[1], digest[2].clamp(1, 254))
}

/// The port itself; else any port of the address; else any of 127.0.0.1, where
/// a system has no other loopback address.
fn bind(address: Ipv4Addr, port: u16) -> std::io::Result<TcpListener> {
    let at = |address: Ipv4Addr, port: u16| {
        TcpListener::bind(SocketAddr::new(IpAddr::V4(address), port))
    };
    at(address, port).or_else(|_| at(address, 0)).or_else(|_| at(Ipv4Addr::LOCALHOST, 0))
}

async fn accept(listener: tokio::net::TcpListener, port: u16, shared: Arc<Shared>) {
    loop {
        let stream = tokio::select! {
            () = shared.end.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
        };
        if locked(&shared.ingress).is_none() {
            continue;
        }
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let end = shared.end.clone();
            tokio::select! {
                () = end.cancelled() => {}
                () = serve(stream, port, shared) => {}
            }
        });
    }
}

async fn serve(stream: TcpStream, port: u16, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let ingress = locked(&shared.ingress).clone();
        async move { Ok::<_, Infallible>(handle(port, ingress, &request).await) }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    // A client that leaves early concerns nobody else.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn handle(
    port: u16,
    ingress: Option<Arc<Ingress>>,
    request: &http::Request<Incoming>,
) -> Response<Full<Bytes>> {
    let Some(ingress) = ingress else {
        return response(Answer {
            status: 503,
            headers: Vec::new(),
            body: Vec::new(),
            delay: std::time::Duration::ZERO,
        });
    };
    let text = |value: &header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let authority = request.uri().authority().map(ToString::to_string);
    let request = Request {
        port,
        method: request.method().to_string(),
        authority: authority
            .or_else(|| request.headers().get(header::HOST).map(text))
            .unwrap_or_default(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
    };
    let answer = ingress.answer(&request);
    tokio::time::sleep(answer.delay).await;
    response(answer)
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) =
            (header::HeaderName::from_bytes(name.as_bytes()), value.parse())
        {
            response.headers_mut().append(name, value);
        }
    }
    response
}
