//! A gateway as an entry in its cluster's configuration: reading it, changing it
//! and writing the whole back.

use tfsdk::{Diagnostic, Diagnostics};

use super::{
    change::{Purpose, Turn, may_have_happened, no_such_mesh},
    existing_balancer,
    ingress_gateway::Gateway,
};
use crate::{
    cloud::{
        Account, Error,
        api::{
            is, is_any,
            tcm::{self, Cluster, GatewayStatus, Mesh, ModifyMesh, gateway_state, link_state},
        },
    },
    services::{
        Cx,
        diagnostic::Doing,
        waiting::{Seen, wait},
    },
};

/// Why a gateway cannot be put where it should be.
enum Hindrance {
    /// The cluster is not in the mesh.
    Unlinked,
    /// The cluster's link failed; why.
    LinkFailed(String),
    /// A gateway of the name is there that cannot become this one.
    Taken,
    /// The wanted load balancer does not exist in this region.
    NoBalancer(String),
}

/// Puts the gateway into its cluster's configuration, and waits until reads show
/// it. A new one is saved as soon as it may exist.
pub(super) async fn put(
    cx: &Cx,
    account: &Account,
    plan: &Gateway,
    is_new: bool,
    doing: &'static str,
) -> Result<(), Diagnostics> {
    let [mesh_id, ..] = plan.names();
    let turn = Turn::take(cx, account, mesh_id, doing).await?;
    let write = |mesh: Mesh| async move {
        let mut cluster = match place(account, plan, &mesh).await? {
            Ok(cluster) => cluster,
            Err(hindrance) => return Ok(Err(hindrance)),
        };
        plan.put_into(&mut cluster);
        let outcome = write_back(account, mesh_id, cluster).await;
        if is_new && outcome.as_ref().err().is_none_or(may_have_happened) {
            cx.save(plan);
        }
        outcome.map(Ok)
    };
    match turn.change(Purpose::Extend, write).await? {
        None => return Err(no_such_mesh(doing, account, mesh_id)),
        Some(Err(hindrance)) => return Err(refused(doing, plan, hindrance)),
        Some(Ok(())) => {}
    }
    let visible = |mesh: &Mesh| plan.of(mesh).is_some_and(|known| plan.is_in_effect(known));
    turn.settled(Purpose::Extend, visible).await.map(drop)
}

/// The cluster as it is in the mesh, if the gateway can be put there.
async fn place(
    account: &Account,
    plan: &Gateway,
    mesh: &Mesh,
) -> Result<Result<Cluster, Hindrance>, Error> {
    let Some(cluster) = mesh.cluster(plan.cluster_id.text()) else {
        return Ok(Err(Hindrance::Unlinked));
    };
    if is(&cluster.status.link_state, link_state::LINK_FAILED) {
        return Ok(Err(Hindrance::LinkFailed(cluster.status.link_error_detail.clone())));
    }
    if plan.of(mesh).is_some_and(|known| !plan.adoptable(known)) {
        return Ok(Err(Hindrance::Taken));
    }
    let region = region_of(cluster, account);
    if let Some(id) = plan.load_balancer_id.known()
        && !existing_balancer::exists(&account.in_region(&region), id).await?
    {
        return Ok(Err(Hindrance::NoBalancer(region)));
    }
    Ok(Ok(cluster.clone()))
}

/// What a gateway had before it was taken out.
pub(super) struct LastSeen {
    /// Region of its cluster.
    pub region: String,
    /// Id of its load balancer.
    pub balancer: Option<String>,
}

/// Takes the gateway out of its cluster's configuration and waits until it is
/// gone; `None` where the cluster is not in the mesh any more.
pub(super) async fn take_out(
    cx: &Cx,
    account: &Account,
    state: &Gateway,
    doing: &'static str,
) -> Result<Option<LastSeen>, Diagnostics> {
    let [mesh_id, cluster_id, ..] = state.names();
    let turn = Turn::take(cx, account, mesh_id, doing).await?;
    let write = |mesh: Mesh| async move {
        let Some(cluster) = mesh.cluster(cluster_id) else { return Ok(None) };
        let region = region_of(cluster, account);
        let Some(gateway) = state.of(&mesh) else {
            return Ok(Some(LastSeen { region, balancer: None }));
        };
        let status = gateway.status.clone().unwrap_or_default();
        let balancer = status.load_balancer.map(|balancer| balancer.load_balancer_id);
        let mut cluster = cluster.clone();
        state.take_out_of(&mut cluster);
        write_back(account, mesh_id, cluster).await?;
        Ok(Some(LastSeen { region, balancer: balancer.filter(|id| !id.is_empty()) }))
    };
    let Some(Some(last)) = turn.change(Purpose::Reduce, write).await? else { return Ok(None) };
    let what = format!("the ingress gateway {} to be gone", state.name.text());
    wait(cx, what, || async {
        let mesh = tcm::find(account, mesh_id).await?;
        Ok(match mesh.as_ref().and_then(|mesh| state.of(mesh)) {
            None => Seen::Done(()),
            Some(gateway) => Seen::pending(state_of(gateway)),
        })
    })
    .await
    .doing(doing)?;
    Ok(Some(last))
}

async fn write_back(account: &Account, mesh_id: &str, cluster: Cluster) -> Result<(), Error> {
    let request = ModifyMesh {
        mesh_id: mesh_id.to_owned(),
        cluster_list: Some(vec![cluster]),
        ..ModifyMesh::default()
    };
    tcm::modify(account, &request).await
}

/// Waits until the gateway runs and has an address.
pub(super) async fn wait_ready(
    cx: &Cx,
    account: &Account,
    plan: &Gateway,
) -> Result<tcm::IngressGateway, crate::wait::Error<Error>> {
    let [mesh_id, _, namespace, name] = plan.names();
    let what = format!("the ingress gateway {namespace}/{name} to run and have an address");
    wait(cx, what, || async {
        Ok(match tcm::find(account, mesh_id).await? {
            None => Seen::failed("gone", "the mesh was deleted"),
            Some(mesh) => ready(plan, &mesh),
        })
    })
    .await
}

fn ready(plan: &Gateway, mesh: &Mesh) -> Seen<tcm::IngressGateway> {
    let Some(gateway) = plan.of(mesh) else { return Seen::pending("not visible yet") };
    let status = gateway.status.clone().unwrap_or_default();
    let under_way = [gateway_state::UPGRADING, gateway_state::ROLLBACKING];
    if !is_any(&status.state, &under_way) && (has_address(&status) || !plan.has_balancer()) {
        return Seen::Done(gateway.clone());
    }
    let address = if has_address(&status) { "" } else { ", no address yet" };
    Seen::pending(match mesh.status.state_message.as_str() {
        "" => format!("{}{address}", state_of(gateway)),
        message => format!("{}{address} ({message})", state_of(gateway)),
    })
}

fn has_address(status: &GatewayStatus) -> bool {
    status.load_balancer.as_ref().is_some_and(|balancer| {
        !balancer.load_balancer_vip.is_empty() || !balancer.load_balancer_hostname.is_empty()
    })
}

fn state_of(gateway: &tcm::IngressGateway) -> String {
    let state = gateway.status.as_ref().map_or("", |status| status.state.as_str());
    if state.is_empty() { "there".to_owned() } else { state.to_owned() }
}

/// The region of a cluster; clusters are also told with a short form that no
/// endpoint knows, as in `sh`.
pub(super) fn region_of(cluster: &Cluster, account: &Account) -> String {
    let told = Some(cluster.region.as_str()).filter(|region| region.contains('-'));
    told.or_else(|| account.region()).unwrap_or_default().to_owned()
}

/// Why a gateway could not be written.
fn refused(doing: &str, plan: &Gateway, hindrance: Hindrance) -> Diagnostics {
    let [mesh, cluster, namespace, name] = plan.names();
    let (detail, path) = match hindrance {
        Hindrance::Unlinked => (
            format!(
                "The cluster {cluster} is not in the mesh {mesh}. Link it with a \
                 crossmesh_tcm_mesh_cluster, and have the gateway wait for that: refer to the \
                 resource's `cluster_id`, or name it in `depends_on`."
            ),
            "cluster_id",
        ),
        Hindrance::LinkFailed(why) => (
            format!(
                "Linking the cluster {cluster} to the mesh {mesh} failed: {why}. Remove the cause \
                 and link it anew first."
            ),
            "cluster_id",
        ),
        Hindrance::Taken => (
            format!(
                "The cluster {cluster} has an ingress gateway {namespace}/{name} already, with \
                 another load balancer or service type. Import it (id \"{mesh}#{cluster}#\
                 {namespace}#{name}\"), delete it in the console, or choose another name."
            ),
            "name",
        ),
        Hindrance::NoBalancer(region) => {
            return existing_balancer::none(plan.load_balancer_id.text(), &region).into();
        }
    };
    Diagnostic::error(format!("Unable to {doing}"), detail).at(path).into()
}

#[cfg(test)]
mod tests {
    use tfsdk::{Model, value::Tf};

    use super::*;
    use crate::{
        cloud::api::tcm::{ClusterConfig, IngressGateway, LoadBalancerStatus, MeshStatus},
        services::tcm::gateway_parts::GatewayService,
    };

    fn gateway() -> Gateway {
        Gateway {
            mesh_id: "mesh-1".into(),
            cluster_id: "cls-1".into(),
            namespace: "istio-system".into(),
            name: "ingress".into(),
            ..Gateway::empty()
        }
    }

    fn mesh(state: &str, vip: &str) -> Mesh {
        let balancer = LoadBalancerStatus {
            load_balancer_id: "lb-1".into(),
            load_balancer_vip: vip.into(),
            ..LoadBalancerStatus::default()
        };
        let entry = IngressGateway {
            name: "ingress".into(),
            namespace: "istio-system".into(),
            status: Some(GatewayStatus {
                state: state.into(),
                load_balancer: Some(balancer),
                ..GatewayStatus::default()
            }),
            ..IngressGateway::default()
        };
        let config =
            ClusterConfig { ingress_gateway_list: Some(vec![entry]), ..ClusterConfig::default() };
        let cluster =
            Cluster { cluster_id: "cls-1".into(), config: Some(config), ..Cluster::default() };
        Mesh { cluster_list: vec![cluster], ..Mesh::default() }
    }

    #[test]
    fn a_gateway_is_ready_when_it_runs_and_has_an_address() {
        let plan = gateway();
        assert!(matches!(ready(&plan, &mesh("running", "203.0.113.7")), Seen::Done(_)));
        assert_eq!(ready(&plan, &mesh("upgrading", "203.0.113.7")), Seen::pending("upgrading"));
        assert_eq!(ready(&plan, &mesh("running", "")), Seen::pending("running, no address yet"));
        let mut troubled = mesh("running", "");
        troubled.status = MeshStatus { state_message: "no quota".into(), ..MeshStatus::default() };
        let expected = Seen::pending("running, no address yet (no quota)");
        assert_eq!(ready(&plan, &troubled), expected);
        assert_eq!(ready(&plan, &Mesh::default()), Seen::pending("not visible yet"));
        // Without a load balancer there is no address to wait for.
        let service = GatewayService { r#type: "ClusterIP".into(), ..GatewayService::empty() };
        let inner = Gateway { service: Tf::Known(service), ..gateway() };
        assert!(matches!(ready(&inner, &mesh("running", "")), Seen::Done(_)));
    }

    #[test]
    fn short_regions_are_not_called() {
        let account = crate::cloud::scripted::Scripted::new(vec![]).account();
        let at = |region: &str| Cluster { region: region.into(), ..Cluster::default() };
        assert_eq!(region_of(&at("ap-shanghai"), &account), "ap-shanghai");
        assert_eq!(region_of(&at("sh"), &account), "ap-guangzhou");
        assert_eq!(region_of(&at(""), &account), "ap-guangzhou");
    }
}
