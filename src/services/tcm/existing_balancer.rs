//! Load balancers that are there already and that a gateway is to use.

use tfsdk::{Diagnostic, Diagnostics, Severity};

use super::{gateway_entry::region_of, ingress_gateway::Gateway};
use crate::{
    cloud::{
        Account, Error, Kind,
        api::{clb, tcm},
    },
    services::PlanCx,
};

/// Whether an existing load balancer is there, as far as one may look.
pub(super) async fn exists(account: &Account, id: &str) -> Result<bool, Error> {
    match clb::find(account, id).await {
        Ok(found) => Ok(found.is_some()),
        Err(error) if matches!(error.kind(), Kind::Denied | Kind::Unsupported) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Looks for an existing load balancer when planning. Where the cluster is not in
/// the mesh yet its region is not certain: then there is only a warning.
pub(super) async fn check_at_plan(cx: &PlanCx, planned: &Gateway) -> Result<(), Diagnostics> {
    let (Some(client), Some(id)) = (cx.client(), planned.load_balancer_id.known()) else {
        return Ok(());
    };
    let (false, Some(region)) = (planned.scope.account.is_unknown(), planned.scope.region.known())
    else {
        return Ok(());
    };
    let label = planned.scope.account.known().map(String::as_str);
    let Ok(account) = client.accounts.open(label).await else { return Ok(()) };
    let account = account.in_region(region);
    let mesh = match planned.mesh_id.known() {
        Some(mesh) => tcm::find(&account, mesh).await.ok().flatten(),
        None => None,
    };
    let cluster = mesh.as_ref().and_then(|mesh| mesh.cluster(planned.cluster_id.text()));
    let region = cluster.map_or_else(|| region.clone(), |cluster| region_of(cluster, &account));
    match exists(&account.in_region(&region), id).await {
        Ok(false) if cluster.is_some() => Err(none(id, &region).into()),
        Ok(false) => {
            cx.warn(Diagnostic { severity: Severity::Warning, ..none(id, &region) });
            Ok(())
        }
        Ok(true) => Ok(()),
        Err(error) => {
            tracing::debug!(%error, balancer = id, "cannot look for the load balancer");
            Ok(())
        }
    }
}

pub(super) fn none(id: &str, region: &str) -> Diagnostic {
    Diagnostic::error(
        "No such load balancer",
        format!(
            "The account has no load balancer {id} in {region}. It must be in the region of the \
             gateway's cluster: correct `load_balancer_id`, or leave it out to have one made."
        ),
    )
    .at("load_balancer_id")
}
