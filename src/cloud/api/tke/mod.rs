//! Kubernetes clusters, `tke` 2018-05-25: standard, independent and serverless ones, how they are
//! reached, and their container ranges in a CCN.

mod container_route;
mod endpoint;
mod serverless;

use serde::{Deserialize, Serialize};

use super::{Filter, Tag};
use crate::cloud::{
    Account, Action, Error, RegionUse, Service,
    page::{self, Page},
};
use crate::secret::Secret;

pub use self::{
    container_route::{
        CcnInstance, CidrConflict, ContainerRoute, add_to_ccn, ccn_instances, check_cidr,
        remove_from_ccn, routes_in_ccn,
    },
    endpoint::{
        CreateEndpoint, EndpointStatus, Endpoints, create_endpoint, delete_endpoint,
        endpoint_state, endpoint_status, endpoints,
    },
    serverless::{
        AddressOfServerless, CredentialOfServerless, InternalLb, PublicLb, ServerlessCluster,
        ServerlessCredential, acquire_serverless_admin_role, find_serverless, list_serverless,
        serverless_credential, serverless_state,
    },
};

pub(super) static TKE: Service =
    Service { name: "tke", version: "2018-05-25", region: RegionUse::Needed };

const DESCRIBE: Action = Action::read(&TKE, "DescribeClusters");
// Asking for a kubeconfig makes a certificate for the caller the first time, and the same one after.
const KUBECONFIG: Action = Action::read(&TKE, "DescribeClusterKubeconfig");
const SECURITY: Action = Action::read(&TKE, "DescribeClusterSecurity");
const ACQUIRE_ADMIN: Action = Action::repeatable(&TKE, "AcquireClusterAdminRole");

const PAGE: u64 = 100;

/// Most cluster ids of one request.
const IDS: usize = 100;

/// States of a cluster.
pub mod cluster_state {
    /// Being paid for.
    pub const TRADING: &str = "Trading";
    /// Being created.
    pub const CREATING: &str = "Creating";
    /// In service.
    pub const RUNNING: &str = "Running";
    /// Being deleted.
    pub const DELETING: &str = "Deleting";
    /// Asleep.
    pub const IDLING: &str = "Idling";
    /// Waking up.
    pub const RECOVERING: &str = "Recovering";
    /// Being resized.
    pub const SCALING: &str = "Scaling";
    /// Being upgraded.
    pub const UPGRADING: &str = "Upgrading";
    /// A registered cluster whose agent has not called yet; the API's own spelling.
    pub const WAITING_FOR_CONNECT: &str = "WaittingForConnect";
    /// Stopped for arrears.
    pub const ISOLATED: &str = "Isolated";
    /// An upgrade is paused.
    pub const PAUSE: &str = "Pause";
    /// In trouble.
    pub const ABNORMAL: &str = "Abnormal";
}

/// Type of a cluster whose control plane is the cloud's.
pub const MANAGED_CLUSTER: &str = "MANAGED_CLUSTER";
/// Type of a cluster whose control plane runs on the user's own machines.
pub const INDEPENDENT_CLUSTER: &str = "INDEPENDENT_CLUSTER";

/// Network type whose pods have a range of their own, the one a CCN does not learn by itself.
pub const NETWORK_GLOBAL_ROUTER: &str = "GR";
/// Network type whose pods have addresses of the VPC.
pub const NETWORK_VPC_CNI: &str = "VPC-CNI";

/// A cluster (`DescribeClusters`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cluster {
    /// Id, `cls-…`.
    pub cluster_id: String,
    /// Name.
    pub cluster_name: String,
    /// Description.
    pub cluster_description: String,
    /// Version of Kubernetes.
    pub cluster_version: String,
    /// Operating system of its nodes.
    pub cluster_os: String,
    /// [`MANAGED_CLUSTER`] or [`INDEPENDENT_CLUSTER`].
    pub cluster_type: String,
    /// Network.
    pub cluster_network_settings: NetworkSettings,
    /// Nodes.
    pub cluster_node_num: u64,
    /// Project.
    pub project_id: i64,
    /// Tags.
    pub tag_specification: Vec<TagSpecification>,
    /// State; see [`cluster_state`].
    pub cluster_status: String,
    /// Further properties, JSON; see [`Cluster::network_type`].
    pub property: String,
    /// Container runtime.
    pub container_runtime: String,
    /// Version of the container runtime.
    pub runtime_version: String,
    /// When it was created.
    pub created_time: String,
    /// Whether it is protected from deletion.
    pub deletion_protection: bool,
    /// Size of a managed control plane, as in `L5`.
    pub cluster_level: String,
}

impl Cluster {
    /// How pods get their addresses: [`NETWORK_GLOBAL_ROUTER`], [`NETWORK_VPC_CNI`], `CiliumOverlay`;
    /// `None` if the cluster does not say.
    pub fn network_type(&self) -> Option<String> {
        let property: serde_json::Value = serde_json::from_str(&self.property).ok()?;
        property.get("NetworkType")?.as_str().map(str::to_owned)
    }

    /// Its tags, from all specifications.
    pub fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.tag_specification.iter().flat_map(|specification| &specification.tags)
    }
}

/// The network of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NetworkSettings {
    /// Range of pods (and, in a Global Router cluster, services).
    #[serde(rename = "ClusterCIDR")]
    pub cluster_cidr: String,
    /// Range of services.
    #[serde(rename = "ServiceCIDR")]
    pub service_cidr: String,
    /// Private network.
    pub vpc_id: String,
    /// Most pods per node.
    pub max_node_pod_num: u64,
    /// Most services.
    pub max_cluster_service_num: u64,
    /// Whether a network plug-in is used.
    pub cni: bool,
    /// Whether services use IPVS.
    pub ipvs: bool,
    /// Mode of kube-proxy.
    pub kube_proxy_mode: String,
    /// Subnets of pods.
    pub subnets: Vec<String>,
    /// Subnet of the control plane.
    pub subnet_id: String,
    /// Whether Cilium replaces kube-proxy.
    pub data_plane_v2: bool,
    /// Whether pods have addresses of both versions of IP.
    pub is_dual_stack: bool,
}

/// Tags of one type of object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TagSpecification {
    /// Type of the object: `cluster`.
    pub resource_type: String,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// How a cluster's API server is reached, in the old form (`DescribeClusterSecurity`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Security {
    /// User.
    pub user_name: String,
    /// Password or token of the user.
    pub password: Secret,
    /// Certificate authority, PEM.
    pub certification_authority: String,
    /// Public address.
    pub cluster_external_endpoint: String,
    /// Host name.
    pub domain: String,
    /// Address within the network.
    pub pgw_endpoint: String,
    /// Ranges that may call.
    pub security_policy: Vec<String>,
    /// Kubeconfig.
    pub kubeconfig: Secret,
}

/// The standard or independent cluster with this id in the account's region. Serverless clusters are
/// found with [`find_serverless`].
///
/// # Errors
/// Those of the call.
pub async fn find(account: &Account, cluster_id: &str) -> Result<Option<Cluster>, Error> {
    let clusters = list(account, &[cluster_id.to_owned()], &[]).await?;
    Ok(clusters.into_iter().find(|cluster| cluster.cluster_id == cluster_id))
}

/// The clusters with these ids (all, if empty) that fit all `filters` (`DescribeClusters`):
/// `ClusterName`, `ClusterType`, `ClusterStatus`, `vpc-id`, `tag-key`, `tag:<key>`. Ids that do not exist
/// are simply missing.
///
/// # Errors
/// Those of the call.
pub async fn list(
    account: &Account,
    cluster_ids: &[String],
    filters: &[Filter],
) -> Result<Vec<Cluster>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        cluster_ids: Option<&'a [String]>,
        filters: Option<&'a [Filter]>,
        offset: u64,
        limit: u64,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        total_count: Option<u64>,
        clusters: Vec<Cluster>,
    }
    let filters = (!filters.is_empty()).then_some(filters);
    let batches: Vec<Option<&[String]>> = if cluster_ids.is_empty() {
        vec![None]
    } else {
        cluster_ids.chunks(IDS).map(Some).collect()
    };
    let mut clusters = Vec::new();
    for cluster_ids in batches {
        let batch = page::all(PAGE, |offset, limit| async move {
            let request = Request { cluster_ids, filters, offset, limit };
            let answer: Answer = account.call(&DESCRIBE, &request).await?;
            Ok(Page { items: answer.clusters, total: answer.total_count })
        })
        .await;
        clusters.extend(crate::cloud::found(batch)?.unwrap_or_default());
    }
    Ok(clusters)
}

/// The caller's kubeconfig, YAML (`DescribeClusterKubeconfig`): over the internet with `extranet`, else
/// within the network. If that endpoint is not open, its server is a name that leads nowhere.
///
/// # Errors
/// Those of the call; [`crate::cloud::Kind::NotFound`] if there is no such cluster.
pub async fn kubeconfig(
    account: &Account,
    cluster_id: &str,
    extranet: bool,
) -> Result<Secret, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        cluster_id: &'a str,
        is_extranet: bool,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        kubeconfig: Secret,
    }
    let request = Request { cluster_id, is_extranet: extranet };
    account.call(&KUBECONFIG, &request).await.map(|answer: Answer| answer.kubeconfig)
}

/// How a cluster's API server is reached, in the old form (`DescribeClusterSecurity`): for clusters where
/// [`kubeconfig`] does not do.
///
/// # Errors
/// Those of the call; [`crate::cloud::Kind::Unsupported`] where the action is switched off.
pub async fn security(account: &Account, cluster_id: &str) -> Result<Security, Error> {
    account.call(&SECURITY, &ClusterId { cluster_id }).await
}

/// Makes the caller `tke:admin` in the cluster (`AcquireClusterAdminRole`).
///
/// # Errors
/// Those of the call.
pub async fn acquire_admin_role(account: &Account, cluster_id: &str) -> Result<(), Error> {
    account.perform(&ACQUIRE_ADMIN, &ClusterId { cluster_id }).await
}

/// A request that only names the cluster.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ClusterId<'a> {
    cluster_id: &'a str,
}

#[cfg(test)]
mod tests;
