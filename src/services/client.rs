//! What every operation gets.

use std::collections::BTreeMap;

use crate::services::{Accounts, Claims, Clusters, Turns};

/// The context of an operation of this provider.
pub type Cx = tfsdk::engine::Cx<Client>;

/// The context of planning in this provider.
pub type PlanCx = tfsdk::engine::PlanCx<Client>;

/// The configured accounts, clusters and defaults.
#[derive(Debug)]
pub struct Client {
    /// Whose credentials act.
    pub accounts: Accounts,
    /// Where Kubernetes objects live.
    pub clusters: Clusters,
    /// Tags that every object with tags gets.
    pub default_tags: BTreeMap<String, String>,
    /// For changes that must not be made at the same time.
    pub turns: Turns,
    /// What this run has made or taken over.
    pub claims: Claims,
}
