//! CLB 2018-03-17: load balancers, as far as others need to look at them.
//!
//! Load balancers come from the world or are made by ingress gateways (TCM);
//! there is no call here that makes one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    cloud::{
        clock::local_time,
        clusters::ClusterError,
        objects::ObjectRecord,
        service::{Answer, ApiError, Context, Params, Service},
        state,
    },
    fields,
    world::World,
};

/// Load balancers by id.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// All accounts' load balancers.
    pub balancers: BTreeMap<String, Balancer>,
}

/// One load balancer.
#[derive(Clone, Debug)]
pub struct Balancer {
    /// `lb-…`.
    pub id: String,
    /// Display name.
    pub name: String,
    /// UIN of the owner.
    pub owner: String,
    /// Region.
    pub region: String,
    /// Network in which it is.
    pub vpc_id: String,
    /// Subnet of an internal one, else empty.
    pub subnet_id: String,
    /// `OPEN` (public) or `INTERNAL`.
    pub kind: String,
    /// A fixed address, if it has to have a certain one.
    pub wanted_vip: Option<String>,
    /// Address, once it was needed.
    pub vip: Option<String>,
    /// `CreateTime`.
    pub created: String,
    /// Who made it: the id of a mesh. `None` for what the world brought along.
    pub made_by: Option<String>,
}

impl State {
    /// The load balancer of this id, if it is the account's and in the region.
    pub fn owned(&self, id: &str, owner: &str, region: &str) -> Option<&Balancer> {
        self.balancers.get(id).filter(|b| b.owner == owner && b.region == region)
    }
}

/// Address of a load balancer, allotted on the first call.
///
/// # Errors
/// No such load balancer, or no address could be had.
pub fn address(cx: &mut Context<'_>, id: &str) -> Result<String, ClusterError> {
    let Some(balancer) = cx.state.clb.balancers.get_mut(id) else {
        return Err(ClusterError::NotFound(id.to_owned()));
    };
    if balancer.vip.is_none() {
        let vip = cx.clusters.load_balancer(id, balancer.wanted_vip.as_deref())?;
        balancer.vip = Some(vip.address);
    }
    Ok(balancer.vip.clone().unwrap_or_default())
}

/// Deletes a load balancer that a gateway made and gives its address back.
pub fn release(cx: &mut Context<'_>, id: &str) {
    if cx.state.clb.balancers.remove(id).is_some() {
        cx.clusters.release_load_balancer(id);
        cx.state.tags.clear("clb", id);
    }
}

/// The product.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clb;

impl Service for Clb {
    fn name(&self) -> &'static str {
        "clb"
    }

    fn catalogue(&self) -> &'static [&'static str] {
        &[include_str!("../../../catalogue/clb.json")]
    }

    fn seed(&self, world: &World, state: &mut state::State) {
        for lb in &world.load_balancers {
            let balancer = Balancer {
                id: lb.id.clone(),
                name: lb.name.clone(),
                owner: world.uin(&lb.account).to_owned(),
                region: lb.region.clone(),
                vpc_id: lb.vpc_id.clone(),
                subnet_id: String::new(),
                kind: "OPEN".to_owned(),
                wanted_vip: lb.vip.clone(),
                vip: None,
                created: "2026-01-01 00:00:00".to_owned(),
                made_by: None,
            };
            state.clb.balancers.insert(lb.id.clone(), balancer);
        }
    }

    fn call(&self, cx: &mut Context<'_>, action: &str, params: &Params) -> Answer {
        match action {
            "DescribeLoadBalancers" => describe(cx, params),
            _ => Err(ApiError::not_simulated(self.name(), action)),
        }
    }

    fn objects(&self, cx: &Context<'_>) -> Vec<ObjectRecord> {
        let made = cx.state.clb.balancers.values().filter(|b| b.made_by.is_some());
        made.map(|b| ObjectRecord {
            kind: "load_balancer",
            id: b.id.clone(),
            owner: b.owner.clone(),
            state: None,
            detail: json!({"Name": b.name, "Vip": b.vip, "MadeBy": b.made_by}),
        })
        .collect()
    }

    fn delete_object(&self, cx: &mut Context<'_>, kind: &str, id: &str) -> Option<()> {
        if kind != "load_balancer" || !cx.state.clb.balancers.contains_key(id) {
            return None;
        }
        release(cx, id);
        Some(())
    }
}

fn describe(cx: &mut Context<'_>, params: &Params) -> Answer {
    let ids = params.strings("LoadBalancerIds");
    let vips = params.strings("LoadBalancerVips");
    let same = |name: &str, value: &str| params.str(name).is_none_or(|wanted| wanted == value);
    let mine: Vec<String> = cx
        .state
        .clb
        .balancers
        .values()
        .filter(|b| b.owner == cx.caller.uin && b.region == cx.region)
        .filter(|b| ids.is_empty() || ids.contains(&b.id.as_str()))
        .filter(|b| same("LoadBalancerName", &b.name) && same("LoadBalancerType", &b.kind))
        .filter(|b| same("VpcId", &b.vpc_id))
        .map(|b| b.id.clone())
        .collect();
    let mut set = Vec::new();
    for id in mine {
        // A load balancer without an address is listed all the same.
        let vip = address(cx, &id).unwrap_or_default();
        if !vips.is_empty() && !vips.contains(&vip.as_str()) {
            continue;
        }
        if let Some(balancer) = cx.state.clb.balancers.get(&id) {
            set.push(shown(balancer, &vip, tags(cx.state, &id)));
        }
    }
    let total = set.len();
    let page = params.page(set, 20, 100)?;
    Ok(fields! {"TotalCount": total, "LoadBalancerSet": page})
}

fn shown(balancer: &Balancer, vip: &str, tags: Value) -> Value {
    let vips: Vec<&str> = if vip.is_empty() { Vec::new() } else { vec![vip] };
    json!({
        "LoadBalancerId": balancer.id,
        "LoadBalancerName": balancer.name,
        "LoadBalancerType": balancer.kind,
        "LoadBalancerVips": vips,
        "LoadBalancerDomain": "",
        "Domain": "",
        "Forward": 1,
        "Status": 1,
        "StatusTime": balancer.created,
        "CreateTime": balancer.created,
        "VpcId": balancer.vpc_id,
        "SubnetId": balancer.subnet_id,
        "AddressIPVersion": "ipv4",
        "ChargeType": "POSTPAID_BY_HOUR",
        "ProjectId": 0,
        "SecureGroups": [],
        "Tags": tags,
    })
}

fn tags(state: &state::State, id: &str) -> Value {
    let tags = state.tags.of("clb", id);
    tags.map(|(key, value)| json!({"TagKey": key, "TagValue": value})).collect()
}

/// A load balancer that a gateway of `mesh` needs; its address comes later.
pub fn make(cx: &mut Context<'_>, plan: NewBalancer<'_>) -> String {
    let id = cx.new_id("lb");
    let balancer = Balancer {
        id: id.clone(),
        name: plan.name.to_owned(),
        owner: plan.owner.to_owned(),
        region: plan.region.to_owned(),
        vpc_id: plan.vpc_id.to_owned(),
        subnet_id: plan.subnet_id.to_owned(),
        kind: plan.kind.to_owned(),
        wanted_vip: plan.wanted_vip,
        vip: None,
        created: local_time(cx.moment.now),
        made_by: Some(plan.mesh.to_owned()),
    };
    cx.state.clb.balancers.insert(id.clone(), balancer);
    id
}

/// What a gateway says about the load balancer that it needs.
#[derive(Clone, Debug)]
pub struct NewBalancer<'a> {
    /// Id of the gateway's mesh.
    pub mesh: &'a str,
    /// Display name.
    pub name: &'a str,
    /// UIN of the owner.
    pub owner: &'a str,
    /// Region.
    pub region: &'a str,
    /// Network.
    pub vpc_id: &'a str,
    /// Subnet of an internal one.
    pub subnet_id: &'a str,
    /// `OPEN` or `INTERNAL`.
    pub kind: &'a str,
    /// A fixed address, if it has to have a certain one.
    pub wanted_vip: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::cloud::bench::Bench;

    #[test]
    fn a_worlds_load_balancer_has_an_address_for_its_owner_only() {
        let bench = Bench::new();
        let set = bench.ok("hub", "clb:DescribeLoadBalancers", json!({}));
        assert_eq!(set["TotalCount"], 1);
        let first = &set["LoadBalancerSet"][0];
        assert_eq!(first["Status"], 1);
        assert!(first["LoadBalancerVips"][0].is_string());
        let theirs = bench.ok(
            "member",
            "clb:DescribeLoadBalancers",
            json!({"LoadBalancerIds": [first["LoadBalancerId"]]}),
        );
        assert_eq!(theirs["TotalCount"], 0);
    }
}
