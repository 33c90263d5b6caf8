//! Data source `crossmesh_tcm_mesh`: a mesh that somebody else manages.

use std::{collections::BTreeMap, time::Duration};

use tfsdk::{Diagnostic, Diagnostics, Model, engine::DataSource, value::Tf};

use super::{
    config::Config,
    wire::{leaf, text},
};
use crate::{
    cloud::{
        Account,
        api::tcm::{self, Cluster, Mesh},
    },
    services::{Client, Cx, Scope, diagnostic::Doing},
};

/// A service mesh (TCM, 云原生服务网格), by its id or its name.
#[derive(Clone, Model)]
#[model(exactly_one_of("mesh_id", "display_name"))]
pub(super) struct FoundMesh {
    /// Name of the account, a key of the provider's `accounts`. Default: the account
    /// of the provider's own credentials.
    #[attr(optional)]
    pub account: Tf<String>,

    /// Region. Default: the account's, else the provider's.
    #[attr(optional, computed)]
    pub region: Tf<String>,

    /// Id of the mesh, `mesh-…`.
    #[attr(optional, computed)]
    pub mesh_id: Tf<String>,

    /// Name of the mesh; exactly one mesh of the region must have it.
    #[attr(optional, computed)]
    pub display_name: Tf<String>,

    /// Id of the mesh.
    #[attr(computed)]
    pub id: Tf<String>,

    /// Version of Istio.
    #[attr(computed)]
    pub mesh_version: Tf<String>,

    /// `HOSTED` or `STANDALONE`.
    #[attr(computed)]
    pub r#type: Tf<String>,

    /// State, such as `RUNNING`.
    #[attr(computed)]
    pub state: Tf<String>,

    /// What the cloud says of the state.
    #[attr(computed)]
    pub state_message: Tf<String>,

    /// When the mesh was created, as the API writes it.
    #[attr(computed)]
    pub created_time: Tf<String>,

    /// Configuration.
    #[attr(computed)]
    pub config: Tf<Config>,

    /// Tags of the mesh, by key.
    #[attr(computed)]
    pub tags: Tf<BTreeMap<String, String>>,

    /// The clusters in the mesh.
    #[attr(computed)]
    pub clusters: Tf<Vec<Member>>,
}

/// A cluster in a mesh.
#[derive(Clone, Model)]
pub(super) struct Member {
    /// Id of the cluster, `cls-…`.
    #[attr(computed)]
    pub cluster_id: Tf<String>,

    /// Name.
    #[attr(computed)]
    pub display_name: Tf<String>,

    /// Region of the cluster.
    #[attr(computed)]
    pub region: Tf<String>,

    /// `MASTER` or `REMOTE`.
    #[attr(computed)]
    pub role: Tf<String>,

    /// VPC.
    #[attr(computed)]
    pub vpc_id: Tf<String>,

    /// Subnet.
    #[attr(computed)]
    pub subnet_id: Tf<String>,

    /// Type of the cluster, in the mesh's words.
    #[attr(computed)]
    pub r#type: Tf<String>,

    /// State of the link, such as `LINKED`.
    #[attr(computed)]
    pub link_state: Tf<String>,

    /// Why linking or unlinking failed.
    #[attr(computed)]
    pub link_error: Tf<String>,

    /// When the cluster was linked, as the API writes it.
    #[attr(computed)]
    pub linked_time: Tf<String>,

    /// Ingress gateways that the cluster runs.
    #[attr(computed)]
    pub ingress_gateways: Tf<Vec<FoundGateway>>,
}

/// An ingress gateway of a cluster.
#[derive(Clone, Model)]
pub(super) struct FoundGateway {
    /// Name of the gateway and of its Kubernetes objects.
    #[attr(computed)]
    pub name: Tf<String>,

    /// Namespace of the gateway in the cluster.
    #[attr(computed)]
    pub namespace: Tf<String>,

    /// State, such as `running`.
    #[attr(computed)]
    pub state: Tf<String>,

    /// Id of its load balancer.
    #[attr(computed)]
    pub clb_id: Tf<String>,

    /// Address of its load balancer.
    #[attr(computed)]
    pub clb_vip: Tf<String>,

    /// Host name of its load balancer.
    #[attr(computed)]
    pub clb_hostname: Tf<String>,
}

/// The data source.
#[derive(Clone, Copy, Debug)]
pub(super) struct TcmMeshData;

impl DataSource for TcmMeshData {
    type Model = FoundMesh;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_tcm_mesh";
    const TIMEOUT: Option<Duration> = None;

    async fn read(&self, cx: &Cx, config: FoundMesh) -> Result<FoundMesh, Diagnostics> {
        let scope = Scope { account: config.account.clone(), region: config.region.clone() };
        let account = scope.open(cx).await?;
        let mesh = match config.mesh_id.known() {
            Some(id) => by_id(&account, id).await?,
            None => by_name(&account, config.display_name.text()).await?,
        };
        let region = account.region().map(str::to_owned);
        Ok(FoundMesh { region: region.into(), account: config.account, ..described(&mesh) })
    }
}

async fn by_id(account: &Account, id: &str) -> Result<Mesh, Diagnostics> {
    if let Some(mesh) = tcm::find(account, id).await.doing("read the mesh")? {
        return Ok(mesh);
    }
    // Only for the message: what cannot be listed is not said.
    let known = tcm::list(account, &[]).await.unwrap_or_default();
    Err(none(account, "mesh_id", id, &known))
}

async fn by_name(account: &Account, name: &str) -> Result<Mesh, Diagnostics> {
    let mut meshes = tcm::list(account, &[]).await.doing("list the meshes")?;
    let named: Vec<usize> = meshes
        .iter()
        .enumerate()
        .filter(|(_, mesh)| mesh.display_name == name)
        .map(|(index, _)| index)
        .collect();
    match named[..] {
        [one] => Ok(meshes.swap_remove(one)),
        [] => Err(none(account, "display_name", name, &meshes)),
        _ => {
            let ids: Vec<&str> = named.iter().map(|one| meshes[*one].mesh_id.as_str()).collect();
            Err(Diagnostic::error(
                "More than one mesh of this name",
                format!(
                    "{} meshes in {} are called {name:?}: {}. Choose one of them with `mesh_id`.",
                    ids.len(),
                    account.region().unwrap_or("the region"),
                    ids.join(", ")
                ),
            )
            .at("display_name")
            .into())
        }
    }
}

/// There is no such mesh; these are there.
fn none(account: &Account, attribute: &str, wanted: &str, known: &[Mesh]) -> Diagnostics {
    let region = account.region().unwrap_or("the region");
    let there = match known {
        [] => "It has none there.".to_owned(),
        meshes => {
            let named = |mesh: &Mesh| format!("  {} ({})", mesh.mesh_id, mesh.display_name);
            let lines: Vec<String> = meshes.iter().map(named).collect();
            format!("It has these there:\n\n{}", lines.join("\n"))
        }
    };
    Diagnostic::error(
        "No such mesh",
        format!("{} has no mesh {wanted:?} in {region}. {there}", account.called_first()),
    )
    .at(attribute)
    .into()
}

fn described(mesh: &Mesh) -> FoundMesh {
    let tags = mesh.tag_list.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    FoundMesh {
        account: Tf::Null,
        region: Tf::Null,
        mesh_id: mesh.mesh_id.as_str().into(),
        display_name: mesh.display_name.as_str().into(),
        id: mesh.mesh_id.as_str().into(),
        mesh_version: text::read(&mesh.version),
        r#type: text::read(&mesh.kind),
        state: text::read(&mesh.state),
        state_message: text::read(&mesh.status.state_message),
        created_time: text::read(&mesh.created_time),
        config: Config::told(&mesh.config),
        tags: Tf::Known(tags),
        clusters: Tf::Known(mesh.cluster_list.iter().map(member).collect()),
    }
}

fn member(cluster: &Cluster) -> Member {
    let gateways = cluster.config.iter().flat_map(|config| &config.ingress_gateway_list).flatten();
    Member {
        cluster_id: cluster.cluster_id.as_str().into(),
        display_name: text::read(&cluster.display_name),
        region: text::read(&cluster.region),
        role: text::read(&cluster.role),
        vpc_id: text::read(&cluster.vpc_id),
        subnet_id: leaf::read(&cluster.subnet_id),
        r#type: leaf::read(&cluster.kind),
        link_state: text::read(&cluster.status.link_state),
        link_error: text::read(&cluster.status.link_error_detail),
        linked_time: text::read(&cluster.linked_time),
        ingress_gateways: Tf::Known(gateways.map(gateway).collect()),
    }
}

fn gateway(gateway: &tcm::IngressGateway) -> FoundGateway {
    let status = gateway.status.clone().unwrap_or_default();
    let balancer = status.load_balancer.unwrap_or_default();
    FoundGateway {
        name: gateway.name.as_str().into(),
        namespace: gateway.namespace.as_str().into(),
        state: text::read(&status.state),
        clb_id: text::read(&balancer.load_balancer_id),
        clb_vip: text::read(&balancer.load_balancer_vip),
        clb_hostname: text::read(&balancer.load_balancer_hostname),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::scripted::{Scripted, answer, refusal};

    fn meshes(named: &[(&str, &str)]) -> serde_json::Value {
        let mesh = |(id, name): &(&str, &str)| json!({"MeshId": id, "DisplayName": name});
        let list: Vec<_> = named.iter().map(mesh).collect();
        json!({"Total": list.len(), "MeshList": list})
    }

    async fn named(name: &str, there: &[(&str, &str)]) -> Result<String, String> {
        let cloud = Scripted::new(vec![answer(meshes(there))]);
        let found = by_name(&cloud.account(), name).await;
        found.map(|mesh| mesh.mesh_id).map_err(|problems| problems.to_string())
    }

    #[tokio::test(start_paused = true)]
    async fn exactly_one_mesh_has_the_name() {
        // The API's own filter would also find names that only contain it.
        let there = [("mesh-1", "flow"), ("mesh-2", "flow-2"), ("mesh-3", "flow-2")];
        assert_eq!(named("flow", &there).await.unwrap(), "mesh-1");
        let several = named("flow-2", &there).await.unwrap_err();
        assert!(several.contains("mesh-2, mesh-3") && several.contains("`mesh_id`"), "{several}");
        let none = named("flo", &there).await.unwrap_err();
        assert!(none.contains("mesh-1 (flow)"), "{none}");
        assert!(named("flow", &[]).await.unwrap_err().contains("It has none there."));
    }

    #[tokio::test(start_paused = true)]
    async fn an_id_that_does_not_exist_shows_which_do() {
        let cloud =
            Scripted::new(vec![refusal("ResourceNotFound"), answer(meshes(&[("mesh-1", "flow")]))]);
        let error = by_id(&cloud.account(), "mesh-9").await.unwrap_err().to_string();
        assert!(error.contains("\"mesh-9\"") && error.contains("mesh-1 (flow)"), "{error}");
    }
}
