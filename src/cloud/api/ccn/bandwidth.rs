//! Bandwidth limits of a CCN.

use serde::{Deserialize, Serialize};

use super::CcnId;
use crate::cloud::{
    Account, Action, Error,
    api::vpc::VPC,
    page::{self, Page},
};

const DESCRIBE: Action = Action::read(&VPC, "DescribeCcnRegionBandwidthLimits");
const GET: Action = Action::read(&VPC, "GetCcnRegionBandwidthLimits");
const SET: Action = Action::repeatable(&VPC, "SetCcnRegionBandwidthLimits");

/// A limit of a region's outgoing bandwidth, or of that between two regions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RegionLimit {
    /// Region that sends.
    pub region: String,
    /// Limit in Mbit/s.
    pub bandwidth_limit: u64,
    /// Whether the region is a bare-metal one.
    pub is_bm: Option<bool>,
    /// Region that receives; only between regions.
    pub dst_region: Option<String>,
    /// Whether the receiving region is a bare-metal one.
    pub dst_is_bm: Option<bool>,
}

/// A limit between two regions (`GetCcnRegionBandwidthLimits`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RegionPairLimit {
    /// The CCN.
    pub ccn_id: String,
    /// Id of the limit.
    pub region_flow_control_id: String,
    /// The limit; only between regions.
    pub ccn_region_bandwidth_limit: Option<RegionLimit>,
    /// Service level.
    pub qos_level: String,
}

/// Limits per region, for regions that have attached instances (`DescribeCcnRegionBandwidthLimits`).
///
/// # Errors
/// Those of the call.
pub async fn region_limits(account: &Account, ccn_id: &str) -> Result<Vec<RegionLimit>, Error> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        ccn_region_bandwidth_limit_set: Vec<RegionLimit>,
    }
    let answer: Answer = account.call(&DESCRIBE, &CcnId { ccn_id }).await?;
    Ok(answer.ccn_region_bandwidth_limit_set)
}

/// Limits between regions (`GetCcnRegionBandwidthLimits`).
///
/// # Errors
/// Those of the call.
pub async fn region_pair_limits(
    account: &Account,
    ccn_id: &str,
) -> Result<Vec<RegionPairLimit>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        ccn_id: &'a str,
        offset: u64,
        limit: u64,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        total_count: Option<u64>,
        ccn_bandwidth_set: Vec<RegionPairLimit>,
    }
    page::all(super::PAGE, |offset, limit| async move {
        let answer: Answer = account.call(&GET, &Request { ccn_id, offset, limit }).await?;
        Ok(Page { items: answer.ccn_bandwidth_set, total: answer.total_count })
    })
    .await
}

/// Sets limits of a postpaid CCN, or with `to_default` takes them back to the default of 1 Gbit/s
/// (`SetCcnRegionBandwidthLimits`).
///
/// # Errors
/// Those of the call; [`crate::cloud::Kind::Conflict`] for prepaid CCNs.
pub async fn set_region_limits(
    account: &Account,
    ccn_id: &str,
    limits: &[RegionLimit],
    to_default: bool,
) -> Result<(), Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        ccn_id: &'a str,
        ccn_region_bandwidth_limits: &'a [RegionLimit],
        set_default_limit_flag: Option<bool>,
    }
    let request = Request {
        ccn_id,
        ccn_region_bandwidth_limits: limits,
        set_default_limit_flag: to_default.then_some(true),
    };
    account.perform(&SET, &request).await
}
