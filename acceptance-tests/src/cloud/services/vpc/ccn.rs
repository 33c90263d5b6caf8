//! Cloud Connect Networks themselves.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{filter, not_found};
use crate::{
    cloud::{
        clock::local_time,
        service::{Answer, ApiError, Context, Params},
        state::State as Cloud,
    },
    fields,
};

/// A Cloud Connect Network.
#[derive(Clone, Debug)]
pub struct Ccn {
    /// `ccn-…`.
    pub id: String,
    /// UIN of the owner.
    pub uin: String,
    /// Name, at most 60 bytes.
    pub name: String,
    /// Description, at most 100 bytes.
    pub description: String,
    /// `PT`, `AU` or `AG`.
    pub qos: String,
    /// `PREPAID` or `POSTPAID`.
    pub charge: String,
    /// `BANDWIDTH` or `TRAFFIC`.
    pub metering: String,
    /// `OUTER_REGION_LIMIT` or `INTER_REGION_LIMIT`.
    pub limit_type: String,
    /// Whether equal routes may be enabled together.
    pub ecmp: bool,
    /// Whether overlapping routes may be enabled together.
    pub overlap: bool,
    /// Whether traffic is marked.
    pub marking: bool,
    /// Id of the default route table.
    pub route_table: String,
    /// Bandwidth limits in Mbps, by region and (inter-region) the other region.
    pub limits: BTreeMap<(String, String), u64>,
    /// When it was made.
    pub created: Timestamp,
}

/// Most CCNs of one account.
const QUOTA: usize = 100;

pub(super) fn create(cx: &mut Context<'_>, params: &Params) -> Answer {
    let name = params.required("CcnName")?;
    check_length("CcnName", name, 60)?;
    let description = params.text("CcnDescription");
    check_length("CcnDescription", &description, 100)?;
    let charge = one_of(params, "InstanceChargeType", &["POSTPAID", "PREPAID"])?;
    let prepaid = charge == "PREPAID";
    let limit_type = if prepaid && !params.has("BandwidthLimitType") {
        "INTER_REGION_LIMIT".to_owned()
    } else {
        one_of(params, "BandwidthLimitType", &["OUTER_REGION_LIMIT", "INTER_REGION_LIMIT"])?
    };
    if prepaid && limit_type != "INTER_REGION_LIMIT" {
        return Err(ApiError::new(
            "UnsupportedOperation.PrepaidCcnOnlySupportInterRegionLimit",
            "A prepaid CCN supports the limit type INTER_REGION_LIMIT only.",
        ));
    }
    let caller = cx.caller.uin.clone();
    if cx.state.vpc.ccns.values().filter(|ccn| ccn.uin == caller).count() >= QUOTA {
        return Err(ApiError::new(
            "LimitExceeded",
            format!("The quota of {QUOTA} CCNs is used up."),
        ));
    }
    let ccn = Ccn {
        id: cx.new_id("ccn"),
        uin: caller,
        name: name.to_owned(),
        description,
        qos: one_of(params, "QosLevel", &["AU", "PT", "AG"])?,
        charge,
        metering: one_of(params, "InstanceMeteringType", &["BANDWIDTH", "TRAFFIC"])?,
        limit_type,
        ecmp: false,
        overlap: false,
        marking: false,
        route_table: cx.new_id("ccnrtb"),
        limits: BTreeMap::new(),
        created: cx.moment.now,
    };
    cx.state.tags.set_listing("ccn", &ccn.id, params.list("Tags"));
    let shown = ccn.show(cx.state);
    cx.state.vpc.ccns.insert(ccn.id.clone(), ccn);
    Ok(fields! {"Ccn": shown})
}

pub(super) fn describe(cx: &Context<'_>, params: &Params) -> Answer {
    let ids = params.strings("CcnIds");
    filter::exclusive(params, "CcnIds", "Filters")?;
    for id in &ids {
        own(cx, id)?;
    }
    let filters = filter::read(
        params,
        &["ccn-id", "ccn-name", "ccn-description", "state", "tag-key"],
        &["tag:"],
    )?;
    let mut ccns: Vec<&Ccn> = cx
        .state
        .vpc
        .ccns
        .values()
        .filter(|ccn| cx.is_caller(&ccn.uin))
        .filter(|ccn| ids.is_empty() || ids.contains(&ccn.id.as_str()))
        .filter(|ccn| filter::passes(&filters, |name| ccn.filter_values(cx.state, name)))
        .collect();
    ccns.sort_by(|a, b| a.created.cmp(&b.created).then_with(|| a.id.cmp(&b.id)));
    if params.str("OrderField") == Some("CcnName") {
        ccns.sort_by(|a, b| a.name.cmp(&b.name));
    }
    if params.str("OrderDirection").is_some_and(|order| order.eq_ignore_ascii_case("desc")) {
        ccns.reverse();
    }
    let total = ccns.len();
    let page: Vec<Value> =
        params.page(ccns, 20, 100)?.into_iter().map(|ccn| ccn.show(cx.state)).collect();
    Ok(fields! {"TotalCount": total, "CcnSet": page})
}

pub(super) fn modify(cx: &mut Context<'_>, params: &Params) -> Answer {
    let id = params.required("CcnId")?;
    own(cx, id)?;
    let changes: Map<String, Value> =
        params.fields().iter().filter(|(key, _)| *key != "CcnId").map(pair).collect();
    if changes.is_empty() {
        return Err(ApiError::new(
            "MissingParameter",
            "At least one of CcnName and CcnDescription must be given.",
        ));
    }
    for (name, limit) in [("CcnName", 60), ("CcnDescription", 100)] {
        check_length(name, params.str(name).unwrap_or_default(), limit)?;
    }
    if params.str("CcnName") == Some("") {
        return Err(ApiError::new("InvalidParameterValue.Empty", "CcnName must not be empty."));
    }
    let ccn = cx.state.vpc.ccns.get_mut(id).ok_or_else(|| not_found(id))?;
    ccn.patch(&changes).map_err(ApiError::invalid_value)?;
    Ok(Map::new())
}

pub(super) fn delete(cx: &mut Context<'_>, params: &Params) -> Answer {
    let id = params.required("CcnId")?;
    own(cx, id)?;
    if cx.state.vpc.attachments.keys().any(|key| key.ccn_id == id) {
        return Err(ApiError::new(
            "UnsupportedOperation.ExistCcnInstancesNotSupportDeleteCcn",
            format!("The CCN {id} still has attached instances; detach them first."),
        ));
    }
    cx.state.vpc.ccns.remove(id);
    cx.state.tags.clear("ccn", id);
    Ok(Map::new())
}

/// The caller's own CCN with this id.
pub(super) fn own<'a>(cx: &'a Context<'_>, id: &str) -> Result<&'a Ccn, ApiError> {
    let ccn = cx.state.vpc.ccns.get(id).filter(|ccn| cx.is_caller(&ccn.uin));
    ccn.ok_or_else(|| not_found(id))
}

impl Ccn {
    fn show(&self, state: &Cloud) -> Value {
        let attached = state.vpc.attachments.keys().filter(|key| key.ccn_id == self.id).count();
        json!({
            "CcnId": self.id, "CcnName": self.name, "CcnDescription": self.description,
            "InstanceCount": attached, "CreateTime": local_time(self.created),
            "State": "AVAILABLE", "QosLevel": self.qos, "InstanceChargeType": self.charge,
            "InstanceMeteringType": self.metering, "BandwidthLimitType": self.limit_type,
            "TagSet": state.tags.listing("ccn", &self.id), "RouteTableCount": 1,
            "RouteTableFlag": false, "RoutePriorityFlag": false, "RouteECMPFlag": self.ecmp,
            "RouteOverlapFlag": self.overlap, "TrafficMarkingPolicyFlag": self.marking,
            "IsSecurityLock": false, "Ipv6Flag": false,
        })
    }

    fn filter_values(&self, state: &Cloud, name: &str) -> Vec<String> {
        let tags = || state.tags.of("ccn", &self.id);
        match name {
            "ccn-id" => vec![self.id.clone()],
            "ccn-name" => vec![self.name.clone()],
            "ccn-description" => vec![self.description.clone()],
            "state" => vec!["AVAILABLE".to_owned()],
            "tag-key" => tags().map(|(key, _)| key.to_owned()).collect(),
            _ => {
                let wanted = name.strip_prefix("tag:").unwrap_or_default();
                let values = tags().filter(|(key, _)| *key == wanted);
                values.map(|(_, value)| value.to_owned()).collect()
            }
        }
    }

    /// Changes what `ModifyCcnAttribute` can change.
    pub(super) fn patch(&mut self, changes: &Map<String, Value>) -> Result<(), String> {
        for (key, value) in changes {
            let flag = value.as_bool().unwrap_or_default();
            let text = value.as_str().unwrap_or_default();
            match key.as_str() {
                "CcnName" => text.clone_into(&mut self.name),
                "CcnDescription" => text.clone_into(&mut self.description),
                "RouteECMPFlag" => self.ecmp = flag,
                "RouteOverlapFlag" => self.overlap = flag,
                "TrafficMarkingPolicyFlag" => self.marking = flag,
                "MixedBillingFlag" => {}
                _ => return Err(format!("{key} of a CCN cannot be changed.")),
            }
        }
        Ok(())
    }
}

fn pair((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

fn check_length(name: &str, text: &str, limit: usize) -> Result<(), ApiError> {
    if text.len() <= limit {
        return Ok(());
    }
    let text = format!("The length of {name} is {} bytes, {limit} at most.", text.len());
    Err(ApiError::new("InvalidParameterValue.TooLong", text))
}

/// A parameter with an enumerated value; the first is the default.
pub(super) fn one_of(params: &Params, name: &str, known: &[&str]) -> Result<String, ApiError> {
    let value = params.str(name).filter(|text| !text.is_empty()).or_else(|| known.first().copied());
    match value {
        Some(value) if known.contains(&value) => Ok(value.to_owned()),
        other => {
            let text = format!(
                "The value of {name} ({}) must be one of {}.",
                other.unwrap_or_default(),
                known.join(", ")
            );
            Err(ApiError::invalid_value(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::cloud::bench::Bench;

    #[test]
    fn created_with_defaults_and_changed() {
        let bench = Bench::new();
        let params = json!({"CcnName": "mesh", "Tags": [{"Key": "env", "Value": "test"}]});
        let ccn = bench.ok("hub", "vpc:CreateCcn", params)["Ccn"].clone();
        assert_eq!(ccn["State"], "AVAILABLE");
        assert_eq!(ccn["QosLevel"], "AU");
        assert_eq!(ccn["InstanceChargeType"], "POSTPAID");
        assert_eq!(ccn["BandwidthLimitType"], "OUTER_REGION_LIMIT");
        assert_eq!(ccn["TagSet"], json!([{"Key": "env", "Value": "test"}]));
        assert_eq!(ccn["CreateTime"], "2026-08-01 08:00:00");
        let id = ccn["CcnId"].clone();
        let params = json!({"CcnId": id, "CcnName": "new", "RouteECMPFlag": true});
        bench.ok("hub", "vpc:ModifyCcnAttribute", params);
        let found = bench.ok("hub", "vpc:DescribeCcns", json!({"CcnIds": [id]}));
        assert_eq!(found["CcnSet"][0]["CcnName"], "new");
        assert_eq!(found["CcnSet"][0]["RouteECMPFlag"], true);
        let code = bench.refused("hub", "vpc:ModifyCcnAttribute", json!({ "CcnId": id }));
        assert_eq!(code, "MissingParameter");
    }

    #[test]
    fn filters_narrow_and_unknown_ones_are_refused() {
        let bench = Bench::new();
        for name in ["a", "b"] {
            let tags = json!([{"Key": "name", "Value": name}]);
            bench.ok("hub", "vpc:CreateCcn", json!({"CcnName": name, "Tags": tags}));
        }
        let found = |filter: &str, value: &str| {
            let filters = json!([{"Name": filter, "Values": [value]}]);
            bench.ok("hub", "vpc:DescribeCcns", json!({ "Filters": filters }))["TotalCount"].clone()
        };
        assert_eq!(found("ccn-name", "a"), 1);
        assert_eq!(found("tag:name", "b"), 1);
        assert_eq!(found("tag-key", "name"), 2);
        assert_eq!(found("ccn-id", "ccn-absent"), 0);
        let filters = json!([{"Name": "nope", "Values": []}]);
        let code = bench.refused("hub", "vpc:DescribeCcns", json!({ "Filters": filters }));
        assert_eq!(code, "InvalidParameterValue.Malformed");
    }

    #[test]
    fn limits_of_the_api_hold() {
        let bench = Bench::new();
        for (params, code) in [
            (json!({"CcnName": "x".repeat(61)}), "InvalidParameterValue.TooLong"),
            (json!({"CcnName": "x", "QosLevel": "XX"}), "InvalidParameterValue"),
            (
                json!({
                    "CcnName": "x", "InstanceChargeType": "PREPAID",
                    "BandwidthLimitType": "OUTER_REGION_LIMIT",
                }),
                "UnsupportedOperation.PrepaidCcnOnlySupportInterRegionLimit",
            ),
        ] {
            assert_eq!(bench.refused("hub", "vpc:CreateCcn", params), code);
        }
    }

    #[test]
    fn other_accounts_cannot_touch_it() {
        let bench = Bench::new();
        let ccn = bench.ok("hub", "vpc:CreateCcn", json!({"CcnName": "mesh"}));
        let id = &ccn["Ccn"]["CcnId"];
        for (operation, params) in [
            ("vpc:DeleteCcn", json!({ "CcnId": id })),
            ("vpc:ModifyCcnAttribute", json!({"CcnId": id, "CcnName": "mine"})),
            ("vpc:DescribeCcnRoutes", json!({ "CcnId": id })),
        ] {
            assert_eq!(bench.refused("member", operation, params), "ResourceNotFound");
        }
    }

    #[test]
    fn bandwidth_limits_follow_their_type() {
        let bench = Bench::new();
        let ccn = bench.ok("hub", "vpc:CreateCcn", json!({"CcnName": "mesh"}));
        let id = &ccn["Ccn"]["CcnId"];
        let limit =
            json!([{"Region": "ap-guangzhou", "DstRegion": "ap-shanghai", "BandwidthLimit": 50}]);
        let set = json!({"CcnId": id, "CcnRegionBandwidthLimits": limit});
        let operation = "vpc:SetCcnRegionBandwidthLimits";
        assert_eq!(bench.refused("hub", operation, set.clone()), "InvalidParameter");
        let inter = json!({"CcnId": id, "BandwidthLimitType": "INTER_REGION_LIMIT"});
        bench.ok("hub", "vpc:ModifyCcnRegionBandwidthLimitsType", inter);
        bench.ok("hub", operation, set.clone());
        let listed = bench.ok("hub", "vpc:GetCcnRegionBandwidthLimits", json!({ "CcnId": id }));
        let shown = &listed["CcnBandwidthSet"][0]["CcnRegionBandwidthLimit"];
        assert_eq!(shown["BandwidthLimit"], 50);
        let mut back = set;
        back["SetDefaultLimitFlag"] = true.into();
        bench.ok("hub", operation, back);
        let listed = bench.ok("hub", "vpc:GetCcnRegionBandwidthLimits", json!({ "CcnId": id }));
        assert_eq!(listed["TotalCount"], 0);
    }
}
