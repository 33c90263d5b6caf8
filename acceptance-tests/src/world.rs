//! What exists before anybody calls the cloud.
//!
//! A world is plain JSON, so that a test, the demo or a user of `crossmesh-sim`
//! can write their own. Everything refers to accounts by their name.

mod builtin;
mod check;
mod regions;

use serde::{Deserialize, Serialize};

pub use builtin::{MAX_MEMBERS, REGION};
pub use check::WorldError;
pub use regions::REGIONS;

/// Accounts and what they own at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// Name of the world, for people.
    #[serde(default)]
    pub name: String,
    /// The accounts, in the order in which they are printed; the first is the hub.
    pub accounts: Vec<Account>,
    /// Private networks.
    #[serde(default)]
    pub vpcs: Vec<Vpc>,
    /// Kubernetes clusters.
    #[serde(default)]
    pub clusters: Vec<Cluster>,
    /// DNS domains.
    #[serde(default)]
    pub domains: Vec<Domain>,
    /// Load balancers that exist already, for gateways that use an existing one.
    #[serde(default)]
    pub load_balancers: Vec<LoadBalancer>,
}

/// One cloud account with its permanent key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Short name, unique in the world.
    pub name: String,
    /// Account id (root UIN), 12 digits.
    pub uin: String,
    /// APPID, as in the names of buckets and in `DescribeVpcs`.
    pub app_id: u64,
    /// Key id, `AKID…`.
    pub secret_id: String,
    /// Key.
    pub secret_key: String,
    /// What the key may do: `service:Action` with `*` as a wildcard (`*`,
    /// `vpc:*`, `vpc:Describe*`). Everything else is `UnauthorizedOperation`.
    #[serde(default = "everything")]
    pub allow: Vec<String>,
    /// Roles that others may assume in this account.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// OIDC identity providers that this account trusts.
    #[serde(default)]
    pub oidc_providers: Vec<OidcProvider>,
    /// Products that are closed to this account (`tdcc`): every call answers
    /// as an unpublished product does without a whitelist entry.
    #[serde(default)]
    pub closed_products: Vec<String>,
}

/// A CAM role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Name in `qcs::cam::uin/<uin>:roleName/<name>`.
    pub name: String,
    /// UINs whose users may assume the role.
    #[serde(default)]
    pub trusts: Vec<String>,
    /// Names of the account's OIDC providers whose tokens may assume the role.
    #[serde(default)]
    pub trusts_oidc: Vec<String>,
    /// External id that `AssumeRole` must name, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What the role may do; see [`Account::allow`].
    #[serde(default = "everything")]
    pub allow: Vec<String>,
    /// Longest session in seconds.
    #[serde(default = "longest_session")]
    pub max_session_seconds: u64,
}

/// An OIDC identity provider registered in CAM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcProvider {
    /// `ProviderId` of `AssumeRoleWithWebIdentity`.
    pub name: String,
    /// `iss` that tokens must carry.
    pub issuer: String,
    /// Accepted `aud` values; empty accepts any.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// Key with which tokens are signed (HS256).
    pub signing_key: String,
}

/// A private network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vpc {
    /// `vpc-…`.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Name of the owning account.
    pub account: String,
    /// Region, `ap-guangzhou`.
    pub region: String,
    /// Range of the network.
    pub cidr: String,
    /// Secondary ranges (`AssistantType` 0).
    #[serde(default)]
    pub assistant_cidrs: Vec<String>,
    /// Subnets.
    #[serde(default)]
    pub subnets: Vec<Subnet>,
}

/// A subnet of a [`Vpc`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Zone, `ap-guangzhou-3`.
    pub zone: String,
    /// Range, inside that of the network.
    pub cidr: String,
}

/// A Kubernetes cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// `cls-…`.
    pub id: String,
    /// Display name, also what the test services answer with.
    pub name: String,
    /// Name of the owning account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Who runs the API server.
    pub kind: ClusterKind,
    /// How pods get their addresses.
    #[serde(default)]
    pub network: NetworkKind,
    /// Network in which the nodes are.
    pub vpc_id: String,
    /// Subnet in which the nodes (and, with VPC-CNI, the pods) are.
    pub subnet_id: String,
    /// Range of the pods; empty with VPC-CNI.
    #[serde(default)]
    pub cluster_cidr: String,
    /// Range of the services.
    #[serde(default)]
    pub service_cidr: String,
    /// Kubernetes version without `v`, `1.30.0`.
    pub version: String,
    /// Number of nodes.
    #[serde(default = "three")]
    pub nodes: u32,
    /// Kubeconfig of a real cluster that stands in for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig_path: Option<String>,
    /// Address of the cluster's ingress gateways: a real one that somebody else
    /// serves, or one on loopback. `127.0.0.1:18080` serves port 80 there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clb_vip: Option<String>,
}

/// Who runs a cluster's API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClusterKind {
    /// The cloud does; the API server cannot reach other accounts' webhooks.
    #[serde(rename = "MANAGED_CLUSTER")]
    Managed,
    /// It runs on the account's own machines.
    #[serde(rename = "INDEPENDENT_CLUSTER")]
    Independent,
    /// Serverless; listed by `DescribeEKSClusters`.
    #[serde(rename = "EKS")]
    Serverless,
}

/// How a cluster's pods get their addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NetworkKind {
    /// Global Router: a container range of its own.
    #[default]
    #[serde(rename = "GR")]
    GlobalRouter,
    /// Addresses of the network's subnets.
    #[serde(rename = "VPC-CNI")]
    VpcCni,
}

/// A DNSPod domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// `example.com`.
    pub name: String,
    /// Name of the owning account.
    pub account: String,
    /// Numeric id.
    pub id: u64,
    /// Plan, `DP_FREE`.
    #[serde(default = "free_plan")]
    pub grade: String,
}

/// A load balancer that exists already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancer {
    /// `lb-…`.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Name of the owning account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Network.
    pub vpc_id: String,
    /// Address, if it has to be a certain one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vip: Option<String>,
}

impl World {
    /// The account of this name.
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| a.name == name)
    }

    /// The account with this UIN.
    pub fn account_by_uin(&self, uin: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| a.uin == uin)
    }

    /// UIN of the account of this name; empty for a name that does not exist,
    /// which [`World::check`] refuses.
    pub fn uin(&self, account: &str) -> &str {
        self.account(account).map_or("", |a| a.uin.as_str())
    }

    /// The cluster with this id.
    pub fn cluster(&self, id: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|c| c.id == id)
    }

    /// The network with this id.
    pub fn vpc(&self, id: &str) -> Option<&Vpc> {
        self.vpcs.iter().find(|v| v.id == id)
    }

    /// Reads a world from JSON and [checks](World::check) it.
    ///
    /// # Errors
    /// The JSON is no world, or the world contradicts itself.
    pub fn from_json(text: &str) -> Result<Self, WorldError> {
        let world: Self =
            serde_json::from_str(text).map_err(|e| WorldError::Json(e.to_string()))?;
        world.check()?;
        Ok(world)
    }
}

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}

fn longest_session() -> u64 {
    43_200
}

fn three() -> u32 {
    3
}

fn free_plan() -> String {
    "DP_FREE".to_owned()
}
