//! TCM 2021-04-13: meshes, the clusters linked to them, and ingress gateways.
//!
//! There is no call for gateways: they travel in the configuration of the
//! mesh's clusters. Everything is asynchronous, and a link is checked at its
//! end: a cluster that cannot be in the mesh becomes `LINK_FAILED` with a
//! `LinkErrorDetail`.

mod check;
mod gateway;
mod link;
mod mesh;
mod show;
mod state;
mod sync;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::cloud::{
    objects::ObjectRecord,
    service::{Answer, ApiError, Context, Params, Service},
    transition::{DEFAULT_PROGRESSION, Pace},
};

pub use {
    gateway::{Gateway, GatewayState},
    link::Link,
    mesh::Mesh,
    state::{LinkState, MeshState},
};

/// Meshes of all accounts.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Meshes by id.
    pub meshes: BTreeMap<String, Mesh>,
}

/// Kinds of change.
const MESH_ACCEPT: &str = "tcm/mesh-accept";
const MESH_CREATE: &str = "tcm/mesh-create";
const MESH_DELETE: &str = "tcm/mesh-delete";
const LINK: &str = "tcm/link";
const UNLINK: &str = "tcm/unlink";
const GATEWAY_CREATE: &str = "tcm/gateway-create";
const GATEWAY_UPDATE: &str = "tcm/gateway-update";

/// The product.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcm;

impl Service for Tcm {
    fn name(&self) -> &'static str {
        "tcm"
    }

    fn catalogue(&self) -> &'static [&'static str] {
        &[include_str!("../../../catalogue/tcm.json")]
    }

    fn set_defaults(&self, pace: &mut Pace) {
        let meshes = [MESH_ACCEPT, MESH_CREATE, MESH_DELETE];
        for kind in meshes.into_iter().chain([LINK, UNLINK, GATEWAY_CREATE, GATEWAY_UPDATE]) {
            pace.set_default(kind, DEFAULT_PROGRESSION);
        }
    }

    fn settle(&self, cx: &mut Context<'_>) {
        let ids: Vec<String> = cx.state.tcm.meshes.keys().cloned().collect();
        for id in ids {
            mesh::settle(cx, &id);
        }
    }

    fn call(&self, cx: &mut Context<'_>, action: &str, params: &Params) -> Answer {
        match action {
            "CreateMesh" => mesh::create(cx, params),
            "DescribeMesh" => show::mesh(cx, params),
            "DescribeMeshList" => show::list(cx, params),
            "ModifyMesh" => mesh::modify(cx, params),
            "DeleteMesh" => mesh::delete(cx, params),
            "LinkClusterList" => link::link(cx, params),
            "UnlinkCluster" => link::unlink(cx, params),
            _ => Err(ApiError::not_simulated(self.name(), action)),
        }
    }

    fn objects(&self, cx: &Context<'_>) -> Vec<ObjectRecord> {
        let mut objects = Vec::new();
        for mesh in cx.state.tcm.meshes.values() {
            let record = |kind, id, state: String, detail| ObjectRecord {
                kind,
                id,
                owner: mesh.owner.clone(),
                state: Some(state),
                detail,
            };
            let state = mesh.state.current().to_string();
            objects.push(record("mesh", mesh.id.clone(), state, json!({"DisplayName": mesh.name})));
            for link in &mesh.links {
                let id = format!("{}#{}", mesh.id, link.cluster_id);
                let state = link.shown_state().to_string();
                let detail = json!({"LinkErrorDetail": link.error});
                objects.push(record("mesh_cluster", id.clone(), state, detail));
                for gateway in &link.gateways {
                    let id = format!("{id}#{}#{}", gateway.namespace(), gateway.name());
                    let detail = json!({"LoadBalancerId": gateway.balancer, "Vip": gateway.vip});
                    let state = gateway.state.current().to_string();
                    objects.push(record("ingress_gateway", id, state, detail));
                }
            }
        }
        objects
    }

    fn delete_object(&self, cx: &mut Context<'_>, kind: &str, id: &str) -> Option<()> {
        let parts: Vec<&str> = id.split('#').collect();
        match (kind, &parts[..]) {
            ("mesh", [mesh]) => mesh::remove(cx, mesh),
            ("mesh_cluster", [mesh, cluster]) => link::remove(cx, mesh, cluster),
            ("ingress_gateway", [mesh, cluster, namespace, name]) => {
                gateway::remove(cx, mesh, cluster, namespace, name)
            }
            _ => None,
        }
    }

    fn patch_object(
        &self,
        cx: &mut Context<'_>,
        kind: &str,
        id: &str,
        patch: &Map<String, Value>,
    ) -> Option<Result<(), String>> {
        let (mesh, cluster) = id.split_once('#').unwrap_or((id, ""));
        let mesh = cx.state.tcm.meshes.get_mut(mesh)?;
        match kind {
            "mesh" => Some(mesh.patch(patch)),
            "mesh_cluster" => Some(mesh.link_mut(cluster)?.patch(patch)),
            _ => None,
        }
    }
}

/// The caller's mesh in this region that `MeshId` names.
///
/// # Errors
/// `ResourceNotFound`.
fn own<'c>(cx: &'c mut Context<'_>, params: &Params) -> Result<&'c mut Mesh, ApiError> {
    let id = params.required("MeshId")?;
    let (uin, region) = (&cx.caller.uin, cx.region);
    let found = cx.state.tcm.meshes.get_mut(id);
    found
        .filter(|mesh| mesh.owner == *uin && mesh.region == region)
        .ok_or_else(|| ApiError::not_found(format!("mesh {id} not found in {region}")))
}

#[cfg(test)]
mod tests;
