//! Tencent Distributed Cloud Center: clusters from anywhere, registered with a
//! hub.
//!
//! The product's API is not published. What is called, and what is inferred
//! about it, is said by [`cloud::api::tdcc`](crate::cloud::api::tdcc); a user
//! can override names with the provider's `tdcc`.

mod cluster_agent;
mod hub_cluster;
mod registered_cluster;

use tfsdk::engine::Registry;

use crate::services::Client;

/// What this product offers.
pub fn registry() -> Registry<Client> {
    Registry::new()
        .resource(hub_cluster::TdccHubCluster)
        .resource(registered_cluster::TdccRegisteredCluster)
        .resource(cluster_agent::TdccClusterAgent)
}
