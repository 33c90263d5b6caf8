//! What one simulated cluster is like.

use std::time::Duration;

/// A cluster's properties and the pace of its controllers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Identifies the cluster, `cls-…`; also what its workloads answer with.
    pub id: String,
    /// Kubernetes version without `v`.
    pub version: String,
    /// Nodes that are there from the start.
    pub nodes: u32,
    /// How long until a definition's kind is served.
    pub establish_after: Duration,
    /// How long a Pod takes from its creation to ready.
    pub ready_after: Duration,
    /// How long a Pod, a Namespace or a definition takes to go.
    pub terminate_after: Duration,
    /// First two bytes of Service addresses, `172.31`.
    pub service_prefix: String,
    /// Why no image can be pulled, in the registry's words; `None` if images can
    /// be pulled.
    pub image_trouble: Option<String>,
}

impl Settings {
    /// A cluster whose controllers act at once, for tests.
    pub fn immediate(id: &str) -> Self {
        let zero = Duration::ZERO;
        Self { establish_after: zero, ready_after: zero, terminate_after: zero, ..Self::new(id) }
    }

    /// A cluster with the pace of a fast real one.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            version: "1.32.2".to_owned(),
            nodes: 3,
            establish_after: Duration::from_millis(60),
            ready_after: Duration::from_millis(300),
            terminate_after: Duration::from_millis(200),
            service_prefix: "172.31".to_owned(),
            image_trouble: None,
        }
    }
}
