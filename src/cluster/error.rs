//! What can go wrong with a cluster, in terms that a user can act on.

use std::{fmt, time::Duration};

use super::{fields::FieldPath, object::ObjectRef};

/// Outcome of an operation on a cluster.
pub type Result<T> = std::result::Result<T, Error>;

/// A failed operation: what failed, where, why, and what helps.
///
/// All operations of this module are idempotent, so an error that
/// [`Error::is_transient`] may always be followed by another try.
#[derive(Clone)]
pub struct Error(Box<Detail>);

#[derive(Clone, Debug)]
struct Detail {
    kind: ErrorKind,
    message: String,
    cluster: String,
    verb: Verb,
    object: Option<ObjectRef>,
    status: Option<u16>,
    retry_after: Option<Duration>,
    waited: Option<Duration>,
    next_step: Option<String>,
    hope: Hope,
}

/// Whether trying again can help, beyond what the kind of failure says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hope {
    /// As the kind says.
    AsKind,
    /// It may pass by itself.
    Passing,
    /// It passes within seconds, or not at all.
    Brief,
}

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Loading the configuration of the cluster and opening a connection.
    Connect,
    /// Asking which kinds the API server serves.
    Discover,
    /// Reading one object.
    Get,
    /// Reading the objects of a kind.
    List,
    /// Server-side apply.
    Apply,
    /// Server-side apply that stores nothing.
    DryRun,
    /// Deleting an object.
    Delete,
    /// Waiting for an object.
    Wait,
}

/// The kinds of failure, each with its own way out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration of the cluster cannot be used as it is written.
    Config,
    /// Credentials could not be obtained (exec plugin, token file, cloud).
    Credentials,
    /// No answer: name not found, refused, reset, timed out.
    Unreachable,
    /// The server's certificate is not trusted, or ours was refused.
    Certificate,
    /// 401: credentials unknown or expired, after they were renewed once.
    Unauthorized,
    /// 403: the credentials lack a right.
    Forbidden,
    /// 404 for the object itself.
    NotFound,
    /// The group, version or kind is not served: definition missing or not yet
    /// established.
    KindNotServed,
    /// 404 for the namespace that the object is to live in.
    NamespaceMissing {
        /// Name of the absent namespace.
        namespace: String,
    },
    /// The object exists and is not ours; creating was asked for.
    Exists {
        /// Field managers of the existing object.
        managers: Vec<String>,
    },
    /// 409: other managers own fields that the manifest sets differently.
    Conflict {
        /// One entry per field and manager.
        fields: Vec<FieldConflict>,
    },
    /// 409: the object changed or was replaced in between.
    Stale,
    /// 422: values that validation refused.
    Invalid {
        /// One entry per refused value; empty when the server named none.
        causes: Vec<Cause>,
    },
    /// Fields that the schema does not have, or of the wrong type.
    SchemaMismatch {
        /// One entry per field, as far as the server named them.
        causes: Vec<Cause>,
    },
    /// An admission webhook or policy refused the object.
    Denied {
        /// Name of the webhook, when the answer says it.
        webhook: Option<String>,
    },
    /// An admission webhook did not answer.
    WebhookDown,
    /// 429.
    Throttled,
    /// 5xx: overloaded, starting, shutting down.
    Unavailable,
    /// The object, its namespace or its definition is being deleted.
    Terminating {
        /// Finalizers that hold it, when known.
        finalizers: Vec<String>,
    },
    /// 410: a list or watch is too old to go on.
    Expired,
    /// 413: the object exceeds the server's limit.
    TooLarge,
    /// 400, 415, or an answer that cannot be read.
    Malformed,
    /// Applied, but not ready within the time given.
    NotReady,
    /// Applied, and the cluster gave up on it.
    Failed,
}

/// One field that another manager owns with another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldConflict {
    /// The field.
    pub field: FieldPath,
    /// Its owner, with the subresource if any, such as `hpa (scale)`.
    pub manager: String,
}

/// One value that the server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The field; empty when the server named none.
    pub field: FieldPath,
    /// Machine-readable reason such as `FieldValueInvalid`; may be empty.
    pub reason: String,
    /// The server's sentence.
    pub message: String,
}

/// Which operation an error belongs to.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) cluster: String,
    pub(super) verb: Verb,
    pub(super) object: Option<ObjectRef>,
}

impl Context {
    pub(super) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Detail {
            kind,
            message: message.into(),
            cluster: self.cluster.clone(),
            verb: self.verb,
            object: self.object.clone(),
            status: None,
            retry_after: None,
            waited: None,
            next_step: None,
            hope: Hope::AsKind,
        }))
    }
}

impl Error {
    /// What kind of failure.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The server's sentence, or ours where there was no server.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Label of the cluster.
    pub fn cluster(&self) -> &str {
        &self.0.cluster
    }

    /// What was being done.
    pub fn verb(&self) -> Verb {
        self.0.verb
    }

    /// The object concerned, if it was about one.
    pub fn object(&self) -> Option<&ObjectRef> {
        self.0.object.as_ref()
    }

    /// HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How long the server asks to wait (`Retry-After`).
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How long the operation was tried before it was given up.
    pub fn waited(&self) -> Option<Duration> {
        self.0.waited
    }

    /// Whether the cause may pass by itself, so that trying again can help.
    ///
    /// Missing kinds and namespaces are not counted: whether they are on
    /// their way only the caller knows ([`super::Patience`]).
    pub fn is_transient(&self) -> bool {
        self.0.hope == Hope::Passing
            || matches!(
                self.0.kind,
                ErrorKind::Unreachable
                    | ErrorKind::WebhookDown
                    | ErrorKind::Throttled
                    | ErrorKind::Unavailable
                    | ErrorKind::Terminating { .. }
            )
    }

    /// Whether it passes within seconds or not at all, as while credentials or
    /// certificates are exchanged.
    pub(super) fn is_brief(&self) -> bool {
        self.0.hope == Hope::Brief
    }

    /// Whether nothing else in the cluster can be reached now either.
    pub(super) fn is_of_the_cluster(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Unreachable
                | ErrorKind::Credentials
                | ErrorKind::Certificate
                | ErrorKind::Unauthorized
        )
    }

    /// Fields that can only be set when the object is created, if the server
    /// refused a change for that reason: replacing the object helps.
    pub fn immutable_fields(&self) -> Vec<&FieldPath> {
        let ErrorKind::Invalid { causes } = &self.0.kind else { return Vec::new() };
        let fixed = |cause: &&Cause| {
            cause.message.contains("immutable") || cause.message.contains("may not change once set")
        };
        causes.iter().filter(fixed).map(|cause| &cause.field).collect()
    }

    /// One line for a diagnostic's summary.
    pub fn summary(&self) -> &'static str {
        match self.0.kind {
            ErrorKind::Config => "Cluster configuration cannot be used",
            ErrorKind::Credentials => "No credentials for the cluster",
            ErrorKind::Unreachable => "Cluster cannot be reached",
            ErrorKind::Certificate => "Cluster certificate is not trusted",
            ErrorKind::Unauthorized => "Cluster refused the credentials",
            ErrorKind::Forbidden => "Not allowed in the cluster",
            ErrorKind::NotFound => "Object does not exist",
            ErrorKind::KindNotServed => "Cluster does not know this kind",
            ErrorKind::NamespaceMissing { .. } => "Namespace does not exist",
            ErrorKind::Exists { .. } => "Object already exists",
            ErrorKind::Conflict { .. } => "Fields are owned by another manager",
            ErrorKind::Stale => "Object changed in the meantime",
            ErrorKind::Invalid { .. } => "Cluster refused a value",
            ErrorKind::SchemaMismatch { .. } => "Manifest does not fit the schema",
            ErrorKind::Denied { .. } => "Admission refused the object",
            ErrorKind::WebhookDown => "Admission webhook does not answer",
            ErrorKind::Throttled => "Cluster asks for fewer requests",
            ErrorKind::Unavailable => "Cluster is not available",
            ErrorKind::Terminating { .. } => "Object is still being deleted",
            ErrorKind::Expired => "List is too old to go on",
            ErrorKind::TooLarge => "Object is too large",
            ErrorKind::Malformed => "Request or answer could not be read",
            ErrorKind::NotReady => "Object is not ready in time",
            ErrorKind::Failed => "Object cannot become ready",
        }
    }

    /// What the user can do, in one or two sentences.
    pub fn next_step(&self) -> String {
        let cluster = &self.0.cluster;
        if let Some(next_step) = &self.0.next_step {
            return next_step.clone();
        }
        match &self.0.kind {
            ErrorKind::Config => format!("Correct the configuration of cluster {cluster:?}."),
            ErrorKind::Credentials => format!(
                "Run the credential command or renew the kubeconfig of cluster {cluster:?} by \
                 hand to see what it needs."
            ),
            ErrorKind::Unreachable => format!(
                "Check that the endpoint of cluster {cluster:?} is enabled and that this machine \
                 may reach it (security group, VPN, proxy_url)."
            ),
            ErrorKind::Certificate => format!(
                "Set cluster_ca_certificate (or tls_server_name, when the endpoint is reached \
                 under another name) of cluster {cluster:?}."
            ),
            ErrorKind::Unauthorized => format!(
                "The token or client certificate of cluster {cluster:?} is wrong or has expired: \
                 obtain a new kubeconfig or token."
            ),
            ErrorKind::Forbidden => {
                "Grant the missing right; server-side apply needs both patch and create.".to_owned()
            }
            ErrorKind::NotFound => "Check the name and namespace.".to_owned(),
            ErrorKind::KindNotServed => "Install its CustomResourceDefinition first (for Istio \
                 kinds: link the cluster to the mesh), or correct apiVersion and kind."
                .to_owned(),
            ErrorKind::NamespaceMissing { namespace } => format!(
                "Create the namespace {namespace:?} first, and let this resource depend on it."
            ),
            ErrorKind::Exists { .. } => self.how_to_adopt(),
            ErrorKind::Conflict { .. } => "Leave these fields out of the configuration to share \
                 the object, or set force_conflicts = true to take them over."
                .to_owned(),
            ErrorKind::Stale => "Plan and apply again.".to_owned(),
            ErrorKind::Invalid { .. } if !self.immutable_fields().is_empty() => {
                "These fields are fixed at creation: replace the object to change them.".to_owned()
            }
            ErrorKind::Invalid { .. } | ErrorKind::SchemaMismatch { .. } => {
                "Correct the named fields.".to_owned()
            }
            ErrorKind::Denied { .. } => {
                "Change the object so that the policy or webhook accepts it.".to_owned()
            }
            ErrorKind::WebhookDown => "Check that the webhook's service runs and that the API \
                 server can reach it."
                .to_owned(),
            ErrorKind::Throttled | ErrorKind::Unavailable => {
                "Try again later, or give it more time with timeouts.".to_owned()
            }
            ErrorKind::Terminating { finalizers } if !finalizers.is_empty() => {
                "Check the controllers that should remove these finalizers.".to_owned()
            }
            ErrorKind::Terminating { .. } => "Wait until it is gone, then apply again.".to_owned(),
            ErrorKind::Expired => "Try again.".to_owned(),
            ErrorKind::TooLarge => "Split the object; requests are limited to 3 MiB, the data of \
                 a ConfigMap or Secret to 1 MiB."
                .to_owned(),
            ErrorKind::Malformed => "Check apiVersion, kind and metadata.".to_owned(),
            ErrorKind::NotReady => "Look into the object's status and events; give it more time \
                 with timeouts if it is only slow."
                .to_owned(),
            ErrorKind::Failed => "Look into the object's status and events.".to_owned(),
        }
    }

    fn how_to_adopt(&self) -> String {
        let id = self.0.object.as_ref().map_or_else(String::new, ToString::to_string);
        format!(
            "Import it (id {id:?}), or set force_conflicts = true to adopt it as it is and take \
             over the fields of the configuration."
        )
    }

    /// The same failure, of another operation that it meets as well.
    pub(super) fn about(&self, context: &Context) -> Self {
        let Context { cluster, verb, object } = context.clone();
        Self(Box::new(Detail { cluster, verb, object, ..(*self.0).clone() }))
    }

    pub(super) fn with_next_step(mut self, next_step: impl Into<String>) -> Self {
        self.0.next_step = Some(next_step.into());
        self
    }

    /// It may pass by itself, whatever its kind.
    pub(super) fn passing(mut self) -> Self {
        self.0.hope = Hope::Passing;
        self
    }

    /// It passes within seconds, or not at all.
    pub(super) fn brief(mut self) -> Self {
        self.0.hope = Hope::Brief;
        self
    }

    pub(super) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(super) fn with_retry_after(mut self, after: Option<Duration>) -> Self {
        self.0.retry_after = after;
        self
    }

    pub(super) fn with_waited(mut self, waited: Duration) -> Self {
        self.0.waited = Some(waited);
        self
    }
}

impl fmt::Display for Error {
    /// One sentence or list: where, what, why, how long it was tried.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Detail { cluster, verb, object, message, .. } = &*self.0;
        write!(f, "cluster {cluster:?}: {verb}")?;
        if let Some(object) = object {
            write!(f, " {object}")?;
        }
        write!(f, ": {message}")?;
        match &self.0.kind {
            ErrorKind::Conflict { fields } => {
                for conflict in fields {
                    write!(f, "\n  {} is owned by {:?}", conflict.field, conflict.manager)?;
                }
            }
            ErrorKind::Invalid { causes } | ErrorKind::SchemaMismatch { causes } => {
                for cause in causes.iter().filter(|cause| !cause.field.is_empty()) {
                    write!(f, "\n  {}: {}", cause.field, cause.message)?;
                }
            }
            _ => {}
        }
        if let Some(waited) = self.0.waited.filter(|it| *it >= Duration::from_secs(1)) {
            write!(f, " (given up after {} s)", waited.as_secs())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Discover => "discover",
            Self::Get => "read",
            Self::List => "list",
            Self::Apply => "apply",
            Self::DryRun => "dry run of",
            Self::Delete => "delete",
            Self::Wait => "wait for",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: ErrorKind) -> Error {
        let object = Some("networking.istio.io/v1/Gateway/edge/main".parse().unwrap());
        Context { cluster: "hub".to_owned(), verb: Verb::Apply, object }.error(kind, "it failed")
    }

    #[test]
    fn a_conflict_lists_fields_with_their_managers() {
        let field = FieldPath::parse(".spec.servers");
        let fields = vec![FieldConflict { field, manager: "kubectl".to_owned() }];
        let error = failed(ErrorKind::Conflict { fields });
        assert_eq!(
            error.to_string(),
            "cluster \"hub\": apply networking.istio.io/v1/Gateway/edge/main: it failed\n  \
             .spec.servers is owned by \"kubectl\""
        );
        assert!(error.next_step().contains("force_conflicts"));
        assert!(!error.is_transient());
    }

    #[test]
    fn an_existing_object_comes_with_its_import_id() {
        let error = failed(ErrorKind::Exists { managers: vec![] });
        assert!(error.next_step().contains("networking.istio.io/v1/Gateway/edge/main"));
    }

    #[test]
    fn immutable_fields_ask_for_replacement() {
        let cause = |field, message: &str| Cause {
            field: FieldPath::parse(field),
            reason: "FieldValueInvalid".to_owned(),
            message: message.to_owned(),
        };
        let causes = vec![
            cause("spec.selector", "Invalid value: {}: field is immutable"),
            cause("spec.replicas", "must be non-negative"),
        ];
        let error = failed(ErrorKind::Invalid { causes });
        let fixed: Vec<String> = error.immutable_fields().iter().map(ToString::to_string).collect();
        assert_eq!(fixed, [".spec.selector"]);
        assert!(error.next_step().contains("replace"));
    }

    #[test]
    fn the_time_spent_is_part_of_the_message() {
        let error = failed(ErrorKind::Unavailable).with_waited(Duration::from_secs(90));
        assert!(error.to_string().ends_with("(given up after 90 s)"));
        assert!(error.is_transient());
    }
}
