//! Serverless clusters (EKS).

use serde_json::{Value, json};

use super::{
    access::{bare, kubeconfig_of, unreachable},
    clusters::tag_specification,
    own_cluster,
};
use crate::{
    cloud::service::{Answer, ApiError, Context, Params},
    fields,
    world::ClusterKind,
};

/// `DescribeEKSClusters`. The state is written in lower case here and in
/// mixed case elsewhere, as in the cloud.
pub(super) fn describe(cx: &mut Context<'_>, params: &Params) -> Answer {
    let ids = params.strings("ClusterIds");
    let filters = params.filters("Filters");
    if let Some((name, _)) = filters.iter().find(|(name, _)| name != "ClusterName") {
        return Err(ApiError::new("InvalidParameter.Param", format!("unknown filter {name}")));
    }
    let rows: Vec<Value> = cx
        .world
        .clusters
        .iter()
        .filter(|cluster| cluster.kind == ClusterKind::Serverless)
        .filter(|cluster| cx.is_caller(cx.world.uin(&cluster.account)))
        .filter(|cluster| cluster.region == cx.region)
        .filter(|cluster| ids.is_empty() || ids.contains(&cluster.id.as_str()))
        .filter(|cluster| filters.iter().all(|(_, values)| values.contains(&cluster.name)))
        .map(|cluster| {
            let state = cx.state.tke.clusters.get(&cluster.id);
            json!({
                "ClusterId": cluster.id,
                "ClusterName": cluster.name,
                "ClusterDesc": "",
                "VpcId": cluster.vpc_id,
                "SubnetIds": [cluster.subnet_id],
                "ServiceSubnetId": cluster.subnet_id,
                "K8SVersion": cluster.version,
                "Status": state.map(|state| state.status.as_str()),
                "CreatedTime": "2026-01-01 00:00:00",
                "DnsServers": [],
                "NeedDeleteCbs": true,
                "EnableVpcCoreDNS": true,
                "TagSpecification": tag_specification(cx, &cluster.id),
            })
        })
        .collect();
    let total = rows.len();
    let page = params.page(rows, 20, 100)?;
    Ok(fields! {"TotalCount": total, "Clusters": page})
}

/// `DescribeEKSClusterCredential`.
pub(super) fn credential(cx: &mut Context<'_>, params: &Params) -> Answer {
    let cluster = own_cluster(cx, params, "ResourceNotFound")?;
    if cluster.kind != ClusterKind::Serverless {
        let text = format!("{} is no serverless cluster", cluster.id);
        return Err(ApiError::new("ResourceNotFound.ClusterNotFound", text));
    }
    let server = cx.clusters.api_server(&cluster.id).map_err(unreachable)?;
    let (ip, port) =
        bare(&server.url).rsplit_once(':').unwrap_or_else(|| (bare(&server.url), "443"));
    let port: u16 = port.parse().unwrap_or(443);
    Ok(fields! {
        "Addresses": [{"Type": "advertise", "Ip": ip, "Port": port},
            {"Type": "public", "Ip": ip, "Port": port}],
        "Credential": {"CACert": server.ca_certificate, "Token": ""},
        "PublicLB": {"Enabled": true, "AllowFromCidrs": [], "SecurityPolicies": []},
        "InternalLB": {"Enabled": true, "SubnetId": cluster.subnet_id},
        "ProxyLB": false,
        "Kubeconfig": kubeconfig_of(cx, cluster, true)?,
    })
}
