//! `crossmesh_tcm_mesh_cluster`: one cluster of a mesh.

mod import;

use std::{collections::BTreeSet, time::Duration};

use tfsdk::{
    Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators::{length, one_of},
    value::Tf,
};

use super::{
    injection, link,
    wire::{known_or_null, leaf, set, text},
};
use crate::{
    cloud::api::{
        is,
        tcm::{self, Cluster, ROLE_REMOTE, link_state},
    },
    services::{Client, Cx, PlanCx, Scope, complete, diagnostic::Doing},
};

/// A cluster in a service mesh: one link between the mesh and a cluster of its
/// account, or a cluster of another account that is registered to the account's
/// TDCC hub.
///
/// Any number of links may be made at once; a mesh links one cluster after the
/// other.
#[derive(Clone, Model)]
#[model(
    required_with("cluster_account", "original_cluster_id"),
    required_with("original_cluster_id", "cluster_account"),
    required_with("original_region", "cluster_account")
)]
pub(super) struct MeshCluster {
    #[attr(flatten)]
    pub scope: Scope,

    /// `<mesh_id>#<cluster_id>`.
    #[attr(computed, stable)]
    pub id: Tf<String>,

    /// Id of the mesh, `mesh-…`.
    #[attr(required, replace, validate(length(1..)))]
    pub mesh_id: Tf<String>,

    /// Id of the cluster, `cls-…`; of a registered cluster its id in the hub.
    #[attr(required, replace, validate(length(1..)))]
    pub cluster_id: Tf<String>,

    /// Region of the cluster; of a registered cluster that of its hub. Default:
    /// `region`.
    #[attr(optional, computed, stable, replace)]
    pub cluster_region: Tf<String>,

    /// `MASTER`: the mesh reads its Istio objects from this cluster. `REMOTE`: it
    /// does not. Not read back, since hosted meshes are known to show `REMOTE` for
    /// every cluster.
    #[attr(optional, default = ROLE_REMOTE, replace, validate(one_of(["MASTER", "REMOTE"])))]
    pub role: Tf<String>,

    /// VPC of the cluster; of a registered cluster the hub's.
    #[attr(required, replace, validate(length(1..)))]
    pub vpc_id: Tf<String>,

    /// Subnet in that VPC. Needed by standalone meshes.
    #[attr(optional, computed, stable, replace)]
    pub subnet_id: Tf<String>,

    /// Type of the cluster: `TKE`, `EKS`. The API's word for registered clusters
    /// is not published (`TDCC` is a guess), so that any word is taken; without one
    /// none is sent.
    #[attr(optional, computed, stable, replace)]
    pub r#type: Tf<String>,

    /// Namespaces that the mesh hosts.
    #[attr(optional)]
    pub hosted_namespaces: Tf<BTreeSet<String>>,

    /// Namespaces whose new pods get a sidecar by themselves.
    #[attr(optional)]
    pub auto_injection_namespaces: Tf<BTreeSet<String>>,

    /// `false` says that no pods of the cluster are to get a sidecar: then
    /// `auto_injection_namespaces` must be empty, and there is no warning about
    /// clusters in which injection does not work. Says nothing to the cloud.
    #[attr(optional)]
    pub sidecar_injection: Tf<bool>,

    /// For a registered cluster, the account that it belongs to: a key of the
    /// provider's `accounts`. With it the plan warns where sidecar injection
    /// cannot work. Says nothing to the cloud.
    #[attr(optional)]
    pub cluster_account: Tf<String>,

    /// For a registered cluster, its id in that account. Says nothing to the cloud.
    #[attr(optional)]
    pub original_cluster_id: Tf<String>,

    /// For a registered cluster, its region in that account. Default: that
    /// account's. Says nothing to the cloud.
    #[attr(optional)]
    pub original_region: Tf<String>,

    /// Name of the cluster.
    #[attr(computed, stable)]
    pub display_name: Tf<String>,

    /// State of the link: `LINKED`. A link that was made and has become
    /// `LINK_FAILED` is made anew by the next apply.
    #[attr(computed, stable)]
    pub link_state: Tf<String>,

    /// Why linking or unlinking failed.
    #[attr(computed, stable)]
    pub link_error: Tf<String>,

    /// When the cluster was linked, as the API writes it.
    #[attr(computed, stable)]
    pub linked_time: Tf<String>,
}

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct TcmMeshCluster;

impl Resource for TcmMeshCluster {
    type Model = MeshCluster;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_tcm_mesh_cluster";
    // A link waits for those of other clusters that came before it.
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(30 * 60)),
        (Operation::Update, Duration::from_secs(30 * 60)),
        (Operation::Delete, Duration::from_secs(30 * 60)),
    ];

    fn validate(&self, config: &MeshCluster, diagnostics: &mut Diagnostics) {
        let injected = config.auto_injection_namespaces.known();
        if config.sidecar_injection == Tf::Known(false)
            && injected.is_some_and(|namespaces| !namespaces.is_empty())
        {
            diagnostics.error_at(
                "auto_injection_namespaces",
                "Sidecars are wanted and not wanted",
                "`sidecar_injection = false` says that no pods get a sidecar. Leave out \
                 `auto_injection_namespaces`, or `sidecar_injection`.",
            );
        }
    }

    async fn plan(&self, cx: &PlanCx, change: &mut Change<MeshCluster>) -> Result<(), Diagnostics> {
        Scope::plan(cx, change, |model| &mut model.scope).await?;
        let planned = &mut change.planned;
        if planned.cluster_region.is_unknown() && change.config.cluster_region.is_null() {
            planned.cluster_region = planned.scope.region.clone();
        }
        if let (Some(mesh), Some(cluster)) = (planned.mesh_id.known(), planned.cluster_id.known()) {
            planned.id = id(mesh, cluster).into();
        }
        let failed = |prior: &MeshCluster| is(prior.link_state.text(), link_state::LINK_FAILED);
        if change.prior.as_ref().is_some_and(failed) {
            planned.link_state = Tf::Unknown;
            planned.link_error = Tf::Unknown;
            planned.linked_time = Tf::Unknown;
        }
        injection::warn(cx, planned).await
    }

    async fn create(&self, cx: &Cx, mut plan: MeshCluster) -> Result<MeshCluster, Diagnostics> {
        let account = plan.scope.open_for_create(cx).await?;
        if plan.cluster_region.is_unknown() {
            plan.cluster_region = plan.scope.region.clone();
        }
        plan.id = id(plan.mesh_id.text(), plan.cluster_id.text()).into();
        let linked = link::link(cx, &account, &plan).await?;
        let mut made = complete(&plan, &plan.as_told(&linked))?;
        if !made.is_in_effect(&linked) {
            cx.save(&made);
            let changed = link::modify(cx, &account, &made).await?;
            made = complete(&plan, &plan.as_told(&changed))?;
        }
        Ok(made)
    }

    async fn read(&self, cx: &Cx, state: MeshCluster) -> Result<Option<MeshCluster>, Diagnostics> {
        let account = state.scope.open(cx).await?;
        let mesh = tcm::find(&account, state.mesh_id.text()).await.doing("read the mesh")?;
        let cluster = mesh.as_ref().and_then(|mesh| mesh.cluster(state.cluster_id.text()));
        Ok(cluster.map(|cluster| state.as_told(cluster)))
    }

    async fn update(
        &self,
        cx: &Cx,
        prior: MeshCluster,
        plan: MeshCluster,
    ) -> Result<MeshCluster, Diagnostics> {
        let account = plan.scope.open(cx).await?;
        let mut changed = plan.clone();
        if plan.link_state.is_unknown() {
            changed = complete(&plan, &plan.as_told(&link::link(cx, &account, &plan).await?))?;
            cx.save(&changed);
        }
        if plan.hosted_namespaces != prior.hosted_namespaces
            || plan.auto_injection_namespaces != prior.auto_injection_namespaces
        {
            changed = complete(&changed, &plan.as_told(&link::modify(cx, &account, &plan).await?))?;
        }
        Ok(changed)
    }

    async fn delete(&self, cx: &Cx, state: MeshCluster) -> Result<(), Diagnostics> {
        let account = state.scope.open(cx).await?;
        link::unlink(cx, &account, &state).await
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<MeshCluster, Diagnostics> {
        import::parse(cx, id)
    }
}

/// `<mesh>#<cluster>`.
fn id(mesh: &str, cluster: &str) -> String {
    format!("{mesh}#{cluster}")
}

impl MeshCluster {
    /// The link as the API tells it. What it does not tell, or in other words than
    /// it was told, is as here.
    fn as_told(&self, cluster: &Cluster) -> Self {
        let config = cluster.config.clone().unwrap_or_default();
        Self {
            cluster_region: known_or_null(&self.cluster_region).or(text::read(&cluster.region)),
            role: known_or_null(&self.role).or(text::read(&cluster.role)),
            vpc_id: text::read(&cluster.vpc_id).or(self.vpc_id.clone()),
            subnet_id: leaf::read(&cluster.subnet_id).or(known_or_null(&self.subnet_id)),
            r#type: known_or_null(&self.r#type).or(leaf::read(&cluster.kind)),
            hosted_namespaces: set::read(&cluster.hosted_namespaces),
            auto_injection_namespaces: set::read(&Some(config.auto_injection_namespace_list)),
            display_name: text::read(&cluster.display_name),
            link_state: text::read(&cluster.status.link_state),
            link_error: text::read(&cluster.status.link_error_detail),
            linked_time: text::read(&cluster.linked_time),
            ..self.clone()
        }
    }

    /// Whether the namespaces of a link are those that are wanted.
    pub(super) fn is_in_effect(&self, cluster: &Cluster) -> bool {
        let mut wanted = cluster.clone();
        self.write_namespaces(&mut wanted);
        wanted == *cluster
    }

    /// Sets the namespaces; everything else that the mesh has in the cluster stays.
    pub(super) fn write_namespaces(&self, cluster: &mut Cluster) {
        let wanted = |names: &Tf<BTreeSet<String>>| known_or_null(names).or(BTreeSet::new().into());
        set::write(&wanted(&self.hosted_namespaces), &mut cluster.hosted_namespaces);
        let config = cluster.config.get_or_insert_default();
        let mut injected = Some(std::mem::take(&mut config.auto_injection_namespace_list));
        set::write(&wanted(&self.auto_injection_namespaces), &mut injected);
        config.auto_injection_namespace_list = injected.unwrap_or_default();
    }

    /// What `LinkClusterList` is told. Of a link that was there before (`known`), what
    /// the mesh has in the cluster stays.
    pub(super) fn request(&self, known: Option<&Cluster>) -> Cluster {
        let config = known.and_then(|known| known.config.clone());
        let mut cluster = Cluster {
            cluster_id: self.cluster_id.text().to_owned(),
            region: self.cluster_region.text().to_owned(),
            role: self.role.text().to_owned(),
            vpc_id: self.vpc_id.text().to_owned(),
            // The API's model requires it, the vendor's tools leave it out.
            subnet_id: Some(self.subnet_id.text().to_owned()),
            kind: self.r#type.known().cloned(),
            config: Some(config.unwrap_or_default()),
            ..Cluster::default()
        };
        self.write_namespaces(&mut cluster);
        cluster
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::tcm::{ClusterConfig, IngressGateway};

    fn names(names: &[&str]) -> Tf<BTreeSet<String>> {
        Tf::Known(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn what_the_mesh_tells_in_other_words_stays_as_written() {
        let plan = MeshCluster {
            cluster_region: "ap-shanghai".into(),
            role: "MASTER".into(),
            vpc_id: "vpc-1".into(),
            r#type: "TDCC".into(),
            ..MeshCluster::empty()
        };
        let told = Cluster {
            region: "sh".into(),
            role: "REMOTE".into(),
            vpc_id: "vpc-2".into(),
            subnet_id: Some("subnet-1".into()),
            kind: Some("EXTERNAL".into()),
            ..Cluster::default()
        };
        let now = plan.as_told(&told);
        assert_eq!(now.cluster_region.text(), "ap-shanghai");
        assert_eq!((now.role.text(), now.r#type.text()), ("MASTER", "TDCC"));
        // Networks have one name: another one is drift.
        assert_eq!((now.vpc_id.text(), now.subnet_id.text()), ("vpc-2", "subnet-1"));
        assert_eq!(now.link_error, Tf::Null);
        // An import has nothing of its own.
        let imported = MeshCluster::empty().as_told(&told);
        assert_eq!((imported.role.text(), imported.cluster_region.text()), ("REMOTE", "sh"));
    }

    #[test]
    fn namespaces_change_and_gateways_stay() {
        let gateway = IngressGateway { name: "ingress".into(), ..IngressGateway::default() };
        let config = ClusterConfig {
            auto_injection_namespace_list: vec!["b".into(), "a".into()],
            ingress_gateway_list: Some(vec![gateway.clone()]),
            ..ClusterConfig::default()
        };
        let mut known = Cluster { config: Some(config), ..Cluster::default() };
        let same =
            MeshCluster { auto_injection_namespaces: names(&["a", "b"]), ..MeshCluster::empty() };
        assert!(same.is_in_effect(&known));
        let other = MeshCluster { hosted_namespaces: names(&["shop"]), ..MeshCluster::empty() };
        assert!(!other.is_in_effect(&known));
        let again = other.request(Some(&known)).config.unwrap();
        assert_eq!(again.ingress_gateway_list.as_deref(), Some(&[gateway.clone()][..]));
        other.write_namespaces(&mut known);
        let config = known.config.unwrap();
        assert_eq!(config.auto_injection_namespace_list, [""; 0]);
        assert_eq!(config.ingress_gateway_list, Some(vec![gateway]));
        assert_eq!(known.hosted_namespaces, Some(vec!["shop".to_owned()]));
    }
}
