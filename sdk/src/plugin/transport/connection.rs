//! Connections: from the listener to the services.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use hyper::{Request, Response, body::Incoming, server::conn::http2, service::Service};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::{sync::watch, time::timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

use super::listener::{Listener, Stream};

/// How long a client may take to prove who it is.
const TLS_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait when the system gives no more connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// What may be on its way without the plugin having taken it: large states
/// come in few round trips.
const WINDOW: u32 = 4 << 20;

/// The connections that are open.
#[derive(Clone)]
pub(crate) struct Connections {
    count: watch::Sender<usize>,
    end: CancellationToken,
}

impl Connections {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { count: watch::Sender::new(0), end: CancellationToken::new() }
    }

    /// How many clients are let in.
    pub(crate) fn count(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    /// Takes no more requests, and ends each connection when its last answer is
    /// sent.
    pub(crate) async fn close(&self) {
        self.end.cancel();
        // Fails only when the sender is gone, which `self` holds.
        let _ = self.count().wait_for(|count| *count == 0).await;
    }

    fn open(&self) -> Open {
        self.count.send_modify(|count| *count += 1);
        Open(self.count.clone())
    }
}

/// Counts while it lives.
struct Open(watch::Sender<usize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Serves every connection until `connections` are closed.
pub(crate) async fn serve<S>(
    listener: Listener,
    tls: Option<Arc<ServerConfig>>,
    service: S,
    connections: Connections,
) where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    let tls = tls.map(TlsAcceptor::from);
    loop {
        let stream = tokio::select! {
            () = connections.end.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!(%error, "unable to accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let (tls, service, connections) = (tls.clone(), service.clone(), connections.clone());
        tokio::spawn(async move {
            match admit(stream, tls).await {
                Ok(stream) => serve_one(stream, service, &connections).await,
                Err(error) => tracing::warn!(%error, "refused a connection"),
            }
        });
    }
}

/// Lets the client prove who it is.
async fn admit(stream: Box<dyn Stream>, tls: Option<TlsAcceptor>) -> io::Result<Box<dyn Stream>> {
    let Some(tls) = tls else { return Ok(stream) };
    let stream = timeout(TLS_TIMEOUT, tls.accept(stream)).await??;
    Ok(Box::new(stream))
}

async fn serve_one<S>(stream: Box<dyn Stream>, service: S, connections: &Connections)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Send + 'static,
    S::Future: Send,
{
    let _open = connections.open();
    let connection = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_concurrent_streams(None)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = connections.end.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
