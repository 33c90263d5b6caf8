//! How a cluster is reached, as the user says it.

use std::{collections::BTreeMap, path::PathBuf, pin::Pin};

use super::kubeconfig;
use crate::secret::Secret;

/// Where a cluster is and who we are there.
#[derive(Clone, Debug)]
pub enum Access {
    /// The text of a kubeconfig. Relative paths in it are refused, since
    /// there is no folder that they could be relative to.
    Kubeconfig {
        /// The YAML text.
        text: Secret,
        /// Context to use; the current context if `None`.
        context: Option<String>,
    },
    /// A kubeconfig file, read again when credentials must be renewed.
    KubeconfigFile {
        /// Its path; a leading `~/` is the home folder.
        path: PathBuf,
        /// Context to use; the current context if `None`.
        context: Option<String>,
    },
    /// Everything given one by one.
    Direct(Box<Direct>),
}

/// The parts of a cluster's configuration, without a kubeconfig.
#[derive(Clone, Debug, Default)]
pub struct Direct {
    /// URL of the API server; `https://` is assumed without a scheme.
    pub host: String,
    /// Bearer token.
    pub token: Option<Secret>,
    /// User name of basic authentication.
    pub username: Option<String>,
    /// Password of basic authentication.
    pub password: Option<Secret>,
    /// Client certificate chain, PEM.
    pub client_certificate: Option<String>,
    /// Key of the client certificate, PEM.
    pub client_key: Option<Secret>,
    /// Command that prints credentials.
    pub exec: Option<Exec>,
    /// Authorities that the server's certificate is checked against, PEM; the
    /// system's if `None`.
    pub cluster_ca_certificate: Option<String>,
    /// Name in the server's certificate, when it is not the host's.
    pub tls_server_name: Option<String>,
    /// Accepts any server certificate.
    pub insecure: bool,
    /// `http://`, `https://` or `socks5://` proxy; from the environment
    /// (`HTTPS_PROXY`, `NO_PROXY`) if `None`. May hold a password.
    pub proxy_url: Option<Secret>,
}

/// A command that prints an `ExecCredential` (client.authentication.k8s.io).
#[derive(Clone, Debug, Default)]
pub struct Exec {
    /// `client.authentication.k8s.io/v1` or `/v1beta1`.
    pub api_version: String,
    /// Program: a path, or a name looked up on `PATH`.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Additional environment variables.
    pub env: BTreeMap<String, Secret>,
    /// What to tell the user when the program is not there.
    pub install_hint: Option<String>,
    /// Whether the program is told about the cluster.
    pub provide_cluster_info: bool,
}

/// Why access could not be obtained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessError {
    /// A sentence for the user: what failed, and why.
    pub message: String,
    /// What the user can do about it.
    pub next_step: String,
    /// Whether it may pass by itself, so that trying again can help.
    pub passes: bool,
}

/// The future of [`AccessSource::access`].
pub type AccessFuture<'a> = Pin<Box<dyn Future<Output = Result<Access, AccessError>> + Send + 'a>>;

/// Where the access comes from, when it must be fetched (a cloud API) and
/// fetched again after it expired.
pub trait AccessSource: Send + Sync {
    /// The access as of now.
    ///
    /// Called before the first request and again after the API server refused
    /// the credentials; never twice at the same time for one cluster.
    fn access(&self) -> AccessFuture<'_>;

    /// Whether credentials may be others when they are asked for again, so that
    /// refused ones are worth another look.
    fn renews(&self) -> bool {
        true
    }
}

impl AccessSource for Access {
    fn access(&self) -> AccessFuture<'_> {
        let access = self.clone();
        Box::pin(async move { Ok(access) })
    }

    fn renews(&self) -> bool {
        matches!(self, Self::KubeconfigFile { .. })
            || kubeconfig::endpoint(self).is_ok_and(|endpoint| endpoint.login.renews())
    }
}

impl Access {
    /// A kubeconfig's text with its current context.
    pub fn kubeconfig(text: impl Into<String>) -> Self {
        Self::Kubeconfig { text: Secret::new(text), context: None }
    }
}
