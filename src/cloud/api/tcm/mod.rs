//! Service mesh, `tcm` 2021-04-13: meshes and the clusters linked to them.
//!
//! Ingress gateways have no action of their own: they are entries of [`ClusterConfig`], written with
//! [`modify`] and read with [`find`]. That the API takes them as input is inferred from its request
//! models, not documented.

mod config;
mod gateway;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Filter, is};
use crate::cloud::{
    Account, Action, Error, Kind, RegionUse, Service, found,
    page::{self, Page},
};

pub use self::{
    config::{
        AccessLogConfig, Apm, Cls, CustomPrometheus, InjectConfig, IstioConfig, MeshConfig,
        PrometheusConfig, SelectedItems, SelectedRange, SmartDnsConfig, TracingConfig, Zipkin,
    },
    gateway::{
        EgressGateway, ExtensiveCluster, ExtensiveClusters, GatewayService, GatewayStatus,
        HorizontalPodAutoscaler, IngressGateway, IstiodConfig, LoadBalancer, LoadBalancerStatus,
        MetricSpec, PodsMetric, Resource, ResourceMetric, ResourceRequirements, Workload,
        gateway_state,
    },
};

static TCM: Service = Service { name: "tcm", version: "2021-04-13", region: RegionUse::Needed };

const CREATE: Action = Action::write(&TCM, "CreateMesh");
const DESCRIBE: Action = Action::read(&TCM, "DescribeMesh");
const LIST: Action = Action::read(&TCM, "DescribeMeshList");
const MODIFY: Action = Action::repeatable(&TCM, "ModifyMesh");
const DELETE: Action = Action::repeatable(&TCM, "DeleteMesh");
const LINK: Action = Action::write(&TCM, "LinkClusterList");
const UNLINK: Action = Action::repeatable(&TCM, "UnlinkCluster");

const PAGE: u64 = 100;

/// States of a mesh. The console knows two more, of a mesh without clusters: [`IDLE`](mesh_state::IDLE)
/// and [`INVALID`](mesh_state::INVALID); whether the API says so is not documented.
pub mod mesh_state {
    /// Waits to be created.
    pub const PENDING: &str = "PENDING";
    /// Being created.
    pub const CREATING: &str = "CREATING";
    /// In service.
    pub const RUNNING: &str = "RUNNING";
    /// In trouble.
    pub const ABNORMAL: &str = "ABNORMAL";
    /// Being upgraded.
    pub const UPGRADING: &str = "UPGRADING";
    /// The canary of an upgrade is in service.
    pub const CANARY_UPGRADED: &str = "CANARY_UPGRADED";
    /// Going back to the version before.
    pub const ROLLBACKING: &str = "ROLLBACKING";
    /// Being deleted.
    pub const DELETING: &str = "DELETING";
    /// Creating failed.
    pub const CREATE_FAILED: &str = "CREATE_FAILED";
    /// Deleting failed.
    pub const DELETE_FAILED: &str = "DELETE_FAILED";
    /// Upgrading failed.
    pub const UPGRADE_FAILED: &str = "UPGRADE_FAILED";
    /// Going back failed.
    pub const ROLLBACK_FAILED: &str = "ROLLBACK_FAILED";
    /// In service with no cluster linked.
    pub const IDLE: &str = "IDLE";
    /// Idle for over 30 days: can only be deleted.
    pub const INVALID: &str = "INVALID";
}

/// States of the link between a cluster and a mesh.
pub mod link_state {
    /// Being linked.
    pub const LINKING: &str = "LINKING";
    /// Linked.
    pub const LINKED: &str = "LINKED";
    /// Being unlinked.
    pub const UNLINKING: &str = "UNLINKING";
    /// Linking failed; the status has details.
    pub const LINK_FAILED: &str = "LINK_FAILED";
    /// Unlinking failed.
    pub const UNLINK_FAILED: &str = "UNLINK_FAILED";
}

/// Role of a cluster: where the control plane lives.
pub const ROLE_MASTER: &str = "MASTER";
/// Role of a cluster: managed by the control plane; every cluster of a hosted mesh.
pub const ROLE_REMOTE: &str = "REMOTE";
/// Type of a mesh: the control plane is the cloud's.
pub const TYPE_HOSTED: &str = "HOSTED";

/// A mesh (`DescribeMesh`).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Mesh {
    /// Id, `mesh-…`.
    pub mesh_id: String,
    /// Name.
    pub display_name: String,
    /// `HOSTED` or `STANDALONE`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Region of the control plane.
    pub region: String,
    /// Version of Istio.
    pub version: String,
    /// State; see [`mesh_state`].
    pub state: String,
    /// When it was created.
    pub created_time: String,
    /// When it was changed last.
    pub updated_time: String,
    /// Linked clusters.
    pub cluster_list: Vec<Cluster>,
    /// Configuration.
    pub config: MeshConfig,
    /// Details of the state.
    pub status: MeshStatus,
    /// Tags.
    pub tag_list: Vec<MeshTag>,
}

impl Mesh {
    /// The linked cluster with this id; `None` if it is not linked (any more).
    pub fn cluster(&self, cluster_id: &str) -> Option<&Cluster> {
        self.cluster_list.iter().find(|cluster| cluster.cluster_id == cluster_id)
    }

    /// An ingress gateway by the cluster that runs it, its namespace and its name.
    pub fn ingress_gateway(
        &self,
        cluster_id: &str,
        namespace: &str,
        name: &str,
    ) -> Option<&IngressGateway> {
        let config = self.cluster(cluster_id)?.config.as_ref()?;
        let mut gateways = config.ingress_gateway_list.iter().flatten();
        gateways.find(|gateway| gateway.namespace == namespace && gateway.name == name)
    }

    /// Whether an operation is under way, so that another change had better wait.
    pub fn is_operating(&self) -> bool {
        !self.status.active_operation_list.is_empty()
    }
}

/// Details of a mesh's state.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MeshStatus {
    /// Services in the mesh.
    pub service_count: u64,
    /// Version of the canary while upgrading.
    pub canary_version: String,
    /// What there is to say about the state.
    pub state_message: String,
    /// Operations under way.
    pub active_operation_list: Vec<Operation>,
}

/// An operation under way.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Operation {
    /// Id.
    pub operation_id: String,
    /// `LINK_CLUSTERS`, `RELINK_CLUSTERS`, `UNLINK_CLUSTERS` or `INSTALL_MESH`.
    #[serde(rename = "Type")]
    pub kind: String,
}

/// A tag of a mesh.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MeshTag {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
    /// Whether objects that the mesh makes in other products get it too.
    pub passthrough: Option<bool>,
}

/// A cluster as part of a mesh: in requests, and in [`Mesh::cluster_list`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cluster {
    /// Id, `cls-…`.
    pub cluster_id: String,
    /// Region; of a registered cluster presumably that of its hub.
    pub region: String,
    /// [`ROLE_MASTER`] or [`ROLE_REMOTE`].
    pub role: String,
    /// Network.
    pub vpc_id: String,
    /// Subnet; needed by standalone meshes.
    pub subnet_id: Option<String>,
    /// Type: `TKE`, `EKS`; the word for registered clusters is not published. Not sent if not set.
    #[serde(rename = "Type")]
    pub kind: Option<String>,
    /// Namespaces that the mesh hosts.
    pub hosted_namespaces: Option<Vec<String>>,
    /// Injection and gateways.
    pub config: Option<ClusterConfig>,
    /// Name; answers only.
    #[serde(skip_serializing)]
    pub display_name: String,
    /// State of the cluster; answers only.
    #[serde(skip_serializing)]
    pub state: String,
    /// When it was linked; answers only.
    #[serde(skip_serializing)]
    pub linked_time: String,
    /// State of the link; answers only.
    #[serde(skip_serializing)]
    pub status: ClusterStatus,
}

/// State of the link between a cluster and a mesh.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ClusterStatus {
    /// State; see [`link_state`].
    pub link_state: String,
    /// Why linking or unlinking failed.
    pub link_error_detail: String,
}

/// What the mesh does inside a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ClusterConfig {
    /// Namespaces whose pods get a sidecar; always sent.
    pub auto_injection_namespace_list: Vec<String>,
    /// Ingress gateways; sent if set, and then as the whole list.
    pub ingress_gateway_list: Option<Vec<IngressGateway>>,
    /// Egress gateways; sent if set, and then as the whole list.
    pub egress_gateway_list: Option<Vec<EgressGateway>>,
    /// Control plane, in clusters that run one.
    pub istiod: Option<IstiodConfig>,
    /// Nodes for what the mesh runs.
    pub deploy_config: Option<DeployConfig>,
    /// State of injection per namespace; answers only.
    #[serde(skip_serializing)]
    pub auto_injection_namespace_state_list: Vec<InjectionState>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Nodes for what the mesh runs in a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeployConfig {
    /// `SPECIFIC`: the nodes given; `AUTO`: any.
    pub node_select_type: Option<String>,
    /// Nodes.
    pub nodes: Option<Vec<String>>,
}

/// State of injection in a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InjectionState {
    /// Namespace.
    pub namespace: String,
    /// State.
    pub state: String,
}

/// What a new mesh is to be (`CreateMesh`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateMesh {
    /// Name.
    pub display_name: String,
    /// Version of Istio, as in `1.16.5`.
    pub mesh_version: String,
    /// [`TYPE_HOSTED`], the only documented one.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Configuration.
    pub config: MeshConfig,
    /// Clusters to link at once.
    pub cluster_list: Option<Vec<Cluster>>,
    /// Tags.
    pub tag_list: Option<Vec<MeshTag>>,
}

/// Changes of a mesh (`ModifyMesh`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyMesh {
    /// Which mesh.
    pub mesh_id: String,
    /// New name.
    pub display_name: Option<String>,
    /// New configuration.
    pub config: Option<MeshConfig>,
    /// New configuration of the clusters listed.
    pub cluster_list: Option<Vec<Cluster>>,
}

/// What is deleted together with a mesh (`DeleteMesh`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeleteWith {
    /// Its log topic (CLS).
    pub log_topic: Option<bool>,
    /// Its Prometheus instance (TMP).
    pub prometheus: Option<bool>,
    /// Its tracing instance (APM).
    pub tracing: Option<bool>,
    /// Its Grafana instance.
    pub grafana: Option<bool>,
}

/// Creates a mesh and returns its id (`CreateMesh`); asynchronous.
///
/// # Errors
/// Those of the call. A mesh has no natural key: after [`Kind::AnswerLost`] look with [`list`] for the
/// name, or for a tag that the request carried.
pub async fn create(account: &Account, request: &CreateMesh) -> Result<String, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        mesh_id: String,
    }
    account.call(&CREATE, request).await.map(|Answer { mesh_id }| mesh_id)
}

/// The mesh with this id (`DescribeMesh`).
///
/// # Errors
/// Those of the call.
pub async fn find(account: &Account, mesh_id: &str) -> Result<Option<Mesh>, Error> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        mesh: Option<Mesh>,
    }
    let answer = found(account.call::<_, Answer>(&DESCRIBE, &MeshId { mesh_id }).await)?;
    Ok(answer.and_then(|answer| answer.mesh).filter(|mesh| is(&mesh.mesh_id, mesh_id)))
}

/// The account's meshes in its region that fit all `filters` (`DescribeMeshList`). The names of filters
/// are not documented, so also compare what comes back.
///
/// # Errors
/// Those of the call.
pub async fn list(account: &Account, filters: &[Filter]) -> Result<Vec<Mesh>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        filters: Option<&'a [Filter]>,
        offset: u64,
        limit: u64,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        mesh_list: Vec<Mesh>,
        total: Option<u64>,
    }
    let filters = (!filters.is_empty()).then_some(filters);
    page::all(PAGE, |offset, limit| async move {
        let answer: Answer = account.call(&LIST, &Request { filters, offset, limit }).await?;
        Ok(Page { items: answer.mesh_list, total: answer.total })
    })
    .await
}

/// Changes a mesh or the clusters linked to it (`ModifyMesh`); asynchronous.
///
/// # Errors
/// Those of the call; [`Kind::NotFound`] if there is no such mesh.
pub async fn modify(account: &Account, request: &ModifyMesh) -> Result<(), Error> {
    account.perform(&MODIFY, request).await
}

/// Deletes a mesh (`DeleteMesh`); asynchronous, ends when [`find`] says `None`. That it is gone already
/// is no error.
///
/// # Errors
/// Those of the call; [`Kind::Conflict`] while clusters are linked.
pub async fn delete(account: &Account, mesh_id: &str, with: DeleteWith) -> Result<(), Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        mesh_id: &'a str,
        #[serde(rename = "NeedDeleteCLS")]
        need_delete_cls: Option<bool>,
        #[serde(rename = "NeedDeleteTMP")]
        need_delete_tmp: Option<bool>,
        #[serde(rename = "NeedDeleteAPM")]
        need_delete_apm: Option<bool>,
        need_delete_grafana: Option<bool>,
    }
    let request = Request {
        mesh_id,
        need_delete_cls: with.log_topic,
        need_delete_tmp: with.prometheus,
        need_delete_apm: with.tracing,
        need_delete_grafana: with.grafana,
    };
    gone_is_fine(account.perform(&DELETE, &request).await)
}

/// Links clusters to a mesh (`LinkClusterList`); asynchronous, see [`Mesh::cluster`] for the state.
///
/// # Errors
/// Those of the call; after [`Kind::AnswerLost`] look with [`find`].
pub async fn link(account: &Account, mesh_id: &str, clusters: &[Cluster]) -> Result<(), Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        mesh_id: &'a str,
        cluster_list: &'a [Cluster],
    }
    account.perform(&LINK, &Request { mesh_id, cluster_list: clusters }).await
}

/// Unlinks one cluster from a mesh (`UnlinkCluster`); asynchronous, ends when [`Mesh::cluster`] says
/// `None` for this cluster. That mesh or link are gone already is no error.
///
/// # Errors
/// Those of the call.
pub async fn unlink(account: &Account, mesh_id: &str, cluster_id: &str) -> Result<(), Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        mesh_id: &'a str,
        cluster_id: &'a str,
    }
    gone_is_fine(account.perform(&UNLINK, &Request { mesh_id, cluster_id }).await)
}

fn gone_is_fine(outcome: Result<(), Error>) -> Result<(), Error> {
    match outcome {
        Err(error) if error.kind() == Kind::NotFound => Ok(()),
        outcome => outcome,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MeshId<'a> {
    mesh_id: &'a str,
}

#[cfg(test)]
mod tests;
