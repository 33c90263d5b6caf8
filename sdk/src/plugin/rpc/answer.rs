//! What all calls have in common: a log span, a task of their own, and an
//! answer whatever happens.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::task::JoinError;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span, field::Empty};

use super::Fault;
use crate::{
    Diagnostic,
    engine::Server,
    plugin::{
        convert::{self, Family, Types},
        log::payload_text,
        wire::tfplugin6 as wire,
    },
};

/// The server with what the calls share. Clones are the same.
#[derive(Clone)]
pub(crate) struct Serving(Arc<Shared>);

struct Shared {
    server: Arc<dyn Server>,
    types: Types,
    address: String,
    operations: TaskTracker,
    calls: AtomicU64,
}

/// One RPC: its request knows how to be answered.
pub(crate) trait Call: Send + Sized + 'static {
    /// The RPC's name.
    const NAME: &'static str;
    /// The message that answers it.
    type Answer: Answer;

    /// What the call is about.
    fn subject(&self) -> Subject {
        Subject::Provider
    }

    /// Converts in, calls, converts out.
    fn run(self, serving: &Serving) -> impl Future<Output = Result<Self::Answer, Fault>> + Send;
}

/// A message that can tell what went wrong.
pub(crate) trait Answer: Send + 'static {
    /// An answer that says only this.
    fn failed(error: Diagnostic) -> Self;

    /// The messages for the person, for the log.
    fn diagnostics(&self) -> &[wire::Diagnostic];
}

/// What a call is about.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// The provider as a whole.
    Provider,
    /// A type of something.
    Type(Family, String),
    /// A function.
    Function(String),
}

impl Serving {
    /// Serves `server`; `address` is the provider's, for the log.
    pub(crate) fn new(server: Arc<dyn Server>, address: String) -> Self {
        let types = Types::new(Arc::clone(&server));
        let (operations, calls) = (TaskTracker::new(), AtomicU64::new(0));
        Self(Arc::new(Shared { server, types, address, operations, calls }))
    }

    pub(super) fn server(&self) -> &dyn Server {
        &*self.0.server
    }

    pub(super) fn types(&self) -> &Types {
        &self.0.types
    }

    /// Asks running operations to end soon.
    pub(crate) fn stop(&self) {
        self.0.server.stop().cancel();
    }

    /// Waits until no operation is running.
    pub(crate) async fn idle(&self) {
        self.0.operations.close();
        self.0.operations.wait().await;
    }

    /// Answers a call. It goes on by itself if Terraform stops waiting for it:
    /// half-made objects are worse than unheard answers.
    pub(super) async fn answer<C: Call>(&self, call: C) -> C::Answer {
        let subject = call.subject();
        let span = self.span(C::NAME, &subject);
        let (serving, about) = (self.clone(), subject.clone());
        let operation = async move {
            tracing::trace!("RPC received");
            let start = Instant::now();
            let answer = call
                .run(&serving)
                .await
                .unwrap_or_else(|fault| C::Answer::failed(fault.diagnostic(C::NAME, &about)));
            log_end(answer.diagnostics(), start);
            answer
        };
        match self.0.operations.spawn(operation.instrument(span)).await {
            Ok(answer) => answer,
            Err(error) => C::Answer::failed(unfinished(C::NAME, &subject, error)),
        }
    }

    /// Wraps everything that is logged on the call's behalf. The fields have
    /// the names that Terraform's own SDKs give them.
    fn span(&self, rpc: &'static str, subject: &Subject) -> Span {
        let number = self.0.calls.fetch_add(1, Ordering::Relaxed);
        let span = tracing::error_span!(
            "rpc",
            tf_provider_addr = self.0.address,
            tf_proto_version = "6.11",
            tf_rpc = rpc,
            tf_req_id = format_args!("{}-{number}", std::process::id()),
            tf_resource_type = Empty,
            tf_data_source_type = Empty,
            tf_ephemeral_resource_type = Empty,
            tf_function_name = Empty,
        );
        match subject {
            Subject::Provider => &span,
            Subject::Type(Family::Resource, name) => span.record("tf_resource_type", name),
            Subject::Type(Family::DataSource, name) => span.record("tf_data_source_type", name),
            Subject::Type(Family::Ephemeral, name) => {
                span.record("tf_ephemeral_resource_type", name)
            }
            Subject::Function(name) => span.record("tf_function_name", name),
        };
        span
    }
}

fn log_end(diagnostics: &[wire::Diagnostic], start: Instant) {
    use wire::diagnostic::Severity;
    let count = |severity: Severity| {
        diagnostics.iter().filter(|diagnostic| diagnostic.severity() == severity).count()
    };
    for diagnostic in diagnostics {
        let (summary, detail) = (&diagnostic.summary, &diagnostic.detail);
        match diagnostic.severity() {
            Severity::Warning => tracing::warn!(
                diagnostic_severity = "WARNING",
                diagnostic_summary = summary,
                diagnostic_detail = detail,
                "Response contains warning diagnostic"
            ),
            _ => tracing::error!(
                diagnostic_severity = "ERROR",
                diagnostic_summary = summary,
                diagnostic_detail = detail,
                "Response contains error diagnostic"
            ),
        }
    }
    tracing::debug!(
        tf_req_duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        diagnostic_error_count = count(Severity::Error),
        diagnostic_warning_count = count(Severity::Warning),
        "RPC answered"
    );
}

/// What to say of a call whose task did not end by itself.
fn unfinished(rpc: &str, subject: &Subject, error: JoinError) -> Diagnostic {
    match error.try_into_panic() {
        Ok(payload) => Diagnostic::error(
            "The provider failed unexpectedly",
            format!(
                "{rpc} for {subject} ended with: {}.\n\nThis is a bug in the provider; please \
                 report it with the steps that lead here. If an object was being created or \
                 changed, look at what became of it before you apply again.",
                payload_text(&*payload)
            ),
        ),
        Err(_) => Diagnostic::error(
            "The provider is ending",
            format!("{rpc} for {subject} was given up because the provider's process is ending."),
        ),
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider => f.write_str("the provider"),
            Self::Type(family, name) => write!(f, "the {} {name}", family.word()),
            Self::Function(name) => write!(f, "the function {name}"),
        }
    }
}

/// Messages that have diagnostics.
macro_rules! with_diagnostics {
    ($($messages:ident),* $(,)?) => {
        $(impl Answer for wire::$messages::Response {
            fn failed(error: Diagnostic) -> Self {
                Self { diagnostics: convert::diagnostics(error.into()), ..Default::default() }
            }

            fn diagnostics(&self) -> &[wire::Diagnostic] {
                &self.diagnostics
            }
        })*
    };
}

with_diagnostics!(
    get_metadata,
    get_provider_schema,
    get_resource_identity_schemas,
    get_functions,
    read_resource,
    plan_resource_change,
    apply_resource_change,
    import_resource_state,
    move_resource_state,
    upgrade_resource_state,
    upgrade_resource_identity,
    read_data_source,
    open_ephemeral_resource,
    renew_ephemeral_resource,
);

/// Messages that have nothing but diagnostics.
macro_rules! only_diagnostics {
    ($($messages:ident),* $(,)?) => {
        $(impl Answer for wire::$messages::Response {
            fn failed(error: Diagnostic) -> Self {
                Self { diagnostics: convert::diagnostics(error.into()) }
            }

            fn diagnostics(&self) -> &[wire::Diagnostic] {
                &self.diagnostics
            }
        })*
    };
}

only_diagnostics!(
    validate_provider_config,
    configure_provider,
    validate_resource_config,
    validate_data_resource_config,
    validate_ephemeral_resource_config,
    close_ephemeral_resource,
);

impl Answer for wire::stop_provider::Response {
    fn failed(error: Diagnostic) -> Self {
        Self { error: error.detail }
    }

    fn diagnostics(&self) -> &[wire::Diagnostic] {
        &[]
    }
}

impl Answer for wire::call_function::Response {
    fn failed(error: Diagnostic) -> Self {
        Self {
            error: Some(wire::FunctionError { text: error.detail, function_argument: None }),
            ..Default::default()
        }
    }

    fn diagnostics(&self) -> &[wire::Diagnostic] {
        &[]
    }
}
