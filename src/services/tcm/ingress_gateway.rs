//! `crossmesh_tcm_ingress_gateway`: the way into a mesh.
//!
//! The API has no call for gateways. They are entries in the configuration of a
//! mesh's cluster, which is read, changed and written back as a whole.

use std::time::Duration;

use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators::{length, matches},
    value::{Path, Tf},
};

use super::{
    existing_balancer,
    gateway_entry::{put, take_out, wait_ready},
    gateway_parts::{GatewayService, LOAD_BALANCER, LoadBalancer, Workload},
    wire::{Part, leaf, part},
};
use crate::{
    cloud::{
        Kind,
        api::{
            clb,
            tcm::{self, Cluster, Mesh},
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
                Path::from("service").attribute("type"),
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
                Path::from("load_balancer").attribute("subnet_id"),
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
        if is_new { existing_balancer::check_at_plan(cx, planned).await } else { Ok(()) }
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
    pub(super) fn names(&self) -> [&str; 4] {
        [self.mesh_id.text(), self.cluster_id.text(), self.namespace.text(), self.name.text()]
    }

    /// The gateway in its mesh.
    pub(super) fn of<'m>(&self, mesh: &'m Mesh) -> Option<&'m tcm::IngressGateway> {
        let [_, cluster, namespace, name] = self.names();
        mesh.ingress_gateway(cluster, namespace, name)
    }

    pub(super) fn has_balancer(&self) -> bool {
        let service = self.service.known();
        service.is_none_or(|service| matches!(service.r#type.text(), "" | LOAD_BALANCER))
    }

    /// The gateway as the API tells it.
    fn as_told(&self, gateway: &tcm::IngressGateway) -> Self {
        let status = gateway.status.clone().unwrap_or_default();
        let balancer = status.load_balancer.unwrap_or_default();
        // The description of a load balancer is told of those that were made.
        let existing = gateway.load_balancer_id.clone().filter(|_| gateway.load_balancer.is_none());
        Self {
            service: Tf::Known(GatewayService::read(&gateway.service)),
            workload: Tf::Known(Workload::read(&gateway.workload)),
            load_balancer: part::read(&gateway.load_balancer),
            load_balancer_id: existing.map_or(Tf::Null, Tf::unless_empty),
            clb_id: Tf::unless_empty(balancer.load_balancer_id),
            clb_vip: Tf::unless_empty(balancer.load_balancer_vip),
            clb_hostname: Tf::unless_empty(balancer.load_balancer_hostname),
            state: Tf::unless_empty(status.state),
            version: Tf::unless_empty(status.current_version),
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
    pub(super) fn is_in_effect(&self, gateway: &tcm::IngressGateway) -> bool {
        let mut wanted = gateway.clone();
        self.write(&mut wanted);
        wanted == *gateway
    }

    /// The cluster's configuration with this gateway in it as it is wanted.
    pub(super) fn put_into(&self, cluster: &mut Cluster) {
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
    pub(super) fn take_out_of(&self, cluster: &mut Cluster) {
        let [_, _, namespace, name] = self.names();
        let config = cluster.config.get_or_insert_default();
        let gateways = config.ingress_gateway_list.get_or_insert_default();
        gateways.retain(|known| known.namespace != namespace || known.name != name);
    }

    /// Whether a gateway that exists can become the one that is wanted.
    pub(super) fn adoptable(&self, known: &tcm::IngressGateway) -> bool {
        let wanted = self.load_balancer_id.text();
        let has = known.load_balancer_id.as_deref().unwrap_or_default();
        let kind = self.service.known().map_or("", |service| service.r#type.text());
        let same_kind = kind.is_empty() || kind == known.service.kind;
        let balancer = known.status.as_ref().and_then(|status| status.load_balancer.as_ref());
        let used = balancer.map_or("", |balancer| balancer.load_balancer_id.as_str());
        same_kind && (wanted == has || (!wanted.is_empty() && wanted == used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::tcm::{ClusterConfig, GatewayStatus, LoadBalancerStatus};

    fn gateway(name: &str) -> Gateway {
        Gateway {
            mesh_id: "mesh-1".into(),
            cluster_id: "cls-1".into(),
            namespace: "istio-system".into(),
            name: name.into(),
            ..Gateway::empty()
        }
    }

    /// A cluster that has a gateway `other`, an egress gateway and namespaces.
    fn cluster() -> Cluster {
        let text = r#"{
            "ClusterId": "cls-1",
            "Config": {
                "AutoInjectionNamespaceList": ["shop"],
                "EgressGatewayList": [{"Name": "egress", "Namespace": "istio-system"}],
                "IngressGatewayList": [{
                    "Name": "other", "Namespace": "istio-system", "ClusterId": "cls-1",
                    "Service": {"Type": "LoadBalancer"}, "Workload": {"Replicas": 3, "New": true}
                }]
            }
        }"#;
        serde_json::from_str(text).unwrap()
    }

    fn names(cluster: &Cluster) -> Vec<&str> {
        let config: &ClusterConfig = cluster.config.as_ref().unwrap();
        let gateways = config.ingress_gateway_list.iter().flatten();
        gateways.map(|gateway| gateway.name.as_str()).collect()
    }

    #[test]
    fn other_gateways_and_settings_stay() {
        let (before, ours) = (cluster(), gateway("ours"));
        let mut changed = before.clone();
        ours.put_into(&mut changed);
        assert_eq!(names(&changed), ["other", "ours"]);
        // A second time changes nothing.
        ours.put_into(&mut changed);
        assert_eq!(names(&changed), ["other", "ours"]);
        ours.take_out_of(&mut changed);
        assert_eq!(changed, before);
        gateway("other").take_out_of(&mut changed);
        assert_eq!(names(&changed), [""; 0]);
        let config = changed.config.unwrap();
        assert_eq!(config.auto_injection_namespace_list, ["shop"]);
        assert_eq!(config.egress_gateway_list.unwrap()[0].name, "egress");
    }

    #[test]
    fn a_change_of_one_setting_leaves_the_others() {
        let workload = Workload { replicas: 5.into(), ..Workload::empty() };
        let ours = Gateway { workload: Tf::Known(workload), ..gateway("other") };
        let mut changed = cluster();
        assert!(!ours.is_in_effect(&entry(&changed)));
        ours.put_into(&mut changed);
        assert!(ours.is_in_effect(&entry(&changed)));
        let workload = entry(&changed).workload;
        assert_eq!((workload.replicas, workload.other["New"].as_bool()), (Some(5), Some(true)));
    }

    fn entry(cluster: &Cluster) -> tcm::IngressGateway {
        cluster.config.clone().unwrap().ingress_gateway_list.unwrap().remove(0)
    }

    #[test]
    fn a_gateway_with_another_load_balancer_is_not_taken_over() {
        let with = |id: &str| Gateway { load_balancer_id: id.into(), ..gateway("ours") };
        let balancer =
            LoadBalancerStatus { load_balancer_id: "lb-1".into(), ..LoadBalancerStatus::default() };
        let status = GatewayStatus { load_balancer: Some(balancer), ..GatewayStatus::default() };
        let mut known = tcm::IngressGateway { status: Some(status), ..Default::default() };
        assert!(gateway("ours").adoptable(&known));
        assert!(with("lb-1").adoptable(&known));
        assert!(!with("lb-2").adoptable(&known));
        known.load_balancer_id = Some("lb-1".into());
        assert!(!gateway("ours").adoptable(&known));
        assert!(with("lb-1").adoptable(&known));
    }

    #[test]
    fn the_id_of_a_load_balancer_that_was_made_is_not_an_existing_ones() {
        let mut known = tcm::IngressGateway {
            load_balancer_id: Some("lb-1".into()),
            ..tcm::IngressGateway::default()
        };
        assert_eq!(gateway("ours").as_told(&known).load_balancer_id.text(), "lb-1");
        known.load_balancer = Some(tcm::LoadBalancer::default());
        assert_eq!(gateway("ours").as_told(&known).load_balancer_id, Tf::Null);
    }
}
