//! From an [`Endpoint`] to a connection with credentials, and what its
//! failures mean.

use std::{error::Error as StdError, io, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use jiff::{SignedDuration, Timestamp};
use kube::client::ClientBuilder;
use secrecy::SecretString;

use super::{
    error::{Context, Error, ErrorKind, Result},
    exec,
    kubeconfig::{Endpoint, Identity, Login},
    secret::Secret,
};

/// How long a connection may take to open, TLS included.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);

/// How long a connection may be silent; longer than any single request.
const SILENCE_LIMIT: Duration = Duration::from_secs(75);

/// How long before their end credentials are renewed.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_secs(60);

/// How long the content of a token file is used.
const TOKEN_FILE_LIFE: SignedDuration = SignedDuration::from_secs(60);

/// A connection pool to one API server and the header that says who we are.
pub(super) struct Session {
    pub(super) client: kube::Client,
    pub(super) authorization: Option<HeaderValue>,
    pub(super) namespace: String,
    /// Host and port, for messages.
    pub(super) address: String,
    renew_at: Option<Timestamp>,
}

impl Session {
    /// Obtains credentials and prepares a client; sends nothing.
    ///
    /// Credentials are ours to add, not the `kube` crate's: its exec plugins
    /// have no time limit, run three times per client, block, and their errors
    /// show what they printed.
    pub(super) async fn open(context: &Context, endpoint: &Endpoint) -> Result<Self> {
        let credentials = Credentials::of(context, endpoint).await?;
        let identity = credentials.identity.as_ref().or(endpoint.identity.as_ref());
        let client = client(context, endpoint, identity)?;
        Ok(Self {
            client,
            authorization: credentials.authorization,
            namespace: endpoint.namespace.clone(),
            address: endpoint.url.authority().map(ToString::to_string).unwrap_or_default(),
            renew_at: credentials.renew_at,
        })
    }

    /// A session over a client that exists, without credentials of its own.
    pub(super) fn over(client: kube::Client) -> Self {
        let namespace = client.default_namespace().to_owned();
        let address = "the API server".to_owned();
        Self { client, authorization: None, namespace, address, renew_at: None }
    }

    /// Whether the credentials have ended or are about to.
    pub(super) fn is_stale(&self) -> bool {
        self.renew_at.is_some_and(|at| Timestamp::now() >= at)
    }
}

struct Credentials {
    authorization: Option<HeaderValue>,
    identity: Option<Identity>,
    renew_at: Option<Timestamp>,
}

impl Credentials {
    async fn of(context: &Context, endpoint: &Endpoint) -> Result<Self> {
        let refused = |problem: String| context.error(ErrorKind::Credentials, problem);
        let mut credentials = Self { authorization: None, identity: None, renew_at: None };
        match &endpoint.login {
            Login::None => {}
            Login::Token(token) => credentials.authorization = Some(bearer(context, token)?),
            Login::TokenFile(path) => {
                let text = tokio::fs::read_to_string(path).await;
                let text = text.map_err(|error| refused(format!("{}: {error}", path.display())))?;
                credentials.authorization = Some(bearer(context, &Secret::new(text.trim()))?);
                credentials.renew_at = Some(Timestamp::now() + TOKEN_FILE_LIFE);
            }
            Login::Basic { username, password } => {
                let pair = format!("{username}:{}", password.expose());
                let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
                credentials.authorization = Some(header(context, &value)?);
            }
            Login::Exec(plugin) => {
                let given = exec::credentials(plugin, &endpoint.cluster_info).await;
                let given = given.map_err(refused)?;
                let token = given.token.as_ref();
                credentials.authorization = token.map(|it| bearer(context, it)).transpose()?;
                credentials.identity = given.identity;
                credentials.renew_at = given.expires.map(|at| at - RENEW_BEFORE);
            }
        }
        Ok(credentials)
    }
}

fn bearer(context: &Context, token: &Secret) -> Result<HeaderValue> {
    header(context, &format!("Bearer {}", token.expose()))
}

fn header(context: &Context, text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        let problem = "the token or password holds characters that no header may hold";
        context.error(ErrorKind::Config, problem)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn client(
    context: &Context,
    endpoint: &Endpoint,
    identity: Option<&Identity>,
) -> Result<kube::Client> {
    // Refused only if a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = kube::Config::new(endpoint.url.clone());
    config.default_namespace.clone_from(&endpoint.namespace);
    config.root_cert.clone_from(&endpoint.authorities);
    let unverified = endpoint.insecure || endpoint.url.scheme_str() == Some("http");
    if unverified && config.root_cert.is_none() {
        // Spares loading the system's authorities, which may not even exist.
        config.root_cert = Some(Vec::new());
    }
    config.accept_invalid_certs = endpoint.insecure;
    config.tls_server_name.clone_from(&endpoint.tls_server_name);
    config.proxy_url = endpoint.proxy.clone().or_else(|| proxy_of_environment(&endpoint.url));
    config.connect_timeout = Some(CONNECT_LIMIT);
    config.read_timeout = Some(SILENCE_LIMIT);
    config.write_timeout = Some(SILENCE_LIMIT);
    config.reset_reader_on_write = true;
    config.default_retry = false;
    config.auth_info = endpoint.impersonate.clone();
    if let Some(Identity { certificate, key }) = identity {
        let encoded = |pem: &str| BASE64_STANDARD.encode(pem);
        config.auth_info.client_certificate_data = Some(encoded(certificate));
        config.auth_info.client_key_data = Some(SecretString::from(encoded(key.expose())));
    }
    let builder = ClientBuilder::try_from(config).map_err(|error| unusable(context, &error))?;
    Ok(builder.build())
}

/// `kube` matches `NO_PROXY` against the proxy instead of the server, so the
/// environment is read here.
fn proxy_of_environment(url: &Uri) -> Option<Uri> {
    Matcher::from_env().intercept(url).map(|proxy| {
        let Some((user, password)) = proxy.raw_auth() else { return proxy.uri().clone() };
        let authority = proxy.uri().authority().map(ToString::to_string).unwrap_or_default();
        let scheme = proxy.uri().scheme_str().unwrap_or("http");
        let full = format!("{scheme}://{user}:{password}@{authority}").parse();
        full.unwrap_or_else(|_| proxy.uri().clone())
    })
}

fn unusable(context: &Context, error: &kube::Error) -> Error {
    let kind = match error {
        kube::Error::RustlsTls(_) => ErrorKind::Certificate,
        _ => ErrorKind::Config,
    };
    context.error(kind, innermost(error))
}

/// Explains why a request got no answer.
pub(super) fn no_answer(context: &Context, address: &str, error: &kube::Error) -> Error {
    let mut current: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = current {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return refused_handshake(context, address, tls);
        }
        current = below(cause);
    }
    let message = format!("no answer from {address}: {}", innermost(error));
    context.error(ErrorKind::Unreachable, message)
}

fn refused_handshake(context: &Context, address: &str, error: &rustls::Error) -> Error {
    let (kind, message) = match error {
        rustls::Error::InvalidCertificate(why) => {
            (ErrorKind::Certificate, format!("the certificate of {address} is not trusted: {why}"))
        }
        rustls::Error::AlertReceived(alert) => (
            ErrorKind::Certificate,
            format!(
                "{address} refused the TLS handshake ({alert:?}); check the client certificate"
            ),
        ),
        rustls::Error::InvalidMessage(_) => (
            ErrorKind::Certificate,
            format!("{address} does not speak TLS; check the port and https:// in the server URL"),
        ),
        other => (ErrorKind::Certificate, format!("TLS with {address} failed: {other}")),
    };
    context.error(kind, message)
}

/// The deepest error says what happened; those above repeat that something
/// did.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(cause) = below(last) {
        last = cause;
    }
    last.to_string()
}

/// The cause of an error. An `io::Error` around another error passes over
/// that one in its `source`.
fn below<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    if let Some(io) = error.downcast_ref::<io::Error>()
        && let Some(inner) = io.get_ref()
    {
        return Some(inner);
    }
    error.source()
}
