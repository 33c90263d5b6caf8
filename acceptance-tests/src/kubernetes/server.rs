//! The TLS listener in front of one cluster's API.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as HttpBody, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::cluster::Shared;
use super::respond::{Body, Request, Reset, respond};

/// A listener that runs until it is dropped. Its port is free at that moment.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    socket: Socket,
    stop: CancellationToken,
}

/// The listening socket, until it is closed.
type Socket = Arc<Mutex<Option<TcpListener>>>;

impl Listener {
    /// Binds and serves. Every connection ends when the listener is dropped.
    pub(crate) fn start(
        runtime: &Handle,
        address: SocketAddr,
        tls: Arc<rustls::ServerConfig>,
        shared: Arc<Shared>,
    ) -> std::io::Result<Self> {
        let _context = runtime.enter();
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let socket = Arc::new(Mutex::new(Some(listener)));
        let stop = CancellationToken::new();
        runtime.spawn(accept(Arc::clone(&socket), TlsAcceptor::from(tls), shared, stop.clone()));
        Ok(Self { address, socket, stop })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.stop.cancel();
    }
}

async fn accept(socket: Socket, tls: TlsAcceptor, shared: Arc<Shared>, stop: CancellationToken) {
    let next = || {
        poll_fn(|context| match &*socket.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(listener) => listener.poll_accept(context).map(Some),
            None => Poll::Ready(None),
        })
    };
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = next() => match accepted {
                Some(Ok((stream, _))) => stream,
                Some(Err(_)) => continue,
                None => return,
            },
        };
        let (tls, shared, stop) = (tls.clone(), Arc::clone(&shared), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = serve(stream, tls, shared) => {}
            }
        });
    }
}

/// One connection. Its errors (a broken handshake, a client that left) concern
/// only the client.
async fn serve(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = tls.accept(stream).await else { return };
    let certificate = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first())
        .map(|certificate| certificate.as_ref().to_vec());
    let service = service_fn(move |request| {
        let (shared, certificate) = (Arc::clone(&shared), certificate.clone());
        async move { handle(&shared, request, certificate).await }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// Bytes of a body that are read; a little more than a write may have.
const READ_LIMIT: usize = 4 * 1024 * 1024;

async fn handle(
    shared: &Arc<Shared>,
    request: http::Request<Incoming>,
    certificate: Option<Vec<u8>>,
) -> Result<http::Response<Body>, Reset> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, READ_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        // Longer than any limit: the answer is the one for a body that is too large.
        Err(_) => bytes::Bytes::from(vec![b' '; READ_LIMIT]),
    };
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
        certificate,
    };
    respond(shared, request).await
}

/// Makes a body `Sync`: it is only ever polled through `&mut`, so the lock is
/// never waited for.
pub(crate) struct Exclusive<B>(Mutex<Pin<Box<B>>>);

impl<B> Exclusive<B> {
    pub(crate) fn new(body: B) -> Self {
        Self(Mutex::new(Box::pin(body)))
    }
}

impl<B: HttpBody> HttpBody for Exclusive<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let body = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        body.as_mut().poll_frame(context)
    }
}
