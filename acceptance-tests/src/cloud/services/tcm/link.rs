//! Clusters of a mesh.

use serde_json::{Map, Value, json};

use super::{Gateway, LINK, LinkState, Mesh, MeshState, UNLINK, check, gateway, mesh, own};
use crate::{
    cloud::{
        clock::utc_time,
        service::{Answer, ApiError, Context, Params},
        transition::Managed,
    },
    fields,
};

/// A cluster of a mesh.
#[derive(Clone, Debug)]
pub struct Link {
    /// Id as the caller knows it: of a cluster of its own, or of a registration.
    pub cluster_id: String,
    /// `Region`, `Role`, `VpcId`, `SubnetId`, `Type`, `HostedNamespaces` as they were given.
    pub given: Map<String, Value>,
    /// The configuration as it was given, without the ingress gateways.
    pub config: Map<String, Value>,
    /// Ingress gateways.
    pub gateways: Vec<Gateway>,
    /// State.
    pub state: Managed<LinkState>,
    /// `LinkErrorDetail`.
    pub error: String,
    /// The world's id of the cluster, once its link was checked.
    pub member: Option<String>,
    /// `LinkedTime`.
    pub linked: String,
    /// Id of the operation under way.
    pub operation: String,
    /// Whether it is being linked again after a failure.
    pub again: bool,
}

impl Link {
    /// A field as it was given; empty if it was not.
    pub fn text(&self, field: &str) -> &str {
        self.given.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Namespaces in which sidecars are injected.
    pub fn injected_namespaces(&self) -> Vec<String> {
        let list = self.config.get("AutoInjectionNamespaceList").and_then(Value::as_array);
        let names = list.into_iter().flatten().filter_map(Value::as_str);
        names.map(str::to_owned).collect()
    }

    /// State as the API shows it: a link that is done but not checked, because
    /// its mesh is not there yet, is still being made.
    pub fn shown_state(&self) -> LinkState {
        match *self.state.current() {
            LinkState::Linked if self.member.is_none() => LinkState::Linking,
            state => state,
        }
    }

    /// Whether the cluster is in the mesh.
    pub fn is_linked(&self) -> bool {
        *self.state.current() == LinkState::Linked && self.member.is_some()
    }

    pub(super) fn patch(&mut self, patch: &Map<String, Value>) -> Result<(), String> {
        for (field, value) in patch {
            match (field.as_str(), value) {
                ("State" | "LinkState", Value::String(text)) => self.state.force(text.parse()?),
                ("LinkErrorDetail", Value::String(text)) => self.error.clone_from(text),
                ("Config", Value::Object(config)) => self.config.clone_from(config),
                _ => return Err(format!("{field} of a mesh's cluster cannot be set to {value}")),
            }
        }
        Ok(())
    }
}

/// `LinkClusterList`.
pub(super) fn link(cx: &mut Context<'_>, params: &Params) -> Answer {
    let clusters = params.objects("ClusterList");
    if clusters.is_empty() {
        return Err(ApiError::new("InvalidParameter", "ClusterList is empty"));
    }
    let mesh = own(cx, params)?;
    let id = mesh.id.clone();
    if !mesh.is_running() {
        let text = format!("mesh {id} is {}", mesh.state.current());
        return Err(ApiError::new("FailedOperation", text));
    }
    let mut changed = mesh.clone();
    for cluster in &clusters {
        append(cx, &mut changed, cluster)?;
    }
    cx.state.tcm.meshes.insert(id.clone(), changed);
    mesh::settle(cx, &id);
    Ok(fields! {})
}

/// Begins to link a cluster; one whose link failed is linked again.
pub(super) fn append(
    cx: &mut Context<'_>,
    mesh: &mut Mesh,
    cluster: &Params,
) -> Result<(), ApiError> {
    let cluster_id = cluster.required("ClusterId")?.to_owned();
    check::role(cluster.required("Role")?)?;
    let mut again = false;
    if let Some(known) = mesh.link(&cluster_id) {
        let state = *known.state.current();
        if state != LinkState::LinkFailed {
            let text = format!("cluster {cluster_id} is {state} in mesh {} already", mesh.id);
            return Err(ApiError::new("InvalidParameter", text));
        }
        again = true;
        mesh.links.retain(|link| link.cluster_id != cluster_id);
    }
    let mut given = Map::new();
    for field in ["Region", "Role", "VpcId", "SubnetId", "Type", "HostedNamespaces"] {
        if let Some(value) = cluster.value(field) {
            given.insert(field.to_owned(), value.clone());
        }
    }
    let mut link = Link {
        cluster_id: cluster_id.clone(),
        given,
        config: Map::new(),
        gateways: Vec::new(),
        state: Managed::settled(LinkState::Linking),
        error: String::new(),
        member: None,
        linked: String::new(),
        operation: cx.new_id("op"),
        again,
    };
    set_config(cx, mesh, &mut link, cluster.object("Config"))?;
    let (via, target) = (LinkState::Linking, LinkState::Linked);
    link.state.begin(LINK, &cluster_id, via, target, cx.moment);
    mesh.links.push(link);
    Ok(())
}

/// Replaces the configuration of a cluster that is in the mesh.
pub(super) fn configure(
    cx: &mut Context<'_>,
    mesh: &mut Mesh,
    cluster: &Params,
) -> Result<(), ApiError> {
    let cluster_id = cluster.required("ClusterId")?;
    let position = mesh.links.iter().position(|link| link.cluster_id == cluster_id);
    let Some(position) = position else {
        let text = format!("cluster {cluster_id} is not in mesh {}", mesh.id);
        return Err(ApiError::new("InvalidParameter", text));
    };
    let mut link = mesh.links[position].clone();
    if let Some(namespaces) = cluster.value("HostedNamespaces") {
        link.given.insert("HostedNamespaces".to_owned(), namespaces.clone());
    }
    set_config(cx, mesh, &mut link, cluster.object("Config"))?;
    mesh.links[position] = link;
    Ok(())
}

/// Sets `ClusterConfig`. Without the list of gateways they stay; with an empty
/// one they go.
fn set_config(
    cx: &mut Context<'_>,
    mesh: &Mesh,
    link: &mut Link,
    config: Option<Params>,
) -> Result<(), ApiError> {
    let Some(config) = config else { return Ok(()) };
    let mut fields = config.fields().clone();
    fields.remove("AutoInjectionNamespaceStateList");
    if config.value("IngressGatewayList").is_some() {
        gateway::replace(cx, mesh, link, &config.objects("IngressGatewayList"))?;
    }
    fields.remove("IngressGatewayList");
    link.config = fields;
    Ok(())
}

/// `UnlinkCluster`: one cluster for each call.
pub(super) fn unlink(cx: &mut Context<'_>, params: &Params) -> Answer {
    let moment = cx.moment;
    let operation = cx.new_id("op");
    let cluster_id = params.required("ClusterId")?;
    let mesh = own(cx, params)?;
    let id = mesh.id.clone();
    if *mesh.state.current() == MeshState::Deleting {
        return Err(ApiError::new("FailedOperation", format!("mesh {id} is DELETING")));
    }
    let Some(link) = mesh.link_mut(cluster_id) else {
        let text = format!("cluster {cluster_id} is not in mesh {id}");
        return Err(ApiError::new("ResourceNotFound", text));
    };
    if *link.state.current() != LinkState::Unlinking {
        link.operation = operation;
        let (via, target) = (LinkState::Unlinking, LinkState::Gone);
        link.state.begin(UNLINK, cluster_id, via, target, moment);
    }
    mesh::settle(cx, &id);
    Ok(fields! {})
}

/// Brings one cluster of a running mesh to where it should be.
pub(super) fn settle(cx: &mut Context<'_>, mesh: &mut Mesh, index: usize) {
    mesh.links[index].state.settle(cx.moment);
    if *mesh.links[index].state.current() != LinkState::Linked {
        return;
    }
    if mesh.links[index].member.is_none() {
        let outcome = check::member(cx, mesh, &mesh.links[index]);
        let link = &mut mesh.links[index];
        match outcome {
            Ok(member) => {
                link.member = Some(member);
                link.error.clear();
                link.linked = utc_time(cx.moment.now);
            }
            Err(text) => {
                fail(link, &text);
                return;
            }
        }
    }
    for gateway in 0..mesh.links[index].gateways.len() {
        gateway::settle(cx, mesh, index, gateway);
    }
}

/// Ends a link that cannot be.
pub(super) fn fail(link: &mut Link, text: &str) {
    link.state.force(LinkState::LinkFailed);
    link.error = format!("CheckError: {text}");
    link.member = None;
}

/// Takes a cluster out at once.
pub(super) fn remove(cx: &mut Context<'_>, mesh: &str, cluster: &str) -> Option<()> {
    cx.state.tcm.meshes.get_mut(mesh)?.link_mut(cluster)?.state.force(LinkState::Gone);
    mesh::settle(cx, mesh);
    Some(())
}

/// `Cluster` as the API shows it.
pub(super) fn shown(link: &Link, mesh: &Mesh, name: &str) -> Value {
    let mut config = link.config.clone();
    if link.is_linked() {
        let namespaces = link.injected_namespaces().into_iter();
        let states: Vec<Value> =
            namespaces.map(|name| json!({"Namespace": name, "State": "true"})).collect();
        config.insert("AutoInjectionNamespaceStateList".to_owned(), json!(states));
    }
    config.entry("AutoInjectionNamespaceList").or_insert_with(|| json!([]));
    let gateways = link.gateways.iter().map(|gateway| gateway::shown(gateway, mesh));
    config.insert("IngressGatewayList".to_owned(), gateways.collect());
    let mut cluster = link.given.clone();
    cluster.insert("ClusterId".to_owned(), json!(link.cluster_id));
    cluster.insert("DisplayName".to_owned(), json!(name));
    cluster.insert("State".to_owned(), json!("Running"));
    cluster.insert("LinkedTime".to_owned(), json!(link.linked));
    cluster.entry("HostedNamespaces").or_insert_with(|| json!([]));
    cluster.insert("Config".to_owned(), Value::Object(config));
    let status = json!({
        "LinkState": link.shown_state().to_string(),
        "LinkErrorDetail": link.error,
    });
    cluster.insert("Status".to_owned(), status);
    Value::Object(cluster)
}
