//! What an ingress gateway is made of: a Kubernetes service, pods, and a load
//! balancer.

use std::collections::{BTreeMap, BTreeSet};

use tfsdk::{
    Model,
    schema::validators::{not_empty, one_of, range},
    value::Tf,
};

use super::{
    config::Resources,
    wire::{Part, count, leaf, part, parts, text, wired},
};
use crate::cloud::api::tcm;

/// Type of a Kubernetes service that has a load balancer.
pub(super) const LOAD_BALANCER: &str = "LoadBalancer";

/// The Kubernetes service of a gateway.
#[derive(Clone, Model, PartialEq)]
pub(super) struct GatewayService {
    /// `LoadBalancer` (the default), `NodePort` or `ClusterIP`. Only the first has
    /// a load balancer. A change replaces the gateway.
    #[attr(
        optional,
        default = LOAD_BALANCER,
        replace,
        validate(one_of([LOAD_BALANCER, "NodePort", "ClusterIP"]))
    )]
    pub r#type: Tf<String>,

    /// Whether the load balancer reaches the pods without a node port between.
    #[attr(optional, computed, stable)]
    pub clb_direct_access: Tf<bool>,

    /// `Cluster`: any node takes traffic. `Local`: only nodes with a pod do, and
    /// the client's address is kept.
    #[attr(optional, computed, stable, validate(one_of(["Cluster", "Local"])))]
    pub external_traffic_policy: Tf<String>,
}

/// The pods of a gateway.
#[derive(Clone, Model, PartialEq)]
pub(super) struct Workload {
    /// How many there are.
    #[attr(optional, computed, stable, validate(range(0..)))]
    pub replicas: Tf<u64>,

    /// Resources of each.
    #[attr(optional, computed, stable)]
    pub resources: Tf<Resources>,

    /// Automatic scaling.
    #[attr(optional, computed, stable)]
    pub horizontal_pod_autoscaler: Tf<Autoscaler>,

    /// Nodes that may run them, by their names. Default: any.
    #[attr(optional, computed, stable)]
    pub selected_nodes: Tf<BTreeSet<String>>,

    /// Where they run: `IN_GENERAL_NODE`, `IN_EKLET` (super nodes),
    /// `IN_SHARED_NODE_POOL` or `IN_EXCLUSIVE_NODE_POOL`.
    #[attr(
        optional,
        computed,
        stable,
        validate(one_of([
            "IN_GENERAL_NODE",
            "IN_EKLET",
            "IN_SHARED_NODE_POOL",
            "IN_EXCLUSIVE_NODE_POOL"
        ]))
    )]
    pub deploy_mode: Tf<String>,
}

/// Automatic scaling of a gateway's pods.
#[derive(Clone, Model, PartialEq)]
pub(super) struct Autoscaler {
    /// Fewest pods.
    #[attr(required, validate(range(1..)))]
    pub min_replicas: Tf<u64>,

    /// Most pods.
    #[attr(required, validate(range(1..)))]
    pub max_replicas: Tf<u64>,

    /// What decides. Default: 80 % of the requested CPU, as in Kubernetes.
    #[attr(optional, computed, stable, validate(not_empty()))]
    pub metrics: Tf<Vec<Metric>>,
}

/// A metric that decides about scaling.
#[derive(Clone, Model, PartialEq)]
#[model(exactly_one_of("resource", "pods"))]
pub(super) struct Metric {
    /// CPU or memory.
    #[attr(optional)]
    pub resource: Tf<ResourceMetric>,

    /// A metric of one's own.
    #[attr(optional)]
    pub pods: Tf<PodsMetric>,
}

/// CPU or memory as a metric.
#[derive(Clone, Model, PartialEq)]
#[model(exactly_one_of("target_average_utilization", "target_average_value"))]
pub(super) struct ResourceMetric {
    /// `cpu` or `memory`.
    #[attr(required, validate(one_of(["cpu", "memory"])))]
    pub name: Tf<String>,

    /// Average share of the request to aim at, in percent.
    #[attr(optional, validate(range(1..)))]
    pub target_average_utilization: Tf<u64>,

    /// Average to aim at, such as `500m`.
    #[attr(optional)]
    pub target_average_value: Tf<String>,
}

/// A metric of one's own.
#[derive(Clone, Model, PartialEq)]
pub(super) struct PodsMetric {
    /// Name.
    #[attr(required)]
    pub metric_name: Tf<String>,

    /// Average to aim at.
    #[attr(required)]
    pub target_average_value: Tf<String>,
}

/// The load balancer (CLB) that is made for a gateway, and goes with it. A change
/// replaces the gateway, and with it the address.
#[derive(Clone, Model, PartialEq)]
pub(super) struct LoadBalancer {
    /// `OPEN`: public. `INTERNAL`: private, in `subnet_id`.
    #[attr(optional, computed, stable, validate(one_of(["OPEN", "INTERNAL"])))]
    pub r#type: Tf<String>,

    /// Subnet of a private one.
    #[attr(optional, computed, stable)]
    pub subnet_id: Tf<String>,

    /// How the traffic of a public one is paid for: `TRAFFIC_POSTPAID_BY_HOUR` or
    /// `BANDWIDTH_POSTPAID_BY_HOUR`.
    #[attr(
        optional,
        computed,
        stable,
        validate(one_of(["TRAFFIC_POSTPAID_BY_HOUR", "BANDWIDTH_POSTPAID_BY_HOUR"]))
    )]
    pub internet_charge_type: Tf<String>,

    /// Outgoing bandwidth of a public one at most, in Mbit/s.
    #[attr(optional, computed, stable, validate(range(1..)))]
    pub internet_max_bandwidth_out: Tf<u64>,

    /// Availability zone.
    #[attr(optional, computed, stable)]
    pub zone_id: Tf<String>,

    /// Primary zone of one that spans two.
    #[attr(optional, computed, stable)]
    pub master_zone_id: Tf<String>,

    /// Standby zone of one that spans two.
    #[attr(optional, computed, stable)]
    pub slave_zone_id: Tf<String>,

    /// Carrier: `CMCC`, `CTCC`, `CUCC` or `BGP`.
    #[attr(optional, computed, stable)]
    pub vip_isp: Tf<String>,

    /// Gateway group.
    #[attr(optional, computed, stable)]
    pub tgw_group_name: Tf<String>,

    /// Version of IP: `ipv4` or `ipv6`.
    #[attr(optional, computed, stable)]
    pub ip_version: Tf<String>,

    /// Tags of a new load balancer, by key.
    #[attr(optional, computed, stable)]
    pub tags: Tf<BTreeMap<String, String>>,

    /// Exclusive clusters of a private one.
    #[attr(optional, computed, stable)]
    pub extensive_clusters: Tf<ExtensiveClusters>,
}

/// Exclusive clusters of a private load balancer.
#[derive(Clone, Model, PartialEq)]
pub(super) struct ExtensiveClusters {
    /// For layer 4.
    #[attr(optional)]
    pub l4_clusters: Tf<Vec<ExtensiveCluster>>,

    /// For layer 7.
    #[attr(optional)]
    pub l7_clusters: Tf<Vec<ExtensiveCluster>>,
}

/// An exclusive cluster.
#[derive(Clone, Model, PartialEq)]
pub(super) struct ExtensiveCluster {
    /// Id.
    #[attr(optional)]
    pub cluster_id: Tf<String>,

    /// Availability zone.
    #[attr(optional)]
    pub zone: Tf<String>,
}

wired!(GatewayService = tcm::GatewayService {
    text r#type = kind,
    leaf clb_direct_access = clb_direct_access,
    leaf external_traffic_policy = external_traffic_policy,
});

wired!(Workload = tcm::Workload {
    leaf replicas = replicas,
    part resources = resources,
    part horizontal_pod_autoscaler = horizontal_pod_autoscaler,
    set selected_nodes = selected_node_list,
    leaf deploy_mode = deploy_mode,
});

impl Part for Autoscaler {
    type Api = tcm::HorizontalPodAutoscaler;

    fn write(&self, api: &mut Self::Api) {
        count::write(&self.min_replicas, &mut api.min_replicas);
        count::write(&self.max_replicas, &mut api.max_replicas);
        let mut metrics = Some(std::mem::take(&mut api.metrics));
        parts::write(&self.metrics, &mut metrics);
        api.metrics = metrics.unwrap_or_default();
        if api.metrics.is_empty() {
            api.metrics = vec![default_metric()];
        }
    }

    fn read(api: &Self::Api) -> Self {
        Self {
            min_replicas: count::read(&api.min_replicas),
            max_replicas: count::read(&api.max_replicas),
            metrics: parts::read(&Some(api.metrics.clone())),
        }
    }
}

/// The API needs one; this is the one of Kubernetes.
fn default_metric() -> tcm::MetricSpec {
    tcm::MetricSpec {
        kind: "Resource".to_owned(),
        resource: Some(tcm::ResourceMetric {
            name: "cpu".to_owned(),
            target_average_utilization: Some(80),
            target_average_value: None,
        }),
        pods: None,
    }
}

impl Part for Metric {
    type Api = tcm::MetricSpec;

    /// A metric is of one kind or the other, and says so.
    fn write(&self, api: &mut Self::Api) {
        let (resource, pods) = (self.resource.known(), self.pods.known());
        api.kind = if pods.is_some() { "Pods" } else { "Resource" }.to_owned();
        api.resource = api.resource.take().filter(|_| resource.is_some());
        api.pods = api.pods.take().filter(|_| pods.is_some());
        part::write(&self.resource, &mut api.resource);
        part::write(&self.pods, &mut api.pods);
    }

    fn read(api: &Self::Api) -> Self {
        Self { resource: part::read(&api.resource), pods: part::read(&api.pods) }
    }
}

impl Part for ResourceMetric {
    type Api = tcm::ResourceMetric;

    fn write(&self, api: &mut Self::Api) {
        text::write(&self.name, &mut api.name);
        api.target_average_utilization = self.target_average_utilization.into_known();
        api.target_average_value = self.target_average_value.known().cloned();
    }

    fn read(api: &Self::Api) -> Self {
        Self {
            name: text::read(&api.name),
            target_average_utilization: leaf::read(&api.target_average_utilization),
            target_average_value: leaf::read(&api.target_average_value),
        }
    }
}

wired!(PodsMetric = tcm::PodsMetric {
    text metric_name = metric_name,
    text target_average_value = target_average_value,
});

wired!(LoadBalancer = tcm::LoadBalancer {
    leaf r#type = load_balancer_type,
    leaf subnet_id = subnet_id,
    leaf internet_charge_type = internet_charge_type,
    leaf internet_max_bandwidth_out = internet_max_bandwidth_out,
    leaf zone_id = zone_id,
    leaf master_zone_id = master_zone_id,
    leaf slave_zone_id = slave_zone_id,
    leaf vip_isp = vip_isp,
    leaf tgw_group_name = tgw_group_name,
    leaf ip_version = address_ip_version,
    tags tags = tags,
    part extensive_clusters = extensive_clusters,
});

wired!(ExtensiveClusters = tcm::ExtensiveClusters {
    parts l4_clusters = l4_clusters,
    parts l7_clusters = l7_clusters,
});

wired!(ExtensiveCluster = tcm::ExtensiveCluster {
    leaf cluster_id = cluster_id,
    leaf zone = zone,
});
