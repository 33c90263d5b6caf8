//! Serverless clusters (EKS).

use serde::{Deserialize, Serialize};

use super::{ClusterId, IDS, PAGE, TKE, TagSpecification};
use crate::cloud::{
    Account, Action, Error, found,
    page::{self, Page},
};
use crate::secret::Secret;

const DESCRIBE: Action = Action::read(&TKE, "DescribeEKSClusters");
const CREDENTIAL: Action = Action::read(&TKE, "DescribeEKSClusterCredential");
// Not in the public SDK; in the permission catalogue of TKE.
const ACQUIRE_ADMIN: Action = Action::repeatable(&TKE, "AcquireEKSClusterAdminRole");

/// States of a serverless cluster; the API varies their case.
pub mod serverless_state {
    /// In service.
    pub const RUNNING: &str = "running";
    /// Being created.
    pub const INITIALIZING: &str = "initializing";
    /// In trouble.
    pub const FAILED: &str = "Failed";
    /// Asleep.
    pub const IDLING: &str = "Idling";
    /// Waking up.
    pub const ACTIVATING: &str = "Activating";
    /// Being deleted.
    pub const TERMINATING: &str = "Terminating";
}

/// A serverless cluster (`DescribeEKSClusters`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServerlessCluster {
    /// Id, `cls-…`.
    pub cluster_id: String,
    /// Name.
    pub cluster_name: String,
    /// Description.
    pub cluster_desc: String,
    /// Private network.
    pub vpc_id: String,
    /// Subnets of pods.
    pub subnet_ids: Vec<String>,
    /// Version of Kubernetes.
    #[serde(rename = "K8SVersion")]
    pub k8s_version: String,
    /// State; see [`serverless_state`].
    pub status: String,
    /// When it was created.
    pub created_time: String,
    /// Subnet of services.
    pub service_subnet_id: String,
    /// Tags.
    pub tag_specification: Vec<TagSpecification>,
}

/// How a serverless cluster is reached (`DescribeEKSClusterCredential`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServerlessCredential {
    /// Addresses.
    pub addresses: Vec<AddressOfServerless>,
    /// Certificate authority and token.
    pub credential: CredentialOfServerless,
    /// Endpoint on the internet.
    #[serde(rename = "PublicLB")]
    pub public_lb: PublicLb,
    /// Endpoint within the network.
    #[serde(rename = "InternalLB")]
    pub internal_lb: InternalLb,
    /// Whether endpoints are of the newer kind.
    #[serde(rename = "ProxyLB")]
    pub proxy_lb: bool,
    /// Kubeconfig, YAML.
    pub kubeconfig: Secret,
}

/// An address of a serverless cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AddressOfServerless {
    /// Type, as in `advertise` or `public`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Address.
    pub ip: String,
    /// Port.
    pub port: u32,
}

/// Certificate authority and token of a serverless cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CredentialOfServerless {
    /// Certificate authority, PEM.
    #[serde(rename = "CACert")]
    pub ca_cert: String,
    /// Token; only for the root account.
    pub token: Secret,
}

/// Endpoint on the internet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PublicLb {
    /// Whether it is open.
    pub enabled: bool,
    /// Ranges that may call.
    pub security_policies: Vec<String>,
}

/// Endpoint within the network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InternalLb {
    /// Whether it is open.
    pub enabled: bool,
    /// Subnet.
    pub subnet_id: String,
}

/// The serverless cluster with this id in the account's region.
///
/// # Errors
/// Those of the call.
pub async fn find_serverless(
    account: &Account,
    cluster_id: &str,
) -> Result<Option<ServerlessCluster>, Error> {
    let clusters = list_serverless(account, &[cluster_id.to_owned()]).await?;
    Ok(clusters.into_iter().find(|cluster| cluster.cluster_id == cluster_id))
}

/// The serverless clusters with these ids, or all (`DescribeEKSClusters`).
///
/// # Errors
/// Those of the call.
pub async fn list_serverless(
    account: &Account,
    cluster_ids: &[String],
) -> Result<Vec<ServerlessCluster>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        cluster_ids: Option<&'a [String]>,
        offset: u64,
        limit: u64,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        total_count: Option<u64>,
        clusters: Vec<ServerlessCluster>,
    }
    let batches: Vec<Option<&[String]>> = if cluster_ids.is_empty() {
        vec![None]
    } else {
        cluster_ids.chunks(IDS).map(Some).collect()
    };
    let mut clusters = Vec::new();
    for cluster_ids in batches {
        let batch = page::all(PAGE, |offset, limit| async move {
            let request = Request { cluster_ids, offset, limit };
            let answer: Answer = account.call(&DESCRIBE, &request).await?;
            Ok(Page { items: answer.clusters, total: answer.total_count })
        })
        .await;
        clusters.extend(found(batch)?.unwrap_or_default());
    }
    Ok(clusters)
}

/// How a serverless cluster is reached (`DescribeEKSClusterCredential`).
///
/// # Errors
/// Those of the call; [`crate::cloud::Kind::NotFound`] if there is no such cluster.
pub async fn serverless_credential(
    account: &Account,
    cluster_id: &str,
) -> Result<ServerlessCredential, Error> {
    account.call(&CREDENTIAL, &ClusterId { cluster_id }).await
}

/// Makes the caller admin in the serverless cluster (`AcquireEKSClusterAdminRole`, not published).
///
/// # Errors
/// Those of the call; [`crate::cloud::Kind::Unsupported`] where it is not open.
pub async fn acquire_serverless_admin_role(
    account: &Account,
    cluster_id: &str,
) -> Result<(), Error> {
    account.perform(&ACQUIRE_ADMIN, &ClusterId { cluster_id }).await
}
