//! What a mesh refuses: at once where the call is at fault, and as
//! `LinkErrorDetail` where a cluster turns out not to fit.

use ipnet::Ipv4Net;
use serde_json::{Map, Value};

use super::{Link, Mesh};
use crate::{
    cloud::{
        service::{ApiError, Context, Params},
        services::{tdcc, topology},
    },
    world::{Cluster, ClusterKind},
};

/// `MeshVersion`: three numbers, at least 1.8.
pub(super) fn version(text: &str) -> Result<(), ApiError> {
    let numbers: Vec<Option<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
    match numbers[..] {
        [Some(1), Some(8..), Some(_)] => Ok(()),
        _ => Err(ApiError::invalid_value(format!("MeshVersion {text} is not supported"))),
    }
}

/// `DisplayName`: one to sixty characters.
pub(super) fn name(text: &str) -> Result<(), ApiError> {
    if text.is_empty() || text.chars().count() > 60 {
        return Err(ApiError::invalid_value("DisplayName must have 1 to 60 characters"));
    }
    Ok(())
}

/// `Role`.
pub(super) fn role(text: &str) -> Result<(), ApiError> {
    match text {
        "MASTER" | "REMOTE" => Ok(()),
        _ => Err(ApiError::invalid_value(format!("Role {text} is neither MASTER nor REMOTE"))),
    }
}

/// `MeshConfig`.
pub(super) fn config(config: &Map<String, Value>) -> Result<(), ApiError> {
    let istio = config.get("Istio").filter(|istio| !istio.is_null());
    let policy = istio.and_then(|istio| istio["OutboundTrafficPolicy"].as_str());
    match (istio, policy) {
        (None, _) | (_, Some("ALLOW_ANY" | "REGISTRY_ONLY")) => {}
        (_, other) => {
            let text = format!(
                "OutboundTrafficPolicy {} is neither ALLOW_ANY nor REGISTRY_ONLY",
                other.unwrap_or_default()
            );
            return Err(ApiError::invalid_value(text));
        }
    }
    let sampling = config.get("Tracing").and_then(|tracing| tracing["Sampling"].as_f64());
    if sampling.is_some_and(|sampling| !(0.0..=100.0).contains(&sampling)) {
        return Err(ApiError::invalid_value("Tracing.Sampling must be between 0 and 100"));
    }
    Ok(())
}

/// The ingress gateways of one cluster.
pub(super) fn gateways(
    cx: &Context<'_>,
    mesh: &Mesh,
    link: &Link,
    wanted: &[Params],
) -> Result<(), ApiError> {
    for (index, gateway) in wanted.iter().enumerate() {
        let name = gateway.required("Name")?;
        let namespace = gateway.required("Namespace")?;
        let twice = wanted[..index].iter().any(|other| {
            other.str("Name") == Some(name) && other.str("Namespace") == Some(namespace)
        });
        if twice {
            let text = format!("ingress gateway {namespace}/{name} is there twice");
            return Err(ApiError::new("InvalidParameter", text));
        }
        if gateway.required("ClusterId")? != link.cluster_id {
            let text = format!("ingress gateway {namespace}/{name} is of another cluster");
            return Err(ApiError::new("InvalidParameter", text));
        }
        let service = gateway.object("Service").unwrap_or_default();
        if let Some(kind @ ("ClusterIP" | "NodePort")) = service.str("Type") {
            let text = format!("an ingress gateway of service type {kind} gets no CLB here");
            return Err(ApiError::new("UnsupportedOperation", text));
        }
        balancer(cx, mesh, gateway)?;
    }
    Ok(())
}

fn balancer(cx: &Context<'_>, mesh: &Mesh, gateway: &Params) -> Result<(), ApiError> {
    if let Some(id) = gateway.str("LoadBalancerId").filter(|id| !id.is_empty()) {
        if cx.state.clb.owned(id, &mesh.owner, &mesh.region).is_none() {
            let text = format!("CLB {id} not found in {}", mesh.region);
            return Err(ApiError::new("InvalidParameterValue", text));
        }
        return Ok(());
    }
    let wanted = gateway.object("LoadBalancer").unwrap_or_default();
    match wanted.str("LoadBalancerType") {
        None | Some("OPEN") => Ok(()),
        Some("INTERNAL") if wanted.str("SubnetId").is_some_and(|id| !id.is_empty()) => Ok(()),
        Some("INTERNAL") => {
            Err(ApiError::invalid_value("an INTERNAL LoadBalancer needs a SubnetId"))
        }
        Some(kind) => {
            let text = format!("LoadBalancerType {kind} is neither OPEN nor INTERNAL");
            Err(ApiError::invalid_value(text))
        }
    }
}

/// The world's id of the cluster that a link is about, if it fits in the mesh.
///
/// # Errors
/// The text of `LinkErrorDetail`.
pub(super) fn member(cx: &Context<'_>, mesh: &Mesh, link: &Link) -> Result<String, String> {
    let member = resolve(cx, mesh, link)?;
    let others = cx.state.tcm.meshes.values().filter(|other| other.id != mesh.id);
    let taken = |link: &&Link| link.member.as_deref() == Some(&member.id);
    for other in others {
        if other.links.iter().find(taken).is_some() {
            let text =
                format!("cluster {} is linked to mesh {} already", link.cluster_id, other.id);
            return Err(text);
        }
    }
    for other in mesh.links.iter().filter(|other| other.cluster_id != link.cluster_id) {
        let known = other.member.as_deref().and_then(|id| cx.world.cluster(id));
        if let Some(known) = known {
            fits(cx, (&link.cluster_id, member), (&other.cluster_id, known))?;
        }
    }
    Ok(member.id.clone())
}

fn resolve<'w>(cx: &Context<'w>, mesh: &Mesh, link: &Link) -> Result<&'w Cluster, String> {
    let id = &link.cluster_id;
    let not_found = || format!("cluster {id} not found");
    let region = tdcc::long_region(link.text("Region"));
    let vpc_id = link.text("VpcId");
    if let Some(cluster) = cx.world.cluster(id) {
        let serverless = cluster.kind == ClusterKind::Serverless;
        let kind_fits = match link.text("Type") {
            "TKE" => !serverless,
            "EKS" => serverless,
            _ => true,
        };
        let mine = cx.world.uin(&cluster.account) == mesh.owner;
        if !mine || cluster.region != region || !kind_fits {
            return Err(not_found());
        }
        if cluster.vpc_id != vpc_id {
            return Err(format!("cluster {id} is not in network {vpc_id}"));
        }
        let status = cx.state.tke.clusters.get(id).map(|state| state.status.as_str());
        if !status.is_some_and(|status| status.eq_ignore_ascii_case("running")) {
            return Err(format!("cluster {id} is {}", status.unwrap_or_default()));
        }
        return Ok(cluster);
    }
    let registered = cx.state.tdcc.registered.get(id).filter(|known| known.owner == mesh.owner);
    let registered = registered.ok_or_else(not_found)?;
    let hub = cx.state.tdcc.hubs.get(&registered.hub_id).filter(|hub| hub.region == region);
    hub.ok_or_else(not_found)?;
    let mine = |vpc: &&crate::world::Vpc| cx.world.uin(&vpc.account) == mesh.owner;
    if cx.world.vpc(vpc_id).filter(mine).is_none() {
        return Err(format!("network {vpc_id} not found"));
    }
    let status = registered.status.current();
    let report = registered.report.as_ref();
    match report.and_then(|report| cx.world.cluster(&report.cluster)) {
        Some(cluster) if *status == tdcc::RegisteredStatus::Running => Ok(cluster),
        _ => Err(format!("cluster {id} is {status}")),
    }
}

/// Whether two clusters, named as the caller knows them, can be in one mesh.
fn fits(
    cx: &Context<'_>,
    (id, one): (&str, &Cluster),
    (other_id, other): (&str, &Cluster),
) -> Result<(), String> {
    if !topology::joined(cx.state, &one.vpc_id, &other.vpc_id) {
        return Err(format!(
            "network {} of cluster {id} cannot reach network {} of cluster {other_id}: \
             they are not attached to one CCN",
            one.vpc_id, other.vpc_id
        ));
    }
    for range in pod_ranges(cx, one) {
        for known in pod_ranges(cx, other) {
            let apart = range.0 == known.0 && one.vpc_id == other.vpc_id;
            if !apart && topology::overlap(&range.1, &known.1) {
                return Err(format!(
                    "range {} of cluster {id} overlaps with range {} of cluster {other_id}",
                    range.1, known.1
                ));
            }
        }
    }
    Ok(())
}

/// Ranges in which a cluster's pods are, each with whether it is the network's own.
fn pod_ranges(cx: &Context<'_>, cluster: &Cluster) -> Vec<(bool, Ipv4Net)> {
    let parse = |text: &str, own: bool| text.parse().ok().map(|range| (own, range));
    if cluster.cluster_cidr.is_empty() {
        let vpc = cx.world.vpc(&cluster.vpc_id);
        return vpc.and_then(|vpc| parse(&vpc.cidr, true)).into_iter().collect();
    }
    parse(&cluster.cluster_cidr, false).into_iter().collect()
}
