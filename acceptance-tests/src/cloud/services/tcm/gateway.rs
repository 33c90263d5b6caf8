//! Ingress gateways: envoys in a cluster with a load balancer before them.

use std::fmt;

use serde_json::{Map, Value, json};

use super::{GATEWAY_CREATE, GATEWAY_UPDATE, Link, Mesh, check, mesh};
use crate::cloud::{
    service::{ApiError, Context, Params},
    services::clb::{self, NewBalancer},
    transition::Managed,
};

/// An ingress gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// What the caller said: everything but `Status`.
    pub given: Map<String, Value>,
    /// State.
    pub state: Managed<GatewayState>,
    /// Its load balancer, once it has one.
    pub balancer: Option<String>,
    /// Address of the load balancer, once it has one.
    pub vip: String,
}

/// `IngressGateway.Status.State`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayState {
    /// Being made or changed.
    Upgrading,
    /// Ready.
    Running,
}

impl fmt::Display for GatewayState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upgrading => "upgrading",
            Self::Running => "running",
        })
    }
}

impl Gateway {
    /// Name.
    pub fn name(&self) -> &str {
        self.text("Name")
    }

    /// Namespace.
    pub fn namespace(&self) -> &str {
        self.text("Namespace")
    }

    /// Whether it has its address and serves.
    pub fn is_running(&self) -> bool {
        *self.state.current() == GatewayState::Running && !self.vip.is_empty()
    }

    /// Number of pods.
    pub fn replicas(&self) -> u32 {
        let workload = self.given.get("Workload");
        let count = workload.and_then(|workload| workload["Replicas"].as_u64());
        count.and_then(|count| count.try_into().ok()).unwrap_or(1)
    }

    /// The existing load balancer that the caller wants, if any.
    fn wanted_balancer(&self) -> Option<&str> {
        Some(self.text("LoadBalancerId")).filter(|id| !id.is_empty())
    }

    fn text(&self, field: &str) -> &str {
        self.given.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn is(&self, other: &Params) -> bool {
        other.str("Name") == Some(self.name()) && other.str("Namespace") == Some(self.namespace())
    }
}

/// Makes a cluster's gateways those of the list: new ones come, changed ones
/// change, and those that are not in it go.
pub(super) fn replace(
    cx: &mut Context<'_>,
    mesh: &Mesh,
    link: &mut Link,
    wanted: &[Params],
) -> Result<(), ApiError> {
    check::gateways(cx, mesh, link, wanted)?;
    let before = std::mem::take(&mut link.gateways);
    for gateway in &before {
        let stays = wanted.iter().any(|other| gateway.is(other) && keeps_balancer(gateway, other));
        if !stays {
            release(cx, gateway);
        }
    }
    for params in wanted {
        let mut given = params.fields().clone();
        given.remove("Status");
        let known =
            before.iter().find(|gateway| gateway.is(params) && keeps_balancer(gateway, params));
        let gateway = match known {
            Some(known) if known.given == given => known.clone(),
            Some(known) => {
                let mut changed = Gateway { given, ..known.clone() };
                // Before its first load balancer a gateway is still being made.
                if changed.balancer.is_some() {
                    let (via, target) = (GatewayState::Upgrading, GatewayState::Running);
                    let name = changed.name().to_owned();
                    changed.state.begin(GATEWAY_UPDATE, &name, via, target, cx.moment);
                }
                changed
            }
            None => Gateway {
                given,
                state: Managed::settled(GatewayState::Upgrading),
                balancer: None,
                vip: String::new(),
            },
        };
        link.gateways.push(gateway);
    }
    Ok(())
}

/// Whether a change leaves the gateway its load balancer.
fn keeps_balancer(gateway: &Gateway, wanted: &Params) -> bool {
    let id = wanted.str("LoadBalancerId").filter(|id| !id.is_empty());
    id == gateway.wanted_balancer() || (id.is_some() && id == gateway.balancer.as_deref())
}

/// Brings a gateway of a linked cluster to where it should be.
pub(super) fn settle(cx: &mut Context<'_>, mesh: &mut Mesh, link: usize, index: usize) {
    if mesh.links[link].gateways[index].balancer.is_none() {
        let id = balancer(cx, mesh, &mesh.links[link], &mesh.links[link].gateways[index]);
        let gateway = &mut mesh.links[link].gateways[index];
        gateway.balancer = Some(id);
        let name = gateway.name().to_owned();
        let (via, target) = (GatewayState::Upgrading, GatewayState::Running);
        gateway.state.begin(GATEWAY_CREATE, &name, via, target, cx.moment);
    }
    let gateway = &mut mesh.links[link].gateways[index];
    gateway.state.settle(cx.moment);
    let id = gateway.balancer.clone().unwrap_or_default();
    if *gateway.state.current() == GatewayState::Running && gateway.vip.is_empty() {
        match clb::address(cx, &id) {
            Ok(vip) => gateway.vip = vip,
            Err(error) => mesh.message = error.to_string(),
        }
    }
}

/// Id of the load balancer for a gateway: an existing one, or a new one.
fn balancer(cx: &mut Context<'_>, mesh: &Mesh, link: &Link, gateway: &Gateway) -> String {
    if let Some(id) = gateway.wanted_balancer() {
        return id.to_owned();
    }
    let wanted = gateway.given.get("LoadBalancer").cloned().unwrap_or_default();
    let text = |field: &str| wanted[field].as_str().unwrap_or_default();
    let kind = if text("LoadBalancerType") == "INTERNAL" { "INTERNAL" } else { "OPEN" };
    let member = link.member.as_deref().and_then(|id| cx.world.cluster(id));
    let wanted_vip = member.and_then(|cluster| cluster.clb_vip.clone());
    let name = format!("{}-{}-{}", link.cluster_id, gateway.namespace(), gateway.name());
    let plan = NewBalancer {
        mesh: &mesh.id,
        name: &name,
        owner: &mesh.owner,
        region: &mesh.region,
        vpc_id: link.text("VpcId"),
        subnet_id: text("SubnetId"),
        kind,
        wanted_vip,
    };
    let id = clb::make(cx, plan);
    let tags = wanted["Tags"].as_array().cloned().unwrap_or_default();
    cx.state.tags.set_listing("clb", &id, &tags);
    id
}

/// Gives back what a gateway has; an existing load balancer stays.
pub(super) fn release(cx: &mut Context<'_>, gateway: &Gateway) {
    if let Some(id) = &gateway.balancer {
        let made = cx.state.clb.balancers.get(id).is_some_and(|b| b.made_by.is_some());
        if made {
            clb::release(cx, id);
        }
    }
}

/// Deletes a gateway at once.
pub(super) fn remove(
    cx: &mut Context<'_>,
    mesh: &str,
    cluster: &str,
    namespace: &str,
    name: &str,
) -> Option<()> {
    let link = cx.state.tcm.meshes.get_mut(mesh)?.link_mut(cluster)?;
    let found = |gateway: &Gateway| gateway.namespace() == namespace && gateway.name() == name;
    let position = link.gateways.iter().position(found)?;
    let gateway = link.gateways.remove(position);
    release(cx, &gateway);
    mesh::settle(cx, mesh);
    Some(())
}

/// `IngressGateway` as the API shows it.
pub(super) fn shown(gateway: &Gateway, mesh: &Mesh) -> Value {
    let mut shown = gateway.given.clone();
    let current = if gateway.is_running() { mesh.version.as_str() } else { "" };
    // A gateway whose address is not there yet is not running.
    let state = if gateway.is_running() { GatewayState::Running } else { GatewayState::Upgrading };
    let mut status = json!({
        "State": state.to_string(),
        "CurrentVersion": current,
        "DesiredVersion": mesh.version,
    });
    if !gateway.vip.is_empty() {
        status["LoadBalancer"] = json!({
            "LoadBalancerId": gateway.balancer,
            "LoadBalancerName":
                format!("{}-{}", gateway.namespace(), gateway.name()),
            "LoadBalancerVip": gateway.vip,
            "LoadBalancerHostname": "",
        });
    }
    shown.insert("Status".to_owned(), status);
    Value::Object(shown)
}
