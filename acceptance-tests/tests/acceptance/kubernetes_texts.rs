//! `crossmesh_kubernetes_manifests` with the texts that people have: an agent's,
//! one that needs a cluster that is not there yet, one full of secrets.

use std::fs;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use crossmesh_sim::kubernetes::User;
use serde_json::Value;

use crate::cluster::Bench;

/// An agent in the manner of Clusternet's: rights before the namespace that they
/// are for, Secrets that the Deployment reads, definitions last.
const AGENT: &str = r#"---
kind: Role
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: "NAMESPACE:agent:admin", namespace: NAMESPACE-agent}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: "NAMESPACE:agent:admin", namespace: NAMESPACE-agent}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: "NAMESPACE:agent:admin"}
subjects: [{kind: ServiceAccount, name: agent, namespace: NAMESPACE-agent}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "NAMESPACE:agent:admin"}
rules:
  - {apiGroups: [""], resources: [pods, nodes], verbs: [get, list, watch]}
  - {nonResourceURLs: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "NAMESPACE:agent:admin"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "NAMESPACE:agent:admin"}
subjects: [{kind: ServiceAccount, name: agent, namespace: NAMESPACE-agent}]
---
# Where it runs.
apiVersion: v1
kind: Namespace
metadata: {name: NAMESPACE-agent}

---
apiVersion: v1
kind: ServiceAccount
metadata: {name: agent, namespace: NAMESPACE-agent}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: deployer, namespace: NAMESPACE-agent}
---
apiVersion: v1
kind: Secret
metadata:
  name: deployer
  namespace: NAMESPACE-agent
  annotations: {kubernetes.io/service-account.name: deployer}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: Secret
metadata: {name: registration, namespace: NAMESPACE-agent}
type: Opaque
stringData:
  parentURL: https://hub.example.com:6443
  regToken: abcdef.0123456789abcdef
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: agent
  namespace: NAMESPACE-agent
  labels: {app: agent}
spec:
  replicas: 3
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      serviceAccountName: agent
      tolerations: [{key: node-role.kubernetes.io/master, operator: Exists}]
      containers:
        - name: agent
          image: registry.example.com/agent:v1
          env:
            - name: REG_TOKEN
              valueFrom: {secretKeyRef: {name: registration, key: regToken}}
            - name: AGENT_NAMESPACE
              valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
            # - name: CLUSTER_CIDR
            #   value: 10.233.12.0/18
          command:
            - /usr/local/bin/agent
            - --cluster-reg-token=$(REG_TOKEN)
            - --leader-elect-resource-namespace=$(AGENT_NAMESPACE)
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: serviceexports.NAMESPACE.example.com}
spec:
  group: NAMESPACE.example.com
  scope: Namespaced
  names: {plural: serviceexports, singular: serviceexport, kind: ServiceExport, shortNames: [svcex]}
  versions:
    - name: v1alpha1
      served: true
      storage: true
      subresources: {status: {}}
      additionalPrinterColumns: [{name: Age, type: date, jsonPath: .metadata.creationTimestamp}]
      "schema":
        "openAPIV3Schema":
          type: object
          properties:
            apiVersion: {type: string}
            kind: {type: string}
            metadata: {type: object}
            status:
              type: object
              properties:
                conditions:
                  type: array
                  items:
                    type: object
                    required: [type, status]
                    properties: {type: {type: string, maxLength: 316}, status: {type: string}}
"#;

#[test]
fn an_agent_is_applied_unchanged_and_removed() {
    let bench = Bench::new();
    bench.write("agent.yaml", &bench.here(AGENT));
    // A bare API server has nobody who starts pods.
    let wait = bench.simulated().is_some();
    bench.apply_config(&bench.here(&format!(
        "resource \"crossmesh_kubernetes_manifests\" \"main\" {{\n  cluster = \"CLUSTER\"\n  \
         manifests_wo = file(\"agent.yaml\")\n  wait = {wait}\n}}\n"
    )));
    bench.plan().expect_empty();
    let state = bench.state();
    let objects = &state.attributes("crossmesh_kubernetes_manifests.main")["objects"];
    assert_eq!(objects.as_object().map(serde_json::Map::len), Some(11));
    // The same text, stored from now on.
    bench.apply_config(&bench.here(&format!(
        "resource \"crossmesh_kubernetes_manifests\" \"main\" {{\n  cluster = \"CLUSTER\"\n  \
         manifests = file(\"agent.yaml\")\n  wait = {wait}\n}}\n"
    )));
    bench.plan().expect_empty();
    bench.destroy().expect_success();
    let namespace = bench.here("/api/v1/namespaces/NAMESPACE-agent");
    assert_eq!(bench.kube().get(&namespace), Value::Null);
}

#[test]
fn cluster_definitions_and_objects_come_in_one_apply() {
    let bench = Bench::new();
    let config = bench.here(
        r#"
# Stands for whatever makes the cluster: known only after the apply.
resource "terraform_data" "cluster" {
  input = "CLUSTER"
}

resource "crossmesh_kubernetes_manifests" "objects" {
  cluster   = terraform_data.cluster.output
  manifests = <<-Y
    apiVersion: one.NAMESPACE.example.com/v1
    kind: Gadget
    metadata: {name: a, namespace: NAMESPACE-new}
    spec: {size: 3}
  Y
}

resource "crossmesh_kubernetes_manifests" "definitions" {
  cluster   = terraform_data.cluster.output
  manifests = <<-Y
    apiVersion: v1
    kind: Namespace
    metadata: {name: NAMESPACE-new}
    ---
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: gadgets.one.NAMESPACE.example.com}
    spec:
      group: one.NAMESPACE.example.com
      scope: Namespaced
      names: {plural: gadgets, kind: Gadget}
      versions:
        - name: v1
          served: true
          storage: true
          schema:
            openAPIV3Schema:
              type: object
              properties: {spec: {type: object, properties: {size: {type: integer}}}}
  Y
}
"#,
    );
    // Neither waits for the other in the configuration: kinds and namespaces are
    // waited for where they are needed.
    bench.apply_config(&config);
    bench.plan().expect_empty();
    let path = "/apis/one.NAMESPACE.example.com/v1/namespaces/NAMESPACE-new/gadgets/a";
    assert_eq!(bench.kube().get(&bench.here(path))["spec"]["size"], 3);
    bench.destroy().expect_success();
    assert_eq!(bench.kube().get(&bench.here("/api/v1/namespaces/NAMESPACE-new")), Value::Null);
}

/// Everything that is left of a run.
fn traces(bench: &Bench, said: &[u8], log: &std::path::Path) -> Vec<(&'static str, String)> {
    let state = fs::read_to_string(bench.folder().join("terraform.tfstate")).unwrap();
    let parsed: Value = serde_json::from_str(&state).unwrap();
    let instances = parsed["resources"].as_array().unwrap().iter();
    let notes = instances.filter_map(|one| one["instances"][0]["private"].as_str());
    let notes = notes.map(|text| String::from_utf8(BASE64_STANDARD.decode(text).unwrap()).unwrap());
    vec![
        ("notes", notes.collect()),
        ("state", state),
        ("output", String::from_utf8_lossy(said).into_owned()),
        ("log", fs::read_to_string(log).unwrap()),
    ]
}

#[test]
fn secrets_of_manifests_and_kubeconfigs_are_nowhere_in_clear() {
    let bench = Bench::new();
    let Some(cluster) = bench.simulated() else { return };
    let token = cluster.token(User::admin("administrator"));
    let kubeconfig = cluster.kubeconfig(User::admin("administrator"));
    let in_kubeconfig =
        kubeconfig.lines().find_map(|it| it.trim().strip_prefix("token: ")).unwrap();
    bench.write("one.kubeconfig", &kubeconfig);
    bench.write("token", &token);
    let (url, authority) = (cluster.url(), cluster.ca_certificate());
    bench.write(
        "provider.tf",
        &format!(
            "terraform {{\n  required_providers {{\n    crossmesh = {{ source = \
             \"crossmesh/crossmesh\" }}\n  }}\n}}\n\nprovider \"crossmesh\" {{\n  clusters = {{\n    \
             one = {{ kubeconfig = file(\"one.kubeconfig\") }}\n    two = {{ host = {url:?}, \
             cluster_ca_certificate = {authority:?}, token = file(\"token\") }}\n  }}\n}}\n"
        ),
    );
    let text = |password: &str, more: &str| {
        bench.here(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: NAME, namespace: NAMESPACE}}\n\
             stringData: {{password: {password}}}\ndata: {{key: {}}}\n{more}---\napiVersion: \
             v1\nkind: ConfigMap\nmetadata: {{name: NAME, namespace: NAMESPACE}}\ndata: {{x: \
             '1'}}\n",
            BASE64_STANDARD.encode("sesame-open")
        ))
    };
    let write = |password: &str, more: &str| {
        for name in ["one", "two"] {
            bench.write(
                &format!("{name}.yaml"),
                &text(password, more).replace("NAME,", &format!("{name},")),
            );
        }
    };
    let resource = |name: &str| {
        format!(
            "resource \"crossmesh_kubernetes_manifests\" {name:?} {{\n  cluster = {name:?}\n  \
             manifests_wo = file(\"{name}.yaml\")\n  force_conflicts = true\n}}\n"
        )
    };
    bench.write("main.tf", &(resource("one") + &resource("two")));

    let secrets: Vec<String> = ["hunter-two", "hunter-three", "hunter-four", "sesame-open"]
        .into_iter()
        .chain([token.trim(), in_kubeconfig])
        .flat_map(|secret| [secret.to_owned(), BASE64_STANDARD.encode(secret)])
        .collect();
    let path = bench.core("secrets", "one");
    let run = |arguments: &[&str], works: bool| {
        let log = bench.folder().join("trace.log");
        let mut command = bench.command(arguments);
        command.env("TF_LOG", "TRACE").env("TF_LOG_PATH", &log);
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert_eq!(output.status.success(), works, "{}", String::from_utf8_lossy(&said));
        let traces = traces(&bench, &said, &log);
        let calls = arguments[0] == "show" || traces[3].1.contains("kubernetes call");
        assert!(calls, "the log has nothing to hide");
        for (place, text) in &traces {
            let found: Vec<&String> = secrets.iter().filter(|it| text.contains(*it)).collect();
            assert!(found.is_empty(), "{found:?} in the {place} of {arguments:?}");
        }
    };
    let apply = ["apply", "-no-color", "-auto-approve", "-input=false"];
    write("hunter-two", "");
    run(&apply, true);
    // A copy of the whole in an annotation, as kubectl makes it, and another value.
    let copy = "{\"stringData\":{\"password\":\"hunter-four\"}}";
    let annotation = serde_json::json!({"kubectl.kubernetes.io/last-applied-configuration": copy});
    let value = BASE64_STANDARD.encode("hunter-four");
    bench.kube().edit(
        &path,
        &serde_json::json!({"metadata": {"annotations": annotation},
        "data": {"password": value}}),
    );
    write("hunter-three", "");
    run(&["plan", "-no-color", "-input=false", "-out=trace.tfplan"], true);
    run(&["show", "-json", "trace.tfplan"], true);
    run(&apply, true);
    assert_eq!(bench.kube().get(&path)["data"]["password"], BASE64_STANDARD.encode("hunter-three"));
    // The server's complaint about it quotes nothing either.
    write("hunter-four", "immutable: hunter-four\n");
    run(&apply, false);
}
