//! Objects that name their mesh in place of the cluster.

use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::Change,
    schema::{Object, validators},
    value::Tf,
};

use crate::services::{
    Cx, InCluster, PlanCx, Scope, Site,
    istio::kind::{Head, Manifest},
};

/// What `cluster` means where a mesh can be named too.
const CLUSTER: &str = "The cluster: a key of the provider's `clusters`, or the id (`cls-…`) of a \
    TKE cluster, a serverless one, or one that is registered to a hub. The kubeconfig of an id is \
    fetched with `account` in `region`. Another cluster replaces the object. Either this or \
    `mesh_id` is set.";

/// The mesh of an Istio object.
#[derive(Clone, Default, Model)]
pub(super) struct InMesh {
    /// The mesh whose main cluster keeps the object: the cluster that runs the
    /// control plane, else the TKE or serverless cluster of the mesh's account
    /// that was linked first. `account` and `region` are the mesh's then. What was
    /// found is `cluster`, and stays.
    #[attr(optional, validate(validators::not_empty()))]
    pub mesh_id: Tf<String>,
}

/// Makes `cluster` a value that may be computed from `mesh_id`.
pub(super) fn instead_of_cluster(mut head: Object) -> Object {
    let (mut cluster, others): (Vec<_>, _) =
        head.attributes.into_iter().partition(|it| it.name == "cluster");
    for it in &mut cluster {
        it.required = false;
    }
    let cluster = cluster.into_iter().map(|it| it.optional().computed().stable().doc(CLUSTER));
    head.attributes = cluster.chain(others).collect();
    head.validate(validators::exactly_one_of(["cluster", "mesh_id"]))
}

/// Plans the cluster, and with it account and region. A mesh is asked for its
/// main cluster if it is known and another than before.
///
/// # Errors
///
/// The configuration has no such cluster or account.
pub(super) async fn plan<K: Send + Sync>(
    cx: &PlanCx,
    change: &mut Change<Manifest<K>>,
) -> Result<(), Diagnostics> {
    let prior = change.prior.as_ref().map(|prior| prior.head.mesh.mesh_id.clone());
    let head = &mut change.planned.head;
    let mesh = &head.mesh.mesh_id;
    if !mesh.is_null() && (mesh.is_unknown() || prior.as_ref() != Some(mesh)) {
        head.place.cluster = head.look(cx).await.map_or(Tf::Unknown, Tf::Known);
    }
    InCluster::plan(cx, change, |model| &mut model.head.place).await
}

impl Head {
    /// The main cluster of the mesh, if the cloud says it.
    async fn look(&self, cx: &PlanCx) -> Option<String> {
        let client = cx.client()?;
        let mesh = self.mesh.mesh_id.known()?;
        let account = self.place.scope.open_for_check(client).await?;
        client.clusters.main_of(mesh, &account).await.ok()
    }

    /// The cluster of an object that is to be created, which is found now if a
    /// mesh is named.
    ///
    /// # Errors
    ///
    /// As [`InCluster::open_for_create`]; the mesh has no main cluster.
    pub(super) async fn open_for_create(&mut self, cx: &Cx) -> Result<Site, Diagnostics> {
        if let (false, Some(mesh)) = (self.place.cluster.is_known(), self.mesh.mesh_id.known()) {
            let account = self.place.scope.open(cx).await?;
            self.place.cluster = cx.client().clusters.main_of(mesh, &account).await?.into();
        }
        self.place.open_for_create(cx).await
    }

    /// Reads the beginning of an import id that names a mesh,
    /// `[ACCOUNT][@REGION]/MESH/REST`; `None` if it names none.
    ///
    /// # Errors
    ///
    /// The mesh has no main cluster.
    pub(super) async fn import<'a>(
        cx: &Cx,
        id: &'a str,
    ) -> Result<Option<(InCluster, InMesh, &'a str)>, Diagnostics> {
        if !id.split('/').take(2).any(|part| part.starts_with("mesh-")) {
            return Ok(None);
        }
        let (scope, rest) = Scope::import(cx, id)?;
        let Some((mesh, rest)) = rest.split_once('/') else {
            let detail = format!("{id:?} names a mesh and no object in it.");
            return Err(Diagnostic::error("Malformed import id", detail).into());
        };
        let account = scope.open(cx).await?;
        let cluster = cx.client().clusters.main_of(mesh, &account).await?.into();
        let mesh = InMesh { mesh_id: mesh.into() };
        Ok(Some((InCluster { cluster, scope, ..InCluster::default() }, mesh, rest)))
    }
}
