//! The unpublished actions by which a Global Router cluster's container range
//! is published to the CCN that its network is in.

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use crate::{
    cloud::{
        service::{Answer, ApiError, Context, Params},
        services::{topology::overlap, vpc::CcnRoute},
    },
    fields,
    world::Vpc,
};

/// `DescribeCcnInstances`: the CCNs that a network is in.
pub(super) fn instances(cx: &mut Context<'_>, params: &Params) -> Answer {
    let vpc = own_vpc(cx, params)?;
    let rows = cx.state.vpc.attachments_of(&vpc.id);
    let set: Vec<Value> = rows
        .map(|row| {
            json!({
                "CcnId": row.key.ccn_id,
                "CcnUin": row.ccn_uin,
                "InstanceType": row.key.instance_type,
                "InstanceId": row.key.instance_id,
                "InstanceRegion": row.key.instance_region,
                "InstanceUin": row.instance_uin,
                "Cidrs": row.cidrs,
                "State": row.state.current().to_string(),
            })
        })
        .collect();
    Ok(fields! {"InstanceSet": set})
}

/// `DescribeCcnRoutes`: the routes of a container range; none if it is not published.
pub(super) fn routes(cx: &mut Context<'_>, params: &Params) -> Answer {
    let vpc = own_vpc(cx, params)?;
    let range = params.required("ClusterCIDR")?;
    let routes: Vec<Value> = cx.state.vpc.container_routes(&vpc.id, range).map(shown).collect();
    Ok(fields! {"RouteSet": routes})
}

/// `AddClusterCIDRToCcn`. Publishing twice changes nothing.
pub(super) fn add(cx: &mut Context<'_>, params: &Params) -> Answer {
    let vpc = own_vpc(cx, params)?;
    let range = params.required("ClusterCIDR")?;
    let known = cx.world.clusters.iter();
    let mut known = known.filter(|cluster| cluster.vpc_id == vpc.id);
    if range.parse::<Ipv4Net>().is_err() || !known.any(|cluster| cluster.cluster_cidr == range) {
        let text = format!("no cluster in {} has the container range {range}", vpc.id);
        return Err(ApiError::new("InvalidParameter.Param", text));
    }
    let now = cx.moment.now;
    let (ids, state) = (&mut cx.state.ids, &mut cx.state.vpc);
    let routes = state.publish_container_range(ids, now, &vpc.id, range);
    if routes.is_empty() {
        let text = format!("{} is not attached to any CCN", vpc.id);
        return Err(ApiError::new("FailedOperation", text));
    }
    let routes: Vec<Value> = routes.iter().map(shown).collect();
    Ok(fields! {"RouteSet": routes})
}

/// `DeleteClusterCIDRFromCcn`. Withdrawing what is not there changes nothing.
pub(super) fn delete(cx: &mut Context<'_>, params: &Params) -> Answer {
    let vpc = own_vpc(cx, params)?;
    let range = params.required("ClusterCIDR")?;
    let gone = cx.state.vpc.withdraw_container_range(&vpc.id, range);
    let gone: Vec<Value> = gone.iter().map(shown).collect();
    Ok(fields! {"RouteSet": gone})
}

/// `CheckClusterCIDR`: whether a range would be in anything's way.
pub(super) fn check(cx: &mut Context<'_>, params: &Params) -> Answer {
    let vpc = own_vpc(cx, params)?;
    let text = params.required("ClusterCIDR")?;
    let Ok(range) = text.parse::<Ipv4Net>() else {
        return Err(ApiError::new("InvalidParameter.Param", format!("{text} is no range")));
    };
    let takes = |other: &str| other.parse().is_ok_and(|other: Ipv4Net| overlap(&range, &other));
    let clusters = cx.world.clusters.iter().filter(|cluster| cluster.vpc_id == vpc.id);
    let mut clusters = clusters.filter(|cluster| takes(&cluster.cluster_cidr));
    let conflict = if takes(&vpc.cidr) || vpc.assistant_cidrs.iter().any(|cidr| takes(cidr)) {
        Some(("CIDR_CONFLICT_WITH_VPC_CIDR", vpc.id.as_str()))
    } else {
        clusters.next().map(|other| ("CIDR_CONFLICT_WITH_OTHER_CLUSTER", other.id.as_str()))
    };
    let (kind, with) = conflict.unwrap_or_default();
    let message = if with.is_empty() { String::new() } else { format!("conflicts with {with}") };
    Ok(fields! {
        "IsConflict": conflict.is_some(), "ConflictType": kind, "ConflictMsg": message,
    })
}

fn shown(route: &CcnRoute) -> Value {
    json!({
        "RouteId": route.id,
        "DestinationCidrBlock": route.cidr,
        "InstanceType": route.attachment.instance_type,
        "InstanceId": route.attachment.instance_id,
        "InstanceRegion": route.attachment.instance_region,
        "InstanceUin": route.instance_uin,
    })
}

fn own_vpc<'w>(cx: &Context<'w>, params: &Params) -> Result<&'w Vpc, ApiError> {
    let id = params.required("VpcId")?;
    let found = cx
        .world
        .vpc(id)
        .filter(|vpc| cx.is_caller(cx.world.uin(&vpc.account)) && vpc.region == cx.region);
    found.ok_or_else(|| {
        let text = format!("network {id} not found in {}", cx.region);
        ApiError::new("ResourceNotFound", text)
    })
}
