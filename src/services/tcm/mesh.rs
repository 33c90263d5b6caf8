//! `crossmesh_tcm_mesh`: a service mesh.

use std::time::Duration;

use tfsdk::{
    Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators::{length, one_of},
    value::Tf,
};

use super::{
    change::{Failure, OF_NO_USE, Purpose, Turn, failed, no_such_mesh},
    config::Config,
};
use crate::{
    cloud::{
        Account, Error,
        api::{
            Tag, is, is_any,
            tcm::{self, CreateMesh, DeleteWith, MeshTag, ModifyMesh, link_state, mesh_state},
        },
    },
    services::{
        Client, Cx, PlanCx, Scope, Tags, complete, create_once,
        diagnostic::Doing,
        tags::Object,
        waiting::{Seen, wait},
    },
};

/// A service mesh (TCM, 云原生服务网格): the Istio control plane that clusters are
/// linked to.
#[derive(Clone, Model)]
pub(super) struct Mesh {
    #[attr(flatten)]
    pub scope: Scope,

    /// Id of the mesh, `mesh-…`.
    #[attr(computed, stable)]
    pub id: Tf<String>,

    /// Name, at most 60 characters.
    #[attr(required, validate(length(1..=60)))]
    pub display_name: Tf<String>,

    /// Version of Istio, such as `1.18.5`. Another version replaces the mesh: the
    /// API has no upgrade. After an upgrade in the console, write the new version
    /// here.
    #[attr(required, replace, validate(length(1..)))]
    pub mesh_version: Tf<String>,

    /// `HOSTED`: the control plane is Tencent Cloud's. `STANDALONE`: it runs in a
    /// cluster of one's own; the API is documented to create only hosted ones.
    #[attr(
        optional,
        default = "HOSTED",
        replace,
        validate(one_of(["HOSTED", "STANDALONE"]))
    )]
    pub r#type: Tf<String>,

    /// Configuration. Parts that are not set stay as the cloud has them.
    #[attr(optional, computed, stable)]
    pub config: Tf<Config>,

    #[attr(flatten)]
    pub tags: Tags,

    /// Whether what the mesh makes in other products (load balancers, log topics)
    /// gets its tags too. A change replaces the mesh.
    #[attr(optional, replace)]
    pub tag_passthrough: Tf<bool>,

    /// What is deleted together with the mesh.
    #[attr(optional)]
    pub delete_with: Tf<DeletedWith>,

    /// State: `RUNNING`; `ABNORMAL` when something is wrong.
    #[attr(computed, stable)]
    pub state: Tf<String>,

    /// When the mesh was created, as the API writes it.
    #[attr(computed, stable)]
    pub created_time: Tf<String>,
}

/// What was made for a mesh in other products and is deleted together with it.
/// Default: it stays.
#[derive(Clone, Model, PartialEq)]
pub(super) struct DeletedWith {
    /// Log topic (CLS).
    #[attr(optional)]
    pub cls: Tf<bool>,

    /// Prometheus instance (TMP).
    #[attr(optional)]
    pub tmp: Tf<bool>,

    /// Tracing instance (APM).
    #[attr(optional)]
    pub apm: Tf<bool>,

    /// Grafana instance.
    #[attr(optional)]
    pub grafana: Tf<bool>,
}

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct TcmMesh;

impl Resource for TcmMesh {
    type Model = Mesh;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_tcm_mesh";
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(20 * 60)),
        (Operation::Update, Duration::from_secs(20 * 60)),
        (Operation::Delete, Duration::from_secs(20 * 60)),
    ];

    fn validate(&self, config: &Mesh, diagnostics: &mut Diagnostics) {
        Config::validate(&config.config, diagnostics);
    }

    async fn plan(&self, cx: &PlanCx, change: &mut Change<Mesh>) -> Result<(), Diagnostics> {
        Scope::plan(cx, change, |model| &mut model.scope).await?;
        Tags::plan(cx, change, |model| &mut model.tags);
        Ok(())
    }

    async fn create(&self, cx: &Cx, mut plan: Mesh) -> Result<Mesh, Diagnostics> {
        let account = plan.scope.open_for_create(cx).await?;
        let id = create(cx, &account, &request(cx, &plan)).await.doing("create the mesh")?;
        plan.id = id.as_str().into();
        cx.save(&plan);
        let mesh = wait_running(cx, &account, &id).await?;
        let mut made = complete(&plan, &plan.as_told(&mesh))?;
        made.tags.settle(cx);
        Ok(made)
    }

    async fn read(&self, cx: &Cx, state: Mesh) -> Result<Option<Mesh>, Diagnostics> {
        let account = state.scope.open(cx).await?;
        let found = tcm::find(&account, state.id.text()).await.doing("read the mesh")?;
        let Some(mesh) = found else { return Ok(None) };
        let mut now = state.as_told(&mesh);
        now.tags.read(cx, &api_tags(&mesh));
        Ok(Some(now))
    }

    async fn update(&self, cx: &Cx, prior: Mesh, plan: Mesh) -> Result<Mesh, Diagnostics> {
        let account = plan.scope.open(cx).await?;
        let mesh = modify(cx, &account, &prior, &plan).await?;
        let object = Object { service: "tcm", prefix: "mesh", id: plan.id.text() };
        plan.tags.update(cx, &prior.tags, &account, object).await?;
        let mut changed = complete(&plan, &plan.as_told(&mesh))?;
        changed.tags.settle(cx);
        Ok(changed)
    }

    async fn delete(&self, cx: &Cx, state: Mesh) -> Result<(), Diagnostics> {
        const DOING: &str = "delete the mesh";
        let account = state.scope.open(cx).await?;
        let id = state.id.text();
        let _turn = Turn::take(cx, &account, id, DOING).await?;
        let mut before = String::new();
        if let Some(mesh) = wait_empty(cx, &account, id).await.doing(DOING)? {
            tcm::delete(&account, id, state.delete_with()).await.doing(DOING)?;
            before = mesh.state;
        }
        let failure = Failure::after(&before);
        wait(cx, format!("the mesh {id} to be gone"), || async {
            Ok(match tcm::find(&account, id).await? {
                None => Seen::Done(()),
                Some(mesh)
                    if is(&mesh.state, mesh_state::DELETE_FAILED)
                        && failure.is_new(&mesh.state) =>
                {
                    failed(&mesh)
                }
                Some(mesh) => Seen::pending(mesh.state),
            })
        })
        .await
        .doing(DOING)
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Mesh, Diagnostics> {
        let (scope, id) = Scope::import(cx, id)?;
        Ok(Mesh { scope, id: id.into(), ..Mesh::empty() })
    }
}

impl Mesh {
    /// The mesh as the API tells it, tags apart; what it does not tell is as here.
    fn as_told(&self, mesh: &tcm::Mesh) -> Self {
        let passes = mesh.tag_list.iter().any(|tag| tag.passthrough == Some(true));
        Self {
            scope: self.scope.clone(),
            id: mesh.mesh_id.as_str().into(),
            display_name: mesh.display_name.as_str().into(),
            mesh_version: mesh.version.as_str().into(),
            r#type: mesh.kind.as_str().into(),
            config: Config::told(&mesh.config),
            tags: self.tags.clone(),
            tag_passthrough: self.tag_passthrough.or(Some(true).filter(|_| passes).into()),
            delete_with: self.delete_with.clone(),
            state: mesh.state.as_str().into(),
            created_time: mesh.created_time.as_str().into(),
        }
    }

    fn delete_with(&self) -> DeleteWith {
        let Some(chosen) = self.delete_with.known() else { return DeleteWith::default() };
        DeleteWith {
            log_topic: chosen.cls.into_known(),
            prometheus: chosen.tmp.into_known(),
            tracing: chosen.apm.into_known(),
            grafana: chosen.grafana.into_known(),
        }
    }
}

fn request(cx: &Cx, plan: &Mesh) -> CreateMesh {
    let passthrough = plan.tag_passthrough.into_known();
    let tag = |tag: Tag| MeshTag { key: tag.key, value: tag.value, passthrough };
    CreateMesh {
        display_name: plan.display_name.text().to_owned(),
        mesh_version: plan.mesh_version.text().to_owned(),
        kind: plan.r#type.text().to_owned(),
        config: Config::of_new(&plan.config),
        cluster_list: None,
        tag_list: plan.tags.to_api(cx).map(|tags| tags.into_iter().map(tag).collect()),
    }
}

fn api_tags(mesh: &tcm::Mesh) -> Vec<Tag> {
    let tag = |tag: &MeshTag| Tag { key: tag.key.clone(), value: tag.value.clone() };
    mesh.tag_list.iter().map(tag).collect()
}

/// Creates the mesh; one whose answer was lost is known by name and version.
async fn create(cx: &Cx, account: &Account, request: &CreateMesh) -> Result<String, Error> {
    let uin = account.uin().await?;
    let alike = format!("mesh {uin} {}", request.display_name);
    let ids = || async {
        let mut meshes = tcm::list(account, &[]).await?;
        meshes.retain(|mesh| {
            mesh.display_name == request.display_name && mesh.version == request.mesh_version
        });
        Ok(meshes.into_iter().map(|mesh| mesh.mesh_id).collect())
    };
    create_once(cx, alike, || tcm::create(account, request), ids).await
}

async fn wait_running(cx: &Cx, account: &Account, id: &str) -> Result<tcm::Mesh, Diagnostics> {
    wait(cx, format!("the mesh {id} to become {}", mesh_state::RUNNING), || async {
        Ok(match tcm::find(account, id).await? {
            Some(mesh) if is_any(&mesh.state, &[mesh_state::RUNNING, mesh_state::IDLE]) => {
                Seen::Done(mesh)
            }
            Some(mesh) if is_any(&mesh.state, OF_NO_USE) => failed(&mesh),
            Some(mesh) => Seen::pending(state_in_words(&mesh)),
            None => Seen::pending("not visible yet"),
        })
    })
    .await
    .doing("create the mesh")
}

/// Changes name and configuration where they differ, and returns the mesh.
async fn modify(
    cx: &Cx,
    account: &Account,
    prior: &Mesh,
    plan: &Mesh,
) -> Result<tcm::Mesh, Diagnostics> {
    const DOING: &str = "change the mesh";
    let id = plan.id.text();
    let turn = Turn::take(cx, account, id, DOING).await?;
    let changed = turn
        .change(Purpose::Extend, |mesh| async move {
            let name = &plan.display_name;
            let request = ModifyMesh {
                mesh_id: id.to_owned(),
                display_name: name.known().filter(|_| *name != prior.display_name).cloned(),
                config: Config::changes(&prior.config, &plan.config, &mesh.config),
                cluster_list: None,
            };
            if request.display_name.is_some() || request.config.is_some() {
                tcm::modify(account, &request).await?;
            }
            Ok(())
        })
        .await?;
    if changed.is_none() {
        return Err(no_such_mesh(DOING, account, id));
    }
    let settled = turn.settled(Purpose::Extend, |mesh| {
        mesh.display_name == plan.display_name.text()
            && Config::is_in_effect(&plan.config, &mesh.config)
    });
    settled.await?.ok_or_else(|| no_such_mesh(DOING, account, id))
}

/// Waits until the mesh can be deleted: it is not just being made, and the
/// clusters that are being unlinked are out. Returns it unless it is gone or going.
async fn wait_empty(
    cx: &Cx,
    account: &Account,
    id: &str,
) -> Result<Option<tcm::Mesh>, crate::wait::Error<Error>> {
    wait(cx, format!("the mesh {id} to have no clusters"), || async {
        Ok(match tcm::find(account, id).await? {
            None => Seen::Done(None),
            Some(mesh) if is(&mesh.state, mesh_state::DELETING) => Seen::Done(None),
            Some(mesh) => deletable(mesh),
        })
    })
    .await
}

fn deletable(mesh: tcm::Mesh) -> Seen<Option<tcm::Mesh>> {
    let stays = |cluster: &&tcm::Cluster| !is(&cluster.status.link_state, link_state::UNLINKING);
    let staying: Vec<&str> =
        mesh.cluster_list.iter().filter(stays).map(|cluster| cluster.cluster_id.as_str()).collect();
    if !staying.is_empty() {
        return Seen::failed(
            "in use",
            format!(
                "clusters are still linked to it ({}). Destroy their crossmesh_tcm_mesh_cluster \
                 resources, or unlink them in the console if Terraform does not manage them, and \
                 apply again",
                staying.join(", ")
            ),
        );
    }
    if !mesh.cluster_list.is_empty() {
        return Seen::pending("clusters are being unlinked");
    }
    if mesh.is_operating() || is_any(&mesh.state, BEING_MADE) {
        return Seen::pending(mesh.state);
    }
    Seen::Done(Some(mesh))
}

/// States in which the API refuses to delete a mesh, and which pass.
const BEING_MADE: &[&str] = &[mesh_state::PENDING, mesh_state::CREATING, mesh_state::UPGRADING];

/// The state with what the cloud says of it.
fn state_in_words(mesh: &tcm::Mesh) -> String {
    match mesh.status.state_message.as_str() {
        "" => mesh.state.clone(),
        message => format!("{} ({message})", mesh.state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::tcm::{Cluster, ClusterStatus, MeshStatus, Operation as UnderWay};

    fn cluster(id: &str, state: &str) -> Cluster {
        let status = ClusterStatus { link_state: state.into(), ..ClusterStatus::default() };
        Cluster { cluster_id: id.into(), status, ..Cluster::default() }
    }

    fn mesh(state: &str, clusters: Vec<Cluster>) -> tcm::Mesh {
        tcm::Mesh { state: state.into(), cluster_list: clusters, ..tcm::Mesh::default() }
    }

    #[test]
    fn a_mesh_is_deleted_when_it_is_empty_and_made() {
        assert!(matches!(deletable(mesh("RUNNING", vec![])), Seen::Done(Some(_))));
        assert!(matches!(deletable(mesh("CREATE_FAILED", vec![])), Seen::Done(Some(_))));
        assert_eq!(deletable(mesh("CREATING", vec![])), Seen::pending("CREATING"));
        let leaving = mesh("RUNNING", vec![cluster("cls-1", "UNLINKING")]);
        assert_eq!(deletable(leaving), Seen::pending("clusters are being unlinked"));
        let mut busy = mesh("RUNNING", vec![]);
        let operation = UnderWay { kind: "UNLINK_CLUSTERS".into(), ..UnderWay::default() };
        busy.status =
            MeshStatus { active_operation_list: vec![operation], ..MeshStatus::default() };
        assert_eq!(deletable(busy), Seen::pending("RUNNING"));
    }

    #[test]
    fn clusters_that_stay_are_named() {
        let used = mesh("RUNNING", vec![cluster("cls-1", "LINKED"), cluster("cls-2", "UNLINKING")]);
        let Seen::Failed { detail, .. } = deletable(used) else { panic!() };
        assert!(detail.contains("(cls-1)"), "{detail}");
    }

    #[test]
    fn what_the_api_does_not_tell_stays() {
        let delete_with = DeletedWith { cls: true.into(), ..DeletedWith::empty() };
        let state = Mesh { delete_with: Tf::Known(delete_with), ..Mesh::empty() };
        let mut told = mesh("RUNNING", vec![]);
        told.tag_list = vec![MeshTag { passthrough: Some(true), ..MeshTag::default() }];
        let now = state.as_told(&told);
        assert_eq!(now.delete_with().log_topic, Some(true));
        assert_eq!(now.tag_passthrough, Tf::Known(true));
        let said = Mesh { tag_passthrough: false.into(), ..Mesh::empty() };
        assert_eq!(said.as_told(&told).tag_passthrough, Tf::Known(false));
    }
}
