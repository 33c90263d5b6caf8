//! What reaches what: networks that a CCN joins, and the routes in it.

use ipnet::Ipv4Net;

use super::vpc::{AttachmentState, RouteOrigin};
use crate::{
    cloud::{service::Context, state::State},
    world::{Cluster, NetworkKind},
};

/// Whether two networks are one, or are both active in one CCN.
pub(super) fn joined(state: &State, one: &str, other: &str) -> bool {
    let second: Vec<&str> = ccns_of(state, other).collect();
    one == other || ccns_of(state, one).any(|ccn| second.contains(&ccn))
}

/// Whether pods of cluster `from` reach those of cluster `to` (ids of the
/// world): they share a network, or a CCN that `from` is in has an enabled
/// route to the range in which the pods of `to` are.
pub(super) fn pods_reachable(cx: &Context<'_>, from: &str, to: &str) -> bool {
    let (Some(from), Some(to)) = (cx.world.cluster(from), cx.world.cluster(to)) else {
        return false;
    };
    if from.vpc_id == to.vpc_id {
        return true;
    }
    let Some((origin, range)) = pod_route(cx, to) else { return false };
    ccns_of(cx.state, &from.vpc_id).any(|ccn| {
        cx.state.vpc.routes.iter().any(|route| {
            route.enabled
                && route.origin == origin
                && route.attachment.ccn_id == ccn
                && route.attachment.instance_id == to.vpc_id
                && route.cidr == range
        })
    })
}

/// The route that leads to a cluster's pods.
fn pod_route<'w>(cx: &Context<'w>, cluster: &'w Cluster) -> Option<(RouteOrigin, &'w str)> {
    match cluster.network {
        NetworkKind::GlobalRouter => Some((RouteOrigin::Container, &cluster.cluster_cidr)),
        NetworkKind::VpcCni => {
            let vpc = cx.world.vpc(&cluster.vpc_id)?;
            let subnet = vpc.subnets.iter().find(|subnet| subnet.id == cluster.subnet_id)?;
            Some((RouteOrigin::Subnet, &subnet.cidr))
        }
    }
}

/// Whether two ranges share an address.
pub(super) fn overlap(one: &Ipv4Net, other: &Ipv4Net) -> bool {
    one.contains(other) || other.contains(one)
}

/// The CCNs in which a network is active.
fn ccns_of<'s>(state: &'s State, vpc_id: &'s str) -> impl Iterator<Item = &'s str> {
    state
        .vpc
        .attachments_of(vpc_id)
        .filter(|row| *row.state.current() == AttachmentState::Active)
        .map(|row| row.key.ccn_id.as_str())
}
