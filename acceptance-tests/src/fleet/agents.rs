//! What TDCC and CLB look for in a cluster.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::cloud::clusters::{Agent, LoadBalancerService};
use crate::kubernetes::Cluster;

const NAMESPACE: &str = "clusternet-system";
const AGENT: &str = "clusternet-agent";
const REGISTRATION: &str = "clusternet-agent-cluster-registration";
/// The annotation that names an existing load balancer.
const EXISTING: &str = "service.kubernetes.io/tke-existed-lbid";

/// The cluster's registration agent, if its Deployment and its registration
/// Secret are there and somebody can reach the cluster.
pub(super) fn find(cluster: &Cluster) -> Option<Agent> {
    let deployment = cluster.object("apps", "deployments", NAMESPACE, AGENT)?;
    let secret = cluster.object("", "secrets", NAMESPACE, REGISTRATION)?;
    let text = |key: &str| {
        let bytes = STANDARD.decode(secret["data"][key].as_str()?).ok()?;
        String::from_utf8(bytes).ok()
    };
    let available = deployment["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Available" && condition["status"] == "True");
    let leaving = deployment["metadata"].get("deletionTimestamp").is_some();
    let runs = deployment["spec"]["replicas"].as_u64() != Some(0);
    let nodes = cluster.objects("", "nodes").len();
    Some(Agent {
        cluster: cluster.id().to_owned(),
        parent_url: text("parentURL")?,
        token: text("regToken")?,
        ready: available && runs && !leaving && cluster.is_reachable(),
        kubernetes_version: cluster.version(),
        nodes: u32::try_from(nodes).unwrap_or(u32::MAX),
    })
}

/// Services of type LoadBalancer.
pub(super) fn load_balancer_services(cluster: &Cluster) -> Vec<LoadBalancerService> {
    let services = cluster.objects("", "services");
    let wanted = services.iter().filter(|service| service["spec"]["type"] == "LoadBalancer");
    wanted.map(|service| of_service(service)).collect()
}

fn of_service(service: &Value) -> LoadBalancerService {
    let text = |field: &str| service["metadata"][field].as_str().unwrap_or_default().to_owned();
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    LoadBalancerService {
        namespace: text("namespace"),
        name: text("name"),
        existing_id: service["metadata"]["annotations"][EXISTING].as_str().map(str::to_owned),
        ports: ports
            .filter_map(|port| port["port"].as_u64().and_then(|port| u16::try_from(port).ok()))
            .collect(),
    }
}
