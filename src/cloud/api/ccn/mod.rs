//! Cloud Connect Network (云联网), `vpc` 2017-03-12: the network itself, its attachments, routes and
//! bandwidth.

mod attachment;
mod bandwidth;
mod route;

use serde::{Deserialize, Serialize};

use super::{Filter, Tag, vpc::VPC};
use crate::cloud::{
    Account, Action, Error, Kind,
    page::{self, Page},
};

pub use self::{
    attachment::{
        Attachment, Instance, accept, attach, attachment_state, attachments, attachments_where,
        describe_attachments, detach, find_attachment, reject, reset,
    },
    bandwidth::{
        RegionLimit, RegionPairLimit, region_limits, region_pair_limits, set_region_limits,
    },
    route::{Route, RouteTable, disable_routes, enable_routes, route_tables, routes},
};

const CREATE: Action = Action::write(&VPC, "CreateCcn");
const DESCRIBE: Action = Action::read(&VPC, "DescribeCcns");
const MODIFY: Action = Action::repeatable(&VPC, "ModifyCcnAttribute");
const MODIFY_LIMIT_TYPE: Action = Action::repeatable(&VPC, "ModifyCcnRegionBandwidthLimitsType");
const DELETE: Action = Action::repeatable(&VPC, "DeleteCcn");

/// Largest page of the CCN lists.
const PAGE: u64 = 100;

/// States of a CCN.
pub mod ccn_state {
    /// In service.
    pub const AVAILABLE: &str = "AVAILABLE";
    /// Stopped for arrears.
    pub const ISOLATED: &str = "ISOLATED";
}

/// What a new CCN is to be (`CreateCcn`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateCcn {
    /// Name, at most 60 bytes.
    pub ccn_name: String,
    /// Description, at most 100 bytes.
    pub ccn_description: Option<String>,
    /// Service level: `PT` platinum, `AU` gold (the default), `AG` silver.
    pub qos_level: Option<String>,
    /// `POSTPAID` (the default) or `PREPAID`.
    pub instance_charge_type: Option<String>,
    /// What is metered: `BANDWIDTH` or `TRAFFIC`.
    pub instance_metering_type: Option<String>,
    /// What limits hold for: `OUTER_REGION_LIMIT` (the default) or `INTER_REGION_LIMIT`.
    pub bandwidth_limit_type: Option<String>,
    /// Tags.
    pub tags: Option<Vec<Tag>>,
}

/// A CCN (`DescribeCcns`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Ccn {
    /// Id, `ccn-…`.
    pub ccn_id: String,
    /// Name.
    pub ccn_name: String,
    /// Description.
    pub ccn_description: String,
    /// Attached instances.
    pub instance_count: u64,
    /// When it was created.
    pub create_time: String,
    /// State; see [`ccn_state`].
    pub state: String,
    /// Service level: `PT`, `AU`, `AG`.
    pub qos_level: String,
    /// `POSTPAID` or `PREPAID`.
    pub instance_charge_type: String,
    /// What is metered: `BANDWIDTH` or `TRAFFIC`.
    pub instance_metering_type: String,
    /// `OUTER_REGION_LIMIT` or `INTER_REGION_LIMIT`.
    pub bandwidth_limit_type: String,
    /// Tags.
    pub tag_set: Vec<Tag>,
    /// Whether routes have priorities.
    pub route_priority_flag: bool,
    /// Route tables.
    pub route_table_count: u64,
    /// Whether several route tables are enabled.
    pub route_table_flag: bool,
    /// Whether it is locked, so that no traffic passes.
    pub is_security_lock: bool,
    /// Whether route propagation policies are enabled.
    pub route_broadcast_policy_flag: bool,
    /// Whether equal-cost routes are enabled.
    #[serde(rename = "RouteECMPFlag")]
    pub route_ecmp_flag: bool,
    /// Whether overlapping routes are allowed.
    pub route_overlap_flag: bool,
    /// Whether quality-of-service marking is enabled.
    pub traffic_marking_policy_flag: bool,
}

/// Changes of a CCN (`ModifyCcnAttribute`); at least name or description has to be given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyCcn {
    /// Which CCN.
    pub ccn_id: String,
    /// New name.
    pub ccn_name: Option<String>,
    /// New description; an empty one removes it.
    pub ccn_description: Option<String>,
    /// Whether equal-cost routes are enabled.
    #[serde(rename = "RouteECMPFlag")]
    pub route_ecmp_flag: Option<bool>,
    /// Whether overlapping routes are allowed.
    pub route_overlap_flag: Option<bool>,
    /// Whether quality-of-service marking is enabled.
    pub traffic_marking_policy_flag: Option<bool>,
}

/// Creates a CCN (`CreateCcn`).
///
/// # Errors
/// Those of the call. A CCN has no natural key: after [`Kind::AnswerLost`] look with [`list`] for the
/// name, or for a tag that the request carried.
pub async fn create(account: &Account, request: &CreateCcn) -> Result<Ccn, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        ccn: Ccn,
    }
    let Answer { ccn } = account.call(&CREATE, request).await?;
    if ccn.ccn_id.is_empty() {
        return Err(Error::new(Kind::AnswerLost, "CreateCcn answered without the id of the CCN"));
    }
    Ok(ccn)
}

/// The CCN with this id, seen by its owner; the owners of attached instances do not see it.
///
/// # Errors
/// Those of the call.
pub async fn find(account: &Account, ccn_id: &str) -> Result<Option<Ccn>, Error> {
    let ccns = list(account, &[Filter::new("ccn-id", ccn_id)]).await?;
    Ok(ccns.into_iter().find(|ccn| ccn.ccn_id == ccn_id))
}

/// The account's own CCNs that fit all `filters` (`DescribeCcns`): `ccn-id`, `ccn-name`,
/// `ccn-description`, `state`, `tag-key`, `tag:<key>`.
///
/// # Errors
/// Those of the call.
pub async fn list(account: &Account, filters: &[Filter]) -> Result<Vec<Ccn>, Error> {
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
        total_count: Option<u64>,
        ccn_set: Vec<Ccn>,
    }
    let filters = (!filters.is_empty()).then_some(filters);
    page::all(PAGE, |offset, limit| async move {
        let answer: Answer = account.call(&DESCRIBE, &Request { filters, offset, limit }).await?;
        Ok(Page { items: answer.ccn_set, total: answer.total_count })
    })
    .await
}

/// Changes a CCN (`ModifyCcnAttribute`).
///
/// # Errors
/// Those of the call; [`Kind::NotFound`] if there is no such CCN.
pub async fn modify(account: &Account, request: &ModifyCcn) -> Result<(), Error> {
    account.perform(&MODIFY, request).await
}

/// Sets what bandwidth limits hold for, `OUTER_REGION_LIMIT` or `INTER_REGION_LIMIT`; postpaid CCNs only
/// (`ModifyCcnRegionBandwidthLimitsType`).
///
/// # Errors
/// Those of the call; [`Kind::Conflict`] for prepaid CCNs.
pub async fn modify_limit_type(
    account: &Account,
    ccn_id: &str,
    bandwidth_limit_type: &str,
) -> Result<(), Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        ccn_id: &'a str,
        bandwidth_limit_type: &'a str,
    }
    account.perform(&MODIFY_LIMIT_TYPE, &Request { ccn_id, bandwidth_limit_type }).await
}

/// Deletes a CCN (`DeleteCcn`); that it is gone already is no error.
///
/// # Errors
/// Those of the call; [`Kind::Conflict`] while something is attached.
pub async fn delete(account: &Account, ccn_id: &str) -> Result<(), Error> {
    match account.perform(&DELETE, &CcnId { ccn_id }).await {
        Err(error) if error.kind() == Kind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// A request that only names the CCN.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CcnId<'a> {
    ccn_id: &'a str,
}

#[cfg(test)]
mod tests;
