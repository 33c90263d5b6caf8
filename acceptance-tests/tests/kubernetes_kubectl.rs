//! Real kubectl against a simulated cluster.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use crossmesh_sim::cloud::{Instruments, clock::Clock};
use crossmesh_sim::kubernetes::{Cluster, Settings, User};

/// A cluster and a kubectl that talks to it.
struct Kubectl {
    cluster: Cluster,
    home: tempfile::TempDir,
}

impl Kubectl {
    /// `None`, with a sentence on why, where kubectl is not installed.
    fn start() -> Option<Self> {
        let found = Command::new("kubectl").args(["version", "--client"]).output();
        if !found.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: kubectl is not on PATH");
            return None;
        }
        let cluster =
            Cluster::start(Settings::new("cls-kubectl"), Instruments::new(Clock::real())).unwrap();
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("config"), cluster.kubeconfig(User::admin("root")))
            .unwrap();
        Some(Self { cluster, home })
    }

    async fn run(&self, args: &[&str], input: &str) -> Output {
        let mut command = Command::new("kubectl");
        command
            .args(args)
            .env("KUBECONFIG", self.home.path().join("config"))
            .env("HOME", self.home.path())
            .env("NO_PROXY", "*")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let input = input.to_owned();
        tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
            child.wait_with_output().unwrap()
        })
        .await
        .unwrap()
    }

    /// Standard output of a run that succeeds.
    async fn ok(&self, args: &[&str], input: &str) -> String {
        let output = self.run(args, input).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "kubectl {args:?}\n{stdout}\n{stderr}");
        stdout
    }

    /// Standard error of a run that fails.
    async fn fails(&self, args: &[&str], input: &str) -> String {
        let output = self.run(args, input).await;
        assert!(!output.status.success(), "kubectl {args:?} succeeded");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

const WEB: &str = "
apiVersion: v1
kind: Namespace
metadata:
  name: demo
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: demo
  labels: {app: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: hashicorp/http-echo:1.0
        args: [\"-text=hello\"]
        ports: [{containerPort: 5678}]
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: demo
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 5678}]
";

#[tokio::test(flavor = "multi_thread")]
async fn applies_waits_shows_and_deletes() {
    let Some(kubectl) = Kubectl::start() else { return };
    for args in [&["apply", "-f", "-"][..], &["apply", "-f", "-"]] {
        let said = kubectl.ok(args, WEB).await;
        assert!(said.contains("deployment.apps/web"), "{said}");
    }
    assert!(kubectl.ok(&["apply", "-f", "-"], WEB).await.contains("deployment.apps/web unchanged"));
    kubectl
        .ok(&["wait", "-n", "demo", "--for=condition=Available", "deploy/web", "--timeout=30s"], "")
        .await;
    kubectl.ok(&["rollout", "status", "-n", "demo", "deploy/web", "--timeout=30s"], "").await;
    let table = kubectl.ok(&["get", "-n", "demo", "deploy,svc,pods"], "").await;
    assert!(table.contains("READY") && table.contains("2/2"), "{table}");
    assert!(table.contains("service/web") && table.contains("80/TCP"), "{table}");
    let json = kubectl.ok(&["get", "-n", "demo", "deploy", "web", "-o", "json"], "").await;
    let object: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(object["status"]["readyReplicas"], 2);
    assert_eq!(object["status"]["observedGeneration"], object["metadata"]["generation"]);
    kubectl.ok(&["scale", "-n", "demo", "deploy/web", "--replicas=3"], "").await;
    kubectl.ok(&["rollout", "status", "-n", "demo", "deploy/web", "--timeout=30s"], "").await;
    kubectl.ok(&["delete", "-n", "demo", "deploy/web", "--timeout=30s"], "").await;
    assert!(kubectl.cluster.objects("apps", "replicasets").is_empty());
    kubectl.ok(&["delete", "namespace", "demo", "--timeout=30s"], "").await;
    let said = kubectl.fails(&["get", "namespace", "demo"], "").await;
    assert_eq!(said.trim(), "Error from server (NotFound): namespaces \"demo\" not found");
}

#[tokio::test(flavor = "multi_thread")]
async fn server_side_apply_conflicts_and_takes_over() {
    let Some(kubectl) = Kubectl::start() else { return };
    let apply = ["apply", "--server-side", "-f", "-"];
    let said = kubectl.ok(&apply, WEB).await;
    assert!(said.contains("deployment.apps/web serverside-applied"), "{said}");
    let other = WEB.replace("replicas: 2", "replicas: 5");
    let as_other = ["apply", "--server-side", "--field-manager=other", "-f", "-"];
    let said = kubectl.fails(&as_other, &other).await;
    assert!(
        said.contains("Apply failed with 1 conflict: conflict with \"kubectl\": .spec.replicas"),
        "{said}"
    );
    let forced =
        ["apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-"];
    kubectl.ok(&forced, &other).await;
    let wrong = WEB.replace("replicas: 2", "replicsa: 2");
    let said = kubectl.fails(&apply, &wrong).await;
    assert!(said.contains(".spec.replicsa: field not declared in schema"), "{said}");
    let said = kubectl.fails(&["apply", "-f", "-"], &wrong).await;
    assert!(said.contains("unknown field \"spec.replicsa\""), "{said}");
    let said = kubectl
        .ok(
            &["apply", "--server-side", "--dry-run=server", "-f", "-"],
            WEB.split("---").next().unwrap(),
        )
        .await;
    assert!(said.contains("(server dry run)"), "{said}");
    let said = kubectl.run(&["diff", "-f", "-"], &other.replace("hello", "bye")).await;
    assert_eq!(said.status.code(), Some(1), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(String::from_utf8_lossy(&said.stdout).contains("-text=bye"));
}

const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.com
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 1}
              color: {type: string, default: red}
";

#[tokio::test(flavor = "multi_thread")]
async fn custom_resources_are_discovered_validated_and_shown() {
    let Some(kubectl) = Kubectl::start() else { return };
    kubectl.ok(&["apply", "--server-side", "-f", "-"], DEFINITION).await;
    kubectl
        .ok(
            &["wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=30s"],
            "",
        )
        .await;
    let resources = kubectl.ok(&["api-resources"], "").await;
    assert!(
        resources.lines().any(|line| line.starts_with("widgets") && line.contains("wd")),
        "{resources}"
    );
    assert!(resources.contains("deployments"), "{resources}");
    let widget = |size: &str| {
        format!(
            "apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: a}}\nspec: {{size: {size}}}\n"
        )
    };
    let said = kubectl.fails(&["apply", "-f", "-"], &widget("0")).await;
    assert!(said.contains("spec.size in body should be greater than or equal to 1"), "{said}");
    kubectl.ok(&["apply", "-f", "-"], &widget("3")).await;
    let table = kubectl.ok(&["get", "wd"], "").await;
    assert!(table.contains("SIZE") && table.contains('3'), "{table}");
    assert_eq!(kubectl.ok(&["get", "wd", "a", "-o", "jsonpath={.spec.color}"], "").await, "red");
    kubectl.ok(&["patch", "wd", "a", "--type=merge", "-p", "{\"spec\":{\"size\":4}}"], "").await;
    kubectl.ok(&["label", "wd", "a", "tier=front"], "").await;
    assert!(
        kubectl
            .ok(&["get", "wd", "-l", "tier=front", "-o", "name"], "")
            .await
            .contains("widget.example.com/a")
    );
    kubectl.ok(&["delete", "crd", "widgets.example.com", "--timeout=30s"], "").await;
    assert!(kubectl.cluster.objects("example.com", "widgets").is_empty());
}
