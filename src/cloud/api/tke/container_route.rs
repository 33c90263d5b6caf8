//! Container ranges of Global Router clusters in a CCN.
//!
//! These actions of `tke` 2018-05-25 are not in the public SDK. The permission catalogue lists them, and
//! the private cloud's SDK has their shapes; whether an ordinary account may call them is not documented,
//! so a caller has to expect [`Kind::Unsupported`]. A [`crate::cloud::Dialect`] renames them.

use serde::{Deserialize, Serialize};

use super::TKE;
use crate::cloud::{Account, Action, Error, Kind};

const ADD: Action = Action::repeatable(&TKE, "AddClusterCIDRToCcn");
const REMOVE: Action = Action::repeatable(&TKE, "DeleteClusterCIDRFromCcn");
const ROUTES: Action = Action::read(&TKE, "DescribeCcnRoutes");
const INSTANCES: Action = Action::read(&TKE, "DescribeCcnInstances");
const CHECK: Action = Action::read(&TKE, "CheckClusterCIDR");

/// A route of a container range in a CCN.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerRoute {
    /// Id, `ccnr-…`.
    pub route_id: String,
    /// The range.
    pub destination_cidr_block: String,
    /// Type of the next hop: `VPC`.
    pub instance_type: String,
    /// Next hop.
    pub instance_id: String,
    /// Region of the next hop.
    pub instance_region: String,
    /// Root UIN of the next hop's owner.
    pub instance_uin: String,
}

/// A private network's attachment as TKE sees it (`DescribeCcnInstances`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CcnInstance {
    /// The CCN.
    pub ccn_id: String,
    /// Root UIN of the CCN's owner.
    pub ccn_uin: String,
    /// Type of the instance.
    pub instance_type: String,
    /// The instance.
    pub instance_id: String,
    /// Region of the instance.
    pub instance_region: String,
    /// Root UIN of the instance's owner.
    pub instance_uin: String,
    /// Ranges of the instance.
    pub cidrs: Vec<String>,
    /// State; see [`crate::cloud::api::ccn::attachment_state`].
    pub state: String,
}

/// Whether a container range collides with something (`CheckClusterCIDR`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CidrConflict {
    /// Whether it does.
    pub is_conflict: bool,
    /// With what: `CIDR_CONFLICT_WITH_OTHER_CLUSTER`, `…_VPC_CIDR`, `…_VPC_GLOBAL_ROUTE`.
    pub conflict_type: String,
    /// Details.
    pub conflict_msg: String,
}

/// Publishes a container range to the CCN that the network is attached to (`AddClusterCIDRToCcn`).
///
/// # Errors
/// Those of the call; [`Kind::Unsupported`] where it is not open.
pub async fn add_to_ccn(
    account: &Account,
    vpc_id: &str,
    cluster_cidr: &str,
) -> Result<Vec<ContainerRoute>, Error> {
    routes(account, &ADD, vpc_id, cluster_cidr).await
}

/// Takes a container range out of the CCN (`DeleteClusterCIDRFromCcn`). That it is not there is no
/// error.
///
/// # Errors
/// Those of the call; [`Kind::Unsupported`] where it is not open.
pub async fn remove_from_ccn(
    account: &Account,
    vpc_id: &str,
    cluster_cidr: &str,
) -> Result<(), Error> {
    match routes(account, &REMOVE, vpc_id, cluster_cidr).await {
        Err(error) if error.kind() == Kind::NotFound => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// The routes of a container range in the CCN; none if it is not published (`DescribeCcnRoutes` of TKE).
///
/// # Errors
/// Those of the call; [`Kind::Unsupported`] where it is not open.
pub async fn routes_in_ccn(
    account: &Account,
    vpc_id: &str,
    cluster_cidr: &str,
) -> Result<Vec<ContainerRoute>, Error> {
    let routes = routes(account, &ROUTES, vpc_id, cluster_cidr).await;
    Ok(crate::cloud::found(routes)?.unwrap_or_default())
}

/// The CCNs that a private network is attached to, as TKE sees it (`DescribeCcnInstances`).
///
/// # Errors
/// Those of the call; [`Kind::Unsupported`] where it is not open.
pub async fn ccn_instances(account: &Account, vpc_id: &str) -> Result<Vec<CcnInstance>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        vpc_id: &'a str,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        instance_set: Vec<CcnInstance>,
    }
    account.call(&INSTANCES, &Request { vpc_id }).await.map(|answer: Answer| answer.instance_set)
}

/// Whether a container range collides in a private network (`CheckClusterCIDR`).
///
/// # Errors
/// Those of the call; [`Kind::Unsupported`] where it is not open.
pub async fn check_cidr(
    account: &Account,
    vpc_id: &str,
    cluster_cidr: &str,
) -> Result<CidrConflict, Error> {
    account.call(&CHECK, &Range { vpc_id, cluster_cidr }).await
}

async fn routes(
    account: &Account,
    action: &Action,
    vpc_id: &str,
    cluster_cidr: &str,
) -> Result<Vec<ContainerRoute>, Error> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        route_set: Vec<ContainerRoute>,
    }
    let answer: Answer = account.call(action, &Range { vpc_id, cluster_cidr }).await?;
    Ok(answer.route_set)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Range<'a> {
    vpc_id: &'a str,
    #[serde(rename = "ClusterCIDR")]
    cluster_cidr: &'a str,
}
