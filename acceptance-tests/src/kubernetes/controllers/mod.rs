//! What a cluster's controllers do, as far as clients can tell.
//!
//! Controllers act on changed objects, right after the write that changed
//! them and whenever a timer is due. All of them are functions on the state.

mod definitions;
mod garbage;
mod namespaces;
mod pods;
mod secrets;
mod services;
mod workloads;

pub(crate) use pods::is_ready;
pub(crate) use services::ADDRESS as LOAD_BALANCER_ADDRESS;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::content;
use super::request::{FieldValidation, Options};
use super::state::{State, Write};
use super::store::Key;

/// The field manager of what controllers write.
const MANAGER: &str = "kube-controller-manager";

/// Timers, and how far the controllers have read the history.
#[derive(Debug, Default)]
pub(crate) struct Controllers {
    seen: u64,
    /// What waits for what, by object, incarnation and step.
    timers: BTreeMap<(Key, String, &'static str), Instant>,
}

/// Acts on everything that changed or is due. Returns when to act again.
pub(crate) fn run(state: &mut State) -> Option<Instant> {
    let now = Instant::now();
    // A controller that undoes its own work would never end; no chain of
    // reactions is nearly this long.
    for _ in 0..1000 {
        let changed = state.store.since(state.controllers.seen).unwrap_or_default();
        state.controllers.seen = state.store.revision();
        let mut work: BTreeSet<Key> = BTreeSet::new();
        for event in &changed {
            if event.deleted {
                garbage::after_deletion(state, &event.object);
                secrets::after_deletion(state, &event.object);
            }
            work.insert(event.key.clone());
            work.extend(interested(state, &event.object));
        }
        let due: Vec<_> = state
            .controllers
            .timers
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|((key, ..), _)| key.clone())
            .collect();
        work.extend(due);
        if work.is_empty() {
            break;
        }
        for key in &work {
            act(state, key);
        }
        state.controllers.drop_spent(now);
    }
    state.controllers.timers.values().min().copied()
}

fn act(state: &mut State, key: &Key) {
    let Some(object) = state.store.find(key).cloned() else { return };
    garbage::act(state, key, &object);
    match (key.group.as_str(), key.plural.as_str()) {
        ("", "namespaces") => namespaces::act(state, key, &object),
        ("", "pods") => pods::act(state, key, &object),
        ("", "services") => services::act(state, key, &object),
        ("", "secrets") => secrets::act(state, key, &object),
        ("apps", "deployments") => workloads::deployment(state, key, &object),
        ("apps", "replicasets") => workloads::replica_set(state, key, &object),
        ("apps", "statefulsets") => workloads::stateful_set(state, key, &object),
        ("apps", "daemonsets") => workloads::daemon_set(state, key, &object),
        ("batch", "jobs") => workloads::job(state, key, &object),
        ("apiextensions.k8s.io", "customresourcedefinitions") => {
            definitions::act(state, key, &object);
        }
        ("apiregistration.k8s.io", "apiservices") => services::api_service(state, key, &object),
        _ => {}
    }
}

/// Objects that have to look again when this one changed: its owners, its
/// namespace and its definition.
fn interested(state: &State, object: &Value) -> Vec<Key> {
    let mut keys = garbage::owners(state, object);
    if let Some(namespace) = object["metadata"]["namespace"].as_str() {
        let key = Key::new("", "namespaces", "", namespace);
        if is_terminating(state, &key) {
            keys.push(key);
        }
    }
    if let Some(definition) =
        state.kinds.of_object(object).and_then(|kind| kind.custom.clone()).map(|one| one.definition)
    {
        let key = Key::new("apiextensions.k8s.io", "customresourcedefinitions", "", &definition);
        if is_terminating(state, &key) {
            keys.push(key);
        }
    }
    if let (Some(namespace), "Secret" | "ConfigMap" | "ServiceAccount") =
        (object["metadata"]["namespace"].as_str(), object["kind"].as_str().unwrap_or_default())
    {
        keys.extend(waiting(state, namespace));
    }
    keys
}

/// Pods that have not started, and what could not make its Pods.
fn waiting(state: &State, namespace: &str) -> Vec<Key> {
    let pods = state.store.list("", "pods", Some(namespace));
    let pods = pods.filter(|(_, pod)| pod["status"]["phase"] == "Pending");
    let sets = [
        ("apps", "replicasets"),
        ("apps", "statefulsets"),
        ("apps", "daemonsets"),
        ("batch", "jobs"),
    ]
    .into_iter()
    .flat_map(|(group, plural)| state.store.list(group, plural, Some(namespace)));
    pods.chain(sets).map(|(key, _)| key.clone()).collect()
}

fn is_terminating(state: &State, key: &Key) -> bool {
    state.store.find(key).is_some_and(|object| is_marked(object))
}

/// Whether an object is marked for deletion.
fn is_marked(object: &Value) -> bool {
    object["metadata"].get("deletionTimestamp").is_some()
}

impl Controllers {
    /// Whether a delay has passed since this step was first asked about.
    fn has_waited(&mut self, key: &Key, uid: &Value, step: &'static str, delay: Duration) -> bool {
        let now = Instant::now();
        if delay.is_zero() {
            return true;
        }
        let timer = (key.clone(), uid.as_str().unwrap_or_default().to_owned(), step);
        let due = *self.timers.entry(timer).or_insert(now + delay);
        due <= now
    }

    /// A step was reached otherwise; its delay counts anew.
    fn stop_waiting(&mut self, key: &Key, uid: &Value, step: &'static str) {
        let uid = uid.as_str().unwrap_or_default().to_owned();
        self.timers.remove(&(key.clone(), uid, step));
    }

    /// Has an object looked at again a little later, after a failure.
    fn retry(&mut self, key: &Key, uid: &Value) {
        let timer = (key.clone(), uid.as_str().unwrap_or_default().to_owned(), "retry");
        self.timers.insert(timer, Instant::now() + Duration::from_secs(1));
    }

    /// Has everything that failed looked at again at once.
    pub(crate) fn retry_now(&mut self) {
        let now = Instant::now();
        let retries = self.timers.iter_mut().filter(|((.., step), _)| *step == "retry");
        retries.for_each(|(_, at)| *at = now);
    }

    /// Drops all timers.
    pub(crate) fn forget(&mut self) {
        self.timers.clear();
    }

    /// Timers that were due have been acted upon.
    fn drop_spent(&mut self, now: Instant) {
        self.timers.retain(|_, at| *at > now);
    }
}

impl State {
    /// Creates an object as a controller does. The error is what the API says
    /// if it refuses, also where the object exists.
    fn create_for(&mut self, mut object: Value) -> Result<(), String> {
        let kind = self.kinds.of_object(&object).ok_or("no such kind")?;
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        let options = Options::default();
        let write = Write {
            kind: &kind,
            namespace: &namespace,
            subresource: "",
            options: &options,
            manager: MANAGER,
        };
        content::accept(&kind, &mut object, FieldValidation::Ignore)
            .and_then(|_| self.create(&write, object, false))
            .map(drop)
            .map_err(|error| error.message())
    }
}
