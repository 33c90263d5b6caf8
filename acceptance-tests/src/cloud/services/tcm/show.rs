//! Looking at meshes.

use serde_json::{Value, json};

use super::{LinkState, Mesh, MeshState, link, own};
use crate::{
    cloud::service::{Answer, ApiError, Context, Params},
    fields,
};

/// `DescribeMesh`.
pub(super) fn mesh(cx: &mut Context<'_>, params: &Params) -> Answer {
    let mesh = own(cx, params)?;
    observe(mesh);
    let mesh = mesh.clone();
    Ok(fields! {"Mesh": shown(cx, &mesh)})
}

/// `DescribeMeshList`: the caller's meshes in this region.
pub(super) fn list(cx: &mut Context<'_>, params: &Params) -> Answer {
    let filters = params.filters("Filters");
    if let Some((name, _)) = filters.iter().find(|(name, _)| !FILTERS.contains(&name.as_str())) {
        let text = format!("unknown filter {name}; known are {}", FILTERS.join(", "));
        return Err(ApiError::new("InvalidParameter", text));
    }
    let (uin, region) = (&cx.caller.uin, cx.region);
    let mut meshes = Vec::new();
    for mesh in cx.state.tcm.meshes.values_mut() {
        let wanted = filters.iter().all(|(name, values)| passes(mesh, name, values));
        if mesh.owner == *uin && mesh.region == region && wanted {
            observe(mesh);
            meshes.push(mesh.clone());
        }
    }
    let total = meshes.len();
    let page = params.page(meshes, 20, 100)?;
    let list: Vec<Value> = page.iter().map(|mesh| shown(cx, mesh)).collect();
    Ok(fields! {"MeshList": list, "Total": total})
}

const FILTERS: [&str; 4] = ["MeshId", "MeshName", "MeshVersion", "ClusterId"];

fn passes(mesh: &Mesh, name: &str, values: &[String]) -> bool {
    values.iter().any(|value| match name {
        "MeshId" => mesh.id == *value,
        "MeshName" => mesh.name.contains(value),
        "MeshVersion" => mesh.version == *value,
        _ => mesh.link(value).is_some(),
    })
}

/// Counts the read for every change under way in a mesh.
fn observe(mesh: &mut Mesh) {
    mesh.state.observe();
    for link in &mut mesh.links {
        link.state.observe();
        link.gateways.iter_mut().for_each(|gateway| gateway.state.observe());
    }
}

fn shown(cx: &Context<'_>, mesh: &Mesh) -> Value {
    let clusters: Vec<Value> = mesh
        .links
        .iter()
        .map(|link| link::shown(link, mesh, &display_name(cx, &link.cluster_id)))
        .collect();
    json!({
        "MeshId": mesh.id,
        "DisplayName": mesh.name,
        "Type": mesh.kind,
        "Region": mesh.region,
        "Version": mesh.version,
        "State": mesh.state.current().to_string(),
        "CreatedTime": mesh.created,
        "UpdatedTime": mesh.updated,
        "ClusterList": clusters,
        "Config": mesh.config,
        "Status": {
            "ServiceCount": 0,
            "CanaryVersion": "",
            "StateMessage": mesh.message,
            "ActiveOperationList": operations(mesh),
            "Prometheus": [],
        },
        "TagList": cx.state.tags.listing("mesh", &mesh.id),
    })
}

fn display_name(cx: &Context<'_>, id: &str) -> String {
    let registered = cx.state.tdcc.registered.get(id).map(|cluster| cluster.name.clone());
    let own = || cx.world.cluster(id).map(|cluster| cluster.name.clone());
    registered.or_else(own).unwrap_or_default()
}

fn operations(mesh: &Mesh) -> Vec<Value> {
    let operation = |id: &str, kind: &str| json!({"OperationId": id, "Type": kind});
    let mut operations = Vec::new();
    if matches!(mesh.state.current(), MeshState::Pending | MeshState::Creating) {
        operations.push(operation(&mesh.operation, "INSTALL_MESH"));
    }
    for link in &mesh.links {
        let kind = match link.shown_state() {
            LinkState::Linking if link.again => "RELINK_CLUSTERS",
            LinkState::Linking => "LINK_CLUSTERS",
            LinkState::Unlinking => "UNLINK_CLUSTERS",
            _ => continue,
        };
        operations.push(operation(&link.operation, kind));
    }
    operations
}
