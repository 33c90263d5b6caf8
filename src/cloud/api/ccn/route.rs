//! Routes of a CCN.

use serde::{Deserialize, Serialize};

use crate::cloud::{
    Account, Action, Error,
    api::{Filter, vpc::VPC},
    page::{self, Page},
};

const DESCRIBE: Action = Action::read(&VPC, "DescribeCcnRoutes");
const ENABLE: Action = Action::repeatable(&VPC, "EnableCcnRoutes");
const DISABLE: Action = Action::repeatable(&VPC, "DisableCcnRoutes");
const DESCRIBE_TABLES: Action = Action::read(&VPC, "DescribeCcnRouteTables");

/// A route (`DescribeCcnRoutes`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Route {
    /// Id, `ccnr-…`.
    pub route_id: String,
    /// Destination range.
    pub destination_cidr_block: String,
    /// Type of the next hop: `VPC`, `DIRECTCONNECT`.
    pub instance_type: String,
    /// Next hop.
    pub instance_id: String,
    /// Name of the next hop.
    pub instance_name: String,
    /// Region of the next hop.
    pub instance_region: String,
    /// Root UIN of the next hop's owner.
    pub instance_uin: String,
    /// Whether it takes effect. Of overlapping routes the later one starts disabled.
    pub enabled: bool,
    /// Further state, as in `Running`.
    pub extra_state: String,
    /// Whether it was learnt by BGP.
    pub is_bgp: bool,
    /// Priority.
    pub route_priority: u64,
    /// Route table, `ccnrtb-…`.
    pub route_table_id: String,
    /// When it was changed last.
    pub update_time: String,
}

/// A route table of a CCN (`DescribeCcnRouteTables`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RouteTable {
    /// The CCN.
    pub ccn_id: String,
    /// Id, `ccnrtb-…`.
    pub ccn_route_table_id: String,
    /// Name.
    pub route_table_name: String,
    /// Description.
    pub route_table_description: String,
    /// Whether attachments that name none get this one.
    pub is_default_table: bool,
    /// When it was created.
    pub create_time: String,
}

/// The routes of a CCN that fit all `filters` (`DescribeCcnRoutes`): `route-id`, `cidr-block`,
/// `instance-type`, `instance-region`, `instance-id`, `route-table-id`.
///
/// # Errors
/// Those of the call.
pub async fn routes(
    account: &Account,
    ccn_id: &str,
    filters: &[Filter],
) -> Result<Vec<Route>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        ccn_id: &'a str,
        filters: Option<&'a [Filter]>,
        offset: u64,
        limit: u64,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        total_count: Option<u64>,
        route_set: Vec<Route>,
    }
    let filters = (!filters.is_empty()).then_some(filters);
    page::all(super::PAGE, |offset, limit| async move {
        let request = Request { ccn_id, filters, offset, limit };
        let answer: Answer = account.call(&DESCRIBE, &request).await?;
        Ok(Page { items: answer.route_set, total: answer.total_count })
    })
    .await
}

/// Lets routes take effect (`EnableCcnRoutes`).
///
/// # Errors
/// Those of the call; [`crate::cloud::Kind::Conflict`] if another enabled route overlaps.
pub async fn enable_routes(
    account: &Account,
    ccn_id: &str,
    route_ids: &[String],
) -> Result<(), Error> {
    account.perform(&ENABLE, &RouteIds { ccn_id, route_ids }).await
}

/// Takes routes out of effect (`DisableCcnRoutes`).
///
/// # Errors
/// Those of the call.
pub async fn disable_routes(
    account: &Account,
    ccn_id: &str,
    route_ids: &[String],
) -> Result<(), Error> {
    account.perform(&DISABLE, &RouteIds { ccn_id, route_ids }).await
}

/// The route tables of a CCN (`DescribeCcnRouteTables`).
///
/// # Errors
/// Those of the call.
pub async fn route_tables(account: &Account, ccn_id: &str) -> Result<Vec<RouteTable>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        filters: &'a [Filter],
        offset: u64,
        limit: u64,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        total_count: Option<u64>,
        ccn_route_table_set: Vec<RouteTable>,
    }
    let filters = &[Filter::new("ccn-id", ccn_id)];
    page::all(super::PAGE, |offset, limit| async move {
        let request = Request { filters, offset, limit };
        let answer: Answer = account.call(&DESCRIBE_TABLES, &request).await?;
        Ok(Page { items: answer.ccn_route_table_set, total: answer.total_count })
    })
    .await
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RouteIds<'a> {
    ccn_id: &'a str,
    route_ids: &'a [String],
}
