//! Clusters registered with a hub.

use std::{fmt, str::FromStr, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    Hub, TOKEN_EXPIRY, UNREGISTER, agent_manifest, connection, done, name_filter, not_found,
};
use crate::{
    cloud::{
        clock::utc_time,
        objects::ObjectRecord,
        service::{Answer, ApiError, Context, Params},
        services::tke::tag_specification,
        transition::{Managed, Progression},
    },
    fields,
};

/// A registered cluster.
#[derive(Clone, Debug)]
pub struct Registered {
    /// `cls-…`; not the id that the cluster has in its own account.
    pub id: String,
    /// UIN of the owner of the hub.
    pub owner: String,
    /// Hub.
    pub hub_id: String,
    /// `ClusterName`.
    pub name: String,
    /// `ClusterDesc`.
    pub description: String,
    /// `ClusterCategory`.
    pub category: String,
    /// `OriginalClusterId`.
    pub original_cluster_id: String,
    /// `OriginalRegion`.
    pub original_region: String,
    /// `Labels`, which no call shows.
    pub labels: Vec<String>,
    /// `Annotations`, which no call shows.
    pub annotations: Vec<String>,
    /// Registration token.
    pub token: String,
    /// Until when the token is good for a new registration.
    pub expires: Timestamp,
    /// State.
    pub status: Managed<RegisteredStatus>,
    /// What the agent has reported, once it did.
    pub report: Option<Report>,
    /// `CreatedTime`.
    pub created: String,
}

/// What an agent reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The world's id of the cluster in which the agent runs.
    pub cluster: String,
    /// Kubernetes version.
    pub version: String,
    /// Number of nodes.
    pub nodes: u32,
    /// Range of pods.
    pub cluster_cidr: String,
    /// Range of services.
    pub service_cidr: String,
}

/// State of a [`Registered`] cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisteredStatus {
    /// No agent has registered yet. The cloud spells it so.
    WaittingForConnect,
    /// The agent is connected.
    Running,
    /// The agent was connected and is not heard of any more.
    Abnormal,
    /// Being deleted.
    Deleting,
    /// Deleted; never shown.
    Gone,
}

impl fmt::Display for RegisteredStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for RegisteredStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::WaittingForConnect, Self::Running, Self::Abnormal, Self::Deleting];
        let found = all.into_iter().find(|status| status.to_string() == text);
        found.ok_or_else(|| format!("a registered cluster has no state {text}"))
    }
}

/// `CreateExternalCluster`.
pub(super) fn create(cx: &mut Context<'_>, params: &Params) -> Answer {
    let name = params.required("ClusterName")?.to_owned();
    let hub_id = running_hub(cx, params.required("HubClusterId")?)?.id.clone();
    let id = cx.new_id("cls");
    for specification in params.objects("TagSpecification") {
        cx.state.tags.set_listing("cluster", &id, specification.list("Tags"));
    }
    let token = new_token(cx);
    let cluster = Registered {
        id: id.clone(),
        owner: cx.caller.uin.clone(),
        hub_id,
        name,
        description: params.text("ClusterDesc"),
        category: params.text("ClusterCategory"),
        original_cluster_id: params.text("OriginalClusterId"),
        original_region: params.text("OriginalRegion"),
        labels: owned(&params.strings("Labels")),
        annotations: Vec::new(),
        token,
        expires: expiry(cx),
        status: Managed::settled(RegisteredStatus::WaittingForConnect),
        report: None,
        created: utc_time(cx.moment.now),
    };
    cx.state.tdcc.registered.insert(id.clone(), cluster);
    Ok(fields! {"ClusterId": id})
}

/// `DescribeExternalClusters`: of every region and hub. Labels, annotations
/// and the hub are not shown.
pub(super) fn describe(cx: &mut Context<'_>, params: &Params) -> Answer {
    let ids = params.strings("ClusterIds");
    let names = name_filter(params)?;
    let mine: Vec<String> = cx
        .state
        .tdcc
        .registered
        .values()
        .filter(|cluster| cx.is_caller(&cluster.owner))
        .filter(|cluster| ids.is_empty() || ids.contains(&cluster.id.as_str()))
        .filter(|cluster| names.as_ref().is_none_or(|names| names.contains(&cluster.name)))
        .map(|cluster| cluster.id.clone())
        .collect();
    let total = mine.len();
    let page = params.page(mine, 20, 1_000)?;
    let mut rows = Vec::new();
    for id in page {
        let tags = tag_specification(cx, &id);
        if let Some(cluster) = cx.state.tdcc.registered.get_mut(&id) {
            cluster.status.observe();
            rows.push(row(cluster, tags));
        }
    }
    Ok(fields! {"TotalCount": total, "Clusters": rows})
}

fn row(cluster: &Registered, tags: Value) -> Value {
    let report = cluster.report.as_ref();
    json!({
        "ClusterId": cluster.id,
        "ClusterName": cluster.name,
        "ClusterDesc": cluster.description,
        "Status": cluster.status.current().to_string(),
        "ClusterCategory": cluster.category,
        "OriginalRegion": cluster.original_region,
        "OriginalClusterId": cluster.original_cluster_id,
        "ClusterCIDR": report.map_or("", |report| &report.cluster_cidr),
        "ServiceCIDR": report.map_or("", |report| &report.service_cidr),
        "K8SVersion": report.map_or("", |report| &report.version),
        "TotalNode": report.map_or(0, |report| report.nodes),
        "CreatedTime": cluster.created,
        "TagSpecification": tags,
    })
}

/// `UpdateExternalCluster`: what is left out stays.
pub(super) fn update(cx: &mut Context<'_>, params: &Params) -> Answer {
    let cluster = own(cx, params)?;
    if let Some(name) = params.str("ClusterName") {
        name.clone_into(&mut cluster.name);
    }
    if let Some(description) = params.str("ClusterDesc") {
        description.clone_into(&mut cluster.description);
    }
    if params.has("Labels") {
        cluster.labels = owned(&params.strings("Labels"));
    }
    if params.has("Annotations") {
        cluster.annotations = owned(&params.strings("Annotations"));
    }
    done()
}

/// `DeleteExternalCluster`.
pub(super) fn delete(cx: &mut Context<'_>, params: &Params) -> Answer {
    let moment = cx.moment;
    let cluster = own(cx, params)?;
    if *cluster.status.current() != RegisteredStatus::Deleting {
        let (via, target) = (RegisteredStatus::Deleting, RegisteredStatus::Gone);
        let id = cluster.id.clone();
        cluster.status.begin(UNREGISTER, &id, via, target, moment);
        connection::sweep(cx);
    }
    done()
}

/// `DescribeExternalClusterSpec`: the agent's manifests.
///
/// Renewing a token that is still good moves its end; one that has expired is
/// replaced, since a cluster removes expired bootstrap tokens.
pub(super) fn spec(cx: &mut Context<'_>, params: &Params) -> Answer {
    let refresh = params.bool("IsRefreshExpirationTime").unwrap_or(false);
    let now = cx.moment.now;
    let expired = own(cx, params)?.expires <= now;
    let fresh_token = (refresh && expired).then(|| new_token(cx));
    let fresh_end = refresh.then(|| expiry(cx));
    let cluster = own(cx, params)?;
    if params.str("HubClusterId").is_some_and(|hub| hub != cluster.hub_id) {
        return Err(not_found(&params.text("HubClusterId")));
    }
    cluster.token = fresh_token.unwrap_or_else(|| cluster.token.clone());
    cluster.expires = fresh_end.unwrap_or(cluster.expires);
    let cluster = cluster.clone();
    let hub = running_hub(cx, &cluster.hub_id)?;
    let extranet = params.bool("IsExtranet").unwrap_or(false);
    let url = if extranet { hub.extranet_url() } else { hub.intranet_url() };
    Ok(fields! {
        "Spec": agent_manifest::render(&url, &cluster.token, &cluster.id),
        "Expiration": utc_time(cluster.expires),
    })
}

/// Registered clusters as `DescribeClusters` of TKE lists them.
pub(in crate::cloud::services) fn rows(cx: &Context<'_>) -> Vec<Value> {
    let here = |cluster: &&Registered| {
        let hub = cx.state.tdcc.hubs.get(&cluster.hub_id);
        cx.is_caller(&cluster.owner) && hub.is_some_and(|hub| hub.region == cx.region)
    };
    let shown = |cluster: &Registered| {
        let report = cluster.report.as_ref();
        json!({
            "ClusterId": cluster.id,
            "ClusterName": cluster.name,
            "ClusterDescription": cluster.description,
            "ClusterVersion": report.map_or("", |report| &report.version),
            "ClusterType": "EXTERNAL_CLUSTER",
            "ClusterStatus": cluster.status.current().to_string(),
            "ClusterNodeNum": report.map_or(0, |report| report.nodes),
            "ClusterNetworkSettings": {
                "ClusterCIDR": report.map_or("", |report| &report.cluster_cidr),
                "ServiceCIDR": report.map_or("", |report| &report.service_cidr),
                "VpcId": "",
            },
            "Property": "{}",
            "CreatedTime": cluster.created,
            "DeletionProtection": false,
            "TagSpecification": tag_specification(cx, &cluster.id),
        })
    };
    cx.state.tdcc.registered.values().filter(here).map(shown).collect()
}

pub(super) fn objects(cx: &Context<'_>) -> Vec<ObjectRecord> {
    let clusters = cx.state.tdcc.registered.values();
    clusters
        .map(|cluster| ObjectRecord {
            kind: "tdcc_registered_cluster",
            id: cluster.id.clone(),
            owner: cluster.owner.clone(),
            state: Some(cluster.status.current().to_string()),
            detail: json!({"ClusterName": cluster.name, "HubClusterId": cluster.hub_id,
                "Member": cluster.report.as_ref().map(|report| &report.cluster),
                "Labels": cluster.labels, "Annotations": cluster.annotations,
                "TokenExpires": utc_time(cluster.expires)}),
        })
        .collect()
}

pub(super) fn patch(
    cx: &mut Context<'_>,
    id: &str,
    patch: &Map<String, Value>,
) -> Option<Result<(), String>> {
    let now = cx.moment.now;
    let cluster = cx.state.tdcc.registered.get_mut(id)?;
    for (field, value) in patch {
        let result = match (field.as_str(), value) {
            ("State" | "Status", Value::String(text)) => {
                text.parse().map(|status| cluster.status.force(status))
            }
            ("ClusterName", Value::String(text)) => {
                cluster.name.clone_from(text);
                Ok(())
            }
            ("ClusterDesc", Value::String(text)) => {
                cluster.description.clone_from(text);
                Ok(())
            }
            // A token that is no good any more, whatever the clock says.
            ("TokenExpired", Value::Bool(true)) => {
                cluster.expires = now;
                Ok(())
            }
            _ => Err(format!("{field} of a registered cluster cannot be set to {value}")),
        };
        if result.is_err() {
            return Some(result);
        }
    }
    Some(Ok(()))
}

/// The registered cluster of the caller that `ClusterId` names.
pub(super) fn own<'c>(
    cx: &'c mut Context<'_>,
    params: &Params,
) -> Result<&'c mut Registered, ApiError> {
    let id = params.required("ClusterId")?;
    let uin = &cx.caller.uin;
    let found = cx.state.tdcc.registered.get_mut(id).filter(|cluster| cluster.owner == *uin);
    found.ok_or_else(|| not_found(id))
}

/// The caller's hub of this id, which must be running.
fn running_hub<'c>(cx: &'c Context<'_>, id: &str) -> Result<&'c Hub, ApiError> {
    let hub = cx.state.tdcc.hubs.get(id).filter(|hub| cx.is_caller(&hub.owner));
    let hub = hub.ok_or_else(|| not_found(id))?;
    if !hub.is_running() {
        let text = format!("hub cluster {id} is {}", hub.status.current());
        return Err(ApiError::new("ResourceUnavailable.ClusterState", text));
    }
    Ok(hub)
}

/// A bootstrap token: six and sixteen lower-case letters and digits.
fn new_token(cx: &mut Context<'_>) -> String {
    let letters = cx.state.ids.next_letters(22).to_lowercase();
    let (id, secret) = letters.split_at(6);
    format!("{id}.{secret}")
}

fn expiry(cx: &Context<'_>) -> Timestamp {
    let lifetime = match cx.moment.pace.progression(TOKEN_EXPIRY) {
        Progression::After(time) => time,
        Progression::Immediate => Duration::ZERO,
        Progression::Polls(_) | Progression::Manual => super::DAY,
    };
    let lifetime = SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::MAX);
    crate::cloud::clock::later(cx.moment.now, lifetime)
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
