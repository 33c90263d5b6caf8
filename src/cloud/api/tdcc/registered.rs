//! Clusters registered to a hub.

use serde::{Deserialize, Serialize};

use super::{ClusterId, PAGE, TDCC};
use crate::cloud::{
    Account, Action, Error, Kind,
    api::{Filter, tke::TagSpecification},
    found,
    page::{self, Page},
};
use crate::secret::Secret;

const CREATE: Action = Action::write(&TDCC, "CreateExternalCluster");
const DESCRIBE: Action = Action::read(&TDCC, "DescribeExternalClusters");
// Renewing the token's validity twice does no harm.
const SPEC: Action = Action::repeatable(&TDCC, "DescribeExternalClusterSpec");
const UPDATE: Action = Action::repeatable(&TDCC, "UpdateExternalCluster");
const DELETE: Action = Action::repeatable(&TDCC, "DeleteExternalCluster");
const CERTIFICATES: Action = Action::read(&TDCC, "ListClusterCertificates");
const ACQUIRE_ADMIN: Action = Action::repeatable(&TDCC, "AcquireClusterAdminRole");

/// Largest page of certificates.
const CERTIFICATE_PAGE: u64 = 50;

/// States of a registered cluster, as far as they are known; take any other as "not yet".
pub mod registered_state {
    /// Its agent has not called yet; the API's own spelling.
    pub const WAITING_FOR_CONNECT: &str = "WaittingForConnect";
    /// In service.
    pub const RUNNING: &str = "Running";
    /// In trouble; may pass while the agent connects.
    pub const ABNORMAL: &str = "Abnormal";
    /// Being deleted; inferred from the states of other clusters.
    pub const DELETING: &str = "Deleting";
}

/// A cluster to register (`CreateExternalCluster`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegisterCluster {
    /// Name.
    pub cluster_name: String,
    /// Description.
    pub cluster_desc: Option<String>,
    /// Hub to register it to.
    pub hub_cluster_id: String,
    /// Id of the cluster itself, if it is a TKE cluster.
    pub original_cluster_id: Option<String>,
    /// Region of the cluster itself.
    pub original_region: Option<String>,
    /// Category; its values are not known.
    pub cluster_category: Option<String>,
    /// Labels, presumably `key=value`.
    pub labels: Option<Vec<String>>,
    /// Tags, of type `cluster`.
    pub tag_specification: Option<Vec<TagSpecification>>,
}

/// A registered cluster (`DescribeExternalClusters`). Its hub and labels are not told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RegisteredCluster {
    /// Id, `cls-…`.
    pub cluster_id: String,
    /// Name.
    pub cluster_name: String,
    /// Description.
    pub cluster_desc: String,
    /// State; see [`registered_state`].
    pub status: String,
    /// Category.
    pub cluster_category: String,
    /// Region of the cluster itself.
    pub original_region: String,
    /// Id of the cluster itself.
    pub original_cluster_id: String,
    /// Range of pods, as its agent reports.
    #[serde(rename = "ClusterCIDR")]
    pub cluster_cidr: String,
    /// Range of services, as its agent reports.
    #[serde(rename = "ServiceCIDR")]
    pub service_cidr: String,
    /// Version of Kubernetes, as its agent reports.
    #[serde(rename = "K8SVersion")]
    pub k8s_version: String,
    /// Nodes, as its agent reports.
    pub total_node: u64,
    /// When it was registered.
    pub created_time: String,
    /// Tags.
    pub tag_specification: Vec<TagSpecification>,
}

/// Changes of a registered cluster (`UpdateExternalCluster`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateRegistered {
    /// Which cluster.
    pub cluster_id: String,
    /// New name.
    pub cluster_name: Option<String>,
    /// New description.
    pub cluster_desc: Option<String>,
    /// New labels.
    pub labels: Option<Vec<String>>,
    /// New annotations.
    pub annotations: Option<Vec<String>>,
}

/// The agent that a cluster has to run in order to be registered (`DescribeExternalClusterSpec`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AgentSpec {
    /// Manifests, multi-document YAML; holds a bootstrap token.
    pub spec: Secret,
    /// When the token ends, RFC 3339 in UTC.
    pub expiration: String,
}

/// A certificate of a user for a registered cluster (`ListClusterCertificates`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Certificate {
    /// Kubeconfig within the network.
    pub intra_kubeconfig: Secret,
    /// Kubeconfig over the internet.
    pub extra_kubeconfig: Secret,
    /// Client certificate, PEM.
    pub client_certificate: Secret,
    /// Client key, PEM.
    pub client_key: Secret,
    /// UIN of the user.
    pub sub_account_uin: String,
    /// Name of the user.
    pub nick_name: String,
    /// `Normal`, `Soon` (ends within 30 days) or `Expired`.
    pub certificate_status: String,
    /// When it ends.
    pub expiration_time: String,
}

/// Registers a cluster and returns its id (`CreateExternalCluster`).
///
/// # Errors
/// Those of the call; the look after [`Kind::AnswerLost`] is [`list_registered`] by name.
pub async fn register(account: &Account, request: &RegisterCluster) -> Result<String, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        cluster_id: String,
    }
    account.call(&CREATE, request).await.map(|Answer { cluster_id }| cluster_id)
}

/// The registered cluster with this id.
///
/// # Errors
/// Those of the call.
pub async fn find_registered(
    account: &Account,
    cluster_id: &str,
) -> Result<Option<RegisteredCluster>, Error> {
    let clusters = list(account, Some(&[cluster_id]), None).await?;
    Ok(clusters.into_iter().find(|cluster| cluster.cluster_id == cluster_id))
}

/// The registered clusters with this name; all, without one.
///
/// # Errors
/// Those of the call.
pub async fn list_registered(
    account: &Account,
    name: Option<&str>,
) -> Result<Vec<RegisteredCluster>, Error> {
    let filters = name.map(|name| [Filter::new("ClusterName", name)]);
    let mut clusters = list(account, None, filters.as_ref().map(|f| f.as_slice())).await?;
    clusters.retain(|cluster| name.is_none_or(|name| cluster.cluster_name == name));
    Ok(clusters)
}

/// The agent's manifests for a cluster: calling the hub over the internet with `extranet`, else within
/// the network; with a token of renewed validity if `renew` (`DescribeExternalClusterSpec`).
///
/// The hub's id is sent if given, and left out again if this generation of the API does not know it.
///
/// # Errors
/// Those of the call; [`Kind::NotFound`] if there is no such cluster.
pub async fn agent_spec(
    account: &Account,
    hub_cluster_id: Option<&str>,
    cluster_id: &str,
    extranet: bool,
    renew: bool,
) -> Result<AgentSpec, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        hub_cluster_id: Option<&'a str>,
        cluster_id: &'a str,
        is_extranet: bool,
        is_refresh_expiration_time: bool,
    }
    let request = Request {
        hub_cluster_id,
        cluster_id,
        is_extranet: extranet,
        is_refresh_expiration_time: renew,
    };
    match account.call(&SPEC, &request).await {
        Err(error) if hub_cluster_id.is_some() && error.has_code("UnknownParameter") => {
            account.call(&SPEC, &Request { hub_cluster_id: None, ..request }).await
        }
        outcome => outcome,
    }
}

/// Changes a registered cluster (`UpdateExternalCluster`).
///
/// # Errors
/// Those of the call; [`Kind::NotFound`] if there is no such cluster.
pub async fn update_registered(account: &Account, request: &UpdateRegistered) -> Result<(), Error> {
    account.perform(&UPDATE, request).await
}

/// Ends a registration (`DeleteExternalCluster`); remove the agent first, or it registers again. That it
/// is gone already is no error.
///
/// # Errors
/// Those of the call.
pub async fn delete_registered(account: &Account, cluster_id: &str) -> Result<(), Error> {
    match account.perform(&DELETE, &ClusterId { cluster_id }).await {
        Err(error) if error.kind() == Kind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// The users' certificates for a registered cluster (`ListClusterCertificates`).
///
/// # Errors
/// Those of the call; [`Kind::Unsupported`] where it is not open.
pub async fn certificates(account: &Account, cluster_id: &str) -> Result<Vec<Certificate>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        cluster_id: &'a str,
        offset: u64,
        limit: u64,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        total_count: Option<u64>,
        certificate_infos: Vec<Certificate>,
    }
    page::all(CERTIFICATE_PAGE, |offset, limit| async move {
        let request = Request { cluster_id, offset, limit };
        let answer: Answer = account.call(&CERTIFICATES, &request).await?;
        Ok(Page { items: answer.certificate_infos, total: answer.total_count })
    })
    .await
}

/// Makes the caller `tdcc:admin` in the cluster (`AcquireClusterAdminRole`).
///
/// # Errors
/// Those of the call.
pub async fn acquire_admin_role(account: &Account, cluster_id: &str) -> Result<(), Error> {
    account.perform(&ACQUIRE_ADMIN, &ClusterId { cluster_id }).await
}

async fn list(
    account: &Account,
    cluster_ids: Option<&[&str]>,
    filters: Option<&[Filter]>,
) -> Result<Vec<RegisteredCluster>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        cluster_ids: Option<&'a [&'a str]>,
        filters: Option<&'a [Filter]>,
        offset: u64,
        limit: u64,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        total_count: Option<u64>,
        clusters: Vec<RegisteredCluster>,
    }
    let clusters = page::all(PAGE, |offset, limit| async move {
        let request = Request { cluster_ids, filters, offset, limit };
        let answer: Answer = account.call(&DESCRIBE, &request).await?;
        Ok(Page { items: answer.clusters, total: answer.total_count })
    })
    .await;
    Ok(found(clusters)?.unwrap_or_default())
}
