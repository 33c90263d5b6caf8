//! The world's clusters, their load balancers and the meshes over them, as the
//! cloud sees them.

mod agents;
mod made;
mod mesh;
mod real;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;
use tokio::runtime::Handle;

use self::real::Real;
use crate::cloud::Instruments;
use crate::cloud::clusters::{
    Agent, ApiServer, ClusterError, Clusters, KubeUser, Listener, LoadBalancerService, Mesh, Vip,
};
use crate::cloud::objects::ObjectRecord;
use crate::gateway::LoadBalancer;
use crate::kubernetes::{Cluster, Settings, User};
use crate::world::{self, World};

/// Why the clusters of a world did not start.
#[derive(Debug)]
pub struct FleetError(String);

impl fmt::Display for FleetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FleetError {}

/// The running clusters of a world.
#[derive(Debug)]
pub struct Fleet {
    clusters: BTreeMap<String, Member>,
    runtime: Handle,
    edge: Mutex<Edge>,
}

/// A cluster of the world.
#[derive(Debug)]
enum Member {
    /// One of ours.
    Simulated(Cluster),
    /// A real one that stands in.
    Real(Real),
}

/// Where a wanted load balancer address is.
enum Place {
    /// Ours to serve; `http` is the port to serve port 80 on, if it is said.
    Loopback { address: Ipv4Addr, http: Option<u16> },
    /// Somebody else serves it: the gateway of a real cluster.
    Elsewhere,
}

impl Place {
    fn parse(text: &str) -> Self {
        let (address, http) = match text.parse::<SocketAddrV4>() {
            Ok(socket) => (Some(*socket.ip()), Some(socket.port())),
            Err(_) => (text.parse().ok(), None),
        };
        match address.filter(Ipv4Addr::is_loopback) {
            Some(address) => Self::Loopback { address, http },
            None => Self::Elsewhere,
        }
    }
}

/// What stands in front of the clusters, and who may go in.
#[derive(Debug, Default)]
struct Edge {
    balancers: BTreeMap<String, Arc<LoadBalancer>>,
    /// By load balancer id, for those with a fixed address.
    fixed: BTreeMap<String, String>,
    meshes: BTreeMap<String, Mesh>,
    /// By cluster and user.
    kubeconfigs: BTreeMap<(String, KubeUser), String>,
}

impl Fleet {
    /// Starts an API server for every cluster of the world, at the pace that
    /// `settings` gives each.
    ///
    /// # Errors
    /// A port or certificate could not be had, or a real cluster's kubeconfig
    /// cannot be read.
    pub fn start(
        world: &World,
        instruments: &Instruments,
        settings: impl Fn(&world::Cluster) -> Settings,
    ) -> Result<Arc<Self>, FleetError> {
        let runtime = Handle::try_current().map_err(|error| FleetError(error.to_string()))?;
        let mut clusters = BTreeMap::new();
        for cluster in &world.clusters {
            let failed = |error: &dyn fmt::Display| {
                FleetError(format!("cluster {} does not start: {error}", cluster.id))
            };
            let member = match &cluster.kubeconfig_path {
                Some(path) => {
                    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
                    let opened = Real::open(&cluster.id, text, &runtime);
                    Member::Real(opened.map_err(|error| failed(&error))?)
                }
                None => Member::Simulated(
                    Cluster::start(settings(cluster), instruments.clone())
                        .map_err(|error| failed(&error))?,
                ),
            };
            clusters.insert(cluster.id.clone(), member);
        }
        Ok(Arc::new(Self { clusters, runtime, edge: Mutex::default() }))
    }

    /// Settings for a cluster of a world: its version and nodes, at the pace of
    /// a fast real one.
    pub fn settings(cluster: &world::Cluster) -> Settings {
        let mut settings = Settings::new(&cluster.id);
        settings.version.clone_from(&cluster.version);
        settings.nodes = cluster.nodes;
        let mut parts = cluster.service_cidr.split('.');
        if let (Some(first), Some(second)) = (parts.next(), parts.next()) {
            settings.service_prefix = format!("{first}.{second}");
        }
        settings
    }

    /// A simulated cluster by the world's id.
    pub fn cluster(&self, id: &str) -> Option<&Cluster> {
        match self.clusters.get(id) {
            Some(Member::Simulated(cluster)) => Some(cluster),
            _ => None,
        }
    }

    /// All simulated clusters.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.keys().filter_map(|id| self.cluster(id))
    }

    /// Load balancers that are served here, by id.
    pub fn load_balancers(&self) -> BTreeMap<String, Vip> {
        self.edge().balancers.iter().map(|(id, one)| (id.clone(), vip(one))).collect()
    }

    /// Ends every credential that was handed out for a cluster: requests with
    /// them get 401, and the next kubeconfig has new ones.
    pub fn expire_credentials(&self, id: &str) {
        let mut edge = self.edge();
        let users: Vec<KubeUser> = edge
            .kubeconfigs
            .keys()
            .filter(|(cluster, _)| cluster == id)
            .map(|(_, user)| user.clone())
            .collect();
        edge.kubeconfigs.retain(|(cluster, _), _| cluster != id);
        drop(edge);
        if let Some(cluster) = self.cluster(id) {
            users.iter().for_each(|user| cluster.expire_user(&common_name(user)));
        }
    }

    fn member(&self, id: &str) -> Result<&Member, ClusterError> {
        self.clusters.get(id).ok_or_else(|| ClusterError::NotFound(id.to_owned()))
    }

    /// A simulated cluster that answers.
    fn answering(&self, id: &str) -> Result<Option<&Cluster>, ClusterError> {
        match self.member(id)? {
            Member::Real(_) => Ok(None),
            Member::Simulated(cluster) if cluster.is_reachable() => Ok(Some(cluster)),
            Member::Simulated(cluster) => {
                let text = format!("cluster {id}: {} does not answer", cluster.url());
                Err(ClusterError::Unreachable(text))
            }
        }
    }

    fn edge(&self) -> MutexGuard<'_, Edge> {
        // Entries are inserted and removed whole, so a poisoned value is sound.
        self.edge.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clusters for Fleet {
    fn kubeconfig(&self, cluster: &str, user: &KubeUser) -> Result<String, ClusterError> {
        let simulated = match self.member(cluster)? {
            Member::Real(real) => return Ok(real.kubeconfig.clone()),
            Member::Simulated(simulated) => simulated,
        };
        let mut edge = self.edge();
        let key = (cluster.to_owned(), user.clone());
        if let Some(known) = edge.kubeconfigs.get(&key) {
            return Ok(known.clone());
        }
        let name = common_name(user);
        let subject = if user.admin { User::admin(&name) } else { User::named(&name) };
        let text = simulated
            .kubeconfig_with_certificate(subject)
            .map_err(|error| ClusterError::Refused(error.to_string()))?;
        edge.kubeconfigs.insert(key, text.clone());
        Ok(text)
    }

    fn api_server(&self, cluster: &str) -> Result<ApiServer, ClusterError> {
        Ok(match self.member(cluster)? {
            Member::Real(real) => {
                ApiServer { url: real.url.clone(), ca_certificate: real.ca_certificate.clone() }
            }
            Member::Simulated(cluster) => {
                ApiServer { url: cluster.url(), ca_certificate: cluster.ca_certificate() }
            }
        })
    }

    fn grant_admin(&self, cluster: &str, user: &KubeUser) -> Result<(), ClusterError> {
        let Member::Simulated(cluster) = self.member(cluster)? else { return Ok(()) };
        let name = common_name(user);
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": format!("{name}-ClusterRole")},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "cluster-admin",
            },
            "subjects": [
                {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name},
            ],
        });
        cluster.apply("tke", &binding.to_string()).map_err(ClusterError::Refused)
    }

    fn agents(&self) -> Vec<Agent> {
        let of = |member: &Member| match member {
            Member::Simulated(cluster) => agents::find(cluster),
            Member::Real(real) => real.agent(),
        };
        self.clusters.values().filter_map(of).collect()
    }

    fn load_balancer_services(&self, cluster: &str) -> Vec<LoadBalancerService> {
        match self.clusters.get(cluster) {
            Some(Member::Simulated(cluster)) => agents::load_balancer_services(cluster),
            Some(Member::Real(real)) => real.load_balancer_services(),
            None => Vec::new(),
        }
    }

    fn load_balancer(&self, id: &str, wanted: Option<&str>) -> Result<Vip, ClusterError> {
        let mut edge = self.edge();
        if let Some(fixed) = edge.fixed.get(id) {
            return Ok(Vip { address: fixed.clone(), listeners: Vec::new() });
        }
        let place = wanted.map(Place::parse);
        if let (Some(address), Some(Place::Elsewhere)) = (wanted, &place) {
            edge.fixed.insert(id.to_owned(), address.to_owned());
            return Ok(Vip { address: address.to_owned(), listeners: Vec::new() });
        }
        let balancer = match edge.balancers.get(id) {
            Some(known) => Arc::clone(known),
            None => {
                let runtime = self.runtime.clone();
                let opened = match place {
                    Some(Place::Loopback { address, http }) => {
                        LoadBalancer::open_at(address, http, runtime)
                    }
                    _ => LoadBalancer::open(id, runtime),
                };
                let opened = opened.map_err(|error| {
                    ClusterError::Refused(format!("no address for {id}: {error}"))
                })?;
                let opened = Arc::new(opened);
                edge.balancers.insert(id.to_owned(), Arc::clone(&opened));
                opened
            }
        };
        Ok(vip(&balancer))
    }

    fn release_load_balancer(&self, id: &str) {
        let mut edge = self.edge();
        edge.fixed.remove(id);
        edge.balancers.remove(id);
    }

    fn sync_mesh(&self, mesh: &Mesh) -> Result<(), ClusterError> {
        mesh::sync(self, mesh)
    }

    fn remove_mesh(&self, mesh_id: &str) {
        mesh::remove(self, mesh_id);
    }

    fn objects(&self) -> Vec<ObjectRecord> {
        self.clusters().flat_map(made::objects).collect()
    }

    fn delete_object(&self, id: &str) -> bool {
        made::delete(self, id)
    }

    fn reset(&self) {
        let mut edge = self.edge();
        let balancers = std::mem::take(&mut edge.balancers);
        edge.fixed.clear();
        edge.meshes.clear();
        drop(edge);
        drop(balancers);
        self.clusters().for_each(Cluster::reset);
    }
}

fn vip(balancer: &LoadBalancer) -> Vip {
    let listeners = balancer.listeners();
    let listeners = listeners.into_iter().map(|(port, dial)| Listener { port, dial }).collect();
    Vip { address: balancer.address().to_string(), listeners }
}

/// TKE names the users of its certificates by account and sub-user.
fn common_name(user: &KubeUser) -> String {
    if user.account == user.user {
        user.account.clone()
    } else {
        format!("{}-{}", user.account, user.user)
    }
}
