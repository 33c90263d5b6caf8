//! What the mesh runs in clusters: gateways and the control plane.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::MeshTag;

/// States of a gateway.
pub mod gateway_state {
    /// In service.
    pub const RUNNING: &str = "running";
    /// Being upgraded.
    pub const UPGRADING: &str = "upgrading";
    /// Going back to the version before.
    pub const ROLLBACKING: &str = "rollbacking";
}

/// An ingress gateway: Envoy pods behind a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct IngressGateway {
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Cluster that runs it.
    pub cluster_id: String,
    /// Its Kubernetes service.
    pub service: GatewayService,
    /// Its pods.
    pub workload: Workload,
    /// The load balancer to create.
    pub load_balancer: Option<LoadBalancer>,
    /// The existing load balancer to use, `lb-…`.
    pub load_balancer_id: Option<String>,
    /// State and address; answers only.
    #[serde(skip_serializing)]
    pub status: Option<GatewayStatus>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// State and address of a gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GatewayStatus {
    /// Its load balancer.
    pub load_balancer: Option<LoadBalancerStatus>,
    /// Version that runs.
    pub current_version: String,
    /// Version that is meant to run.
    pub desired_version: String,
    /// State; see [`gateway_state`].
    pub state: String,
}

/// Address of a gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LoadBalancerStatus {
    /// Id, `lb-…`.
    pub load_balancer_id: String,
    /// Name.
    pub load_balancer_name: String,
    /// Address; empty for load balancers that only have a name.
    pub load_balancer_vip: String,
    /// Host name; empty for load balancers that have an address.
    pub load_balancer_hostname: String,
}

/// The Kubernetes service of a gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GatewayService {
    /// `ClusterIP`, `NodePort` or `LoadBalancer`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Whether the load balancer reaches pods without a node port.
    #[serde(rename = "CLBDirectAccess")]
    pub clb_direct_access: Option<bool>,
    /// `Cluster` (the default) or `Local`, which keeps the client's address.
    pub external_traffic_policy: Option<String>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The load balancer that is created for a gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LoadBalancer {
    /// `OPEN`: public; `INTERNAL`: private.
    pub load_balancer_type: Option<String>,
    /// Subnet of a private one.
    pub subnet_id: Option<String>,
    /// `TRAFFIC_POSTPAID_BY_HOUR` or `BANDWIDTH_POSTPAID_BY_HOUR`.
    pub internet_charge_type: Option<String>,
    /// Outgoing bandwidth of a public one in Mbit/s, 10 by default.
    pub internet_max_bandwidth_out: Option<u64>,
    /// Availability zone.
    #[serde(rename = "ZoneID")]
    pub zone_id: Option<String>,
    /// Carrier.
    pub vip_isp: Option<String>,
    /// Gateway group.
    pub tgw_group_name: Option<String>,
    /// Version of IP.
    #[serde(rename = "AddressIPVersion")]
    pub address_ip_version: Option<String>,
    /// Tags.
    pub tags: Option<Vec<MeshTag>>,
    /// Exclusive clusters of a private one.
    pub extensive_clusters: Option<ExtensiveClusters>,
    /// Primary zone of one that spans two.
    #[serde(rename = "MasterZoneID")]
    pub master_zone_id: Option<String>,
    /// Standby zone of one that spans two.
    #[serde(rename = "SlaveZoneID")]
    pub slave_zone_id: Option<String>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Exclusive clusters of a private load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ExtensiveClusters {
    /// For layer 4.
    pub l4_clusters: Option<Vec<ExtensiveCluster>>,
    /// For layer 7.
    pub l7_clusters: Option<Vec<ExtensiveCluster>>,
}

/// An exclusive cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ExtensiveCluster {
    /// Id.
    pub cluster_id: Option<String>,
    /// Availability zone.
    pub zone: Option<String>,
}

/// An egress gateway.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EgressGateway {
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Its pods.
    pub workload: Workload,
    /// State; answers only.
    #[serde(skip_serializing)]
    pub status: Option<GatewayStatus>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The control plane in a cluster that runs one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct IstiodConfig {
    /// Its pods.
    pub workload: Option<Workload>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Pods of a gateway or of the control plane.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Workload {
    /// How many.
    pub replicas: Option<u64>,
    /// Resources of each.
    pub resources: Option<ResourceRequirements>,
    /// Automatic scaling.
    pub horizontal_pod_autoscaler: Option<HorizontalPodAutoscaler>,
    /// Nodes that may run them.
    pub selected_node_list: Option<Vec<String>>,
    /// `IN_GENERAL_NODE`, `IN_EKLET`, `IN_SHARED_NODE_POOL` or `IN_EXCLUSIVE_NODE_POOL`.
    pub deploy_mode: Option<String>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Resources of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResourceRequirements {
    /// Most it may use.
    pub limits: Option<Vec<Resource>>,
    /// What it is sure of.
    pub requests: Option<Vec<Resource>>,
}

/// An amount of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Resource {
    /// `cpu` or `memory`.
    pub name: String,
    /// Kubernetes quantity, as in `500m` or `1Gi`.
    pub quantity: String,
}

/// Automatic scaling.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HorizontalPodAutoscaler {
    /// Fewest pods.
    pub min_replicas: u64,
    /// Most pods.
    pub max_replicas: u64,
    /// What decides.
    pub metrics: Vec<MetricSpec>,
}

/// A metric that decides about scaling.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MetricSpec {
    /// `Pods` or `Resource`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// A metric of one's own.
    pub pods: Option<PodsMetric>,
    /// CPU or memory.
    pub resource: Option<ResourceMetric>,
}

/// A metric of one's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PodsMetric {
    /// Name.
    pub metric_name: String,
    /// Average to aim at.
    pub target_average_value: String,
}

/// CPU or memory as a metric.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResourceMetric {
    /// `cpu` or `memory`.
    pub name: String,
    /// Average share of the request to aim at, in percent.
    pub target_average_utilization: Option<u64>,
    /// Average to aim at.
    pub target_average_value: Option<String>,
}
