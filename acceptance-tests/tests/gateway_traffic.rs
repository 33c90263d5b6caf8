//! Requests through an ingress gateway to workloads in linked clusters.

use std::net::SocketAddr;
use std::sync::Arc;

use crossmesh_sim::World;
use crossmesh_sim::cloud::clusters::{Clusters as _, Mesh, MeshGateway, MeshMember};
use crossmesh_sim::cloud::{Instruments, clock::Clock};
use crossmesh_sim::fleet::Fleet;
use crossmesh_sim::kubernetes::Settings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The built-in world with a mesh over all its clusters and a gateway.
struct Stage {
    fleet: Arc<Fleet>,
    mesh: Mesh,
    dial: SocketAddr,
}

/// What came back through the gateway.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl Stage {
    fn new() -> Self {
        let world = World::two_accounts();
        let immediate = |cluster: &crossmesh_sim::world::Cluster| Settings::immediate(&cluster.id);
        let fleet = Fleet::start(&world, &Instruments::new(Clock::real()), immediate).unwrap();
        let ids: Vec<String> = world.clusters.iter().map(|cluster| cluster.id.clone()).collect();
        let members = ids.iter().enumerate().map(|(at, id)| MeshMember {
            cluster: id.clone(),
            primary: at == 0,
            injection: true,
            injected_namespaces: Vec::new(),
        });
        let gateway = MeshGateway {
            cluster: ids[0].clone(),
            namespace: "istio-system".to_owned(),
            name: "istio-ingressgateway".to_owned(),
            load_balancer: "lb-test".to_owned(),
            replicas: 1,
            reaches: ids.clone(),
        };
        let mesh = Mesh {
            id: "mesh-test".to_owned(),
            version: "1.18.5".to_owned(),
            members: members.collect(),
            gateways: vec![gateway],
        };
        let vip = fleet.load_balancer("lb-test", None).unwrap();
        let dial = vip.listeners[0].dial;
        fleet.sync_mesh(&mesh).unwrap();
        let stage = Self { fleet, mesh, dial };
        for at in 0..stage.mesh.members.len() {
            stage.apply(at, "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
        }
        stage
    }

    fn id(&self, at: usize) -> &str {
        &self.mesh.members[at].cluster
    }

    fn apply(&self, at: usize, manifests: &str) {
        self.fleet.cluster(self.id(at)).unwrap().apply("test", manifests).unwrap();
    }

    /// An echo service in a cluster that says its text.
    fn echo(&self, at: usize, name: &str, version: &str, text: &str) {
        self.apply(
            at,
            &format!(
                "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}-{version}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: {name}, version: {version}}}}}
  template:
    metadata: {{labels: {{app: {name}, version: {version}}}}}
    spec:
      containers:
      - {{name: echo, image: \"hashicorp/http-echo:1.0\", args: [\"-text={text}\"]}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80, targetPort: 5678}}]}}
"
            ),
        );
    }

    fn gateway(&self, servers: &str) {
        self.apply(
            0,
            &format!(
                "
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: ingress, namespace: istio-system}}
spec:
  selector: {{istio: ingressgateway}}
  servers: {servers}
"
            ),
        );
    }

    fn route(&self, name: &str, host: &str, http: &str) {
        self.apply(
            0,
            &format!(
                "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: shop}}
spec:
  hosts: [\"{host}\"]
  gateways: [istio-system/ingress]
  http: {http}
"
            ),
        );
    }

    async fn request(&self, host: &str, path: &str) -> Reply {
        request(self.dial, host, path).await
    }
}

async fn request(dial: SocketAddr, host: &str, path: &str) -> Reply {
    let mut stream = TcpStream::connect(dial).await.unwrap();
    let text =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nx-tier: gold\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}

const HTTP: &str = "[{port: {number: 80, name: http, protocol: HTTP}, hosts: [\"*.example.com\"]}]";

#[tokio::test]
async fn three_names_come_back_from_three_clusters() {
    let stage = Stage::new();
    stage.gateway(HTTP);
    for (at, name) in ["one", "two", "three"].into_iter().enumerate() {
        stage.echo(at, name, "v1", &format!("hello from {name}"));
        let host = format!("{name}.example.com");
        stage.route(name, &host, &format!("[{{route: [{{destination: {{host: {name}.shop.svc.cluster.local, port: {{number: 80}}}}}}]}}]"));
        let reply = stage.request(&host, "/").await;
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (200, format!("hello from {name}\n").as_str())
        );
        assert_eq!(reply.header("x-cluster-id"), Some(stage.id(at)));
        assert_eq!(reply.header("server"), Some("istio-envoy"));
    }
    assert_eq!(stage.request("four.example.com", "/").await.status, 404);
    assert_eq!(stage.request("one.example.org", "/").await.status, 404);
}

#[tokio::test]
async fn weights_subsets_matches_redirects_and_rewrites() {
    let stage = Stage::new();
    stage.gateway(HTTP);
    stage.echo(1, "web", "v1", "old");
    stage.echo(1, "web", "v2", "new");
    stage.apply(
        0,
        "
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
",
    );
    stage.route(
        "web",
        "web.example.com",
        "
  - match: [{uri: {exact: /old}}, {headers: {x-tier: {exact: silver}}}]
    route: [{destination: {host: web, subset: v1}}]
  - match: [{uri: {prefix: /gone}}]
    directResponse: {status: 410, body: {string: gone}}
  - match: [{uri: {prefix: /moved}}]
    redirect: {uri: /new, authority: other.example.com, redirectCode: 302}
  - match: [{uri: {prefix: /broken}}]
    route: [{destination: {host: web, subset: v9}}]
  - match: [{uri: {prefix: /nobody}}]
    route: [{destination: {host: nobody.shop.svc.cluster.local}}]
  - route:
    - {destination: {host: web, subset: v1}, weight: 75}
    - {destination: {host: web, subset: v2}, weight: 25}
",
    );
    let host = "web.example.com";
    for _ in 0..3 {
        assert_eq!(stage.request(host, "/old").await.body, "old\n");
    }
    let gone = stage.request(host, "/gone/x").await;
    assert_eq!((gone.status, gone.body.as_str()), (410, "gone"));
    let moved = stage.request(host, "/moved?a=b").await;
    assert_eq!(moved.status, 302);
    assert_eq!(moved.header("location"), Some("http://other.example.com/new?a=b"));
    assert_eq!(stage.request(host, "/broken").await.status, 503);
    assert_eq!(stage.request(host, "/nobody").await.status, 503);
    let mut new = 0;
    for _ in 0..8 {
        new += i32::from(stage.request(host, "/").await.body == "new\n");
    }
    assert_eq!(new, 2);
}

#[tokio::test]
async fn only_linked_and_reachable_clusters_answer() {
    let mut stage = Stage::new();
    stage.gateway(HTTP);
    stage.echo(2, "far", "v1", "far away");
    stage.route(
        "far",
        "far.example.com",
        "[{route: [{destination: {host: far.shop.svc.cluster.local}}]}]",
    );
    assert_eq!(stage.request("far.example.com", "/").await.status, 200);
    let far = stage.id(2).to_owned();
    stage.mesh.gateways[0].reaches.retain(|id| *id != far);
    stage.fleet.sync_mesh(&stage.mesh).unwrap();
    let reply = stage.request("far.example.com", "/").await;
    assert_eq!(reply.status, 503);
    assert!(reply.body.contains("upstream connect error"), "{reply:?}");
    stage.mesh.members.retain(|member| member.cluster != far);
    stage.fleet.sync_mesh(&stage.mesh).unwrap();
    assert_eq!(stage.request("far.example.com", "/").await.status, 503);
    let definitions = stage.fleet.cluster(&far).unwrap();
    assert!(definitions.objects("apiextensions.k8s.io", "customresourcedefinitions").is_empty());
}

#[tokio::test]
async fn a_server_may_redirect_to_https_and_ports_follow_the_gateway() {
    let stage = Stage::new();
    stage.gateway(
        "
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [\"*\"], tls: {httpsRedirect: true}}
  - {port: {number: 8081, name: http-alt, protocol: HTTP}, hosts: [\"shop/*\"]}
",
    );
    stage.echo(0, "web", "v1", "hello");
    stage.route("web", "web.example.com", "[{route: [{destination: {host: web}}]}]");
    let reply = stage.request("web.example.com", "/x").await;
    assert_eq!((reply.status, reply.header("location")), (301, Some("https://web.example.com/x")));
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
    let dial = loop {
        let vip = stage.fleet.load_balancer("lb-test", None).unwrap();
        if let Some(found) = vip.listeners.iter().find(|listener| listener.port == 8081) {
            break found.dial;
        }
        assert!(tokio::time::Instant::now() < deadline, "port 8081 is not served");
        tokio::task::yield_now().await;
    };
    assert_eq!(request(dial, "web.example.com", "/").await.body, "hello\n");
}

#[tokio::test]
async fn a_gateway_has_its_service_and_goes_with_the_mesh() {
    let stage = Stage::new();
    let cluster = stage.fleet.cluster(stage.id(0)).unwrap().clone();
    let service = cluster.object("", "services", "istio-system", "istio-ingressgateway").unwrap();
    let address = stage.fleet.load_balancer("lb-test", None).unwrap().address;
    assert_eq!(service["status"]["loadBalancer"]["ingress"][0]["ip"], address);
    let deployment = cluster.object("apps", "deployments", "istio-system", "istio-ingressgateway");
    assert_eq!(deployment.unwrap()["status"]["readyReplicas"], 1);
    assert!(stage.fleet.objects().is_empty(), "the mesh's own objects are nobody's");
    stage.fleet.remove_mesh("mesh-test");
    assert!(cluster.object("", "services", "istio-system", "istio-ingressgateway").is_none());
    assert!(TcpStream::connect(stage.dial).await.is_ok());
    stage.fleet.release_load_balancer("lb-test");
}
