//! Tencent Kubernetes Engine: the clusters that take part.

mod data_cluster;

use tfsdk::engine::Registry;

use crate::services::Client;

/// What this product offers.
pub fn registry() -> Registry<Client> {
    Registry::new().data_source(data_cluster::TkeCluster)
}
