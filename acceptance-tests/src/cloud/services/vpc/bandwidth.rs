//! Bandwidth limits between the regions of a CCN.

use serde_json::{Map, Value, json};

use super::{ccn, not_found};
use crate::{
    cloud::{
        clock::local_time,
        service::{Answer, ApiError, Context, Params},
    },
    fields,
};

/// Limit of a region for which none is set, in Mbps.
const DEFAULT_LIMIT: u64 = 1_000;

/// Limits of the regions that have attached instances.
pub(super) fn describe(cx: &Context<'_>, params: &Params) -> Answer {
    let id = params.required("CcnId")?;
    let ccn = ccn::own(cx, id)?;
    let keys = cx.state.vpc.attachments.keys().filter(|key| key.ccn_id == id);
    let mut regions: Vec<&str> = keys.map(|key| key.instance_region.as_str()).collect();
    regions.sort_unstable();
    regions.dedup();
    let rows: Vec<Value> = if ccn.limit_type == "OUTER_REGION_LIMIT" {
        let limit = |region: &str| {
            let set = ccn.limits.get(&(region.to_owned(), String::new()));
            set.copied().unwrap_or(DEFAULT_LIMIT)
        };
        regions.iter().map(|region| row(region, "", limit(region))).collect()
    } else {
        ccn.limits.iter().map(|((region, other), limit)| row(region, other, *limit)).collect()
    };
    Ok(fields! {"CcnRegionBandwidthLimitSet": rows})
}

/// Limits that are set.
pub(super) fn list(cx: &Context<'_>, params: &Params) -> Answer {
    let id = params.required("CcnId")?;
    let ccn = ccn::own(cx, id)?;
    let inter = ccn.limit_type == "INTER_REGION_LIMIT";
    let filters = super::filter::read(params, &["sregion", "dregion"], &[])?;
    let rows: Vec<Value> = ccn
        .limits
        .iter()
        .filter(|((region, other), _)| {
            super::filter::passes(&filters, |name| {
                vec![if name == "sregion" { region.clone() } else { other.clone() }]
            })
        })
        .map(|((region, other), limit)| {
            let mut shown = json!({
                "CcnId": id, "CreatedTime": local_time(ccn.created), "QosLevel": ccn.qos,
                "RegionFlowControlId": format!("ccnfc-{region}{other}"),
                "DefaultQosBandwidthFlag": false,
            });
            if inter {
                shown["CcnRegionBandwidthLimit"] = row(region, other, *limit);
            }
            shown
        })
        .collect();
    let total = rows.len();
    Ok(fields! {"TotalCount": total, "CcnBandwidthSet": params.page(rows, 20, 100)?})
}

/// Sets limits, or takes them back to the default.
pub(super) fn set(cx: &mut Context<'_>, params: &Params) -> Answer {
    let id = params.required("CcnId")?;
    let ccn = ccn::own(cx, id)?;
    check_postpaid(&ccn.charge)?;
    let inter = ccn.limit_type == "INTER_REGION_LIMIT";
    let mut changes = Vec::new();
    for limit in params.objects("CcnRegionBandwidthLimits") {
        let other = limit.text("DstRegion");
        if inter == other.is_empty() {
            let text = "DstRegion must be given with INTER_REGION_LIMIT, and only then.";
            return Err(ApiError::new("InvalidParameter", text));
        }
        let key = (limit.required("Region")?.to_owned(), other);
        changes.push((key, limit.unsigned("BandwidthLimit").unwrap_or_default()));
    }
    let back = params.bool("SetDefaultLimitFlag") == Some(true);
    let ccn = cx.state.vpc.ccns.get_mut(id).ok_or_else(|| not_found(id))?;
    for (key, limit) in changes {
        if back {
            ccn.limits.remove(&key);
        } else {
            ccn.limits.insert(key, limit);
        }
    }
    Ok(Map::new())
}

/// Changes between limits per region and limits per pair of regions; limits
/// of the old type are dropped.
pub(super) fn set_type(cx: &mut Context<'_>, params: &Params) -> Answer {
    let id = params.required("CcnId")?;
    check_postpaid(&ccn::own(cx, id)?.charge)?;
    let wanted =
        ccn::one_of(params, "BandwidthLimitType", &["OUTER_REGION_LIMIT", "INTER_REGION_LIMIT"])?;
    let ccn = cx.state.vpc.ccns.get_mut(id).ok_or_else(|| not_found(id))?;
    if ccn.limit_type != wanted {
        ccn.limit_type = wanted;
        ccn.limits.clear();
    }
    Ok(Map::new())
}

fn row(region: &str, other: &str, limit: u64) -> Value {
    json!({
        "Region": region, "DstRegion": other, "BandwidthLimit": limit,
        "IsBm": false, "DstIsBm": false,
    })
}

fn check_postpaid(charge: &str) -> Result<(), ApiError> {
    if charge == "POSTPAID" {
        return Ok(());
    }
    let text = "Only the limits of a postpaid CCN can be changed.";
    Err(ApiError::new("UnsupportedOperation.NotPostpaidCcnOperation", text))
}
