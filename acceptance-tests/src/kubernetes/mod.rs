//! The API servers of the world's clusters.
//!
//! A [`Cluster`] speaks the Kubernetes API over TLS. A request goes through
//! `server` (TLS, HTTP/1.1 and 2), `respond` (faults, `auth`, routing) and
//! `read`, `watch` or `write` to `state`, which holds the objects (`store`) and
//! the kinds (`kinds`, `schema`). Every write passes `content` (types,
//! unknown fields, defaults), `apply` (managed fields), `preparation` (what a
//! kind fills in) and `validation`. `controllers` do what a cluster's
//! controllers do: rollouts, addresses, tokens, garbage.

mod admission;
mod apply;
mod auth;
mod bootstrap;
mod cel;
mod cluster;
mod content;
mod controllers;
mod delete;
mod discovery;
mod dispatch;
mod faults;
mod identifiers;
mod istio;
mod kinds;
mod kubeconfig;
mod manifests;
mod observe;
mod openapi;
mod patch;
mod preparation;
mod read;
mod replacement;
mod request;
mod respond;
mod reviews;
mod scale;
mod schema;
mod selectors;
mod server;
mod settings;
mod state;
mod status;
mod store;
mod strategic;
mod table;
mod tls;
mod validation;
mod watch;
mod write;

pub use auth::User;
pub use cluster::Cluster;
pub(crate) use controllers::{LOAD_BALANCER_ADDRESS, is_ready};
pub use faults::{Fault, FaultRule, Faults};
pub use settings::Settings;

/// Whether a map of labels, as in a Service's selector, selects an object.
pub(crate) fn selects(labels: &serde_json::Value, object: &serde_json::Value) -> bool {
    selectors::LabelSelector::from_map(labels).matches(object)
}
