//! `crossmesh_tcm_ingress_gateway`: the way into a mesh.
//!
//! The API has no call for gateways. They are entries in the configuration of a
//! mesh's cluster, which is read, changed and written back as a whole.

use std::time::Duration;

use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators::{length, matches},
    value::Tf,
};

use super::{
    change::{Purpose, Turn, may_have_happened, no_such_mesh},
    gateway_parts::{GatewayService, LOAD_BALANCER, LoadBalancer, Workload},
    wire::{Part, leaf, part},
};
use crate::{
    cloud::{
        Account, Error, Kind,
        api::{
            clb, is, is_any,
            tcm::{self, Cluster, GatewayStatus, Mesh, ModifyMesh, gateway_state, link_state},
        },
    },
    services::{
        Client, Cx, PlanCx, Scope, complete,
        diagnostic::Doing,
        waiting::{Seen, wait},
    },
};

/// An ingress gateway of a service mesh: Envoy pods in one cluster of the mesh and
/// a load balancer (CLB) before them. Its pods have the labels `app` and `istio`
/// with the gateway's name.
///
/// Tencent Cloud documents how to read gateways and not how to make them: that
/// `ModifyMesh` takes them as part of the cluster's configuration is inferred from
/// its request model. Other gateways and settings of the cluster are kept as they
/// are.
#[derive(Clone, Model)]
#[model(at_most_one_of("load_balancer", "load_balancer_id"))]
pub(super) struct Gateway {
    #[attr(flatten)]
    pub scope: Scope,

    /// `<mesh_id>#<cluster_id>#<namespace>#<name>`.
    #[attr(computed, stable)]
    pub id: Tf<String>,

    /// Id of the mesh, `mesh-…`.
    #[attr(required, replace, validate(length(1..)))]
    pub mesh_id: Tf<String>,

    /// Id of the cluster that runs the gateway; it must be linked to the mesh.
    #[attr(required, replace, validate(length(1..)))]
    pub cluster_id: Tf<String>,

    /// Name of the gateway and of its Kubernetes objects.
    #[attr(required, replace, validate(matches(DNS_LABEL, DNS_LABEL_IN_WORDS)))]
    pub name: Tf<String>,

    /// Namespace of the gateway in the cluster.
    #[attr(
        optional,
        default = "istio-system",
        replace,
        validate(matches(DNS_LABEL, DNS_LABEL_IN_WORDS))
    )]
    pub namespace: Tf<String>,

    /// Kubernetes service.
    #[attr(optional, computed, stable)]
    pub service: Tf<GatewayService>,

    /// Pods.
    #[attr(optional, computed, stable)]
    pub workload: Tf<Workload>,

    /// The load balancer to make. Default: a public one.
    #[attr(optional, computed, stable, replace)]
    pub load_balancer: Tf<LoadBalancer>,

    /// Id of an existing load balancer to use instead, `lb-…`, in the cluster's
    /// region. It stays when the gateway goes.
    #[attr(optional, replace, validate(length(1..)))]
    pub load_balancer_id: Tf<String>,

    /// Id of the load balancer.
    #[attr(computed, stable)]
    pub clb_id: Tf<String>,

    /// Address of the load balancer; null for one that only has a name.
    #[attr(computed, stable)]
    pub clb_vip: Tf<String>,

    /// Host name of the load balancer; null for one that has an address.
    #[attr(computed, stable)]
    pub clb_hostname: Tf<String>,

    /// State: `running`.
    #[attr(computed, stable)]
    pub state: Tf<String>,

    /// Version of Istio that the gateway runs.
    #[attr(computed, stable)]
    pub version: Tf<String>,
}

const DNS_LABEL: &str = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";
const DNS_LABEL_IN_WORDS: &str = "must be at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends";

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct TcmIngressGateway;

impl Resource for TcmIngressGateway {
    type Model = Gateway;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_tcm_ingress_gateway";
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(20 * 60)),
        (Operation::Update, Duration::from_secs(20 * 60)),
        (Operation::Delete, Duration::from_secs(20 * 60)),
    ];

    fn validate(&self, config: &Gateway, diagnostics: &mut Diagnostics) {
        let kind = config.service.known().map_or("", |service| service.r#type.text());
        let has_balancer = !config.load_balancer.is_null() || !config.load_balancer_id.is_null();
        if !kind.is_empty() && kind != LOAD_BALANCER && has_balancer {
            diagnostics.error_at(
                tfsdk::value::Path::from("service").attribute("type"),
                "A load balancer without use",
                format!(
                    "A gateway whose service is a {kind} has no load balancer. Leave out \
                     `load_balancer` and `load_balancer_id`, or use {LOAD_BALANCER:?}."
                ),
            );
        }
        if let Some(wanted) = config.load_balancer.known()
            && wanted.r#type.text() == "INTERNAL"
            && wanted.subnet_id.is_null()
        {
            diagnostics.error_at(
                tfsdk::value::Path::from("load_balancer").attribute("subnet_id"),
                "A private load balancer needs a subnet",
                "`type = \"INTERNAL\"` needs the `subnet_id` in which its address is to be.",
            );
        }
    }

    async fn plan(&self, cx: &PlanCx, change: &mut Change<Gateway>) -> Result<(), Diagnostics> {
        Scope::plan(cx, change, |model| &mut model.scope).await?;
        let is_new = change.is_create() || change.changes(|gateway| &gateway.load_balancer_id);
        let planned = &mut change.planned;
        if planned.names().iter().all(|name| !name.is_empty()) {
            planned.id = planned.names().join("#").into();
        }
        if is_new { check_balancer_at_plan(cx, planned).await } else { Ok(()) }
    }

    async fn create(&self, cx: &Cx, mut plan: Gateway) -> Result<Gateway, Diagnostics> {
        const DOING: &str = "create the ingress gateway";
        let account = plan.scope.open_for_create(cx).await?;
        plan.id = plan.names().join("#").into();
        put(cx, &account, &plan, true, DOING).await?;
        let gateway = wait_ready(cx, &account, &plan).await.doing(DOING)?;
        complete(&plan, &plan.as_told(&gateway))
    }

    async fn read(&self, cx: &Cx, state: Gateway) -> Result<Option<Gateway>, Diagnostics> {
        let account = state.scope.open(cx).await?;
        let mesh = tcm::find(&account, state.mesh_id.text()).await.doing("read the mesh")?;
        let gateway = mesh.as_ref().and_then(|mesh| state.of(mesh));
        Ok(gateway.map(|gateway| state.as_told(gateway)))
    }

    async fn update(
        &self,
        cx: &Cx,
        _prior: Gateway,
        plan: Gateway,
    ) -> Result<Gateway, Diagnostics> {
        const DOING: &str = "change the ingress gateway";
        let account = plan.scope.open(cx).await?;
        put(cx, &account, &plan, false, DOING).await?;
        let gateway = wait_ready(cx, &account, &plan).await.doing(DOING)?;
        complete(&plan, &plan.as_told(&gateway))
    }

    async fn delete(&self, cx: &Cx, state: Gateway) -> Result<(), Diagnostics> {
        const DOING: &str = "delete the ingress gateway";
        let account = state.scope.open(cx).await?;
        let Some(last) = take_out(cx, &account, &state, DOING).await? else { return Ok(()) };
        let made_for_it = state.load_balancer_id.is_null();
        let id = last.balancer.or_else(|| state.clb_id.known().cloned());
        let Some(id) = id.filter(|_| made_for_it) else { return Ok(()) };
        let there = account.in_region(&last.region);
        wait(cx, format!("the load balancer {id} to be gone"), || async {
            Ok(match clb::find(&there, &id).await {
                Ok(None) => Seen::Done(()),
                Ok(Some(_)) => Seen::pending("there"),
                // Who may not look is not to be kept from deleting the gateway.
                Err(error) if matches!(error.kind(), Kind::Denied | Kind::Unsupported) => {
                    Seen::Done(())
                }
                Err(error) => return Err(error),
            })
        })
        .await
        .doing(DOING)
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Gateway, Diagnostics> {
        let (scope, id) = Scope::import(cx, id)?;
        let parts: Vec<&str> = id.split('#').collect();
        let [mesh, cluster, namespace, name] = parts[..] else { return Err(malformed(id)) };
        if parts.iter().any(|part| part.is_empty()) {
            return Err(malformed(id));
        }
        Ok(Gateway {
            scope,
            id: id.into(),
            mesh_id: mesh.into(),
            cluster_id: cluster.into(),
            namespace: namespace.into(),
            name: name.into(),
            ..Gateway::empty()
        })
    }
}

fn malformed(id: &str) -> Diagnostics {
    Diagnostic::error(
        "Invalid import id",
        format!("{id:?} must have the form \"<mesh_id>#<cluster_id>#<namespace>#<name>\"."),
    )
    .into()
}

impl Gateway {
    /// Mesh, cluster, namespace and name.
    fn names(&self) -> [&str; 4] {
        [self.mesh_id.text(), self.cluster_id.text(), self.namespace.text(), self.name.text()]
    }

    /// The gateway in its mesh.
    fn of<'m>(&self, mesh: &'m Mesh) -> Option<&'m tcm::IngressGateway> {
        let [_, cluster, namespace, name] = self.names();
        mesh.ingress_gateway(cluster, namespace, name)
    }

    fn has_balancer(&self) -> bool {
        let service = self.service.known();
        service.is_none_or(|service| matches!(service.r#type.text(), "" | LOAD_BALANCER))
    }

    /// The gateway as the API tells it.
    fn as_told(&self, gateway: &tcm::IngressGateway) -> Self {
        let status = gateway.status.clone().unwrap_or_default();
        let balancer = status.load_balancer.unwrap_or_default();
        let text = |text: String| -> Tf<String> { Some(text).filter(|it| !it.is_empty()).into() };
        // The description of a load balancer is told of those that were made.
        let existing = gateway.load_balancer_id.clone().filter(|_| gateway.load_balancer.is_none());
        Self {
            service: Tf::Known(GatewayService::read(&gateway.service)),
            workload: Tf::Known(Workload::read(&gateway.workload)),
            load_balancer: part::read(&gateway.load_balancer),
            load_balancer_id: existing.map_or(Tf::Null, text),
            clb_id: text(balancer.load_balancer_id),
            clb_vip: text(balancer.load_balancer_vip),
            clb_hostname: text(balancer.load_balancer_hostname),
            state: text(status.state),
            version: text(status.current_version),
            ..self.clone()
        }
    }

    /// Sets in an entry what is wanted; everything else in it stays.
    fn write(&self, gateway: &mut tcm::IngressGateway) {
        let [_, cluster, namespace, name] = self.names();
        cluster.clone_into(&mut gateway.cluster_id);
        namespace.clone_into(&mut gateway.namespace);
        name.clone_into(&mut gateway.name);
        if gateway.service.kind.is_empty() {
            LOAD_BALANCER.clone_into(&mut gateway.service.kind);
        }
        if let Some(service) = self.service.known() {
            service.write(&mut gateway.service);
        }
        if let Some(workload) = self.workload.known() {
            workload.write(&mut gateway.workload);
        }
        part::write(&self.load_balancer, &mut gateway.load_balancer);
        leaf::write(&self.load_balancer_id, &mut gateway.load_balancer_id);
    }

    /// Whether an entry is as it is wanted.
    fn is_in_effect(&self, gateway: &tcm::IngressGateway) -> bool {
        let mut wanted = gateway.clone();
        self.write(&mut wanted);
        wanted == *gateway
    }

    /// The cluster's configuration with this gateway in it as it is wanted.
    fn put_into(&self, cluster: &mut Cluster) {
        let [_, _, namespace, name] = self.names();
        let config = cluster.config.get_or_insert_default();
        let gateways = config.ingress_gateway_list.get_or_insert_default();
        let known =
            gateways.iter_mut().find(|known| known.namespace == namespace && known.name == name);
        match known {
            Some(known) => self.write(known),
            None => {
                let mut gateway = tcm::IngressGateway::default();
                self.write(&mut gateway);
                gateways.push(gateway);
            }
        }
    }

    /// The cluster's configuration without this gateway.
    fn take_out_of(&self, cluster: &mut Cluster) {
        let [_, _, namespace, name] = self.names();
        let config = cluster.config.get_or_insert_default();
        let gateways = config.ingress_gateway_list.get_or_insert_default();
        gateways.retain(|known| known.namespace != namespace || known.name != name);
    }

    /// Whether a gateway that exists can become the one that is wanted.
    fn adoptable(&self, known: &tcm::IngressGateway) -> bool {
        let wanted = self.load_balancer_id.text();
        let has = known.load_balancer_id.as_deref().unwrap_or_default();
        let kind = self.service.known().map_or("", |service| service.r#type.text());
        let same_kind = kind.is_empty() || kind == known.service.kind;
        let balancer = known.status.as_ref().and_then(|status| status.load_balancer.as_ref());
        let used = balancer.map_or("", |balancer| balancer.load_balancer_id.as_str());
        same_kind && (wanted == has || (!wanted.is_empty() && wanted == used))
    }
}

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
async fn put(
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
        && !balancer_exists(&account.in_region(&region), id).await?
    {
        return Ok(Err(Hindrance::NoBalancer(region)));
    }
    Ok(Ok(cluster.clone()))
}

/// What a gateway had before it was taken out.
struct LastSeen {
    /// Region of its cluster.
    region: String,
    /// Id of its load balancer.
    balancer: Option<String>,
}

/// Takes the gateway out of its cluster's configuration and waits until it is
/// gone; `None` where the cluster is not in the mesh any more.
async fn take_out(
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
async fn wait_ready(
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
fn region_of(cluster: &Cluster, account: &Account) -> String {
    let told = Some(cluster.region.as_str()).filter(|region| region.contains('-'));
    told.or_else(|| account.region()).unwrap_or_default().to_owned()
}

/// Whether an existing load balancer is there, as far as one may look.
async fn balancer_exists(account: &Account, id: &str) -> Result<bool, Error> {
    match clb::find(account, id).await {
        Ok(found) => Ok(found.is_some()),
        Err(error) if matches!(error.kind(), Kind::Denied | Kind::Unsupported) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Looks for an existing load balancer when planning. Where the cluster is not in
/// the mesh yet its region is not certain: then there is only a warning.
async fn check_balancer_at_plan(cx: &PlanCx, planned: &Gateway) -> Result<(), Diagnostics> {
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
    match balancer_exists(&account.in_region(&region), id).await {
        Ok(false) if cluster.is_some() => Err(no_balancer(id, &region).into()),
        Ok(false) => {
            cx.warn(Diagnostic { severity: tfsdk::Severity::Warning, ..no_balancer(id, &region) });
            Ok(())
        }
        Ok(true) => Ok(()),
        Err(error) => {
            tracing::debug!(%error, balancer = id, "cannot look for the load balancer");
            Ok(())
        }
    }
}

fn no_balancer(id: &str, region: &str) -> Diagnostic {
    Diagnostic::error(
        "No such load balancer",
        format!(
            "The account has no load balancer {id} in {region}. It must be in the region of the \
             gateway's cluster: correct `load_balancer_id`, or leave it out to have one made."
        ),
    )
    .at("load_balancer_id")
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
            return no_balancer(plan.load_balancer_id.text(), &region).into();
        }
    };
    Diagnostic::error(format!("Unable to {doing}"), detail).at(path).into()
}
