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
};
use crate::secret::Secret;

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
                // A command that asks a cloud may fail once for what passes.
                let given = given.map_err(|problem| refused(problem).brief())?;
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

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        net::SocketAddr,
        sync::{Arc, Mutex},
    };

    use bytes::Bytes;
    use futures::StreamExt;
    use http::{Request, Response, StatusCode};
    use http_body_util::Full;
    use hyper::{body::Incoming, server::conn::http1, service::service_fn};
    use hyper_util::rt::TokioIo;
    use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
    use rustls::{
        RootCertStore, ServerConfig, pki_types::PrivateKeyDer, server::WebPkiClientVerifier,
    };
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::cluster::{
        Access, AccessError, AccessFuture, AccessSource, Cluster, Direct, Patience, error::Verb,
    };

    struct Server {
        address: SocketAddr,
        certificate: String,
        /// `Authorization` headers in the order of their arrival.
        seen: Arc<Mutex<Vec<String>>>,
    }

    /// A TLS server with a certificate for the name `kubernetes` that accepts
    /// the token `good` and, if given, demands this client certificate.
    async fn serve(client: Option<&CertifiedKey<KeyPair>>) -> Server {
        let own = certified("kubernetes");
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = ServerConfig::builder();
        let builder = match client {
            Some(client) => {
                let mut roots = RootCertStore::empty();
                roots.add(client.cert.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
            None => builder.with_no_client_auth(),
        };
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
        let config = builder.with_single_cert(vec![own.cert.der().clone()], key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), seen.clone()));
        Server { address, certificate: own.cert.pem(), seen }
    }

    async fn accept(listener: TcpListener, tls: TlsAcceptor, seen: Arc<Mutex<Vec<String>>>) {
        while let Ok((stream, _)) = listener.accept().await {
            let (tls, seen) = (tls.clone(), seen.clone());
            tokio::spawn(async move {
                let Ok(stream) = tls.accept(stream).await else { return };
                let answer = service_fn(|request: Request<Incoming>| {
                    let header = request.headers().get(http::header::AUTHORIZATION);
                    let header =
                        header.map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default();
                    let status = match header.as_str() {
                        "" | "Bearer good" => StatusCode::OK,
                        _ => StatusCode::UNAUTHORIZED,
                    };
                    seen.lock().unwrap().push(header);
                    let body = Full::new(Bytes::from(r#"{"gitVersion": "v1.32.2"}"#));
                    let answer = Response::builder().status(status).body(body);
                    async { answer }
                });
                // A client that goes away is no failure of the test.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    }

    fn certified(name: &str) -> CertifiedKey<KeyPair> {
        generate_simple_self_signed(vec![name.to_owned()]).unwrap()
    }

    fn trusting(server: &Server) -> Direct {
        Direct {
            host: server.address.to_string(),
            cluster_ca_certificate: Some(server.certificate.clone()),
            tls_server_name: Some("kubernetes".to_owned()),
            ..Direct::default()
        }
    }

    async fn version(direct: Direct) -> Result<String> {
        let cluster = Cluster::new("hub", Access::Direct(Box::new(direct))).unwrap();
        let answer = cluster.version(Patience::within(Duration::ZERO)).await;
        answer.map(|version| version.git_version)
    }

    async fn failure(direct: Direct) -> (ErrorKind, String) {
        let error = version(direct).await.unwrap_err();
        (error.kind().clone(), error.to_string())
    }

    #[tokio::test]
    async fn a_trusted_server_is_reached_under_its_name() {
        let server = serve(None).await;
        let direct = Direct { token: Some("good".into()), ..trusting(&server) };
        assert_eq!(version(direct).await.unwrap(), "v1.32.2");
        assert_eq!(*server.seen.lock().unwrap(), ["Bearer good"]);
    }

    #[tokio::test]
    async fn an_untrusted_server_is_refused_unless_asked_for() {
        let server = serve(None).await;
        let stranger = certified("kubernetes").cert.pem();
        let wrong = Direct { cluster_ca_certificate: Some(stranger), ..trusting(&server) };
        let (kind, message) = failure(wrong).await;
        assert_eq!(kind, ErrorKind::Certificate, "{message}");
        let misnamed = Direct { tls_server_name: None, ..trusting(&server) };
        let (kind, message) = failure(misnamed).await;
        assert_eq!(kind, ErrorKind::Certificate, "{message}");
        assert!(message.contains(&server.address.to_string()), "{message}");
        let insecure = Direct {
            cluster_ca_certificate: None,
            tls_server_name: None,
            insecure: true,
            ..trusting(&server)
        };
        assert_eq!(version(insecure).await.unwrap(), "v1.32.2");
    }

    #[tokio::test]
    async fn a_client_certificate_is_presented() {
        let client = certified("alice");
        let server = serve(Some(&client)).await;
        let with = Direct {
            client_certificate: Some(client.cert.pem()),
            client_key: Some(client.signing_key.serialize_pem().into()),
            ..trusting(&server)
        };
        assert_eq!(version(with).await.unwrap(), "v1.32.2");
        let (kind, message) = failure(trusting(&server)).await;
        assert_eq!(kind, ErrorKind::Certificate, "{message}");
        assert!(message.contains("client certificate"), "{message}");
    }

    #[tokio::test]
    async fn a_port_without_listener_is_unreachable() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let (kind, message) =
            failure(Direct { host: address.clone(), insecure: true, ..Direct::default() }).await;
        assert_eq!(kind, ErrorKind::Unreachable, "{message}");
        assert!(message.contains(&address) && message.contains("refused"), "{message}");
    }

    #[tokio::test]
    async fn a_server_without_tls_is_said_to_be_one() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            use tokio::io::AsyncWriteExt;
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        });
        let (kind, message) = failure(Direct { host, insecure: true, ..Direct::default() }).await;
        assert_eq!(kind, ErrorKind::Certificate, "{message}");
        assert!(message.contains("does not speak TLS"), "{message}");
    }

    struct Tokens {
        server: Direct,
        left: Mutex<VecDeque<&'static str>>,
    }

    impl AccessSource for Tokens {
        fn access(&self) -> AccessFuture<'_> {
            let token = self.left.lock().unwrap().pop_front();
            let direct = Direct { token: token.map(Into::into), ..self.server.clone() };
            Box::pin(async move {
                token.map(|_| Access::Direct(Box::new(direct))).ok_or_else(|| AccessError {
                    message: "no more".to_owned(),
                    next_step: "Ask for more.".to_owned(),
                    passes: false,
                })
            })
        }
    }

    async fn asked(server: &Server, tokens: &[&'static str]) -> Result<()> {
        let left = Mutex::new(tokens.iter().copied().collect());
        let source = Tokens { server: trusting(server), left };
        let cluster = Cluster::with_source("hub", Arc::new(source));
        for _ in 0..2 {
            cluster.version(Patience::within(Duration::ZERO)).await?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn credentials_that_are_being_exchanged_are_waited_for() {
        let server = serve(None).await;
        let left = Mutex::new(["old", "old", "old", "good"].into());
        let cluster =
            Cluster::with_source("hub", Arc::new(Tokens { server: trusting(&server), left }));
        cluster.version(Patience::within(Duration::from_secs(60))).await.unwrap();
        assert_eq!(server.seen.lock().unwrap().last().unwrap(), "Bearer good");
        // A token that is written down does not become another one.
        let fixed = Direct { token: Some("old".into()), ..trusting(&server) };
        let cluster = Cluster::new("hub", Access::Direct(Box::new(fixed))).unwrap();
        let error = cluster.version(Patience::within(Duration::from_secs(60))).await.unwrap_err();
        assert_eq!(error.waited(), None, "{error}");
    }

    /// A source that fails slowly, and counts how often it is asked.
    struct Failing(std::sync::atomic::AtomicU32);

    impl AccessSource for Failing {
        fn access(&self) -> AccessFuture<'_> {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(10)).await;
                Err(AccessError {
                    message: "the cloud is down".to_owned(),
                    next_step: "Wait.".to_owned(),
                    passes: true,
                })
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_reads_of_a_cluster_out_of_reach_end_within_one_timeout() {
        let source = Arc::new(Failing(0.into()));
        let cluster = Cluster::with_source("hub", source.clone());
        let started = tokio::time::Instant::now();
        let reads = (0..1000).map(|number| {
            let object = format!("v1/ConfigMap/shop/{number}").parse().unwrap();
            let cluster = &cluster;
            async move {
                let patience = Patience::within(Duration::from_secs(30)).for_reading();
                cluster.get_shared(&object, patience).await.unwrap_err()
            }
        });
        let errors: Vec<Error> = futures::stream::iter(reads).buffer_unordered(10).collect().await;
        assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
        assert_eq!(errors.len(), 1000);
        for error in &errors {
            assert_eq!((error.message(), &*error.next_step()), ("the cloud is down", "Wait."));
        }
        assert!(source.0.load(std::sync::atomic::Ordering::Relaxed) < 8);
    }

    #[tokio::test]
    async fn refused_credentials_are_renewed_once() {
        let server = serve(None).await;
        asked(&server, &["old", "good"]).await.unwrap();
        assert_eq!(*server.seen.lock().unwrap(), ["Bearer old", "Bearer good", "Bearer good"]);
        let error = asked(&server, &["bad", "worse", "good"]).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Unauthorized);
        let error = asked(&server, &["bad"]).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Credentials);
        assert!(error.to_string().contains("no more"), "{error}");
        assert_eq!(error.next_step(), "Ask for more.");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_never_answers_is_given_up() {
        let service = tower::service_fn(|_: Request<kube::client::Body>| {
            std::future::pending::<std::result::Result<Response<Full<Bytes>>, std::io::Error>>()
        });
        let cluster = Cluster::from_client("hub", kube::Client::new(service, "default"));
        let error = cluster.version(Patience::within(Duration::ZERO)).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Unreachable);
        assert_eq!(error.verb(), Verb::Connect);
    }

    #[tokio::test]
    async fn tokens_with_line_breaks_inside_are_a_configuration_error() {
        let direct = Direct {
            host: "127.0.0.1:1".to_owned(),
            token: Some("hunter2\nx".into()),
            insecure: true,
            ..Direct::default()
        };
        let (kind, message) = failure(direct).await;
        assert_eq!(kind, ErrorKind::Config);
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[tokio::test]
    async fn token_files_are_read_again_after_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "good\n").unwrap();
        let config = format!(
            "current-context: a\nclusters: [{{name: a, cluster: {{server: 'http://a'}}}}]\n\
             contexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n\
             users: [{{name: a, user: {{tokenFile: {path:?}}}}}]\n"
        );
        let endpoint = crate::cluster::kubeconfig::endpoint(&Access::kubeconfig(config)).unwrap();
        let context = Context { cluster: "hub".to_owned(), verb: Verb::Connect, object: None };
        let mut session = Session::open(&context, &endpoint).await.unwrap();
        assert_eq!(session.authorization.as_ref().unwrap(), "Bearer good");
        assert!(!session.is_stale());
        session.renew_at = session.renew_at.map(|at| at - TOKEN_FILE_LIFE);
        assert!(session.is_stale());
    }
}
