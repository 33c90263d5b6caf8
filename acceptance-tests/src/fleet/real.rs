//! A real cluster that stands in for one of the world's: what the cloud wants
//! to know of it is fetched in the background.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;

use super::agents;
use crate::cloud::clusters::{Agent, LoadBalancerService};

/// How often the cluster is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// A real cluster.
#[derive(Debug)]
pub(super) struct Real {
    /// As it was given.
    pub(super) kubeconfig: String,
    pub(super) url: String,
    /// PEM.
    pub(super) ca_certificate: String,
    seen: Arc<Mutex<Seen>>,
    watcher: AbortHandle,
}

/// What was found at the last look.
#[derive(Debug, Clone, Default)]
struct Seen {
    agent: Option<Agent>,
    services: Vec<LoadBalancerService>,
}

impl Real {
    /// Reads a kubeconfig and begins to look at its cluster, as the world's
    /// cluster `id`.
    pub(super) fn open(id: &str, kubeconfig: String, runtime: &Handle) -> Result<Self, String> {
        let access = Access::read(&kubeconfig)?;
        let (url, ca_certificate) = (access.url.to_string(), access.ca.clone());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let watcher = runtime.spawn(look(id.to_owned(), access, Arc::clone(&seen))).abort_handle();
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { kubeconfig, url, ca_certificate, seen, watcher })
    }

    /// The registration agent, as it was at the last look.
    pub(super) fn agent(&self) -> Option<Agent> {
        self.seen().agent
    }

    /// Services of type LoadBalancer, as they were at the last look.
    pub(super) fn load_balancer_services(&self) -> Vec<LoadBalancerService> {
        self.seen().services
    }

    fn seen(&self) -> Seen {
        // Replaced whole, so a poisoned value is sound.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

async fn look(id: String, access: Access, seen: Arc<Mutex<Seen>>) {
    loop {
        // A cluster that does not answer has no agent that runs.
        let found = access.fetch(&id).await.unwrap_or_default();
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = found;
        tokio::time::sleep(PERIOD).await;
    }
}

/// What a kubeconfig's current context says.
struct Access {
    url: Uri,
    ca: String,
    tls: Option<TlsConnector>,
    token: Option<String>,
}

impl Access {
    fn read(kubeconfig: &str) -> Result<Self, String> {
        let config: Value = serde_saphyr::from_str(kubeconfig).map_err(|e| e.to_string())?;
        let current = config["current-context"].as_str().unwrap_or_default();
        let context =
            named(&config["contexts"], current).map_or(&Value::Null, |one| &one["context"]);
        let entry = |list: &str, field: &str| {
            let name = context[field].as_str().unwrap_or_default();
            named(&config[list], name).map(|one| one[field].clone()).unwrap_or_default()
        };
        let (cluster, user) = (entry("clusters", "cluster"), entry("users", "user"));
        let url = cluster["server"].as_str().ok_or("its kubeconfig names no server")?;
        let url: Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
        let ca = data(&cluster, "certificate-authority")?.unwrap_or_default();
        let tls = match url.scheme_str() {
            Some("https") => Some(connector(&ca, &user)?),
            _ => None,
        };
        let token = user["token"].as_str().map(str::to_owned);
        Ok(Self { url, ca, tls, token })
    }

    async fn fetch(&self, id: &str) -> Result<Seen, String> {
        let version = self.get("/version").await?;
        let version = version["gitVersion"].as_str().unwrap_or_default().trim_start_matches('v');
        let nodes = self.get("/api/v1/nodes").await?;
        let nodes = nodes["items"].as_array().map_or(0, Vec::len);
        let services = self.get("/api/v1/services").await?;
        let services = services["items"].as_array().into_iter().flatten();
        let services = agents::of_type_load_balancer(services);
        let deployment = self.get(agents::DEPLOYMENT).await;
        let secret = self.get(agents::SECRET).await;
        let agent = match (deployment, secret) {
            (Ok(deployment), Ok(secret)) => agents::agent(id, version, nodes, &deployment, &secret),
            _ => None,
        };
        Ok(Seen { agent, services })
    }

    /// A JSON answer with status 200; anything else is an error.
    async fn get(&self, path: &str) -> Result<Value, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let host = self.url.host().unwrap_or_default();
        let default = if self.tls.is_some() { 443 } else { 80 };
        let address = (host, self.url.port_u16().unwrap_or(default));
        let stream = TcpStream::connect(address).await.map_err(|error| text(&error))?;
        let mut sender = match &self.tls {
            Some(tls) => {
                let name = ServerName::try_from(host.to_owned()).map_err(|error| text(&error))?;
                let stream = tls.connect(name, stream).await.map_err(|error| text(&error))?;
                let (sender, connection) =
                    hyper::client::conn::http1::handshake(TokioIo::new(stream))
                        .await
                        .map_err(|error| text(&error))?;
                tokio::spawn(connection);
                sender
            }
            None => {
                let (sender, connection) =
                    hyper::client::conn::http1::handshake(TokioIo::new(stream))
                        .await
                        .map_err(|error| text(&error))?;
                tokio::spawn(connection);
                sender
            }
        };
        let prefix = self.url.path().trim_end_matches('/');
        let mut request = Request::builder().uri(format!("{prefix}{path}")).header("host", host);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|error| text(&error))?;
        let answer = sender.send_request(request).await.map_err(|error| text(&error))?;
        if answer.status() != 200 {
            return Err(format!("{path}: {}", answer.status()));
        }
        let body = answer.into_body().collect().await.map_err(|error| text(&error))?;
        serde_json::from_slice(&body.to_bytes()).map_err(|error| text(&error))
    }
}

fn named<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|one| one["name"] == name)
}

/// PEM from `<field>-data` (base64) or from the file that `<field>` names.
fn data(entry: &Value, field: &str) -> Result<Option<String>, String> {
    if let Some(encoded) = entry[format!("{field}-data")].as_str() {
        let bytes = STANDARD.decode(encoded).map_err(|error| format!("{field}-data: {error}"))?;
        return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
    }
    let Some(path) = entry[field].as_str() else { return Ok(None) };
    std::fs::read_to_string(path).map(Some).map_err(|error| format!("{path}: {error}"))
}

fn connector(ca: &str, user: &Value) -> Result<TlsConnector, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        let certificate = certificate.map_err(|error| text(&error))?;
        roots.add(certificate).map_err(|error| text(&error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| text(&error))?
        .with_root_certificates(roots);
    let own = (data(user, "client-certificate")?, data(user, "client-key")?);
    let config = match own {
        (Some(certificate), Some(key)) => {
            let chain: Result<Vec<_>, _> =
                CertificateDer::pem_slice_iter(certificate.as_bytes()).collect();
            let chain = chain.map_err(|error| text(&error))?;
            let key =
                PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| text(&error))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| text(&error))?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(TlsConnector::from(Arc::new(config)))
}
