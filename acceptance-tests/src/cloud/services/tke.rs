//! TKE 2018-05-25: the world's clusters, their endpoints and credentials, and
//! the unpublished actions that publish a container range to a CCN.

mod access;
mod clusters;
mod container_range;
mod endpoints;
mod serverless;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    cloud::{
        objects::ObjectRecord,
        service::{Answer, ApiError, Context, Params, Service},
        state,
        transition::{DEFAULT_PROGRESSION, Pace},
    },
    fields,
    world::{self, World},
};

pub(in crate::cloud::services) use clusters::tag_specification;
pub use endpoints::{Endpoint, EndpointStatus};

/// What can change about the clusters.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The world's clusters by id.
    pub clusters: BTreeMap<String, Cluster>,
}

/// What can change about one of the world's clusters.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// UIN of the owner.
    pub owner: String,
    /// `ClusterStatus`.
    pub status: String,
    /// Endpoint inside the network.
    pub intranet: Endpoint,
    /// Public endpoint.
    pub extranet: Endpoint,
}

/// The product.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tke;

impl Service for Tke {
    fn name(&self) -> &'static str {
        "tke"
    }

    fn catalogue(&self) -> &'static [&'static str] {
        &[
            include_str!("../../../catalogue/tke.json"),
            include_str!("../../../catalogue/tke-unpublished.json"),
        ]
    }

    fn set_defaults(&self, pace: &mut Pace) {
        for kind in [endpoints::CREATE, endpoints::DELETE] {
            pace.set_default(kind, DEFAULT_PROGRESSION);
        }
    }

    fn seed(&self, world: &World, state: &mut state::State) {
        for cluster in &world.clusters {
            let serverless = cluster.kind == world::ClusterKind::Serverless;
            let fresh = Cluster {
                owner: world.uin(&cluster.account).to_owned(),
                status: if serverless { "running" } else { "Running" }.to_owned(),
                intranet: Endpoint::existing(&cluster.subnet_id),
                extranet: Endpoint::existing(""),
            };
            state.tke.clusters.insert(cluster.id.clone(), fresh);
        }
    }

    fn settle(&self, cx: &mut Context<'_>) {
        for cluster in cx.state.tke.clusters.values_mut() {
            cluster.intranet.status.settle(cx.moment);
            cluster.extranet.status.settle(cx.moment);
        }
    }

    fn call(&self, cx: &mut Context<'_>, action: &str, params: &Params) -> Answer {
        match action {
            "DescribeClusters" => clusters::describe(cx, params),
            "DescribeClusterStatus" => clusters::status(cx, params),
            "DescribeClusterInstances" => clusters::instances(cx, params),
            "DescribeClusterKubeconfig" => access::kubeconfig(cx, params),
            "DescribeClusterSecurity" => access::security(cx, params),
            "AcquireClusterAdminRole" | "AcquireEKSClusterAdminRole" => {
                access::acquire_admin_role(cx, params)
            }
            "DescribeClusterEndpoints" => endpoints::describe(cx, params),
            "DescribeClusterEndpointStatus" => endpoints::status(cx, params),
            "CreateClusterEndpoint" => endpoints::create(cx, params),
            "DeleteClusterEndpoint" => endpoints::delete(cx, params),
            "DescribeEKSClusters" => serverless::describe(cx, params),
            "DescribeEKSClusterCredential" => serverless::credential(cx, params),
            "DescribeCcnInstances" => container_range::instances(cx, params),
            "DescribeCcnRoutes" => container_range::routes(cx, params),
            "AddClusterCIDRToCcn" => container_range::add(cx, params),
            "DeleteClusterCIDRFromCcn" => container_range::delete(cx, params),
            "CheckClusterCIDR" => container_range::check(cx, params),
            _ => Err(ApiError::not_simulated(self.name(), action)),
        }
    }

    fn objects(&self, cx: &Context<'_>) -> Vec<ObjectRecord> {
        let mut objects = Vec::new();
        for (id, cluster) in &cx.state.tke.clusters {
            for (side, endpoint) in
                [("intranet", &cluster.intranet), ("extranet", &cluster.extranet)]
            {
                if endpoint.made && *endpoint.status.current() != EndpointStatus::NotFound {
                    objects.push(ObjectRecord {
                        kind: "cluster_endpoint",
                        id: format!("{id}#{side}"),
                        owner: cluster.owner.clone(),
                        state: Some(endpoint.status.current().to_string()),
                        detail: json!({"SubnetId": endpoint.subnet_id}),
                    });
                }
            }
        }
        objects
    }

    fn delete_object(&self, cx: &mut Context<'_>, kind: &str, id: &str) -> Option<()> {
        if kind != "cluster_endpoint" {
            return None;
        }
        let (cluster, side) = id.split_once('#')?;
        let cluster = cx.state.tke.clusters.get_mut(cluster)?;
        cluster.endpoint_mut(side == "extranet").status.force(EndpointStatus::NotFound);
        Some(())
    }

    fn patch_object(
        &self,
        cx: &mut Context<'_>,
        kind: &str,
        id: &str,
        patch: &Map<String, Value>,
    ) -> Option<Result<(), String>> {
        if kind != "cluster" {
            return None;
        }
        let cluster = cx.state.tke.clusters.get_mut(id)?;
        for (field, value) in patch {
            match (field.as_str(), value) {
                ("State" | "ClusterStatus", Value::String(status)) => {
                    cluster.status.clone_from(status);
                }
                _ => return Some(Err(format!("{field} of a cluster cannot be set to {value}"))),
            }
        }
        Some(Ok(()))
    }
}

impl Cluster {
    fn endpoint(&self, extranet: bool) -> &Endpoint {
        if extranet { &self.extranet } else { &self.intranet }
    }

    fn endpoint_mut(&mut self, extranet: bool) -> &mut Endpoint {
        if extranet { &mut self.extranet } else { &mut self.intranet }
    }
}

/// The caller's cluster in this region that `ClusterId` names.
///
/// # Errors
/// No such cluster, with a code that starts with `family`: the product says
/// the same thing under several.
fn own_cluster<'w>(
    cx: &Context<'w>,
    params: &Params,
    family: &str,
) -> Result<&'w world::Cluster, ApiError> {
    let id = params.required("ClusterId")?;
    let found = cx.world.cluster(id).filter(|cluster| {
        cx.is_caller(cx.world.uin(&cluster.account)) && cluster.region == cx.region
    });
    found.ok_or_else(|| {
        let text = format!("cluster {id} not found in {}", cx.region);
        ApiError::new(format!("{family}.ClusterNotFound"), text)
    })
}

/// An answer without fields.
fn done() -> Answer {
    Ok(fields! {})
}

#[cfg(test)]
mod tests;
