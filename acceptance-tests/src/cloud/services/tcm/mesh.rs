//! A mesh's life.

use serde_json::{Map, Value};

use super::{
    Link, LinkState, MESH_ACCEPT, MESH_CREATE, MESH_DELETE, MeshState, check, gateway, link, own,
    sync,
};
use crate::{
    cloud::{
        clock::utc_time,
        clusters,
        service::{Answer, ApiError, Context, Params},
        transition::Managed,
    },
    fields,
};

/// A mesh.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// `mesh-…`.
    pub id: String,
    /// UIN of the owner.
    pub owner: String,
    /// Region.
    pub region: String,
    /// `DisplayName`.
    pub name: String,
    /// Istio version.
    pub version: String,
    /// `HOSTED`.
    pub kind: String,
    /// `MeshConfig` as it was given.
    pub config: Map<String, Value>,
    /// State.
    pub state: Managed<MeshState>,
    /// `StateMessage`.
    pub message: String,
    /// Clusters, in the order in which they were linked.
    pub links: Vec<Link>,
    /// `CreatedTime`.
    pub created: String,
    /// `UpdatedTime`.
    pub updated: String,
    /// Id of the operation that makes it.
    pub operation: String,
    /// What the clusters were last told.
    pub told: Option<clusters::Mesh>,
}

impl Mesh {
    /// The cluster of this id.
    pub fn link(&self, cluster: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.cluster_id == cluster)
    }

    /// The cluster of this id.
    pub fn link_mut(&mut self, cluster: &str) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.cluster_id == cluster)
    }

    /// Whether it can take changes.
    pub fn is_running(&self) -> bool {
        *self.state.current() == MeshState::Running
    }

    pub(super) fn patch(&mut self, patch: &Map<String, Value>) -> Result<(), String> {
        for (field, value) in patch {
            match (field.as_str(), value) {
                ("State", Value::String(text)) => self.state.force(text.parse()?),
                ("StateMessage", Value::String(text)) => self.message.clone_from(text),
                ("DisplayName", Value::String(text)) => self.name.clone_from(text),
                ("Config", Value::Object(config)) => self.config.clone_from(config),
                _ => return Err(format!("{field} of a mesh cannot be set to {value}")),
            }
        }
        Ok(())
    }
}

/// `CreateMesh`.
pub(super) fn create(cx: &mut Context<'_>, params: &Params) -> Answer {
    let version = params.required("MeshVersion")?;
    check::version(version)?;
    let kind = params.required("Type")?;
    if kind != "HOSTED" {
        let text = format!("a mesh of type {kind} cannot be created; only HOSTED");
        return Err(ApiError::new("UnsupportedOperation", text));
    }
    let config = params.object("Config").unwrap_or_default().fields().clone();
    check::config(&config)?;
    let name = params.required("DisplayName")?.to_owned();
    check::name(&name)?;
    let id = cx.new_id("mesh");
    let mut mesh = Mesh {
        id: id.clone(),
        owner: cx.caller.uin.clone(),
        region: cx.region.to_owned(),
        name,
        version: version.to_owned(),
        kind: kind.to_owned(),
        config,
        state: Managed::settled(MeshState::Pending),
        message: String::new(),
        links: Vec::new(),
        created: utc_time(cx.moment.now),
        updated: utc_time(cx.moment.now),
        operation: cx.new_id("op"),
        told: None,
    };
    for cluster in params.objects("ClusterList") {
        link::append(cx, &mut mesh, &cluster)?;
    }
    mesh.state.begin(MESH_ACCEPT, &id, MeshState::Pending, MeshState::Creating, cx.moment);
    cx.state.tags.set_listing("mesh", &id, params.list("TagList"));
    cx.state.tcm.meshes.insert(id.clone(), mesh);
    settle(cx, &id);
    Ok(fields! {"MeshId": id})
}

/// `ModifyMesh`: what is left out stays, down to each part of `Config`; the
/// configuration of a cluster that is named is replaced.
pub(super) fn modify(cx: &mut Context<'_>, params: &Params) -> Answer {
    let id = own(cx, params)?.id.clone();
    let mesh = own(cx, params)?;
    if !mesh.is_running() {
        let text = format!("mesh {id} is {}", mesh.state.current());
        return Err(ApiError::new("FailedOperation", text));
    }
    let mut config = mesh.config.clone();
    let changed = params.object("Config").unwrap_or_default();
    config.extend(changed.fields().iter().map(|(key, value)| (key.clone(), value.clone())));
    check::config(&config)?;
    let name = params.str("DisplayName").unwrap_or(&mesh.name).to_owned();
    check::name(&name)?;
    // Taken out of the state so that its parts can be changed along with the rest of it.
    let Some(mut mesh) = cx.state.tcm.meshes.remove(&id) else {
        return Err(ApiError::not_found(id));
    };
    let before = mesh.clone();
    mesh.config = config;
    mesh.name = name;
    mesh.updated = utc_time(cx.moment.now);
    let mut outcome = Ok(());
    for cluster in params.objects("ClusterList") {
        outcome = outcome.and_then(|()| link::configure(cx, &mut mesh, &cluster));
    }
    let refused = outcome.is_err();
    cx.state.tcm.meshes.insert(id.clone(), if refused { before } else { mesh });
    outcome?;
    settle(cx, &id);
    Ok(fields! {})
}

/// `DeleteMesh`.
pub(super) fn delete(cx: &mut Context<'_>, params: &Params) -> Answer {
    let moment = cx.moment;
    let mesh = own(cx, params)?;
    let id = mesh.id.clone();
    match mesh.state.current() {
        MeshState::Deleting => return Ok(fields! {}),
        state @ (MeshState::Pending | MeshState::Creating | MeshState::Upgrading) => {
            let text = format!("mesh {id} is {state}");
            return Err(ApiError::new("OperationDenied", text));
        }
        _ => {}
    }
    if !mesh.links.is_empty() {
        let clusters: Vec<&str> = mesh.links.iter().map(|link| link.cluster_id.as_str()).collect();
        let text = format!("mesh {id} has linked clusters: {}", clusters.join(", "));
        return Err(ApiError::new("OperationDenied", text));
    }
    mesh.state.begin(MESH_DELETE, &id, MeshState::Deleting, MeshState::Gone, moment);
    settle(cx, &id);
    Ok(fields! {})
}

/// Brings a mesh to where it should be at this moment.
pub(super) fn settle(cx: &mut Context<'_>, id: &str) {
    let Some(mut mesh) = cx.state.tcm.meshes.remove(id) else { return };
    mesh.state.settle(cx.moment);
    if *mesh.state.current() == MeshState::Creating && mesh.state.requested().is_none() {
        let (via, target) = (MeshState::Creating, MeshState::Running);
        mesh.state.begin(MESH_CREATE, id, via, target, cx.moment);
    }
    if *mesh.state.current() == MeshState::Gone {
        cx.clusters.remove_mesh(id);
        cx.state.tags.clear("mesh", id);
        return;
    }
    if mesh.is_running() {
        for index in 0..mesh.links.len() {
            link::settle(cx, &mut mesh, index);
        }
        for link in &mesh.links {
            if *link.state.current() == LinkState::Gone {
                link.gateways.iter().for_each(|gateway| gateway::release(cx, gateway));
            }
        }
        mesh.links.retain(|link| *link.state.current() != LinkState::Gone);
        sync::tell(cx, &mut mesh);
    }
    cx.state.tcm.meshes.insert(id.to_owned(), mesh);
}

/// Deletes a mesh with everything in it at once.
pub(super) fn remove(cx: &mut Context<'_>, id: &str) -> Option<()> {
    let mesh = cx.state.tcm.meshes.remove(id)?;
    for link in &mesh.links {
        link.gateways.iter().for_each(|gateway| gateway::release(cx, gateway));
    }
    cx.clusters.remove_mesh(id);
    cx.state.tags.clear("mesh", id);
    Some(())
}
