//! One simulated cluster: its API server and what tests may do to it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::admission::Mesh;
use super::auth::{Credentials, User};
use super::bootstrap;
use super::faults::Faults;
use super::identifiers;
use super::kubeconfig::{self, Proof};
use super::respond::Request;
use super::server::Listener;
use super::settings::Settings;
use super::state::State;
use super::store::Key;
use super::tls::{Authority, TlsError};
use super::{controllers, istio, manifests};
use crate::cloud::Instruments;

/// Group and plural of definitions.
const DEFINITIONS: (&str, &str) = ("apiextensions.k8s.io", "customresourcedefinitions");

/// How many requests are remembered.
const MAX_CALLS: usize = 100_000;

/// The field manager of what a mesh puts into a cluster.
const MESH_MANAGER: &str = "tcm";

/// A running cluster. Clones are handles to the same one; it ends with the last.
#[derive(Debug, Clone)]
pub struct Cluster(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: String,
    shared: Arc<Shared>,
    trust: Mutex<Trust>,
    address: SocketAddr,
    listener: Mutex<Option<Listener>>,
    runtime: Handle,
    controllers: tokio::task::AbortHandle,
}

/// Whose signature the API server shows and accepts.
#[derive(Debug, Clone)]
struct Trust {
    authority: Arc<Authority>,
    tls: Arc<rustls::ServerConfig>,
}

impl Trust {
    fn new(id: &str) -> Result<Self, TlsError> {
        let authority = Arc::new(Authority::new(id)?);
        let tls = authority.server_config()?;
        Ok(Self { authority, tls })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.controllers.abort();
    }
}

/// What the listener, the watches and the controllers share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) faults: Faults,
    /// The faults and the record that the whole simulator shares.
    pub(crate) instruments: Instruments,
    /// `cls-…`, for the record.
    pub(crate) id: String,
    /// Tells the controllers' task that a timer may have become due sooner.
    wake: Notify,
    calls: Mutex<VecDeque<String>>,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // Every write stores whole objects, so a poisoned state is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the controllers act on what changed.
    pub(crate) fn settle(&self, state: &mut State) {
        if controllers::run(state).is_some() {
            self.wake.notify_one();
        }
    }

    pub(crate) fn count_call(&self, request: &Request) {
        let call = format!("{} {}", request.method, request.path);
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() == MAX_CALLS {
            calls.pop_front();
        }
        calls.push_back(call);
    }
}

impl Cluster {
    /// Starts a cluster's API server on a free port of 127.0.0.1. Must be
    /// called within a Tokio runtime.
    ///
    /// # Errors
    /// No port is free, or no certificate could be made.
    pub fn start(settings: Settings, instruments: Instruments) -> Result<Self, TlsError> {
        let runtime = Handle::try_current()?;
        let id = settings.id.clone();
        let trust = Trust::new(&id)?;
        let credentials = Arc::new(Credentials::default());
        let clock = instruments.clock.clone();
        let mut state =
            State::new(settings, clock, Arc::clone(&credentials), trust.authority.pem());
        bootstrap::fill(&mut state);
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            credentials,
            faults: Faults::default(),
            instruments,
            id: id.clone(),
            wake: Notify::new(),
            calls: Mutex::default(),
        });
        shared.settle(&mut shared.lock());
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener =
            Listener::start(&runtime, address, Arc::clone(&trust.tls), Arc::clone(&shared))?;
        let address = listener.address();
        let controllers = runtime.spawn(run_controllers(Arc::clone(&shared))).abort_handle();
        let listener = Mutex::new(Some(listener));
        let inner =
            Inner { id, shared, trust: Mutex::new(trust), address, listener, runtime, controllers };
        Ok(Self(Arc::new(inner)))
    }

    /// `cls-…`.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// `https://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("https://{}", self.0.address)
    }

    /// The CA certificate, PEM.
    pub fn ca_certificate(&self) -> String {
        self.trust().authority.pem()
    }

    /// Makes a bearer token for a user.
    pub fn token(&self, user: User) -> String {
        let token = identifiers::token();
        self.0.shared.credentials.accept_token(&token, user);
        token
    }

    /// Makes a kubeconfig with a token for a user.
    pub fn kubeconfig(&self, user: User) -> String {
        let name = user.name.clone();
        self.render_kubeconfig(&name, &Proof::Token(self.token(user)))
    }

    /// Makes a kubeconfig with a client certificate for a user.
    ///
    /// # Errors
    /// The certificate could not be made.
    pub fn kubeconfig_with_certificate(&self, user: User) -> Result<String, TlsError> {
        let name = user.name.clone();
        let identity = self.trust().authority.client(&user.name, &user.groups)?;
        self.0.shared.credentials.accept_certificate(&identity.der, user);
        let proof = Proof::Certificate { certificate: identity.certificate, key: identity.key };
        Ok(self.render_kubeconfig(&name, &proof))
    }

    fn render_kubeconfig(&self, user: &str, proof: &Proof) -> String {
        kubeconfig::render(self.id(), &self.url(), &self.ca_certificate(), user, proof)
    }

    /// Stops accepting a token: requests with it get 401 from now on.
    pub fn expire_token(&self, token: &str) {
        self.0.shared.credentials.revoke_token(token);
    }

    /// Stops accepting all credentials of a user.
    pub fn expire_user(&self, name: &str) {
        self.0.shared.credentials.revoke_user(name);
    }

    /// Closes the listener and every connection: the cluster is unreachable.
    pub fn stop(&self) {
        *self.listener() = None;
    }

    /// Listens again on the same port.
    ///
    /// # Errors
    /// The port is taken meanwhile.
    pub fn resume(&self) -> std::io::Result<()> {
        let mut listener = self.listener();
        if listener.is_none() {
            let (tls, shared) = (self.trust().tls, Arc::clone(&self.0.shared));
            *listener = Some(Listener::start(&self.0.runtime, self.0.address, tls, shared)?);
        }
        Ok(())
    }

    /// Replaces the certificate authority: what was handed out before no longer
    /// trusts the API server, which no longer accepts its client certificates.
    ///
    /// # Errors
    /// No certificate could be made, or the port is taken meanwhile.
    pub fn rotate_authority(&self) -> Result<(), TlsError> {
        let trust = Trust::new(self.id())?;
        self.stop();
        *self.0.trust.lock().unwrap_or_else(PoisonError::into_inner) = trust;
        Ok(self.resume()?)
    }

    fn trust(&self) -> Trust {
        // The value is replaced whole, so a poisoned one is sound.
        self.0.trust.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn listener(&self) -> MutexGuard<'_, Option<Listener>> {
        // The value is replaced whole, so a poisoned one is sound.
        self.0.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the listener accepts connections.
    pub fn is_reachable(&self) -> bool {
        self.listener().is_some()
    }

    /// Says why no image can be pulled from now on, or that images can be.
    pub fn set_image_trouble(&self, trouble: Option<&str>) {
        let mut state = self.shared().lock();
        state.settings.image_trouble = trouble.map(str::to_owned);
        state.controllers.retry_now();
        self.shared().settle(&mut state);
    }

    /// Rules for failing requests.
    pub fn faults(&self) -> &Faults {
        &self.0.shared.faults
    }

    /// The latest requests, each as `METHOD path`, in the order of their arrival.
    pub fn calls(&self) -> Vec<String> {
        let calls = self.0.shared.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().cloned().collect()
    }

    /// Forgets all history: watches and lists from older revisions get 410.
    pub fn compact(&self) {
        self.shared().lock().store.compact();
    }

    /// An object as it is stored, without going through the API. The group is
    /// empty for core kinds, the namespace for cluster-scoped ones.
    pub fn object(
        &self,
        group: &str,
        plural: &str,
        namespace: &str,
        name: &str,
    ) -> Option<Arc<Value>> {
        self.shared().lock().store.find(&Key::new(group, plural, namespace, name)).cloned()
    }

    /// All objects of a kind, by namespace and name.
    pub fn objects(&self, group: &str, plural: &str) -> Vec<Arc<Value>> {
        let state = self.shared().lock();
        state.store.list(group, plural, None).map(|(_, object)| Arc::clone(object)).collect()
    }

    /// Counts every write to the cluster.
    pub fn revision(&self) -> u64 {
        self.shared().lock().store.revision()
    }

    /// Tells when the revision changes.
    pub(crate) fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.shared().lock().store.subscribe()
    }

    /// Applies manifests (YAML, any number of documents) as an administrator,
    /// as field manager `manager`.
    ///
    /// # Errors
    /// The YAML is malformed or an object was refused; the text says which.
    pub fn apply(&self, manager: &str, manifests: &str) -> Result<(), String> {
        manifests::apply(self.shared(), manager, manifests)
    }

    /// Deletes an object as an administrator, in the background. Nothing
    /// happens if it is not there.
    pub fn delete(&self, group: &str, plural: &str, namespace: &str, name: &str) {
        manifests::delete(self.shared(), &Key::new(group, plural, namespace, name));
    }

    /// Kubernetes version without `v`.
    pub fn version(&self) -> String {
        self.shared().lock().settings.version.clone()
    }

    /// Installs Istio's definitions, as linking to a mesh does. Those that are
    /// there already stay.
    ///
    /// # Errors
    /// A definition was refused; the text says which.
    pub fn install_istio_crds(&self) -> Result<(), String> {
        for definition in istio::definitions() {
            let name = definition["metadata"]["name"].as_str().unwrap_or_default();
            if self.object(DEFINITIONS.0, DEFINITIONS.1, "", name).is_none() {
                manifests::apply_object(self.shared(), MESH_MANAGER, definition)?;
            }
        }
        Ok(())
    }

    /// Removes the definitions that [`install_istio_crds`](Self::install_istio_crds)
    /// has installed and every object of theirs, at once.
    pub fn remove_istio_crds(&self) {
        for definition in istio::definitions() {
            let name = definition["metadata"]["name"].as_str().unwrap_or_default();
            let Some(found) = self.object(DEFINITIONS.0, DEFINITIONS.1, "", name) else { continue };
            let managers = found["metadata"]["managedFields"].as_array().into_iter().flatten();
            if !managers.into_iter().any(|entry| entry["manager"] == MESH_MANAGER) {
                continue;
            }
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let group = text(&definition["spec"]["group"]);
            let plural = text(&definition["spec"]["names"]["plural"]);
            for object in self.objects(&group, &plural) {
                self.remove(&object);
            }
            self.remove(&found);
        }
    }

    /// Tells that the cluster is linked to a mesh: whether it can call the
    /// mesh's webhooks, and in which namespaces Pods get sidecars beside those
    /// with the label `istio-injection: enabled`. `None`: it is in no mesh.
    pub fn join_mesh(&self, webhooks: Option<(bool, &[String])>) {
        let mesh =
            webhooks.map(|(reachable, injected)| Mesh { reachable, injected: injected.to_vec() });
        self.shared().lock().mesh = mesh;
    }

    /// Objects that clients have created through the API and that are there.
    pub fn made(&self) -> Vec<Arc<Value>> {
        let state = self.shared().lock();
        state.made.iter().filter_map(|key| state.store.find(key)).cloned().collect()
    }

    /// Removes an object at once, finalizers or not. Whether it was there.
    pub fn remove(&self, object: &Value) -> bool {
        let mut state = self.shared().lock();
        let Some(kind) = state.kinds.of_object(object) else { return false };
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
        let key = Key::new(&kind.group, &kind.plural, text("namespace"), text("name"));
        let found = state.store.find(&key).is_some();
        state.remove(&key);
        self.shared().settle(&mut state);
        found
    }

    /// Back to what the cluster was at its start.
    pub fn reset(&self) {
        let mut state = self.shared().lock();
        state.clear();
        bootstrap::fill(&mut state);
        self.shared().settle(&mut state);
        drop(state);
        self.faults().clear();
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }
}

/// Lets controllers act when their timers are due.
async fn run_controllers(shared: Arc<Shared>) {
    loop {
        let due: Option<Instant> = controllers::run(&mut shared.lock());
        match due {
            Some(due) => tokio::select! {
                () = tokio::time::sleep_until(due) => {}
                () = shared.wake.notified() => {}
            },
            None => shared.wake.notified().await,
        }
    }
}
