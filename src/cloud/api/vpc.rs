//! Private networks, `vpc` 2017-03-12.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Filter, Tag};
use crate::cloud::{
    Account, Action, Error, RegionUse, Service,
    page::{self, Page},
};

pub(super) static VPC: Service =
    Service { name: "vpc", version: "2017-03-12", region: RegionUse::Needed };

const DESCRIBE_VPCS: Action = Action::read(&VPC, "DescribeVpcs");
const DESCRIBE_SUBNETS: Action = Action::read(&VPC, "DescribeSubnets");

/// Largest page of these lists.
const PAGE: u64 = 100;

/// A private network (`DescribeVpcs`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Vpc {
    /// Id, `vpc-…`.
    pub vpc_id: String,
    /// Name.
    pub vpc_name: String,
    /// IPv4 range.
    pub cidr_block: String,
    /// Further ranges.
    pub assistant_cidr_set: Vec<AssistantCidr>,
    /// Whether it is the region's default network.
    pub is_default: bool,
    /// When it was created.
    pub created_time: String,
    /// Whether a CCN learns the network's ranges instead of its subnets'.
    pub enable_route_vpc_publish: bool,
    /// Tags.
    pub tag_set: Vec<Tag>,
}

/// A further range of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssistantCidr {
    /// IPv4 range.
    pub cidr_block: String,
    /// 0: an ordinary one; 1: one of containers.
    pub assistant_type: u64,
}

/// A subnet (`DescribeSubnets`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Subnet {
    /// Network that it is part of.
    pub vpc_id: String,
    /// Id, `subnet-…`.
    pub subnet_id: String,
    /// Name.
    pub subnet_name: String,
    /// IPv4 range.
    pub cidr_block: String,
    /// Availability zone.
    pub zone: String,
    /// Route table.
    pub route_table_id: String,
    /// Whether it is the default subnet.
    pub is_default: bool,
    /// IPv4 addresses that are free.
    pub available_ip_address_count: u64,
}

/// The network with this id in the account's region.
///
/// # Errors
/// Those of the call.
pub async fn find(account: &Account, vpc_id: &str) -> Result<Option<Vpc>, Error> {
    let vpcs = list(account, &[Filter::new("vpc-id", vpc_id)]).await?;
    Ok(vpcs.into_iter().find(|vpc| vpc.vpc_id == vpc_id))
}

/// The networks that fit all `filters` (`DescribeVpcs`): `vpc-id`, `vpc-name`, `cidr-block`, `tag-key`,
/// `tag:<key>`.
///
/// # Errors
/// Those of the call.
pub async fn list(account: &Account, filters: &[Filter]) -> Result<Vec<Vpc>, Error> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        total_count: Option<u64>,
        vpc_set: Vec<Vpc>,
    }
    pages(account, &DESCRIBE_VPCS, filters, |answer: Answer| Page {
        items: answer.vpc_set,
        total: answer.total_count,
    })
    .await
}

/// The subnet with this id in the account's region.
///
/// # Errors
/// Those of the call.
pub async fn find_subnet(account: &Account, subnet_id: &str) -> Result<Option<Subnet>, Error> {
    let subnets = subnets(account, &[Filter::new("subnet-id", subnet_id)]).await?;
    Ok(subnets.into_iter().find(|subnet| subnet.subnet_id == subnet_id))
}

/// The subnets that fit all `filters` (`DescribeSubnets`): `subnet-id`, `vpc-id`, `cidr-block`, `zone`,
/// `subnet-name`.
///
/// # Errors
/// Those of the call.
pub async fn subnets(account: &Account, filters: &[Filter]) -> Result<Vec<Subnet>, Error> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        total_count: Option<u64>,
        subnet_set: Vec<Subnet>,
    }
    pages(account, &DESCRIBE_SUBNETS, filters, |answer: Answer| Page {
        items: answer.subnet_set,
        total: answer.total_count,
    })
    .await
}

/// These two actions take offset and limit as text.
async fn pages<A: DeserializeOwned, T>(
    account: &Account,
    action: &Action,
    filters: &[Filter],
    page_of: impl Fn(A) -> Page<T>,
) -> Result<Vec<T>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        filters: Option<&'a [Filter]>,
        offset: String,
        limit: String,
    }
    let filters = (!filters.is_empty()).then_some(filters);
    let page_of = &page_of;
    page::all(PAGE, |offset, limit| async move {
        let request = Request { filters, offset: offset.to_string(), limit: limit.to_string() };
        account.call(action, &request).await.map(page_of)
    })
    .await
}

#[cfg(test)]
mod tests;
