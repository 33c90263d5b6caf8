//! `crossmesh_kubernetes_manifests`

use crossmesh_sim::{
    kubernetes::{Fault, FaultRule},
    terraform::Action,
};
use serde_json::{Value, json};

use crate::{
    cluster::{Bench, until},
    kube::SOMEBODY,
    moments::{interrupted, killed},
};

const ADDRESS: &str = "crossmesh_kubernetes_manifests.main";

/// A definition and its object, a workload, a Service: in the wrong order.
const TEXT: &str = "
apiVersion: crossmesh.example.com/v1
kind: Widget
metadata: {name: one, namespace: NAMESPACE-made}
spec: {size: 3}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: NAMESPACE-made}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: NAMESPACE-made}
data:
  script: |
    ---
    echo $HOME ${HOME}
---
apiVersion: v1
kind: Namespace
metadata: {name: NAMESPACE-made}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.crossmesh.example.com}
spec:
  group: crossmesh.example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: {spec: {type: object, properties: {size: {type: integer}}}}
";

/// Two ConfigMaps.
const SMALL: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: NAMESPACE}
data: {x: '1', y: '1'}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b, namespace: NAMESPACE}
data: {x: '1'}
";

/// A resource with these lines, of a text that lies in a file.
fn config(bench: &Bench, text: &str, lines: &str) -> String {
    bench.write("objects.yaml", &bench.here(text));
    bench.here(&format!(
        "resource \"crossmesh_kubernetes_manifests\" \"main\" {{\n  cluster   = \"CLUSTER\"\n  \
         manifests = file(\"objects.yaml\")\n{lines}\n}}\n"
    ))
}

fn key(bench: &Bench, key: &str) -> String {
    bench.here(key)
}

fn config_map(bench: &Bench, name: &str) -> Value {
    bench.kube().get(&bench.core("configmaps", name))
}

#[test]
fn lives_from_create_to_destroy() {
    let bench = Bench::new();
    let config = config(&bench, TEXT, "");
    let plan = bench.plan_config(&config);
    plan.expect_changes(&[(ADDRESS, Action::Create)]);
    let planned = &plan.change(ADDRESS)["after"]["objects"];
    assert_eq!(planned.as_object().map(|it| it.len()), Some(5), "the objects are known at plan");
    bench.apply().expect_success();
    bench.plan().expect_empty();
    let made = format!("{}-made", bench.namespace);
    let settings = format!("/api/v1/namespaces/{made}/configmaps/settings");
    let script = &bench.kube().get(&settings)["data"]["script"];
    assert_eq!(script, "---\necho $HOME ${HOME}\n", "nothing in the text is interpreted");
    let keys = [
        "apiextensions.k8s.io/v1/CustomResourceDefinition/widgets.crossmesh.example.com",
        "crossmesh.example.com/v1/Widget/NAMESPACE-made/one",
        "v1/ConfigMap/NAMESPACE-made/settings",
        "v1/Namespace/NAMESPACE-made",
        "v1/Service/NAMESPACE-made/web",
    ];
    bench.expect_import(ADDRESS, &bench.here(&format!("CLUSTER/{}", keys.join(","))));
    bench.destroy().expect_success();
    assert_eq!(bench.kube().get(&format!("/api/v1/namespaces/{made}")), Value::Null);
}

#[test]
fn the_plan_shows_which_objects_change() {
    let bench = Bench::new();
    bench.apply_config(&config(&bench, SMALL, ""));
    let (a, b) = (key(&bench, "v1/ConfigMap/NAMESPACE/a"), key(&bench, "v1/ConfigMap/NAMESPACE/b"));
    let c = key(&bench, "v1/ConfigMap/NAMESPACE/c");
    // Another order, other quotes and a comment: nothing changes.
    let (first, second) = SMALL.split_once("---").unwrap();
    let respelled = format!("{second}\n# the first\n---{}", first.replace("'1'", "\"1\""));
    bench.plan_config(&config(&bench, &respelled, "")).expect_empty();

    let changed = SMALL.replace("name: b", "name: c").replace("y: '1'", "z: '2'");
    let plan = bench.plan_config(&config(&bench, &changed, ""));
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    let (before, after) =
        (&plan.change(ADDRESS)["before"]["objects"], &plan.change(ADDRESS)["after"]["objects"]);
    assert_ne!(before[&a], after[&a]);
    assert_eq!((after.get(&b), before.get(&c)), (None, None));
    assert_eq!(after[&c], r#"{"data":{"x":"1"}}"#);
    let said = plan.outcome.prose();
    assert!(said.contains("- y = \"1\"") && said.contains("+ z = \"2\""), "{said}");
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!(config_map(&bench, "a")["data"], json!({"x": "1", "z": "2"}));
    assert_eq!(config_map(&bench, "b"), Value::Null, "what left the text is deleted");
    assert!(!config_map(&bench, "c").is_null());
}

#[test]
fn only_objects_that_change_are_applied() {
    let bench = Bench::new();
    let Some(cluster) = bench.simulated() else { return };
    bench.apply_config(&config(&bench, SMALL, ""));
    let before = cluster.calls().len();
    bench.apply_config(&config(&bench, &SMALL.replace("y: '1'", "y: '2'"), ""));
    let patches: Vec<String> = cluster
        .calls()
        .split_off(before)
        .into_iter()
        .filter(|it| it.starts_with("PATCH"))
        .collect();
    assert_eq!(patches, [format!("PATCH {}", bench.core("configmaps", "a"))]);
}

#[test]
fn what_others_change_shows_by_object() {
    let bench = Bench::new();
    bench.apply_config(&config(&bench, SMALL, "force_conflicts = true"));
    let (a, b) = (key(&bench, "v1/ConfigMap/NAMESPACE/a"), key(&bench, "v1/ConfigMap/NAMESPACE/b"));
    // Fields of others are theirs.
    bench.kube().edit(&bench.core("configmaps", "a"), &json!({"data": {"theirs": "1"}}));
    bench.plan().expect_empty();
    bench.kube().edit(&bench.core("configmaps", "a"), &json!({"data": {"x": "5"}}));
    bench.kube().delete(&bench.core("configmaps", "b"));
    let plan = bench.plan();
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    let before = &plan.change(ADDRESS)["before"]["objects"];
    assert_eq!(before[&a], r#"{"data":{"x":"5","y":"1"}}"#);
    assert_eq!(plan.change(ADDRESS)["after"]["objects"][&a], r#"{"data":{"x":"1","y":"1"}}"#);
    assert_eq!(before.get(&b), None);
    let said = plan.outcome.prose();
    assert!(said.contains(&format!("{a}: .data.x by {SOMEBODY:?}")), "{said}");
    assert!(said.contains("~ x = \"5\" -> \"1\""), "{said}");
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!(config_map(&bench, "a")["data"], json!({"x": "1", "y": "1", "theirs": "1"}));
    assert!(!config_map(&bench, "b").is_null());
    // All of them gone: the resource is.
    bench.kube().delete(&bench.core("configmaps", "a"));
    bench.kube().delete(&bench.core("configmaps", "b"));
    bench.plan().expect_changes(&[(ADDRESS, Action::Create)]);
}

#[test]
fn a_failure_half_way_loses_nothing() {
    let bench = Bench::new();
    let broken = SMALL.replace("data: {x: '1'}", "data: {x: [1]}");
    bench.write("main.tf", &config(&bench, &broken, ""));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("Unable to apply ConfigMap"), "{said}");
    assert!(said.contains("Document: 2, line 7"), "{said}");
    let state = bench.state();
    let a = key(&bench, "v1/ConfigMap/NAMESPACE/a");
    assert!(state.is_tainted(ADDRESS));
    let known = state.attributes(ADDRESS)["objects"].as_object().unwrap().clone();
    assert_eq!(known.keys().collect::<Vec<_>>(), [&a]);
    bench.apply_config(&config(&bench, SMALL, ""));
    bench.plan().expect_empty();

    // In an update the next plan shows what is left to do.
    let broken = SMALL.replace("y: '1'", "y: '2'").replace("data: {x: '1'}", "data: {x: [1]}");
    bench.write("main.tf", &config(&bench, &broken, ""));
    bench.apply().expect_failure();
    let mended = broken.replace("[1]", "'3'");
    let plan = bench.plan_config(&config(&bench, &mended, ""));
    let change = plan.change(ADDRESS);
    assert_eq!(change["before"]["objects"][&a], change["after"]["objects"][&a], "it is done");
    bench.apply().expect_success();
    bench.plan().expect_empty();
    bench.destroy().expect_success();
    assert_eq!(config_map(&bench, "a"), Value::Null);
}

#[test]
fn objects_of_others_are_not_taken_without_being_told() {
    let bench = Bench::new();
    let collection = bench.core("configmaps", "");
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"x": "0"}});
    bench.kube().create(collection.trim_end_matches('/'), &theirs);
    bench.write("main.tf", &config(&bench, SMALL, ""));
    let said = bench.apply().expect_failure().prose();
    let id = bench.here("CLUSTER/v1/ConfigMap/NAMESPACE/b");
    assert!(said.contains(&format!("Import it with the id \"{id}\"")), "{said}");
    assert_eq!(config_map(&bench, "b")["data"]["x"], "0");
    bench.apply_config(&config(&bench, SMALL, "force_conflicts = true"));
    bench.plan().expect_empty();
    assert_eq!(config_map(&bench, "b")["data"]["x"], "1");
}

#[test]
fn conflicts_name_fields_and_managers_of_the_object() {
    let bench = Bench::new();
    bench.apply_config(&config(&bench, SMALL, ""));
    bench.kube().edit(&bench.core("configmaps", "a"), &json!({"data": {"x": "5", "y": "5"}}));
    let said = bench.apply().expect_failure().prose();
    let key = key(&bench, "v1/ConfigMap/NAMESPACE/a");
    assert!(said.contains(&format!("{key} has fields that other managers own")), "{said}");
    for field in ["x", "y"] {
        assert!(said.contains(&format!(".data.{field} → {SOMEBODY}")), "{said}");
    }
    assert!(said.contains("which takes over exactly these fields"), "{said}");
    bench.apply_config(&config(&bench, SMALL, "force_conflicts = true"));
    bench.plan().expect_empty();
}

#[test]
fn an_object_that_took_the_place_of_ours_is_not_deleted() {
    let bench = Bench::new();
    bench.apply_config(&config(&bench, SMALL, ""));
    let path = bench.core("configmaps", "a");
    bench.kube().delete(&path);
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
    bench.kube().create(bench.core("configmaps", "").trim_end_matches('/'), &theirs);
    // Nothing was read since: the state means the object that was deleted.
    bench.run(&["destroy", "-auto-approve", "-refresh=false", "-no-color"]).expect_success();
    assert!(!config_map(&bench, "a").is_null());
    assert_eq!(config_map(&bench, "b"), Value::Null);
}

#[test]
fn a_text_that_is_wrong_is_refused_with_its_line() {
    let bench = Bench::new();
    let wrong = format!(
        "{SMALL}---\nkind: Service\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: NAMESPACE}}\n"
    );
    bench.write("main.tf", &config(&bench, &wrong, ""));
    let said = bench.try_plan().expect_failure().prose();
    assert!(said.contains("Document 3, line 12: apiVersion is missing"), "{said}");
    bench.write("main.tf", &config(&bench, &wrong.replace("---\nkind: Service\n", ""), ""));
    let said = bench.try_plan().expect_failure().prose();
    assert!(said.contains("is already in document 1"), "{said}");
}

#[test]
fn deletion_waits_for_finalizers() {
    let bench = Bench::new();
    bench.apply_config(&config(&bench, SMALL, "timeouts = { delete = \"3s\" }"));
    let path = bench.core("configmaps", "a");
    bench.kube().edit(&path, &json!({"metadata": {"finalizers": ["example.com/hold"]}}));
    let said = bench.destroy().expect_failure().prose();
    assert!(said.contains("example.com/hold"), "{said}");
    let state = bench.state();
    let left = state.attributes(ADDRESS)["objects"].as_object().unwrap();
    assert_eq!(left.len(), 1, "what is gone has left the state: {left:?}");
    bench.kube().edit(&path, &json!({"metadata": {"finalizers": null}}));
    bench.destroy().expect_success();
}

#[test]
fn waits_until_workloads_are_ready_and_says_why_not() {
    let bench = Bench::new();
    if bench.simulated().is_none() {
        // A bare API server has nobody who starts pods.
        return;
    }
    let text = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NAMESPACE}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.27
          resources: {limits: {cpu: 1000m, memory: 1024Mi}}
";
    bench.apply_config(&config(&bench, text, ""));
    bench.plan().expect_empty();
    let path = bench.here("/apis/apps/v1/namespaces/NAMESPACE/deployments/web");
    assert_eq!(bench.kube().get(&path)["status"]["availableReplicas"], 2);
    bench.expect_import(ADDRESS, &bench.here("CLUSTER/apps/v1/Deployment/NAMESPACE/web"));

    let stuck = text.replace("nginx:1.27", "example.com/fail/no-such-image:1").replace(
        "          resources",
        "          envFrom: [{configMapRef: {name: absent}}]\n          resources",
    );
    bench.write("main.tf", &config(&bench, &stuck, "timeouts = { update = \"3s\" }"));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("Unable to wait until Deployment is ready"), "{said}");
    bench.apply_config(&config(&bench, &stuck, "wait = false"));
}

#[test]
fn a_text_that_is_written_only_leaves_no_trace() {
    let bench = Bench::new();
    let secret = |password: &str| {
        bench.here(&format!(
            "resource \"crossmesh_kubernetes_manifests\" \"main\" {{\n  cluster = \"CLUSTER\"\n  \
             manifests_wo = <<-Y\n    apiVersion: v1\n    kind: Secret\n    metadata: {{name: s, \
             namespace: NAMESPACE}}\n    stringData: {{password: {password}}}\n  Y\n}}\n"
        ))
    };
    let clear = |text: &str| text.contains("hunter") || text.contains("aHVudGVy");
    let outcome = bench.apply_config(&secret("hunter2"));
    assert!(!clear(&outcome.text()), "{}", outcome.text());
    let state = || std::fs::read_to_string(bench.folder().join("terraform.tfstate")).unwrap();
    assert!(!clear(&state()), "{}", state());
    bench.plan().expect_empty();
    let path = bench.core("secrets", "s");
    assert_eq!(bench.kube().get(&path)["data"]["password"], "aHVudGVyMg==");
    // Another password is found.
    let plan = bench.plan_config(&secret("hunter3"));
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    assert!(!clear(&plan.outcome.text()), "{}", plan.outcome.text());
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!(bench.kube().get(&path)["data"]["password"], "aHVudGVyMw==");
    // And a change in the cluster by what was accepted.
    bench.kube().edit(&path, &json!({"data": {"password": "b3RoZXI="}}));
    let plan = bench.plan();
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    let objects = &plan.change(ADDRESS)["before"]["objects"];
    assert_eq!(objects[key(&bench, "v1/Secret/NAMESPACE/s")], "changed since it was applied");
    assert!(!clear(&state()));
}

#[test]
fn another_manager_s_name_takes_the_fields_over() {
    let bench = Bench::new();
    bench.apply_config(&config(&bench, SMALL, ""));
    let fewer = SMALL.replace(", y: '1'", "");
    bench.apply_config(&config(&bench, &fewer, "field_manager = \"mesh-team\""));
    bench.plan().expect_empty();
    let now = config_map(&bench, "a");
    assert_eq!(now["data"], json!({"x": "1"}), "what the former name had is given up");
    let managers = now["metadata"]["managedFields"].as_array().unwrap().iter();
    assert!(managers.clone().all(|entry| entry["manager"] == "mesh-team"), "{now}");
}

#[test]
fn hundreds_of_objects_are_applied_and_deleted() {
    let bench = Bench::new();
    let one = |i: usize| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: many-{i}\n  namespace: NAMESPACE\ndata:\n  a: '{i}'\n{}---\n",
            "  # line\n".repeat(12)
        )
    };
    let text: String = (0..220).map(one).collect();
    assert!(text.lines().count() > 4000);
    bench.apply_config(&config(&bench, &text, ""));
    bench.plan().expect_empty();
    bench.destroy().expect_success();
    assert_eq!(config_map(&bench, "many-7"), Value::Null);
}

#[test]
fn a_cluster_that_is_gone_takes_its_objects_along() {
    let bench = Bench::new();
    let Some(cluster) = bench.simulated() else { return };
    bench.apply_config(&config(&bench, SMALL, "timeouts = { read = \"2s\" }"));
    cluster.stop();
    let said = bench.try_plan().expect_failure().prose();
    assert!(said.contains("Unable to read ConfigMap"), "{said}");
    let mut world = bench.cloud().world().clone();
    world.clusters.retain(|it| it.id != bench.cluster);
    let elsewhere = bench.another_cloud(world);
    let mut plan = bench.command(&["plan", "-no-color", "-input=false", "-detailed-exitcode"]);
    let output = plan.env("CROSSMESH_ENDPOINT", elsewhere.endpoint()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 to add, 0 to change, 0 to destroy"), "{said}");
}

#[test]
fn an_apply_that_is_killed_ends_in_the_same_place_when_it_is_repeated() {
    let bench = Bench::new();
    let Some(cluster) = bench.simulated() else { return };
    bench.write("main.tf", &config(&bench, SMALL, ""));
    let slow = Fault::Delay(std::time::Duration::from_secs(20));
    cluster.faults().add(FaultRule::always(slow).method("PATCH").path("/configmaps/b"));
    let applied = || !config_map(&bench, "a").is_null();
    killed(&bench, || until("the first object is applied", applied));
    cluster.faults().clear();
    bench.apply().expect_success();
    bench.plan().expect_empty();
    bench.destroy().expect_success();
    assert_eq!(config_map(&bench, "a"), Value::Null);
    assert_eq!(config_map(&bench, "b"), Value::Null);
}

#[test]
fn an_interrupt_ends_a_wait_at_once_and_keeps_what_is_there() {
    let bench = Bench::new();
    if bench.simulated().is_none() {
        return;
    }
    let stuck = "
apiVersion: batch/v1
kind: Job
metadata: {name: never, namespace: NAMESPACE}
spec:
  completions: 2
  parallelism: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: a, image: busybox}]
";
    bench.write("main.tf", &config(&bench, stuck, ""));
    let job = bench.here("/apis/batch/v1/namespaces/NAMESPACE/jobs/never");
    let is_there = || !bench.kube().get(&job).is_null();
    let said = interrupted(&bench, || until("the Job is there", is_there)).prose();
    assert!(said.contains("Interrupted"), "{said}");
    assert!(bench.state().is_tainted(ADDRESS), "{said}");
    bench.destroy().expect_success();
    assert_eq!(bench.kube().get(&job), Value::Null);
}

#[test]
fn a_text_that_is_known_only_at_apply_is_planned() {
    let bench = Bench::new();
    let config = bench.here(
        r#"
resource "terraform_data" "value" {
  input = "late"
}

resource "crossmesh_kubernetes_manifests" "main" {
  cluster   = "CLUSTER"
  manifests = <<-Y
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: a, namespace: NAMESPACE}
    data: {value: ${terraform_data.value.output}}
  Y
}
"#,
    );
    let plan = bench.plan_config(&config);
    assert_eq!(plan.changes().get(ADDRESS), Some(&Action::Create));
    assert_eq!(plan.change(ADDRESS)["after_unknown"]["objects"], true);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!(config_map(&bench, "a")["data"]["value"], "late");
    // The text changes with what it depends on.
    let plan = bench.plan_config(&config.replace("\"late\"", "\"later\""));
    assert_eq!(plan.changes().get(ADDRESS), Some(&Action::Update));
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!(config_map(&bench, "a")["data"]["value"], "later");
}
