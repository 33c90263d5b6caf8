//! The clusters of a world as the cloud sees them: credentials, agents, objects
//! that callers made, real clusters that stand in.

mod kube_client;

use std::time::Duration;

use crossmesh_sim::World;
use crossmesh_sim::cloud::clusters::{Clusters as _, KubeUser};
use crossmesh_sim::cloud::{Instruments, clock::Clock};
use crossmesh_sim::fleet::Fleet;
use crossmesh_sim::kubernetes::{Cluster, Settings, User};
use crossmesh_sim::world;
use serde_json::json;

use kube_client::Client;

fn immediate(cluster: &world::Cluster) -> Settings {
    Settings::immediate(&cluster.id)
}

const AGENT: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: clusternet-system}
---
apiVersion: v1
kind: Secret
metadata: {name: clusternet-agent-cluster-registration, namespace: clusternet-system}
stringData: {parentURL: \"https://hub.example.com\", regToken: abcdef.0123456789abcdef}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: clusternet-agent, namespace: clusternet-system}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers:
      - name: agent
        image: agent:1
        env:
        - name: REG_TOKEN
          valueFrom: {secretKeyRef: {name: clusternet-agent-cluster-registration, key: regToken}}
";

#[tokio::test]
async fn an_agent_is_seen_while_it_runs_and_its_cluster_answers() {
    let world = World::two_accounts();
    let fleet = Fleet::start(&world, &Instruments::new(Clock::real()), immediate).unwrap();
    let id = world.clusters[2].id.as_str();
    let cluster = fleet.cluster(id).unwrap();
    assert!(fleet.agents().is_empty());
    cluster.apply("test", AGENT).unwrap();
    let [agent] = fleet.agents().try_into().unwrap();
    assert_eq!((agent.cluster.as_str(), agent.ready), (id, true));
    assert_eq!(agent.token, "abcdef.0123456789abcdef");
    assert_eq!(agent.parent_url, "https://hub.example.com");
    cluster.stop();
    assert!(!fleet.agents()[0].ready);
    cluster.resume().unwrap();
    cluster.delete("apps", "deployments", "clusternet-system", "clusternet-agent");
    assert!(fleet.agents().is_empty());
}

#[tokio::test]
async fn users_get_rights_and_new_credentials_after_expiry() {
    let world = World::two_accounts();
    let fleet = Fleet::start(&world, &Instruments::new(Clock::real()), immediate).unwrap();
    let id = world.clusters[0].id.as_str();
    let user = KubeUser { account: "100".into(), user: "200".into(), admin: false };
    let first = fleet.kubeconfig(id, &user).unwrap();
    assert_eq!(fleet.kubeconfig(id, &user).unwrap(), first, "as the cloud, always the same");
    fleet.grant_admin(id, &user).unwrap();
    let client = Client::of(fleet.cluster(id).unwrap().clone());
    let bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/100-200-ClusterRole";
    let binding = client.get(bindings).await.expect(200);
    assert_eq!(binding["subjects"][0]["name"], "100-200");
    fleet.expire_credentials(id);
    assert_ne!(fleet.kubeconfig(id, &user).unwrap(), first);
    assert!(fleet.kubeconfig("cls-none", &user).is_err());
}

#[tokio::test]
async fn what_callers_made_is_listed_deleted_and_reset() {
    let world = World::two_accounts();
    let fleet = Fleet::start(&world, &Instruments::new(Clock::real()), immediate).unwrap();
    let id = world.clusters[0].id.as_str();
    let client = Client::of(fleet.cluster(id).unwrap().clone());
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}});
    client.post("/api/v1/namespaces", &namespace).await.expect(201);
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "c", "finalizers": ["example.com/hold"]}});
    client.post("/api/v1/namespaces/n/configmaps", &map).await.expect(201);
    let ids: Vec<_> = fleet.objects().into_iter().map(|object| object.id).collect();
    assert_eq!(ids, [format!("{id}/v1/ConfigMap/n/c"), format!("{id}/v1/Namespace//n")]);
    assert!(fleet.delete_object(&ids[0]));
    assert!(!fleet.delete_object(&ids[0]));
    fleet.reset();
    assert!(fleet.objects().is_empty());
    client.get("/api/v1/namespaces/n").await.expect(404);
    client.get("/api/v1/namespaces/default").await.expect(200);
}

#[tokio::test]
async fn a_real_cluster_stands_in() {
    let instruments = Instruments::new(Clock::real());
    let real = Cluster::start(Settings::immediate("real"), instruments.clone()).unwrap();
    real.apply("test", AGENT).unwrap();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    std::fs::write(&path, real.kubeconfig_with_certificate(User::admin("root")).unwrap()).unwrap();
    let mut world = World::two_accounts();
    world.clusters[2].kubeconfig_path = Some(path.to_string_lossy().into_owned());
    let fleet = Fleet::start(&world, &instruments, immediate).unwrap();
    let id = world.clusters[2].id.as_str();
    assert!(fleet.cluster(id).is_none());
    assert_eq!(fleet.api_server(id).unwrap().url, real.url());
    let found = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            if let Some(agent) = fleet.agents().pop() {
                break agent;
            }
            tokio::task::yield_now().await;
        }
    });
    let agent = found.await.unwrap();
    assert_eq!((agent.cluster.as_str(), agent.ready, agent.nodes), (id, true, 3));
    let vip = fleet.load_balancer("lb-real", Some("192.0.2.10")).unwrap();
    assert_eq!((vip.address.as_str(), vip.listeners.len()), ("192.0.2.10", 0));
}
