//! The life of the process: start, serve, end.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{
    ServeOptions,
    handshake::{Handshake, PROTOCOL},
    log,
    orphan::{Parent, orphaned},
    rpc::Serving,
    services::Router,
    signals::Signals,
    transport::{self, Connections, Listener, Place, ServerIdentity},
};
use crate::engine::Server;

/// Threads that run calls. Calls mostly wait for the remote side.
const WORKERS: usize = 2;
/// The host kills a plugin two seconds after it asked it to end.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(1500);
/// How long running operations may take when the system asks the process to
/// end; they have been told to hurry.
const SIGNAL_GRACE: Duration = Duration::from_secs(60);
/// How long running operations may take when nobody waits for their result.
const ORPHAN_GRACE: Duration = Duration::from_secs(10);
/// How long the last answers may take to be sent.
const CLOSING: Duration = Duration::from_millis(300);

/// Who the process serves.
pub(super) enum Role {
    /// The host that started it.
    Plugin(Box<Handshake>),
    /// Whoever is told where to find it, until Ctrl-C.
    Attachable,
}

/// Why the process ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The host asked for it.
    Shutdown,
    /// The system asked for it.
    Signal,
    /// There is no host any more.
    Orphaned,
}

impl End {
    fn grace(self) -> Duration {
        match self {
            Self::Shutdown => SHUTDOWN_GRACE,
            Self::Signal => SIGNAL_GRACE,
            Self::Orphaned => ORPHAN_GRACE,
        }
    }
}

/// Serves until the end.
pub(super) fn run(
    role: Role,
    options: &ServeOptions,
    server: Arc<dyn Server>,
) -> Result<(), String> {
    log::start(options.log_filter());
    log::report_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(|error| format!("Unable to start: {error}"))?;
    let ended = runtime.block_on(live(role, options, server));
    // What still runs has had its time.
    runtime.shutdown_background();
    ended
}

async fn live(role: Role, options: &ServeOptions, server: Arc<dyn Server>) -> Result<(), String> {
    // Before the handshake: after it, the parent may be gone already.
    let parent = Parent::now();
    let mut signals =
        Signals::new().map_err(|error| format!("Unable to receive signals: {error}"))?;
    let (listener, identity) = open(&role, options).await?;
    let serving = Serving::new(server, options.address.clone());
    let (shutdown, connections) = (CancellationToken::new(), Connections::new());
    let accepting = tokio::spawn(transport::serve(
        listener,
        identity.map(|identity| identity.config),
        Router::new(serving.clone(), &shutdown),
        connections.clone(),
    ));
    let attachable = matches!(role, Role::Attachable);
    let end = tokio::select! {
        () = shutdown.cancelled() => End::Shutdown,
        () = signals.end(attachable) => End::Signal,
        () = orphaned(connections.count(), parent, Parent::now), if !attachable => End::Orphaned,
    };
    tracing::debug!(reason = ?end, "ending");
    serving.stop();
    tokio::select! {
        done = timeout(end.grace(), serving.idle()) => if done.is_err() {
            tracing::warn!("gave up operations that did not end in time");
        },
        () = signals.end(attachable) => tracing::warn!("gave up running operations"),
    }
    shutdown.cancel();
    if timeout(CLOSING, connections.close()).await.is_err() {
        tracing::debug!("a connection did not end in time");
    }
    // Removes the socket.
    accepting.await.map_err(|error| format!("Unable to serve: {error}"))
}

/// Listens, and tells those who are to connect where.
async fn open(
    role: &Role,
    options: &ServeOptions,
) -> Result<(Listener, Option<ServerIdentity>), String> {
    let (identity, place) = match role {
        Role::Plugin(handshake) => {
            let certificate = handshake.client_certificate.clone();
            let identity = certificate
                .map(ServerIdentity::new)
                .transpose()
                .map_err(|error| format!("Unable to make a certificate: {error}"))?;
            let place = Place {
                socket: handshake.socket.clone(),
                ports: handshake.ports.clone(),
                port_allowed: identity.is_some(),
            };
            (identity, place)
        }
        Role::Attachable => {
            let place = Place { socket: Default::default(), ports: 0..=0, port_allowed: false };
            (None, place)
        }
    };
    let listener = Listener::bind(&place).await.map_err(|error| {
        format!(
            "Unable to listen for Terraform: {error}. The folder for temporary files must be \
             writable and its path short; the variable TMPDIR names it."
        )
    })?;
    let announcement = match role {
        Role::Plugin(handshake) => {
            let certificate = identity.as_ref().map(|identity| &identity.certificate);
            handshake.line(listener.network(), listener.address(), certificate) + "\n"
        }
        Role::Attachable => invitation(options, &listener),
    };
    say(&announcement).map_err(|error| format!("Unable to write to standard output: {error}"))?;
    Ok((listener, identity))
}

/// How to make a Terraform in another terminal use this process.
fn invitation(options: &ServeOptions, listener: &Listener) -> String {
    let value = serde_json::json!({
        &options.address: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL,
            "Pid": std::process::id(),
            "Test": true,
            "Addr": { "Network": listener.network(), "String": listener.address() },
        }
    });
    format!(
        "The provider waits for Terraform. In another terminal of the same user, set this \
         variable and use Terraform as always:

  export TF_REATTACH_PROVIDERS='{value}'

For other shells and for debuggers, the value by itself is

{value}

Ctrl-C ends the provider.
"
    )
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
