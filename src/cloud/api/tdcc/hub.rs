//! The hub cluster that clusters are registered to, and the opening of the product.

use serde::{Deserialize, Serialize};

use super::{ClusterId, PAGE, TDCC};
use crate::cloud::{
    Account, Action, Error, Kind,
    api::tke::TagSpecification,
    found,
    page::{self, Page},
};

const OPEN_STATUS: Action = Action::read(&TDCC, "DescribeOpenStatus");
const REGIONS: Action = Action::read(&TDCC, "ListRegion");
const CREATE: Action = Action::write(&TDCC, "CreateHubCluster");
const DESCRIBE: Action = Action::read(&TDCC, "DescribeHubClusters");
const DELETE: Action = Action::repeatable(&TDCC, "DeleteHubCluster");

/// States of the product's opening.
pub mod open_state {
    /// Not opened.
    pub const NOT_OPEN: &str = "NotOpen";
    /// Being opened.
    pub const OPENING: &str = "Opening";
    /// Opened.
    pub const OPENED: &str = "Opened";
    /// Opening failed.
    pub const FAILED: &str = "Failed";
}

/// States of a hub cluster, as far as they are known.
pub mod hub_state {
    /// In service.
    pub const RUNNING: &str = "Running";
    /// Being created.
    pub const INITIALIZING: &str = "Initializing";
    /// Being created, in the older generation.
    pub const CREATING: &str = "Creating";
    /// In trouble; may pass.
    pub const ABNORMAL: &str = "Abnormal";
    /// Being deleted; inferred from the states of other clusters.
    pub const DELETING: &str = "Deleting";
}

/// Whether the product is open for the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct OpenStatus {
    /// State; see [`open_state`].
    pub status: String,
    /// State of the hub per region.
    pub hub_init_status: Vec<HubInit>,
}

/// State of a hub's creation in a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HubInit {
    /// Number of the region.
    pub region_id: u64,
    /// State; its values are not known.
    pub status: String,
}

/// A hub cluster, in either generation's spelling.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HubCluster {
    /// Id, `cls-…`.
    #[serde(alias = "ClusterInstanceId")]
    pub cluster_id: String,
    /// Name; given by the cloud.
    #[serde(alias = "Name")]
    pub cluster_name: String,
    /// Description; given by the cloud.
    #[serde(alias = "Description")]
    pub cluster_desc: String,
    /// Version of Kubernetes.
    #[serde(rename = "K8SVersion")]
    pub k8s_version: String,
    /// Private network.
    #[serde(alias = "UniqVpcID")]
    pub vpc_id: String,
    /// Subnet.
    pub subnet_id: String,
    /// State; see [`hub_state`].
    #[serde(alias = "LifeState")]
    pub status: String,
    /// When it was created.
    pub created_time: String,
    /// Number of its region.
    pub region_id: u64,
    /// Tags.
    pub tag_specification: Vec<TagSpecification>,
}

/// A region in which the product is offered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Region {
    /// Its number.
    pub region_id: u64,
    /// Its name, as in `ap-guangzhou`.
    pub region_name: String,
}

/// Whether the product is open for the account (`DescribeOpenStatus`).
///
/// # Errors
/// Those of the call; [`Kind::Unsupported`] if the account may not use the product.
pub async fn open_status(account: &Account) -> Result<OpenStatus, Error> {
    account.call(&OPEN_STATUS, &()).await
}

/// The regions of the product (`ListRegion`): what the numbers in other answers mean.
///
/// # Errors
/// Those of the call; [`Kind::Unsupported`] where it is not open.
pub async fn regions(account: &Account) -> Result<Vec<Region>, Error> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        regions: Vec<Region>,
    }
    account.call(&REGIONS, &()).await.map(|Answer { regions }| regions)
}

/// Creates the hub cluster in the account's region and returns its id (`CreateHubCluster`);
/// asynchronous.
///
/// # Errors
/// Those of the call; the look after [`Kind::AnswerLost`] is [`hubs`], by network and subnet.
/// [`Kind::Malformed`] if the answer has no id.
pub async fn create_hub(account: &Account, vpc_id: &str, subnet_id: &str) -> Result<String, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        vpc_id: &'a str,
        subnet_id: &'a str,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        cluster_id: Option<String>,
        cluster_instance_id: Option<String>,
    }
    let answer: Answer = account.call(&CREATE, &Request { vpc_id, subnet_id }).await?;
    answer.cluster_id.or(answer.cluster_instance_id).filter(|id| !id.is_empty()).ok_or_else(|| {
        Error::new(Kind::AnswerLost, "CreateHubCluster answered without the id of the hub")
    })
}

/// The hub cluster with this id.
///
/// # Errors
/// Those of the call.
pub async fn find_hub(account: &Account, cluster_id: &str) -> Result<Option<HubCluster>, Error> {
    let hubs = hubs(account).await?;
    Ok(hubs.into_iter().find(|hub| hub.cluster_id == cluster_id))
}

/// All hub clusters of the account (`DescribeHubClusters`).
///
/// # Errors
/// Those of the call.
pub async fn hubs(account: &Account) -> Result<Vec<HubCluster>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        offset: u64,
        limit: u64,
    }
    let paged = page::all(PAGE, |offset, limit| async move {
        account.call(&DESCRIBE, &Request { offset, limit }).await.map(Answer::into_page)
    })
    .await;
    match paged {
        // The older generation takes no parameters and answers all at once.
        Err(error) if error.has_code("UnknownParameter") => {
            account.call(&DESCRIBE, &()).await.map(|answer: Answer| answer.into_page().items)
        }
        paged => Ok(found(paged)?.unwrap_or_default()),
    }
}

/// Deletes a hub cluster (`DeleteHubCluster`); asynchronous. That it is gone already is no error.
///
/// # Errors
/// Those of the call; [`Kind::Unsupported`] where it is not open.
pub async fn delete_hub(account: &Account, cluster_id: &str) -> Result<(), Error> {
    match account.perform(&DELETE, &ClusterId { cluster_id }).await {
        Err(error) if error.kind() == Kind::NotFound => Ok(()),
        outcome => outcome,
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Answer {
    total_count: Option<u64>,
    clusters: Vec<HubCluster>,
    cluster_set: Vec<HubCluster>,
}

impl Answer {
    fn into_page(self) -> Page<HubCluster> {
        let items = if self.clusters.is_empty() { self.cluster_set } else { self.clusters };
        Page { items, total: self.total_count }
    }
}
