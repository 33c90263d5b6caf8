//! Telling the clusters what a mesh looks like.

use super::{Link, LinkState, Mesh, link};
use crate::{
    cloud::{
        clusters::{self, MeshGateway, MeshMember},
        service::Context,
        services::topology,
    },
    world::ClusterKind,
};

/// Tells the clusters about a mesh if it is not as they know it. A cluster
/// that does not do as it is told fails to link.
pub(super) fn tell(cx: &mut Context<'_>, mesh: &mut Mesh) {
    // At worst every cluster fails once.
    for _ in 0..=mesh.links.len() {
        let view = view(cx, mesh);
        if mesh.told.as_ref() == Some(&view) {
            return;
        }
        let empty = view.members.is_empty();
        if mesh.told.is_none() && empty {
            return;
        }
        match cx.clusters.sync_mesh(&view) {
            Ok(()) => {
                mesh.told = Some(view);
                mesh.message.clear();
                return;
            }
            Err(error) => {
                // The newest member is the one that does not fit; members that
                // were in the mesh before stay in it.
                let known = mesh.told.as_ref().map_or(&[][..], |told| &told.members);
                let is_new = |link: &&mut Link| {
                    let member = link.member.as_deref();
                    link.is_linked() && !known.iter().any(|old| Some(&*old.cluster) == member)
                };
                match mesh.links.iter_mut().rev().find(is_new) {
                    Some(newest) => link::fail(newest, &error.to_string()),
                    None => {
                        mesh.message = error.to_string();
                        return;
                    }
                }
            }
        }
    }
}

fn view(cx: &Context<'_>, mesh: &Mesh) -> clusters::Mesh {
    let inside = |link: &&Link| {
        let state = *link.state.current();
        link.member.is_some() && matches!(state, LinkState::Linked | LinkState::Unlinking)
    };
    let links: Vec<&Link> = mesh.links.iter().filter(inside).collect();
    let has_master = links.iter().any(|link| link.text("Role") == "MASTER");
    let mut members = Vec::new();
    let mut gateways = Vec::new();
    for link in &links {
        let Some(id) = link.member.clone() else { continue };
        let cluster = cx.world.cluster(&id);
        let own = cluster.is_some_and(|cluster| cx.world.uin(&cluster.account) == mesh.owner);
        let independent = cluster.is_some_and(|c| c.kind == ClusterKind::Independent);
        members.push(MeshMember {
            cluster: id.clone(),
            primary: if has_master { link.text("Role") == "MASTER" } else { own },
            injection: own || independent,
            injected_namespaces: link.injected_namespaces(),
        });
        for gateway in link.gateways.iter().filter(|gateway| gateway.is_running()) {
            let reached = links.iter().filter_map(|other| other.member.as_deref());
            let reached = reached.filter(|other| topology::pods_reachable(cx, &id, other));
            gateways.push(MeshGateway {
                cluster: id.clone(),
                namespace: gateway.namespace().to_owned(),
                name: gateway.name().to_owned(),
                load_balancer: gateway.balancer.clone().unwrap_or_default(),
                replicas: gateway.replicas(),
                reaches: reached.map(str::to_owned).collect(),
            });
        }
    }
    clusters::Mesh { id: mesh.id.clone(), version: mesh.version.clone(), members, gateways }
}
