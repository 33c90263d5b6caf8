//! Any Kubernetes objects, as YAML.

mod adoption;
mod documents;
mod manifests;
mod rollout;

use tfsdk::engine::Registry;

use crate::services::Client;

/// What this product offers.
pub fn registry() -> Registry<Client> {
    Registry::new().resource(manifests::KubernetesManifests)
}
