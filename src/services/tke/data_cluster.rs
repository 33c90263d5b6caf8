//! `crossmesh_tke_cluster`: a Kubernetes cluster, standard or serverless.

use std::collections::BTreeMap;

use tfsdk::{Diagnostic, Diagnostics, Model, engine::DataSource, schema::validators, value::Tf};

use crate::{
    cloud::{
        Account,
        api::tke::{self, Cluster, ServerlessCluster},
        found,
    },
    services::{Client, Cx, Scope, diagnostic::Doing},
};

/// A Kubernetes cluster of TKE: managed, independent, or serverless.
#[derive(Clone, Model)]
pub(super) struct KubernetesCluster {
    /// Whose cluster it is and where.
    #[attr(flatten)]
    pub scope: Scope,

    /// Id of the cluster, `cls-…`.
    #[attr(required, validate(validators::not_empty()))]
    pub cluster_id: Tf<String>,

    /// Name of the cluster.
    #[attr(computed)]
    pub name: Tf<String>,

    /// What its owner wrote about it.
    #[attr(computed)]
    pub description: Tf<String>,

    /// Kubernetes version, such as `1.30.0`.
    #[attr(computed)]
    pub version: Tf<String>,

    /// `MANAGED_CLUSTER`, `INDEPENDENT_CLUSTER` or `SERVERLESS_CLUSTER`. Only an
    /// independent cluster's API server can call the webhooks of a mesh in
    /// another account.
    #[attr(computed)]
    pub r#type: Tf<String>,

    /// `GR` (Global Router: pods have a range of their own) or `VPC-CNI` (pods
    /// have addresses of the VPC); null where the API does not say.
    #[attr(computed)]
    pub network_type: Tf<String>,

    /// Status, such as `Running`.
    #[attr(computed)]
    pub status: Tf<String>,

    /// The VPC.
    #[attr(computed)]
    pub vpc_id: Tf<String>,

    /// Subnets that pods take addresses from.
    #[attr(computed)]
    pub subnet_ids: Tf<Vec<String>>,

    /// Range of the pods; null with VPC-CNI and in serverless clusters.
    #[attr(computed)]
    pub cluster_cidr: Tf<String>,

    /// Range of the services; null where the API does not say.
    #[attr(computed)]
    pub service_cidr: Tf<String>,

    /// Number of nodes.
    #[attr(computed)]
    pub node_count: Tf<i64>,

    /// Address of the API server's internet access; null when that is closed.
    #[attr(computed)]
    pub extranet_endpoint: Tf<String>,

    /// Address of the API server's intranet access; null when that is closed.
    #[attr(computed)]
    pub intranet_endpoint: Tf<String>,

    /// Whether it is protected against deletion.
    #[attr(computed)]
    pub deletion_protection: Tf<bool>,

    /// When it was created, as the API writes it.
    #[attr(computed)]
    pub created_time: Tf<String>,

    /// Tags of the cluster, by key.
    #[attr(computed)]
    pub tags: Tf<BTreeMap<String, String>>,
}

/// The data source.
#[derive(Clone, Copy, Debug)]
pub(super) struct TkeCluster;

impl DataSource for TkeCluster {
    type Model = KubernetesCluster;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_tke_cluster";

    async fn read(
        &self,
        cx: &Cx,
        mut config: KubernetesCluster,
    ) -> Result<KubernetesCluster, Diagnostics> {
        let account = config.scope.open_for_read(cx).await?;
        let id = config.cluster_id.text();
        if let Some(cluster) = tke::find(&account, id).await.doing("read the cluster")? {
            config.take(cluster);
            config.take_endpoints(&account).await?;
            return Ok(config);
        }
        match tke::find_serverless(&account, id).await.doing("read the cluster")? {
            Some(cluster) => {
                config.take_serverless(cluster);
                Ok(config)
            }
            None => Err(no_such_cluster(id, &account)),
        }
    }
}

impl KubernetesCluster {
    fn take(&mut self, cluster: Cluster) {
        let tags = cluster.tags().map(|tag| (tag.key.clone(), tag.value.clone()));
        self.tags = Tf::Known(tags.collect());
        self.network_type = cluster.network_type().into();
        self.name = cluster.cluster_name.into();
        self.description = cluster.cluster_description.into();
        self.version = cluster.cluster_version.into();
        self.r#type = cluster.cluster_type.into();
        self.status = cluster.cluster_status.into();
        let network = cluster.cluster_network_settings;
        self.vpc_id = network.vpc_id.into();
        self.subnet_ids = network.subnets.into();
        self.cluster_cidr = Tf::unless_empty(network.cluster_cidr);
        self.service_cidr = Tf::unless_empty(network.service_cidr);
        self.node_count = i64::try_from(cluster.cluster_node_num).ok().into();
        self.deletion_protection = cluster.deletion_protection.into();
        self.created_time = cluster.created_time.into();
    }

    /// A cluster without any endpoint may have none to describe.
    async fn take_endpoints(&mut self, account: &Account) -> Result<(), Diagnostics> {
        let endpoints = found(tke::endpoints(account, self.cluster_id.text()).await)
            .doing("read the cluster's endpoints")?
            .unwrap_or_default();
        self.extranet_endpoint = Tf::unless_empty(endpoints.cluster_external_endpoint);
        self.intranet_endpoint = Tf::unless_empty(endpoints.cluster_intranet_endpoint);
        Ok(())
    }

    fn take_serverless(&mut self, cluster: ServerlessCluster) {
        let tags = cluster.tag_specification.into_iter().flat_map(|of| of.tags);
        self.tags = Tf::Known(tags.map(|tag| (tag.key, tag.value)).collect());
        self.name = cluster.cluster_name.into();
        self.description = cluster.cluster_desc.into();
        self.version = cluster.k8s_version.into();
        self.r#type = "SERVERLESS_CLUSTER".into();
        self.network_type = tke::NETWORK_VPC_CNI.into();
        self.status = cluster.status.into();
        self.vpc_id = cluster.vpc_id.into();
        self.subnet_ids = cluster.subnet_ids.into();
        self.node_count = 0.into();
        self.deletion_protection = false.into();
        self.created_time = cluster.created_time.into();
    }
}

fn no_such_cluster(id: &str, account: &Account) -> Diagnostics {
    Diagnostic::error(
        "No such cluster",
        format!(
            "There is no cluster {id} in this account and region. Correct `cluster_id`, or say \
             with `account` and `region` whose it is and where.\n\n  Account: {}\n  Region: {}",
            account.label(),
            account.region().unwrap_or_default()
        ),
    )
    .at("cluster_id")
    .into()
}
