//! Linking and unlinking one cluster of a mesh.

use tfsdk::{Diagnostic, Diagnostics};

use super::{
    change::{Failure, Purpose, Turn, may_have_happened, no_such_mesh},
    mesh_cluster::MeshCluster,
};
use crate::{
    cloud::{
        Account, Error,
        api::{
            is,
            tcm::{self, Cluster, Mesh, ModifyMesh, link_state},
        },
        settle,
    },
    services::{
        Cx,
        diagnostic::Doing,
        waiting::{Seen, wait},
    },
};

/// Links the cluster, unless it is linked already, and waits until it is.
pub(super) async fn link(
    cx: &Cx,
    account: &Account,
    plan: &MeshCluster,
) -> Result<Cluster, Diagnostics> {
    const DOING: &str = "link the cluster";
    let (mesh_id, cluster_id) = (plan.mesh_id.text(), plan.cluster_id.text());
    let turn = Turn::take(cx, account, mesh_id, DOING).await?;
    let ask = |mesh: Mesh| async move {
        match mesh.cluster(cluster_id) {
            Some(known) if is(&known.status.link_state, link_state::UNLINKING) => {
                Ok(Found::Leaving)
            }
            Some(known) if !is(&known.status.link_state, link_state::LINK_FAILED) => {
                Ok(Found::There(Box::new(known.clone())))
            }
            failed => {
                let outcome = link_once(account, mesh_id, &plan.request(failed)).await;
                if outcome.as_ref().err().is_none_or(may_have_happened) {
                    cx.save(plan);
                }
                let before = failed.map_or("", |failed| failed.status.link_state.as_str());
                outcome.map(|()| Found::Asked(Failure::after(before)))
            }
        }
    };
    let failure = loop {
        let found = turn.change(Purpose::Extend, &ask).await?;
        match found.ok_or_else(|| no_such_mesh(DOING, account, mesh_id))? {
            Found::Asked(failure) => break failure,
            Found::Leaving => {
                wait_unlinked(cx, account, plan, &Failure::after("")).await.doing(DOING)?;
            }
            Found::There(known) => {
                adoptable(plan, &known)?;
                cx.save(plan);
                break Failure::after("");
            }
        }
    };
    wait(cx, format!("the cluster {cluster_id} to be in the mesh {mesh_id}"), || async {
        let mesh = tcm::find(account, mesh_id).await?;
        Ok(linked(mesh.as_ref(), cluster_id, &failure))
    })
    .await
    .doing(DOING)
}

/// Unlinks the cluster, if it is in the mesh, and waits until it is out.
pub(super) async fn unlink(
    cx: &Cx,
    account: &Account,
    state: &MeshCluster,
) -> Result<(), Diagnostics> {
    const DOING: &str = "unlink the cluster";
    let (mesh_id, cluster_id) = (state.mesh_id.text(), state.cluster_id.text());
    let turn = Turn::take(cx, account, mesh_id, DOING).await?;
    let ask = |mesh: Mesh| async move {
        let stays = |cluster: &&Cluster| !is(&cluster.status.link_state, link_state::UNLINKING);
        let Some(cluster) = mesh.cluster(cluster_id).filter(stays) else {
            return Ok(Failure::after(""));
        };
        tcm::unlink(account, mesh_id, cluster_id).await?;
        Ok(Failure::after(&cluster.status.link_state))
    };
    match turn.change(Purpose::Reduce, ask).await? {
        Some(failure) => wait_unlinked(cx, account, state, &failure).await.doing(DOING),
        None => Ok(()),
    }
}

/// Changes the namespaces of a link, and returns it as it is then.
pub(super) async fn modify(
    cx: &Cx,
    account: &Account,
    plan: &MeshCluster,
) -> Result<Cluster, Diagnostics> {
    const DOING: &str = "change the cluster's namespaces";
    let (mesh_id, cluster_id) = (plan.mesh_id.text(), plan.cluster_id.text());
    let turn = Turn::take(cx, account, mesh_id, DOING).await?;
    let gone = || {
        Diagnostic::error(
            format!("Unable to {DOING}"),
            format!(
                "The cluster {cluster_id} is not in the mesh {mesh_id} any more. Apply again: it \
                 will be linked anew."
            ),
        )
    };
    let modified = turn
        .change(Purpose::Extend, |mesh| async move {
            let Some(cluster) = mesh.cluster(cluster_id) else { return Ok(false) };
            let mut cluster = cluster.clone();
            plan.write_namespaces(&mut cluster);
            let mesh_id = mesh_id.to_owned();
            let cluster_list = Some(vec![cluster]);
            let request = ModifyMesh { mesh_id, cluster_list, ..ModifyMesh::default() };
            tcm::modify(account, &request).await.map(|()| true)
        })
        .await?;
    if modified != Some(true) {
        return Err(gone().into());
    }
    let visible =
        |mesh: &Mesh| mesh.cluster(cluster_id).is_none_or(|cluster| plan.is_in_effect(cluster));
    let mesh = turn.settled(Purpose::Extend, visible).await?;
    let cluster = mesh.as_ref().and_then(|mesh| mesh.cluster(cluster_id));
    cluster.cloned().ok_or_else(|| gone().into())
}

/// What the mesh knows of a cluster that is to be linked.
enum Found {
    /// Nothing, or a link that failed: linking was asked for.
    Asked(Failure),
    /// It is on its way out.
    Leaving,
    /// It is linked or being linked.
    There(Box<Cluster>),
}

/// Links the cluster exactly once; after a lost answer it shows in the mesh.
async fn link_once(account: &Account, mesh_id: &str, cluster: &Cluster) -> Result<(), Error> {
    settle(
        || tcm::link(account, mesh_id, std::slice::from_ref(cluster)),
        || async {
            let mesh = tcm::find(account, mesh_id).await?;
            let found = mesh.as_ref().and_then(|mesh| mesh.cluster(&cluster.cluster_id));
            let fresh =
                found.filter(|found| !is(&found.status.link_state, link_state::LINK_FAILED));
            Ok(fresh.map(drop))
        },
    )
    .await
}

/// Whether a link that exists is the one that is wanted.
fn adoptable(plan: &MeshCluster, known: &Cluster) -> Result<(), Diagnostics> {
    let wanted = plan.vpc_id.text();
    if known.vpc_id.is_empty() || known.vpc_id == wanted {
        return Ok(());
    }
    Err(Diagnostic::error(
        "Unable to link the cluster",
        format!(
            "The cluster {} is in the mesh {} already, with the VPC {} and not {wanted}. Write \
             that VPC here, or unlink the cluster in the console and apply again.",
            plan.cluster_id.text(),
            plan.mesh_id.text(),
            known.vpc_id,
        ),
    )
    .at("vpc_id")
    .into())
}

/// How far linking is.
fn linked(mesh: Option<&Mesh>, cluster_id: &str, failure: &Failure) -> Seen<Cluster> {
    let Some(mesh) = mesh else {
        return Seen::failed("gone", "the mesh was deleted");
    };
    let Some(cluster) = mesh.cluster(cluster_id) else {
        return Seen::pending("not visible yet");
    };
    let status = &cluster.status;
    if is(&status.link_state, link_state::LINKED) {
        return Seen::Done(cluster.clone());
    }
    if is(&status.link_state, link_state::LINK_FAILED) && failure.is_new(&status.link_state) {
        let why = match status.link_error_detail.as_str() {
            "" => "the cloud does not say why",
            detail => detail,
        };
        return Seen::failed(
            status.link_state.clone(),
            format!("{why}. Remove the cause and apply again: the link is made anew"),
        );
    }
    if is(&status.link_state, link_state::UNLINK_FAILED) {
        return Seen::failed(
            status.link_state.clone(),
            format!(
                "an earlier unlinking failed ({}). Apply again: the cluster is unlinked and linked \
                 anew",
                status.link_error_detail
            ),
        );
    }
    Seen::pending(status.link_state.clone())
}

/// Waits until the cluster has left the mesh.
async fn wait_unlinked(
    cx: &Cx,
    account: &Account,
    link: &MeshCluster,
    failure: &Failure,
) -> Result<(), crate::wait::Error<Error>> {
    let (mesh_id, cluster_id) = (link.mesh_id.text(), link.cluster_id.text());
    wait(cx, format!("the cluster {cluster_id} to leave the mesh {mesh_id}"), || async {
        let mesh = tcm::find(account, mesh_id).await?;
        Ok(unlinked(mesh.as_ref().and_then(|mesh| mesh.cluster(cluster_id)), failure))
    })
    .await
}

/// How far unlinking is: what counts is this cluster, whoever else is linked.
fn unlinked(cluster: Option<&Cluster>, failure: &Failure) -> Seen<()> {
    let Some(cluster) = cluster else { return Seen::Done(()) };
    let status = &cluster.status;
    if is(&status.link_state, link_state::UNLINK_FAILED) && failure.is_new(&status.link_state) {
        return Seen::failed(status.link_state.clone(), status.link_error_detail.clone());
    }
    Seen::pending(status.link_state.clone())
}

#[cfg(test)]
mod tests {
    use tfsdk::Model;

    use super::*;
    use crate::cloud::api::tcm::ClusterStatus;

    fn cluster(id: &str, state: &str, detail: &str) -> Cluster {
        let status = ClusterStatus { link_state: state.into(), link_error_detail: detail.into() };
        Cluster { cluster_id: id.into(), status, ..Cluster::default() }
    }

    fn none() -> Failure {
        Failure::after("")
    }

    fn mesh(clusters: Vec<Cluster>) -> Mesh {
        Mesh { cluster_list: clusters, ..Mesh::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_link_without_a_status_is_waited_for() {
        let bare = mesh(vec![Cluster { cluster_id: "cls-1".into(), ..Cluster::default() }]);
        assert_eq!(linked(Some(&bare), "cls-1", &none()), Seen::pending(""));
        assert_eq!(linked(Some(&bare), "cls-2", &none()), Seen::pending("not visible yet"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_link_ends_the_wait_with_its_reason() {
        let failed = mesh(vec![cluster("cls-1", "LINK_FAILED", "CheckError: cluster not found")]);
        let Seen::Failed { state, detail } = linked(Some(&failed), "cls-1", &none()) else {
            panic!()
        };
        assert_eq!(state, "LINK_FAILED");
        assert!(detail.starts_with("CheckError: cluster not found. Remove"), "{detail}");
        let again = Failure::after("LINK_FAILED");
        assert_eq!(linked(Some(&failed), "cls-1", &again), Seen::pending("LINK_FAILED"));
        assert!(matches!(linked(None, "cls-1", &none()), Seen::Failed { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn unlinking_ends_when_this_cluster_is_out() {
        let others = mesh(vec![cluster("cls-2", "LINKED", ""), cluster("cls-3", "LINKED", "")]);
        assert_eq!(unlinked(others.cluster("cls-1"), &none()), Seen::Done(()));
        assert_eq!(
            unlinked(Some(&cluster("cls-1", "UNLINKING", "")), &none()),
            Seen::pending("UNLINKING")
        );
        let stuck = cluster("cls-1", "UNLINK_FAILED", "no rights");
        assert_eq!(unlinked(Some(&stuck), &none()), Seen::failed("UNLINK_FAILED", "no rights"));
    }

    #[test]
    fn a_link_in_another_network_is_not_adopted() {
        let plan = MeshCluster { vpc_id: "vpc-1".into(), ..MeshCluster::empty() };
        let with = |vpc: &str| Cluster { vpc_id: vpc.into(), ..Cluster::default() };
        assert!(adoptable(&plan, &with("vpc-1")).is_ok());
        assert!(adoptable(&plan, &with("")).is_ok());
        assert!(adoptable(&plan, &with("vpc-2")).unwrap_err().to_string().contains("vpc-2"));
    }
}
