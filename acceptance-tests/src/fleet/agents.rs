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

/// Paths of the agent's Deployment and of its registration Secret.
pub(super) const DEPLOYMENT: &str =
    "/apis/apps/v1/namespaces/clusternet-system/deployments/clusternet-agent";
pub(super) const SECRET: &str =
    "/api/v1/namespaces/clusternet-system/secrets/clusternet-agent-cluster-registration";

/// The registration agent of a simulated cluster. One that nobody can reach has
/// none that runs.
pub(super) fn find(cluster: &Cluster) -> Option<Agent> {
    let deployment = cluster.object("apps", "deployments", NAMESPACE, AGENT)?;
    let secret = cluster.object("", "secrets", NAMESPACE, REGISTRATION)?;
    let nodes = cluster.objects("", "nodes").len();
    let mut found = agent(cluster.id(), &cluster.version(), nodes, &deployment, &secret)?;
    found.ready &= cluster.is_reachable();
    Some(found)
}

/// The agent that a Deployment and a registration Secret make.
pub(super) fn agent(
    cluster: &str,
    version: &str,
    nodes: usize,
    deployment: &Value,
    secret: &Value,
) -> Option<Agent> {
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
    Some(Agent {
        cluster: cluster.to_owned(),
        parent_url: text("parentURL")?,
        token: text("regToken")?,
        ready: available && runs && !leaving,
        kubernetes_version: version.to_owned(),
        nodes: u32::try_from(nodes).unwrap_or(u32::MAX),
    })
}

/// Services of type LoadBalancer of a simulated cluster.
pub(super) fn load_balancer_services(cluster: &Cluster) -> Vec<LoadBalancerService> {
    let services = cluster.objects("", "services");
    of_type_load_balancer(services.iter().map(AsRef::as_ref))
}

/// Those of type LoadBalancer.
pub(super) fn of_type_load_balancer<'a>(
    services: impl Iterator<Item = &'a Value>,
) -> Vec<LoadBalancerService> {
    services.filter(|service| service["spec"]["type"] == "LoadBalancer").map(of_service).collect()
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
