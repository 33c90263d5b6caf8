//! What the demonstration plays on: the simulated cloud and a working folder.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use serde_json::{Value, json};

use super::Failure;
use crate::{
    Options, Simulator, World,
    terraform::{self, Provider, Workspace},
    world::{Account, REGION},
};

/// The domain under which every cluster's service gets a name.
pub(super) const DOMAIN: &str = "example.com";

/// The flow that is applied, below the root of the workspace.
pub const FLOW: &str = "examples/flows/cross-account-ingress";

/// A running simulator and a folder with the flow.
pub(super) struct Stage {
    simulator: Simulator,
    world: World,
    gateway: SocketAddr,
    workspace: Workspace,
    /// Keeps the mirror until the end.
    _mirror: tempfile::TempDir,
}

impl Stage {
    /// Starts the simulator and lays out the flow, with the provider in a
    /// filesystem mirror.
    pub(super) async fn set(provider: &Provider, members: usize) -> Result<Self, Failure> {
        let gateway = free_port()?;
        let mut world = World::with_members(members);
        for cluster in world.clusters.iter_mut().filter(|cluster| cluster.account == "hub") {
            cluster.clb_vip = Some(gateway.to_string());
        }
        let simulator = Simulator::start(world.clone(), Options::default()).await;
        let simulator = simulator.map_err(|error| error.to_string())?;
        let mirror = tempfile::tempdir().map_err(super::plain)?;
        let install = terraform::mirror(provider, mirror.path()).map_err(super::plain)?;
        let mut workspace = Workspace::new(&install).map_err(super::plain)?;
        workspace.copy_from(&terraform::workspace_root().join(FLOW)).map_err(super::plain)?;
        let hub = world.account("hub").ok_or("the world has no hub")?;
        for (name, value) in environment(&simulator.endpoint(), hub) {
            workspace.env(name, value);
        }
        let variables = variables(&world, gateway)?;
        workspace.write("terraform.tfvars.json", &format!("{variables:#}\n"));
        Ok(Self { simulator, world, gateway, workspace, _mirror: mirror })
    }

    pub(super) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Where the gateway answers.
    pub(super) fn gateway(&self) -> SocketAddr {
        self.gateway
    }

    /// API calls so far.
    pub(super) fn calls(&self) -> u64 {
        self.simulator.cloud().recorder().last()
    }

    /// The name of each cluster's service, and the cluster's id.
    pub(super) fn names(&self) -> BTreeMap<&str, &str> {
        self.world.clusters.iter().map(|cluster| (name_of(cluster), cluster.id.as_str())).collect()
    }

    /// What the flow made and is still there.
    pub(super) fn left(&self) -> Vec<String> {
        let objects = self.simulator.cloud().objects();
        objects.iter().map(|object| format!("{} {}", object.kind, object.id)).collect()
    }

    /// Says what is there before anything is applied.
    pub(super) fn opening(&self) -> String {
        let mut text = format!("A simulated cloud listens on {}.", self.simulator.endpoint());
        for account in &self.world.accounts {
            let own = self.world.clusters.iter().filter(|cluster| cluster.account == account.name);
            let clusters: Vec<&str> = own.map(|cluster| cluster.id.as_str()).collect();
            text.push_str(&format!(
                "\n  account {} ({}): {}",
                account.name,
                account.uin,
                clusters.join(", ")
            ));
        }
        text
    }

    /// Says how to go on by hand.
    pub(super) fn how_to_go_on(&self) -> String {
        let folder = self.workspace.folder();
        let mut text = format!(
            "Everything is left running. In another terminal:\n\n  cd {}\n",
            folder.display()
        );
        let config = folder.join("terraform.rc");
        text.push_str(&format!("  export TF_CLI_CONFIG_FILE={}\n", config.display()));
        if let Some(hub) = self.world.account("hub") {
            for (name, value) in environment(&self.simulator.endpoint(), hub) {
                text.push_str(&format!("  export {name}={value}\n"));
            }
        }
        let name = self.names().into_keys().next().unwrap_or_default();
        text.push_str(&format!(
            "\n  terraform plan\n  curl --header 'Host: {name}.{DOMAIN}' http://{}/\n  \
             terraform destroy\n\nCtrl-C here ends the simulated cloud.",
            self.gateway
        ));
        text
    }
}

/// The variables that make the provider act as the hub in the simulated cloud.
fn environment(endpoint: &str, hub: &Account) -> [(&'static str, String); 4] {
    [
        ("CROSSMESH_ENDPOINT", endpoint.to_owned()),
        ("TENCENTCLOUD_REGION", REGION.to_owned()),
        ("TENCENTCLOUD_SECRET_ID", hub.secret_id.clone()),
        ("TENCENTCLOUD_SECRET_KEY", hub.secret_key.clone()),
    ]
}

/// The flow's variables for a world; `gateway` is what the probes dial.
///
/// # Errors
///
/// The world has no hub with a network, or a cluster without an account.
pub fn variables(world: &World, gateway: SocketAddr) -> Result<Value, Failure> {
    let vpc = world.vpcs.iter().find(|vpc| vpc.account == "hub").ok_or("the hub has no VPC")?;
    let subnet = vpc.subnets.first().ok_or("the hub's VPC has no subnet")?;
    let hub_clusters = world.clusters.iter().filter(|cluster| cluster.account == "hub");
    let hub_clusters: BTreeMap<_, _> =
        hub_clusters.map(|cluster| (name_of(cluster), &cluster.id)).collect();
    let mut members = serde_json::Map::new();
    let mut credentials = serde_json::Map::new();
    for cluster in world.clusters.iter().filter(|cluster| cluster.account != "hub") {
        let name = &cluster.account;
        let account = world.account(name).ok_or("a cluster has no account")?;
        members.insert(
            name.clone(),
            json!({
                "region": cluster.region, "vpc_id": cluster.vpc_id, "cluster_id": cluster.id,
            }),
        );
        credentials.insert(
            name.clone(),
            json!({ "secret_id": account.secret_id, "secret_key": account.secret_key }),
        );
    }
    Ok(json!({
        "hub": {
            "region": vpc.region,
            "vpc_id": vpc.id,
            "subnet_id": subnet.id,
            "clusters": hub_clusters,
        },
        "members": members,
        "member_credentials": credentials,
        "domain": DOMAIN,
        "connect_to": gateway.to_string(),
    }))
}

/// What a cluster is called in the flow: a member's by its account.
fn name_of(cluster: &crate::world::Cluster) -> &str {
    if cluster.account == "hub" { &cluster.name } else { &cluster.account }
}

/// A loopback port that is free now.
fn free_port() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(super::plain)?;
    listener.local_addr().map_err(super::plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flow_is_where_the_demonstration_looks() {
        assert!(terraform::workspace_root().join(FLOW).join("accounts.tf").exists());
    }

    #[test]
    fn every_cluster_gets_a_name_and_every_member_credentials() {
        let world = World::with_members(3);
        let gateway = SocketAddr::from(([127, 0, 0, 1], 18080));
        let variables = variables(&world, gateway).unwrap();
        assert_eq!(variables["hub"]["clusters"].as_object().map(serde_json::Map::len), Some(2));
        assert_eq!(variables["members"].as_object().map(serde_json::Map::len), Some(3));
        assert_eq!(variables["member_credentials"].as_object().map(serde_json::Map::len), Some(3));
        assert_eq!(variables["connect_to"], "127.0.0.1:18080");
    }
}
