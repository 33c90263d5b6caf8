//! Agents: how a registration comes to run and is lost.

use super::{AGENT_LOST, REGISTER, Registered, RegisteredStatus, ZOMBIE, registered::Report};
use crate::cloud::{clusters::Agent, service::Context, services::topology, transition::Managed};

/// A registration that was deleted. An agent left behind falls back to its
/// token and registers anew, if the token is still good.
#[derive(Clone, Debug)]
pub struct Ghost {
    cluster: Registered,
    returns: Managed<bool>,
}

/// Looks for the agents of all registrations.
pub(super) fn settle(cx: &mut Context<'_>) {
    sweep(cx);
    if cx.state.tdcc.registered.is_empty() && cx.state.tdcc.ghosts.is_empty() {
        return;
    }
    let agents = cx.clusters.agents();
    let ids: Vec<String> = cx.state.tdcc.registered.keys().cloned().collect();
    for id in ids {
        settle_one(cx, &id, &agents);
    }
    raise_ghosts(cx, &agents);
}

/// Finishes deletions that are due.
pub(super) fn sweep(cx: &mut Context<'_>) {
    for cluster in cx.state.tdcc.registered.values_mut() {
        cluster.status.settle(cx.moment);
    }
    let gone: Vec<String> = cx
        .state
        .tdcc
        .registered
        .values()
        .filter(|cluster| *cluster.status.current() == RegisteredStatus::Gone)
        .map(|cluster| cluster.id.clone())
        .collect();
    for id in gone {
        remove(cx, &id);
    }
}

/// Deletes a registration at once.
pub(super) fn remove(cx: &mut Context<'_>, id: &str) -> Option<()> {
    let cluster = cx.state.tdcc.registered.remove(id)?;
    cx.state.tags.clear("cluster", id);
    let mut returns = Managed::settled(false);
    returns.begin(ZOMBIE, id, false, true, cx.moment);
    cx.state.tdcc.ghosts.push(Ghost { cluster, returns });
    Some(())
}

fn settle_one(cx: &mut Context<'_>, id: &str, agents: &[Agent]) {
    let Some(cluster) = cx.state.tdcc.registered.get(id) else { return };
    let agent = agents.iter().find(|agent| agent.token == cluster.token && agent.ready);
    let may_register = agent.is_some_and(|agent| may_register(cx, cluster, agent));
    let report = agent.map(|agent| report(cx, agent));
    let moment = cx.moment;
    let Some(cluster) = cx.state.tdcc.registered.get_mut(id) else { return };
    use RegisteredStatus::{Abnormal, Running, WaittingForConnect};
    match (*cluster.status.current(), cluster.status.requested().copied()) {
        (before @ (WaittingForConnect | Abnormal), None) if may_register => {
            cluster.report = report;
            cluster.status.begin(REGISTER, id, before, Running, moment);
        }
        (before @ (WaittingForConnect | Abnormal), Some(Running)) if agent.is_none() => {
            cluster.status.force(before);
        }
        (Running, None) if agent.is_none() => {
            cluster.status.begin(AGENT_LOST, id, Running, Abnormal, moment);
        }
        // Once registered, an agent needs its token no more.
        (Running, Some(Abnormal)) if agent.is_some() => cluster.status.force(Running),
        (Running, None) => cluster.report = report,
        _ => {}
    }
}

/// Whether the agent's token is good and it can reach the hub.
fn may_register(cx: &Context<'_>, cluster: &Registered, agent: &Agent) -> bool {
    let Some(hub) = cx.state.tdcc.hubs.get(&cluster.hub_id) else { return false };
    let through_network = agent.parent_url == hub.intranet_url();
    let reaches = !through_network
        || cx
            .world
            .cluster(&agent.cluster)
            .is_some_and(|member| topology::joined(cx.state, &member.vpc_id, &hub.vpc_id));
    hub.is_running() && cx.moment.now < cluster.expires && reaches
}

fn report(cx: &Context<'_>, agent: &Agent) -> Report {
    let known = cx.world.cluster(&agent.cluster);
    Report {
        cluster: agent.cluster.clone(),
        version: agent.kubernetes_version.clone(),
        nodes: agent.nodes,
        cluster_cidr: known.map(|known| known.cluster_cidr.clone()).unwrap_or_default(),
        service_cidr: known.map(|known| known.service_cidr.clone()).unwrap_or_default(),
    }
}

fn raise_ghosts(cx: &mut Context<'_>, agents: &[Agent]) {
    let now = cx.moment.now;
    let mut ghosts = std::mem::take(&mut cx.state.tdcc.ghosts);
    // Without its agent, or with an expired token, nothing comes back.
    ghosts.retain(|ghost| {
        let runs = agents.iter().any(|agent| agent.token == ghost.cluster.token);
        runs && now < ghost.cluster.expires
    });
    for mut ghost in ghosts {
        ghost.returns.settle(cx.moment);
        if !*ghost.returns.current() {
            cx.state.tdcc.ghosts.push(ghost);
            continue;
        }
        let id = cx.new_id("cls");
        let status = Managed::settled(RegisteredStatus::Running);
        let cluster = Registered { id: id.clone(), status, ..ghost.cluster };
        cx.state.tdcc.registered.insert(id, cluster);
    }
}
