//! Any Kubernetes objects, as YAML.

mod adoption;
mod changes;
mod documents;
mod ledger;
mod manifests;
mod records;
mod rollout;
mod shown;

use tfsdk::engine::Registry;

use crate::services::Client;

/// What this product offers.
pub fn registry() -> Registry<Client> {
    Registry::new().resource(manifests::KubernetesManifests)
}
