//! An administrator's plain client of a cluster, for looking behind the scenes
//! and changing things there.

use std::{path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use serde_json::{Value, json};
use tokio::{net::TcpStream, runtime::Runtime};
use tokio_rustls::TlsConnector;

use crate::cluster::until;

/// Who a change is said to come from.
pub(crate) const SOMEBODY: &str = "kubectl-edit";

/// The client; one connection per request.
pub(crate) struct Kube {
    host: String,
    port: u16,
    tls: TlsConnector,
    token: Option<String>,
    runtime: Runtime,
}

impl Kube {
    /// A client as a kubeconfig's current context says: with a token or a client
    /// certificate.
    pub(crate) fn new(kubeconfig: &str, folder: &Path) -> Self {
        let config: Value = serde_saphyr::from_str(kubeconfig).expect("a kubeconfig is YAML");
        let context = named(&config, "contexts", &config["current-context"], "context");
        let cluster = named(&config, "clusters", &context["cluster"], "cluster");
        let user = named(&config, "users", &context["user"], "user");
        let server = cluster["server"].as_str().expect("the cluster has a server");
        let address = server.trim_start_matches("https://").trim_end_matches('/');
        let (host, port) = address.split_once(':').unwrap_or((address, "443"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self {
            host: host.to_owned(),
            port: port.parse().expect("the port is a number"),
            tls: connector(&cluster, &user, folder),
            token: user["token"].as_str().map(str::to_owned),
            runtime,
        }
    }

    /// An object, by its path; null if it is not there.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        match self.send(Method::GET, path, "", &Value::Null) {
            (200, object) => object,
            (404, _) => Value::Null,
            (status, answer) => panic!("GET {path}: {status} {answer}"),
        }
    }

    /// Makes an object in a collection.
    #[track_caller]
    pub(crate) fn create(&self, collection: &str, object: &Value) {
        let path = format!("{collection}?fieldManager={SOMEBODY}");
        let (status, answer) = self.send(Method::POST, &path, "application/json", object);
        assert!(matches!(status, 200 | 201 | 409), "POST {path}: {status} {answer}");
    }

    /// Changes fields of an object as somebody else (merge patch).
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, change: &Value) {
        let path = format!("{path}?fieldManager={SOMEBODY}");
        let (status, answer) =
            self.send(Method::PATCH, &path, "application/merge-patch+json", change);
        assert_eq!(status, 200, "PATCH {path}: {answer}");
    }

    /// Deletes an object, if it is there, and waits until it is gone.
    #[track_caller]
    pub(crate) fn delete(&self, path: &str) {
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
        let (status, answer) = self.send(Method::DELETE, path, "application/json", &options);
        assert!(matches!(status, 200 | 202 | 404), "DELETE {path}: {status} {answer}");
        until(&format!("{path} is gone"), || self.get(path).is_null());
    }

    fn send(&self, method: Method, path: &str, media: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let name = ServerName::try_from(self.host.clone()).expect("a host");
        let mut request = Request::builder().method(method).uri(path).header("host", &self.host);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if !media.is_empty() {
            request = request.header("content-type", media);
        }
        let request = request.body(Full::new(Bytes::from(body))).expect("a request");
        self.runtime.block_on(async {
            let stream =
                TcpStream::connect((self.host.as_str(), self.port)).await.expect("a server");
            let stream = self.tls.connect(name, stream).await.expect("a handshake");
            let stream = TokioIo::new(stream);
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(stream).await.expect("HTTP/1.1");
            tokio::spawn(connection);
            let answer = sender.send_request(request).await.expect("an answer");
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.expect("a body").to_bytes();
            (status, serde_json::from_slice(&body).unwrap_or_default())
        })
    }
}

fn connector(cluster: &Value, user: &Value, folder: &Path) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let authority = data(cluster, "certificate-authority", folder).expect("an authority");
    for certificate in CertificateDer::pem_slice_iter(&authority) {
        roots.add(certificate.expect("a certificate")).expect("a usable certificate");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(roots);
    let certificate = data(user, "client-certificate", folder);
    let config = match certificate.zip(data(user, "client-key", folder)) {
        Some((certificate, key)) => {
            let chain = CertificateDer::pem_slice_iter(&certificate).map(Result::unwrap).collect();
            let key = PrivateKeyDer::from_pem_slice(&key).expect("a key");
            config.with_client_auth_cert(chain, key).expect("a usable key")
        }
        None => config.with_no_client_auth(),
    };
    TlsConnector::from(Arc::new(config))
}

/// `<name>-data` in base64, or the file that `<name>` names.
fn data(of: &Value, name: &str, folder: &Path) -> Option<Vec<u8>> {
    if let Some(text) = of[format!("{name}-data")].as_str() {
        return Some(STANDARD.decode(text).expect("base64"));
    }
    let file = folder.join(of[name].as_str()?);
    Some(std::fs::read(file).expect("a file that the kubeconfig names"))
}

fn named(config: &Value, list: &str, name: &Value, part: &str) -> Value {
    let entries = config[list].as_array().into_iter().flatten();
    let mut found = entries.filter(|entry| entry["name"] == *name).map(|entry| entry[part].clone());
    found.next().unwrap_or_else(|| panic!("the kubeconfig has no {part} {name}"))
}
