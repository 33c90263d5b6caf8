//! Where sidecar injection cannot work.

use tfsdk::{Diagnostic, Diagnostics, value::Tf};

use super::mesh_cluster::MeshCluster;
use crate::{
    cloud::{Account, Error, api::tke},
    services::PlanCx,
};

/// Warns of a cluster of another account whose API server cannot call the mesh's
/// injection webhook: a managed or serverless one. Nobody is warned who says that
/// no sidecars are wanted. What the cloud does not tell is no reason to stop a
/// plan.
///
/// # Errors
///
/// `cluster_account` is not in the configuration.
pub(super) async fn warn(cx: &PlanCx, planned: &MeshCluster) -> Result<(), Diagnostics> {
    let (Some(client), Some(label)) = (cx.client(), planned.cluster_account.known()) else {
        return Ok(());
    };
    if !client.accounts.knows(label) {
        return Err(Diagnostic::error(
            "Unknown account",
            format!(
                "There is no account {label:?} in the provider's `accounts`. Add it there, or \
                 correct the name."
            ),
        )
        .at("cluster_account")
        .into());
    }
    let Some(id) = planned.original_cluster_id.known() else { return Ok(()) };
    if planned.sidecar_injection == Tf::Known(false) || planned.scope.account.is_unknown() {
        return Ok(());
    }
    let mesh = client.accounts.open(planned.scope.account.known().map(String::as_str)).await;
    let (Ok(mesh), Ok(mut owner)) = (mesh, client.accounts.open(Some(label)).await) else {
        return Ok(());
    };
    if let Some(region) = planned.original_region.known() {
        owner = owner.in_region(region);
    }
    match kind_elsewhere(&mesh, &owner, id).await {
        Ok(Some(kind)) => cx.warn(warning(label, id, kind)),
        Ok(None) => {}
        Err(error) => tracing::debug!(%error, cluster = id, "cannot see what the cluster is"),
    }
    Ok(())
}

/// As [`kind`]; `None` for a cluster of the mesh's own account.
async fn kind_elsewhere(
    mesh: &Account,
    owner: &Account,
    id: &str,
) -> Result<Option<&'static str>, Error> {
    if mesh.is_same_as(owner).await? { Ok(None) } else { kind(owner, id).await }
}

/// What the cluster is, if injection does not work in such ones across accounts.
async fn kind(owner: &Account, id: &str) -> Result<Option<&'static str>, Error> {
    Ok(match tke::find(owner, id).await? {
        Some(cluster) if cluster.cluster_type == tke::MANAGED_CLUSTER => Some("managed"),
        Some(_) => None,
        None => tke::find_serverless(owner, id).await?.map(|_| "serverless"),
    })
}

fn warning(account: &str, id: &str, kind: &str) -> Diagnostic {
    Diagnostic::warning(
        "Sidecars cannot be injected in this cluster",
        format!(
            "{id} of account {account:?} is a {kind} cluster. Its API server cannot call the \
             injection webhook of a mesh of another account: pods that are to get a sidecar will \
             not be created.\n\n\
             Use an independent cluster instead, or do without sidecars there: label neither \
             namespaces nor pods of the cluster for injection, and say so with \
             `sidecar_injection = false`. Its services can be reached through the mesh's gateways \
             all the same."
        ),
    )
    .at("original_cluster_id")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::scripted::{Scripted, answer, refusal};

    fn clusters(kind: &str) -> serde_json::Value {
        json!({"TotalCount": 1, "Clusters": [{"ClusterId": "cls-1", "ClusterType": kind}]})
    }

    #[tokio::test(start_paused = true)]
    async fn managed_and_serverless_clusters_cannot_call_the_webhook() {
        let none = json!({"TotalCount": 0, "Clusters": []});
        let serverless = json!({"TotalCount": 1, "Clusters": [{"ClusterId": "cls-1"}]});
        for (script, expected) in [
            (vec![answer(clusters("MANAGED_CLUSTER"))], Some("managed")),
            (vec![answer(clusters("INDEPENDENT_CLUSTER"))], None),
            (vec![answer(none.clone()), answer(serverless)], Some("serverless")),
            (vec![answer(none)], None),
        ] {
            let cloud = Scripted::new(script);
            assert_eq!(kind(&cloud.account(), "cls-1").await.unwrap(), expected);
        }
        let denied = Scripted::new(vec![refusal("UnauthorizedOperation.CamNoAuth")]);
        assert!(kind(&denied.account(), "cls-1").await.is_err());
    }

    #[test]
    fn the_warning_names_the_cluster_and_both_ways_out() {
        let text = warning("member", "cls-1", "managed").detail;
        for part in ["cls-1", "\"member\"", "managed", "independent", "sidecar_injection = false"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
