//! Routes that attached networks publish to a CCN.

use ipnet::Ipv4Net;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{AttachmentKey, AttachmentState, Ccn, State, ccn, not_found};
use crate::cloud::{
    service::{Answer, ApiError, Context, Params},
    state::Ids,
};

/// A route of a CCN.
#[derive(Clone, Debug)]
pub struct CcnRoute {
    /// `ccnr-…`.
    pub id: String,
    /// Destination.
    pub cidr: String,
    /// The same, to calculate with.
    range: Option<Ipv4Net>,
    /// The attachment that publishes it.
    pub attachment: AttachmentKey,
    /// UIN of the owner of the network.
    pub instance_uin: String,
    /// Name of the network.
    pub instance_name: String,
    /// Whether traffic follows it. A route that overlaps an enabled one of
    /// another network starts disabled.
    pub enabled: bool,
    /// What it leads to.
    pub origin: RouteOrigin,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// What a route leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteOrigin {
    /// A subnet of the network; published with the attachment.
    Subnet,
    /// The pods of a Global Router cluster; published by TKE on request.
    Container,
}

/// Enables or disables routes of an own CCN.
pub(super) fn switch(cx: &mut Context<'_>, params: &Params, enable: bool) -> Answer {
    let ccn_id = params.required("CcnId")?;
    let owned = ccn::own(cx, ccn_id)?.clone();
    let ids = params.strings("RouteIds");
    for id in &ids {
        let routes = &cx.state.vpc.routes;
        let route = routes.iter().find(|r| r.id == **id && r.attachment.ccn_id == ccn_id);
        let route = route.ok_or_else(|| not_found(id))?;
        if enable && !route.enabled && cx.state.vpc.collides(&owned, &route.attachment, &route.cidr)
        {
            return Err(ApiError::new(
                "UnsupportedOperation.CcnRouteCidrOverlap",
                format!(
                    "The route {} overlaps an enabled one; only one can be enabled.",
                    route.cidr
                ),
            ));
        }
    }
    let now = cx.moment.now;
    for route in &mut cx.state.vpc.routes {
        if ids.contains(&route.id.as_str()) {
            route.enabled = enable;
            route.updated = now;
        }
    }
    Ok(Map::new())
}

/// Publishes the subnets of a network whose attachment has become active.
pub(super) fn publish_subnets(cx: &mut Context<'_>, key: &AttachmentKey) {
    let Some(vpc) = cx.world.vpc(&key.instance_id) else {
        return;
    };
    for subnet in &vpc.subnets {
        let (ids, now) = (&mut cx.state.ids, cx.moment.now);
        cx.state.vpc.publish(ids, now, key, &subnet.cidr, RouteOrigin::Subnet);
    }
}

impl State {
    /// Publishes a container range of a network to every CCN that the network
    /// is active in (`AddClusterCIDRToCcn`). Publishing twice changes nothing.
    /// Returns the routes, none if the network is in no CCN.
    pub fn publish_container_range(
        &mut self,
        ids: &mut Ids,
        now: Timestamp,
        vpc_id: &str,
        cidr: &str,
    ) -> Vec<CcnRoute> {
        let active: Vec<AttachmentKey> = self
            .attachments_of(vpc_id)
            .filter(|row| *row.state.current() == AttachmentState::Active)
            .map(|row| row.key.clone())
            .collect();
        for key in active {
            let there = self.container_routes(vpc_id, cidr).any(|route| route.attachment == key);
            if !there {
                self.publish(ids, now, &key, cidr, RouteOrigin::Container);
            }
        }
        self.container_routes(vpc_id, cidr).cloned().collect()
    }

    /// Withdraws a container range (`DeleteClusterCIDRFromCcn`). Returns what
    /// was there.
    pub fn withdraw_container_range(&mut self, vpc_id: &str, cidr: &str) -> Vec<CcnRoute> {
        let gone: Vec<CcnRoute> = self.container_routes(vpc_id, cidr).cloned().collect();
        self.routes.retain(|route| !gone.iter().any(|other| other.id == route.id));
        gone
    }

    /// Routes of a container range of a network, in every CCN.
    pub fn container_routes<'a>(
        &'a self,
        vpc_id: &'a str,
        cidr: &'a str,
    ) -> impl Iterator<Item = &'a CcnRoute> {
        self.routes.iter().filter(move |route| {
            route.origin == RouteOrigin::Container
                && route.attachment.instance_id == vpc_id
                && route.cidr == cidr
        })
    }

    /// Changes a container range's routes by hand: `Enabled`.
    pub(super) fn patch_container_range(
        &mut self,
        vpc_id: &str,
        cidr: &str,
        patch: &Map<String, Value>,
    ) -> Option<Result<(), String>> {
        self.container_routes(vpc_id, cidr).next()?;
        if let Some(other) = patch.keys().find(|key| *key != "Enabled") {
            return Some(Err(format!("{other} of a route cannot be changed")));
        }
        let enabled = patch.get("Enabled").and_then(Value::as_bool).unwrap_or(true);
        for route in &mut self.routes {
            if route.origin == RouteOrigin::Container
                && route.attachment.instance_id == vpc_id
                && route.cidr == cidr
            {
                route.enabled = enabled;
            }
        }
        Some(Ok(()))
    }

    fn publish(
        &mut self,
        ids: &mut Ids,
        now: Timestamp,
        key: &AttachmentKey,
        cidr: &str,
        origin: RouteOrigin,
    ) {
        let (Some(row), Some(ccn)) = (self.attachments.get(key), self.ccns.get(&key.ccn_id)) else {
            return;
        };
        let route = CcnRoute {
            id: ids.next("ccnr"),
            cidr: cidr.to_owned(),
            range: cidr.parse().ok(),
            attachment: key.clone(),
            instance_uin: row.instance_uin.clone(),
            instance_name: row.instance_name.clone(),
            enabled: !self.collides(ccn, key, cidr),
            origin,
            updated: now,
        };
        self.routes.push(route);
    }

    /// Whether an enabled route of another network stands in the way: equal
    /// ranges unless the CCN balances over them, overlapping ones unless it
    /// allows them.
    fn collides(&self, ccn: &Ccn, key: &AttachmentKey, cidr: &str) -> bool {
        let Ok(range) = cidr.parse::<Ipv4Net>() else {
            return false;
        };
        self.routes.iter().filter(|r| r.enabled && r.attachment.ccn_id == ccn.id).any(|other| {
            let Some(taken) = other.range else {
                return false;
            };
            let allowed = if taken == range { ccn.ecmp } else { ccn.overlap };
            let overlaps = taken.contains(&range) || range.contains(&taken);
            other.attachment != *key && overlaps && !allowed
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{
        cloud::{bench::Bench, state::Ids},
        world::World,
    };

    /// A hub whose CCN has its own network and that of a member with the given
    /// subnet range.
    fn joined(member_cidr: &str, member_subnet: &str) -> (Bench, String) {
        let mut world = World::two_accounts();
        world.vpcs[1].cidr = member_cidr.to_owned();
        world.vpcs[1].subnets.truncate(1);
        world.vpcs[1].subnets[0].cidr = member_subnet.to_owned();
        let vpcs: Vec<String> = world.vpcs.iter().map(|vpc| vpc.id.clone()).collect();
        let bench = Bench::with(world);
        let ccn = bench.ok("hub", "vpc:CreateCcn", json!({"CcnName": "mesh"}));
        let ccn = ccn["Ccn"]["CcnId"].as_str().unwrap().to_owned();
        for (account, vpc) in ["hub", "member"].into_iter().zip(vpcs) {
            let instance = json!({
                "InstanceId": vpc, "InstanceType": "VPC", "InstanceRegion": "ap-guangzhou",
            });
            let mut params = json!({"CcnId": ccn, "Instances": [instance]});
            if account == "member" {
                params["CcnUin"] = bench.uin("hub").into();
            }
            bench.ok(account, "vpc:AttachCcnInstances", params.clone());
            if account == "member" {
                params.as_object_mut().unwrap().remove("CcnUin");
                bench.ok("hub", "vpc:AcceptAttachCcnInstances", params);
            }
        }
        (bench, ccn)
    }

    fn routes(bench: &Bench, account: &str, ccn: &str) -> Vec<Value> {
        let answer = bench.ok(account, "vpc:DescribeCcnRoutes", json!({"CcnId": ccn}));
        answer["RouteSet"].as_array().unwrap().clone()
    }

    #[test]
    fn subnets_are_published_and_members_see_their_own() {
        let (bench, ccn) = joined("10.1.0.0/16", "10.1.16.0/20");
        let all = routes(&bench, "hub", &ccn);
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|route| route["Enabled"] == true));
        let own = routes(&bench, "member", &ccn);
        assert_eq!(own.len(), 1);
        assert_eq!(own[0]["DestinationCidrBlock"], "10.1.16.0/20");
    }

    #[test]
    fn overlapping_route_starts_disabled_and_cannot_be_enabled() {
        let (bench, ccn) = joined("10.0.0.0/16", "10.0.16.0/24");
        let all = routes(&bench, "hub", &ccn);
        let [.., last] = all.as_slice() else { panic!("no routes") };
        assert_eq!(
            (&last["DestinationCidrBlock"], &last["Enabled"]),
            (&json!("10.0.16.0/24"), &json!(false))
        );
        let params = json!({"CcnId": ccn, "RouteIds": [last["RouteId"]]});
        let code = bench.refused("hub", "vpc:EnableCcnRoutes", params.clone());
        assert_eq!(code, "UnsupportedOperation.CcnRouteCidrOverlap");
        let first = json!({"CcnId": ccn, "RouteIds": [all[0]["RouteId"]]});
        bench.ok("hub", "vpc:DisableCcnRoutes", first);
        bench.ok("hub", "vpc:EnableCcnRoutes", params);
    }

    #[test]
    fn container_range_is_published_once_and_goes_with_the_attachment() {
        let (bench, ccn) = joined("10.1.0.0/16", "10.1.16.0/20");
        let vpc = bench.cloud.world().vpcs[1].id.clone();
        let publish = || {
            let mut inner = bench.cloud.lock();
            bench.cloud.with_context(&mut inner, |cx| {
                let mut ids = Ids::default();
                cx.state.vpc.publish_container_range(
                    &mut ids,
                    cx.moment.now,
                    &vpc,
                    "172.16.64.0/19",
                )
            })
        };
        assert_eq!(publish().len(), 1);
        assert_eq!(publish().len(), 1);
        assert_eq!(routes(&bench, "member", &ccn).len(), 2);
        let id = format!("{ccn}#VPC#ap-guangzhou#{vpc}");
        assert!(bench.cloud.delete_object("ccn_attachment", &id));
        assert_eq!(routes(&bench, "hub", &ccn).len(), 2);
    }
}
