//! The hub cluster: one for each account and region.

use std::{fmt, str::FromStr};

use serde_json::{Map, Value, json};

use super::{HUB_CREATE, HUB_DELETE, done, name_filter, not_found};
use crate::{
    cloud::{
        clock::utc_time,
        objects::ObjectRecord,
        service::{Answer, ApiError, Context, Params},
        transition::Managed,
    },
    fields,
};

/// A hub cluster.
#[derive(Clone, Debug)]
pub struct Hub {
    /// `cls-…`.
    pub id: String,
    /// UIN of the owner.
    pub owner: String,
    /// Region.
    pub region: String,
    /// Network.
    pub vpc_id: String,
    /// Subnet.
    pub subnet_id: String,
    /// State.
    pub status: Managed<HubStatus>,
    /// `CreatedTime`.
    pub created: String,
}

/// State of a [`Hub`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HubStatus {
    /// Being made.
    Initializing,
    /// Ready.
    Running,
    /// Could not be made.
    Failed,
    /// Broken.
    Abnormal,
    /// Being deleted.
    Deleting,
    /// Deleted; never shown.
    Gone,
}

impl fmt::Display for HubStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for HubStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Initializing, Self::Running, Self::Failed, Self::Abnormal, Self::Deleting];
        let found = all.into_iter().find(|status| status.to_string() == text);
        found.ok_or_else(|| format!("a hub cluster has no state {text}"))
    }
}

impl Hub {
    /// Where an agent reaches the hub through the public network.
    pub fn extranet_url(&self) -> String {
        format!("https://{}.tdcc.{}.tencent-cloud.com", self.id, self.region)
    }

    /// Where an agent reaches the hub from its own network or through a CCN.
    pub fn intranet_url(&self) -> String {
        format!("https://{}.tdcc-internal.{}.tencent-cloud.com", self.id, self.region)
    }

    /// Whether agents can register with it.
    pub fn is_running(&self) -> bool {
        *self.status.current() == HubStatus::Running
    }
}

/// Number and short name of the regions.
const REGIONS: [(&str, u64, &str); 9] = [
    ("ap-guangzhou", 1, "gz"),
    ("ap-shanghai", 4, "sh"),
    ("ap-hongkong", 5, "hk"),
    ("ap-beijing", 8, "bj"),
    ("ap-singapore", 9, "sg"),
    ("ap-chengdu", 16, "cd"),
    ("ap-chongqing", 19, "cq"),
    ("ap-tokyo", 25, "jp"),
    ("ap-nanjing", 33, "nj"),
];

fn region_id(region: &str) -> u64 {
    REGIONS.iter().find(|(name, ..)| *name == region).map_or(0, |(_, id, _)| *id)
}

/// Long form of a region that may be given as `gz`.
pub(in crate::cloud::services) fn long_region(region: &str) -> &str {
    REGIONS.iter().find(|(.., alias)| *alias == region).map_or(region, |(name, ..)| name)
}

pub(super) fn settle(cx: &mut Context<'_>) {
    for hub in cx.state.tdcc.hubs.values_mut() {
        hub.status.settle(cx.moment);
    }
    cx.state.tdcc.hubs.retain(|_, hub| *hub.status.current() != HubStatus::Gone);
}

/// `DescribeOpenStatus`. Creating the first hub opens the product.
pub(super) fn open_status(cx: &mut Context<'_>) -> Answer {
    let uin = cx.caller.uin.as_str();
    let mut open = "NotOpen";
    let mut hubs = Vec::new();
    for hub in cx.state.tdcc.hubs.values_mut().filter(|hub| hub.owner == uin) {
        hub.status.observe();
        let status = *hub.status.current();
        open = match (status, open) {
            (HubStatus::Initializing, "NotOpen") => "Opening",
            (HubStatus::Failed, "NotOpen") => "Failed",
            (HubStatus::Initializing | HubStatus::Failed, other) => other,
            _ => "Opened",
        };
        hubs.push(json!({"RegionId": region_id(&hub.region), "Status": status.to_string()}));
    }
    Ok(fields! {"Status": open, "HubInitStatus": hubs})
}

/// `ListRegion`.
pub(super) fn regions(_: &mut Context<'_>) -> Answer {
    let regions: Vec<Value> = REGIONS
        .iter()
        .map(|(name, id, alias)| {
            json!({"Alias": alias, "RegionName": name, "RegionId": id, "Remark": "",
                "Status": "alluser"})
        })
        .collect();
    Ok(fields! {"TotalCount": regions.len(), "Regions": regions})
}

/// `CreateHubCluster`.
pub(super) fn create(cx: &mut Context<'_>, params: &Params) -> Answer {
    let vpc_id = params.required("VpcId")?;
    let subnet_id = params.required("SubnetId")?;
    let vpc = cx
        .world
        .vpc(vpc_id)
        .filter(|vpc| vpc.region == cx.region && cx.is_caller(cx.world.uin(&vpc.account)));
    let Some(vpc) = vpc else {
        let text = format!("network {vpc_id} not found in {}", cx.region);
        return Err(ApiError::new("InvalidParameter.Param", text));
    };
    if !vpc.subnets.iter().any(|subnet| subnet.id == subnet_id) {
        let text = format!("subnet {subnet_id} not found in {vpc_id}");
        return Err(ApiError::new("InvalidParameter.Param", text));
    }
    let hubs = cx.state.tdcc.hubs.values();
    let mut same = hubs.filter(|hub| cx.is_caller(&hub.owner) && hub.region == cx.region);
    if let Some(hub) = same.next() {
        let text = format!("{} has a hub cluster already: {}", cx.region, hub.id);
        return Err(ApiError::new("LimitExceeded", text));
    }
    let id = cx.new_id("cls");
    let mut status = Managed::settled(HubStatus::Initializing);
    status.begin(HUB_CREATE, &id, HubStatus::Initializing, HubStatus::Running, cx.moment);
    let hub = Hub {
        id: id.clone(),
        owner: cx.caller.uin.clone(),
        region: cx.region.to_owned(),
        vpc_id: vpc_id.to_owned(),
        subnet_id: subnet_id.to_owned(),
        status,
        created: utc_time(cx.moment.now),
    };
    cx.state.tdcc.hubs.insert(id.clone(), hub);
    Ok(fields! {"ClusterId": id})
}

/// `DescribeHubClusters`: the hubs of every region.
pub(super) fn describe(cx: &mut Context<'_>, params: &Params) -> Answer {
    let ids = params.strings("ClusterIds");
    let names = name_filter(params)?;
    let uin = cx.caller.uin.as_str();
    let mut rows = Vec::new();
    for hub in cx.state.tdcc.hubs.values_mut() {
        let wanted = (ids.is_empty() || ids.contains(&hub.id.as_str()))
            && names.as_ref().is_none_or(|names| names.contains(&hub_name(hub)));
        if hub.owner == uin && wanted {
            hub.status.observe();
            rows.push(json!({
                "ClusterId": hub.id,
                "ClusterName": hub_name(hub),
                "ClusterDesc": "",
                "K8SVersion": "1.26.1",
                "VpcId": hub.vpc_id,
                "SubnetId": hub.subnet_id,
                "Status": hub.status.current().to_string(),
                "CreatedTime": hub.created,
                "RegionId": region_id(&hub.region),
                "TagSpecification": [],
            }));
        }
    }
    let total = rows.len();
    let page = params.page(rows, 20, 1_000)?;
    Ok(fields! {"TotalCount": total, "Clusters": page})
}

fn hub_name(hub: &Hub) -> String {
    format!("hub-{}", hub.region)
}

/// `DeleteHubCluster`.
pub(super) fn delete(cx: &mut Context<'_>, params: &Params) -> Answer {
    let id = params.required("ClusterId")?;
    let uin = cx.caller.uin.as_str();
    let Some(hub) = cx.state.tdcc.hubs.get_mut(id).filter(|hub| hub.owner == uin) else {
        return Err(not_found(id));
    };
    let mut members = cx.state.tdcc.registered.values().filter(|member| member.hub_id == id);
    if let Some(member) = members.next() {
        let text = format!("cluster {} is still registered with {id}", member.id);
        return Err(ApiError::new("ResourceInUse", text));
    }
    if *hub.status.current() != HubStatus::Deleting {
        hub.status.begin(HUB_DELETE, id, HubStatus::Deleting, HubStatus::Gone, cx.moment);
        settle(cx);
    }
    done()
}

pub(super) fn objects(cx: &Context<'_>) -> Vec<ObjectRecord> {
    let hubs = cx.state.tdcc.hubs.values();
    hubs.map(|hub| ObjectRecord {
        kind: "tdcc_hub_cluster",
        id: hub.id.clone(),
        owner: hub.owner.clone(),
        state: Some(hub.status.current().to_string()),
        detail: json!({"VpcId": hub.vpc_id, "SubnetId": hub.subnet_id, "Region": hub.region}),
    })
    .collect()
}

pub(super) fn patch(
    cx: &mut Context<'_>,
    id: &str,
    patch: &Map<String, Value>,
) -> Option<Result<(), String>> {
    let hub = cx.state.tdcc.hubs.get_mut(id)?;
    for (field, value) in patch {
        let result = match (field.as_str(), value) {
            ("State" | "Status", Value::String(text)) => {
                text.parse().map(|status| hub.status.force(status))
            }
            _ => Err(format!("{field} of a hub cluster cannot be set to {value}")),
        };
        if result.is_err() {
            return Some(result);
        }
    }
    Some(Ok(()))
}
