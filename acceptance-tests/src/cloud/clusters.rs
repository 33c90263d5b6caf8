//! What the cloud needs of its clusters.
//!
//! The products (TKE, TDCC, TCM, CLB) call this trait while they hold the
//! cloud's lock. An implementation therefore
//! * answers from memory and never waits for the network: what has to be
//!   fetched (the state of a real cluster) is fetched in the background and
//!   the newest result is returned;
//! * never calls back into the cloud.
//!
//! Clusters are named by the ids of the world (`cls-…`). A product that hands
//! out other ids (TDCC's registered clusters) translates them first.

use std::net::SocketAddr;

use super::objects::ObjectRecord;

/// The clusters of a world and the gateways in front of them.
pub trait Clusters: Send + Sync {
    /// Kubeconfig with which `user` reaches the cluster.
    ///
    /// # Errors
    /// No such cluster, or it has no API server.
    fn kubeconfig(&self, cluster: &str, user: &KubeUser) -> Result<String, ClusterError>;

    /// Where the cluster's API server listens, and its CA certificate.
    ///
    /// # Errors
    /// As [`kubeconfig`](Clusters::kubeconfig).
    fn api_server(&self, cluster: &str) -> Result<ApiServer, ClusterError>;

    /// Makes `user` a cluster administrator (`AcquireClusterAdminRole`).
    ///
    /// # Errors
    /// As [`kubeconfig`](Clusters::kubeconfig).
    fn grant_admin(&self, cluster: &str, user: &KubeUser) -> Result<(), ClusterError>;

    /// Every registration agent that runs in any cluster now. TDCC finds the
    /// agent of a registration by its token.
    fn agents(&self) -> Vec<Agent>;

    /// Services of type LoadBalancer in the cluster.
    fn load_balancer_services(&self, cluster: &str) -> Vec<LoadBalancerService>;

    /// Address of a load balancer of this id, made on the first call and the
    /// same on every later one. `wanted` is a fixed address (a world's
    /// `clb_vip`), which is taken as it is.
    ///
    /// # Errors
    /// No address could be had.
    fn load_balancer(&self, id: &str, wanted: Option<&str>) -> Result<Vip, ClusterError>;

    /// Gives a load balancer's address back and closes its listeners.
    fn release_load_balancer(&self, id: &str);

    /// Tells what a mesh looks like now; called after every change and
    /// harmless to repeat. Members get Istio's CRDs and injection, gateways
    /// get their Service and Deployment in their cluster and serve on their
    /// load balancer what the mesh's Gateway and VirtualService objects say.
    ///
    /// # Errors
    /// A member cannot be reached or lacks room; the text becomes `LinkErrorDetail`.
    fn sync_mesh(&self, mesh: &Mesh) -> Result<(), ClusterError>;

    /// Takes a mesh apart: gateways close, Istio leaves the members.
    fn remove_mesh(&self, mesh_id: &str);

    /// Objects that callers have created in the clusters and that are still
    /// there; the id is `cluster/apiVersion/kind/namespace/name`, the kind
    /// `kubernetes_object`. Not what a cluster has of itself.
    fn objects(&self) -> Vec<ObjectRecord> {
        Vec::new()
    }

    /// Deletes such an object at once. Returns whether it was there.
    fn delete_object(&self, id: &str) -> bool {
        let _ = id;
        false
    }

    /// Back to how the clusters were at the start.
    fn reset(&self) {}
}

/// Who a kubeconfig is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubeUser {
    /// UIN of the account.
    pub account: String,
    /// UIN of the user or role session; the account's own UIN for its root key.
    pub user: String,
    /// Whether the user may do everything from the start: the owner of the
    /// cluster may, others only after [`Clusters::grant_admin`].
    pub admin: bool,
}

/// A cluster's API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiServer {
    /// `https://127.0.0.1:6443`.
    pub url: String,
    /// CA certificate, PEM.
    pub ca_certificate: String,
}

/// A registration agent that runs in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The world's id of the cluster in which it runs.
    pub cluster: String,
    /// Parent URL from the agent's Secret.
    pub parent_url: String,
    /// Registration token from the agent's Secret.
    pub token: String,
    /// Whether its Deployment is available.
    pub ready: bool,
    /// Kubernetes version of the cluster that it reports, without `v`.
    pub kubernetes_version: String,
    /// Nodes that it reports.
    pub nodes: u32,
}

/// A Service of type LoadBalancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBalancerService {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Existing load balancer from the annotation
    /// `service.kubernetes.io/tke-existed-lbid`, if any.
    pub existing_id: Option<String>,
    /// Ports.
    pub ports: Vec<u16>,
}

/// A load balancer's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vip {
    /// What the API shows and DNS records get: an IPv4 address.
    pub address: String,
    /// Where each listener can really be reached, where that is not
    /// `address:port` (a port that needs root).
    pub listeners: Vec<Listener>,
}

/// A port of a load balancer and the socket behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Port that clients ask for.
    pub port: u16,
    /// Socket to dial.
    pub dial: SocketAddr,
}

/// A mesh as the clusters need to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mesh {
    /// `mesh-…`.
    pub id: String,
    /// Istio version.
    pub version: String,
    /// Clusters that are linked or being linked.
    pub members: Vec<MeshMember>,
    /// Ingress gateways.
    pub gateways: Vec<MeshGateway>,
}

/// A cluster in a mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshMember {
    /// The world's id of the cluster.
    pub cluster: String,
    /// Whether the mesh's Istio objects are read from this cluster: every
    /// member with the role MASTER, else every member of the mesh's own account.
    pub primary: bool,
    /// Whether the cluster's API server can reach the mesh's injection
    /// webhook: not if it is managed and of another account than the mesh.
    pub injection: bool,
    /// Namespaces in which sidecars are injected.
    pub injected_namespaces: Vec<String>,
}

/// An ingress gateway of a mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshGateway {
    /// The world's id of the cluster that it runs in.
    pub cluster: String,
    /// Namespace.
    pub namespace: String,
    /// Name; also the value of its `app`/`istio` label.
    pub name: String,
    /// Load balancer whose address it serves.
    pub load_balancer: String,
    /// Pods.
    pub replicas: u32,
    /// The world's ids of the members whose pods it can reach: they are in its
    /// network, or a CCN routes the range in which their pods are. A request
    /// that is routed to another member ends in a 503.
    pub reaches: Vec<String>,
}

/// Why a cluster did not do what the cloud wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterError {
    /// The world has no such cluster.
    NotFound(String),
    /// It has no API server, or it does not answer; the text says which and why.
    Unreachable(String),
    /// It refused; the text says what.
    Refused(String),
}

impl std::fmt::Display for ClusterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound(id) => write!(f, "cluster {id} not found"),
            Self::Unreachable(text) | Self::Refused(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ClusterError {}

/// Clusters without API servers: a cloud for tests of its API alone. Load
/// balancers get addresses in 203.0.113.0/24, which nothing serves.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoClusters;

impl NoClusters {
    fn unreachable<T>(cluster: &str) -> Result<T, ClusterError> {
        Err(ClusterError::Unreachable(format!("cluster {cluster} has no API server")))
    }
}

impl Clusters for NoClusters {
    fn kubeconfig(&self, cluster: &str, _: &KubeUser) -> Result<String, ClusterError> {
        Self::unreachable(cluster)
    }

    fn api_server(&self, cluster: &str) -> Result<ApiServer, ClusterError> {
        Self::unreachable(cluster)
    }

    fn grant_admin(&self, cluster: &str, _: &KubeUser) -> Result<(), ClusterError> {
        Self::unreachable(cluster)
    }

    fn agents(&self) -> Vec<Agent> {
        Vec::new()
    }

    fn load_balancer_services(&self, _: &str) -> Vec<LoadBalancerService> {
        Vec::new()
    }

    fn load_balancer(&self, id: &str, wanted: Option<&str>) -> Result<Vip, ClusterError> {
        let last = id.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        let address = wanted.map_or_else(|| format!("203.0.113.{last}"), str::to_owned);
        Ok(Vip { address, listeners: Vec::new() })
    }

    fn release_load_balancer(&self, _: &str) {}

    fn sync_mesh(&self, _: &Mesh) -> Result<(), ClusterError> {
        Ok(())
    }

    fn remove_mesh(&self, _: &str) {}
}
