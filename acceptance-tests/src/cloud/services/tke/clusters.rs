//! Looking at clusters and their nodes.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::own_cluster;
use crate::{
    cloud::{
        service::{Answer, ApiError, Context, Params},
        services::tdcc,
    },
    fields,
    world::{Cluster, ClusterKind, NetworkKind},
};

/// `DescribeClusters`: the account's managed and independent clusters, and the
/// clusters registered with its hub.
pub(super) fn describe(cx: &mut Context<'_>, params: &Params) -> Answer {
    let filters = params.filters("Filters");
    let known = |name: &str| {
        let fixed = ["ClusterName", "ClusterType", "ClusterStatus", "vpc-id", "tag-key"];
        fixed.contains(&name) || name.starts_with("tag:")
    };
    if let Some((name, _)) = filters.iter().find(|(name, _)| !known(name)) {
        return Err(ApiError::new("InvalidParameter.Param", format!("unknown filter {name}")));
    }
    let ids = params.strings("ClusterIds");
    let mut rows: Vec<Value> = cx
        .world
        .clusters
        .iter()
        .filter(|cluster| cluster.kind != ClusterKind::Serverless)
        .filter(|cluster| cx.is_caller(cx.world.uin(&cluster.account)))
        .filter(|cluster| cluster.region == cx.region)
        .map(|cluster| row(cx, cluster))
        .collect();
    rows.extend(tdcc::registered_rows(cx));
    rows.retain(|row| {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        (ids.is_empty() || ids.contains(&text("ClusterId")))
            && params.str("ClusterType").is_none_or(|kind| kind == text("ClusterType"))
            && filters.iter().all(|(name, values)| passes(row, name, values))
    });
    let total = rows.len();
    let page = params.page(rows, 20, 100)?;
    Ok(fields! {"TotalCount": total, "Clusters": page})
}

fn passes(row: &Value, name: &str, values: &[String]) -> bool {
    let one_of = |value: &Value| values.iter().any(|wanted| *value == json!(wanted));
    let tags = || row["TagSpecification"].as_array().into_iter().flatten();
    let tags = || tags().flat_map(|spec| spec["Tags"].as_array().into_iter().flatten());
    match name {
        "vpc-id" => one_of(&row["ClusterNetworkSettings"]["VpcId"]),
        "tag-key" => tags().any(|tag| one_of(&tag["Key"])),
        _ => match name.strip_prefix("tag:") {
            Some(key) => tags().any(|tag| tag["Key"] == json!(key) && one_of(&tag["Value"])),
            None => one_of(&row[name]),
        },
    }
}

fn row(cx: &Context<'_>, cluster: &Cluster) -> Value {
    let (kind, masters) = match cluster.kind {
        ClusterKind::Independent => ("INDEPENDENT_CLUSTER", MASTERS),
        ClusterKind::Managed | ClusterKind::Serverless => ("MANAGED_CLUSTER", 0),
    };
    let state = cx.state.tke.clusters.get(&cluster.id);
    json!({
        "ClusterId": cluster.id,
        "ClusterName": cluster.name,
        "ClusterDescription": "",
        "ClusterVersion": cluster.version,
        "ClusterType": kind,
        "ClusterStatus": state.map(|state| state.status.as_str()),
        "ClusterOs": "tlinux3.1x86_64",
        "OsCustomizeType": "GENERAL",
        "ClusterNetworkSettings": network(cluster),
        "ClusterNodeNum": cluster.nodes,
        "ClusterMaterNodeNum": masters,
        "ClusterEtcdNodeNum": 0,
        "ProjectId": 0,
        "TagSpecification": tag_specification(cx, &cluster.id),
        "Property": property(cluster),
        "ContainerRuntime": "containerd",
        "RuntimeVersion": "1.6.9",
        "CreatedTime": CREATED,
        "DeletionProtection": false,
        "EnableExternalNode": false,
        "ClusterLevel": "L50",
        "AutoUpgradeClusterLevel": false,
        "QGPUShareEnable": false,
    })
}

const CREATED: &str = "2026-01-01T00:00:00Z";
const MASTERS: u32 = 3;

fn network(cluster: &Cluster) -> Value {
    let cni = cluster.network == NetworkKind::VpcCni;
    let subnets: Vec<&str> = if cni { vec![&cluster.subnet_id] } else { Vec::new() };
    json!({
        "ClusterCIDR": cluster.cluster_cidr,
        "ServiceCIDR": cluster.service_cidr,
        "VpcId": cluster.vpc_id,
        "SubnetId": cluster.subnet_id,
        "Subnets": subnets,
        "Cni": true,
        "MaxNodePodNum": 64,
        "MaxClusterServiceNum": 256,
        "KubeProxyMode": "",
        "Ipvs": false,
        "IsDualStack": false,
        "DataPlaneV2": false,
        "IgnoreClusterCIDRConflict": false,
        "IgnoreServiceCIDRConflict": false,
    })
}

/// `Property`: JSON in a string.
fn property(cluster: &Cluster) -> String {
    let network = match cluster.network {
        NetworkKind::GlobalRouter => "GR",
        NetworkKind::VpcCni => "VPC-CNI",
    };
    json!({"NodeNameType": "lan-ip", "NetworkType": network}).to_string()
}

/// `TagSpecification` of a cluster.
pub(in crate::cloud::services) fn tag_specification(cx: &Context<'_>, id: &str) -> Value {
    let tags = cx.state.tags.listing("cluster", id);
    if tags == json!([]) {
        return tags;
    }
    json!([{"ResourceType": "cluster", "Tags": tags}])
}

/// `DescribeClusterStatus`.
pub(super) fn status(cx: &mut Context<'_>, params: &Params) -> Answer {
    let ids = params.strings("ClusterIds");
    let set: Vec<Value> = cx
        .world
        .clusters
        .iter()
        .filter(|cluster| cluster.kind != ClusterKind::Serverless)
        .filter(|cluster| cx.is_caller(cx.world.uin(&cluster.account)))
        .filter(|cluster| cluster.region == cx.region)
        .filter(|cluster| ids.is_empty() || ids.contains(&cluster.id.as_str()))
        .map(|cluster| {
            let state = cx.state.tke.clusters.get(&cluster.id);
            json!({
                "ClusterId": cluster.id,
                "ClusterState": state.map(|state| state.status.as_str()),
                "ClusterInstanceState": "AllNormal",
                "ClusterBMonitor": false,
                "ClusterInitNodeNum": 0,
                "ClusterRunningNodeNum": cluster.nodes,
                "ClusterFailedNodeNum": 0,
                "ClusterClosedNodeNum": 0,
                "ClusterClosingNodeNum": 0,
                "ClusterDeletionProtection": false,
                "ClusterAuditEnabled": false,
            })
        })
        .collect();
    Ok(fields! {"TotalCount": set.len(), "ClusterStatusSet": set})
}

/// `DescribeClusterInstances`: the workers of every cluster, and the control
/// plane of an independent one.
pub(super) fn instances(cx: &mut Context<'_>, params: &Params) -> Answer {
    let cluster = own_cluster(cx, params, "InternalError")?;
    let role = params.str("InstanceRole").unwrap_or("WORKER");
    let masters = if cluster.kind == ClusterKind::Independent { MASTERS } else { 0 };
    let of =
        |role: &'static str, count: u32, offset: u32| (1..=count).map(move |n| (role, offset + n));
    let (workers, masters) = (of("WORKER", cluster.nodes, 10), of("MASTER_ETCD", masters, 2));
    let nodes: Vec<(&str, u32)> = match role {
        "WORKER" => workers.collect(),
        "MASTER_ETCD" => masters.collect(),
        "MASTER" | "ETCD" => Vec::new(),
        "ALL" => masters.chain(workers).collect(),
        _ => {
            let text = format!("InstanceRole {role} is unknown");
            return Err(ApiError::new("InvalidParameter.Param", text));
        }
    };
    let ids = params.strings("InstanceIds");
    let set: Vec<Value> = nodes
        .into_iter()
        .map(|(role, host)| instance(cx, cluster, role, host))
        .filter(|row| {
            ids.is_empty() || row["InstanceId"].as_str().is_some_and(|id| ids.contains(&id))
        })
        .collect();
    let total = set.len();
    let page = params.page(set, 20, 100)?;
    Ok(fields! {"TotalCount": total, "InstanceSet": page})
}

fn instance(cx: &Context<'_>, cluster: &Cluster, role: &str, host: u32) -> Value {
    json!({
        "InstanceId": format!("ins-{}{host:02}", cluster.id.trim_start_matches("cls-")),
        "InstanceRole": role,
        "InstanceState": "running",
        "FailedReason": "",
        "DrainStatus": "",
        "LanIP": lan_ip(cx, cluster, host),
        "NodePoolId": "",
        "AutoscalingGroupId": "",
        "CreatedTime": CREATED,
    })
}

/// The `host`-th address of the cluster's subnet, after those that the cloud keeps.
fn lan_ip(cx: &Context<'_>, cluster: &Cluster, host: u32) -> Option<String> {
    let vpc = cx.world.vpc(&cluster.vpc_id)?;
    let subnet = vpc.subnets.iter().find(|subnet| subnet.id == cluster.subnet_id)?;
    let range: Ipv4Net = subnet.cidr.parse().ok()?;
    Some(Ipv4Addr::from(u32::from(range.network()) + host).to_string())
}
