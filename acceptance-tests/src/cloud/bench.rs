//! A cloud for the tests of its products, with clusters that do as they are told.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::{
    World,
    cloud::{
        Cloud, Instruments,
        clock::Clock,
        clusters::{
            Agent, ApiServer, ClusterError, Clusters, KubeUser, LoadBalancerService, Mesh, Vip,
        },
        objects::ObjectRecord,
        service::ApiError,
    },
    world::{Cluster, REGION},
};

/// A cloud in which every change is immediate until a test says otherwise.
pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) clusters: Arc<FakeClusters>,
    pub(crate) cloud: Cloud,
}

impl Bench {
    /// The world `two-accounts`.
    pub(crate) fn new() -> Self {
        Self::with(World::two_accounts())
    }

    pub(crate) fn with(world: World) -> Self {
        let clock = Clock::stopped("2026-08-01T00:00:00Z".parse().unwrap());
        let clusters = Arc::new(FakeClusters::default());
        let cloud =
            Cloud::new(world.clone(), Instruments::new(clock), clusters.clone(), 0.0).unwrap();
        cloud.set_progression("*", "immediate".parse().unwrap());
        Self { world, clusters, cloud }
    }

    /// Calls an action, such as `"vpc:CreateCcn"`, as the owner of an account.
    pub(crate) fn call(
        &self,
        account: &str,
        operation: &str,
        params: Value,
    ) -> Result<Value, ApiError> {
        let (service, action) = operation.split_once(':').unwrap();
        self.cloud.invoke(account, service, action, REGION, &params).map(Value::Object)
    }

    /// Calls an action that must succeed.
    pub(crate) fn ok(&self, account: &str, operation: &str, params: Value) -> Value {
        let called = self.call(account, operation, params);
        called.unwrap_or_else(|error| panic!("{account} {operation}: {error}"))
    }

    /// The code with which a call is refused.
    pub(crate) fn refused(&self, account: &str, operation: &str, params: Value) -> String {
        self.call(account, operation, params).unwrap_err().code.into_owned()
    }

    /// Sets how long a kind of change takes.
    pub(crate) fn pace(&self, kind: &str, progression: &str) {
        self.cloud.set_progression(kind, progression.parse().unwrap());
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.cloud.clock().advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) fn patch(&self, kind: &str, id: &str, patch: Value) {
        let patch: Map<String, Value> = patch.as_object().unwrap().clone();
        assert_eq!(self.cloud.patch_object(kind, id, &patch), Ok(true));
    }

    /// What callers have made of this kind.
    pub(crate) fn objects(&self, kind: &str) -> Vec<ObjectRecord> {
        self.cloud.objects().into_iter().filter(|object| object.kind == kind).collect()
    }

    pub(crate) fn uin(&self, account: &str) -> String {
        self.world.uin(account).to_owned()
    }

    /// The world's cluster of this name.
    pub(crate) fn cluster(&self, name: &str) -> Cluster {
        self.world.clusters.iter().find(|cluster| cluster.name == name).unwrap().clone()
    }

    /// The id of the account's network.
    pub(crate) fn vpc(&self, account: &str) -> String {
        self.world.vpcs.iter().find(|vpc| vpc.account == account).unwrap().id.clone()
    }

    /// The id of the first subnet of the account's network.
    pub(crate) fn subnet(&self, account: &str) -> String {
        let vpc = self.world.vpcs.iter().find(|vpc| vpc.account == account).unwrap();
        vpc.subnets[0].id.clone()
    }

    /// A running mesh.
    pub(crate) fn mesh(&self, account: &str) -> String {
        let mesh = json!({"DisplayName": "mesh", "MeshVersion": "1.18.5", "Type": "HOSTED",
            "Config": {"Istio": {"OutboundTrafficPolicy": "ALLOW_ANY"}}});
        let made = self.ok(account, "tcm:CreateMesh", mesh);
        made["MeshId"].as_str().unwrap().to_owned()
    }

    /// A CCN of the hub with the hub's network and, if wanted, the member's in it.
    pub(crate) fn ccn(&self, with_member: bool) -> String {
        let made = self.ok("hub", "vpc:CreateCcn", json!({"CcnName": "ccn"}));
        let ccn = made["Ccn"]["CcnId"].as_str().unwrap().to_owned();
        let instance = |vpc: String| json!([{"InstanceId": vpc, "InstanceRegion": REGION, "InstanceType": "VPC"}]);
        let own = json!({"CcnId": ccn, "Instances": instance(self.vpc("hub"))});
        self.ok("hub", "vpc:AttachCcnInstances", own);
        if with_member {
            let uin = self.world.uin("hub").to_owned();
            let theirs = instance(self.vpc("member"));
            let apply = json!({"CcnId": ccn, "CcnUin": uin, "Instances": theirs});
            self.ok("member", "vpc:AttachCcnInstances", apply);
            let accept = json!({"CcnId": ccn, "Instances": theirs});
            self.ok("hub", "vpc:AcceptAttachCcnInstances", accept);
        }
        ccn
    }

    /// A running hub cluster of the account `hub`.
    pub(crate) fn hub(&self) -> String {
        let params = json!({"VpcId": self.vpc("hub"), "SubnetId": self.subnet("hub")});
        let made = self.ok("hub", "tdcc:CreateHubCluster", params);
        made["ClusterId"].as_str().unwrap().to_owned()
    }

    /// A registration with the hub, with no agent yet.
    pub(crate) fn registration(&self, hub: &str) -> String {
        let params = json!({"ClusterName": "member", "HubClusterId": hub});
        let made = self.ok("hub", "tdcc:CreateExternalCluster", params);
        made["ClusterId"].as_str().unwrap().to_owned()
    }

    /// Applies a registration's manifests to one of the world's clusters.
    pub(crate) fn apply_agent(&self, registration: &str, cluster: &str) {
        let id = self.cluster(cluster).id;
        let params = json!({"ClusterId": registration});
        let spec = self.ok("hub", "tdcc:DescribeExternalClusterSpec", params);
        let (parent_url, token) = secret_of(spec["Spec"].as_str().unwrap());
        let mut fake = self.clusters.lock();
        fake.agents.retain(|agent| agent.cluster != id);
        fake.agents.push(Agent {
            cluster: id,
            parent_url,
            token,
            ready: true,
            kubernetes_version: "1.30.0".to_owned(),
            nodes: 3,
        });
    }

    /// Removes the agents of one of the world's clusters.
    pub(crate) fn remove_agent(&self, cluster: &str) {
        let id = self.cluster(cluster).id;
        self.clusters.lock().agents.retain(|agent| agent.cluster != id);
    }
}

/// Parent URL and token from an agent's manifests.
fn secret_of(spec: &str) -> (String, String) {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let value = |key: &str| {
        let line = spec.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap();
        String::from_utf8(STANDARD.decode(line.trim()).unwrap()).unwrap()
    };
    (value("parentURL:"), value("regToken:"))
}

/// Clusters that note what they were told.
#[derive(Default)]
pub(crate) struct FakeClusters(Mutex<Fake>);

#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) agents: Vec<Agent>,
    /// Ids of clusters that do not answer.
    pub(crate) unreachable: BTreeSet<String>,
    /// Meshes as they were last told.
    pub(crate) meshes: BTreeMap<String, Mesh>,
    /// Who was made an administrator, with the cluster.
    pub(crate) admins: Vec<(String, KubeUser)>,
}

impl FakeClusters {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Fake> {
        self.0.lock().unwrap()
    }

    fn reach(&self, cluster: &str) -> Result<(), ClusterError> {
        if self.lock().unreachable.contains(cluster) {
            return Err(ClusterError::Unreachable(format!("cluster {cluster} does not answer")));
        }
        Ok(())
    }
}

impl Clusters for FakeClusters {
    fn kubeconfig(&self, cluster: &str, user: &KubeUser) -> Result<String, ClusterError> {
        let server = self.api_server(cluster)?.url;
        Ok(format!("server: {server}\nclient-certificate-data: {}\n", user.user))
    }

    fn api_server(&self, cluster: &str) -> Result<ApiServer, ClusterError> {
        self.reach(cluster)?;
        let url = "https://127.0.0.1:6443".to_owned();
        Ok(ApiServer { url, ca_certificate: "-----BEGIN CERTIFICATE-----\n".to_owned() })
    }

    fn grant_admin(&self, cluster: &str, user: &KubeUser) -> Result<(), ClusterError> {
        self.reach(cluster)?;
        self.lock().admins.push((cluster.to_owned(), user.clone()));
        Ok(())
    }

    fn agents(&self) -> Vec<Agent> {
        self.lock().agents.clone()
    }

    fn load_balancer_services(&self, _: &str) -> Vec<LoadBalancerService> {
        Vec::new()
    }

    fn load_balancer(&self, _: &str, wanted: Option<&str>) -> Result<Vip, ClusterError> {
        let address = wanted.unwrap_or("127.0.0.9").to_owned();
        Ok(Vip { address, listeners: Vec::new() })
    }

    fn release_load_balancer(&self, _: &str) {}

    fn sync_mesh(&self, mesh: &Mesh) -> Result<(), ClusterError> {
        for member in &mesh.members {
            self.reach(&member.cluster)?;
        }
        self.lock().meshes.insert(mesh.id.clone(), mesh.clone());
        Ok(())
    }

    fn remove_mesh(&self, mesh_id: &str) {
        self.lock().meshes.remove(mesh_id);
    }
}
