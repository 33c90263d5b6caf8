//! `wait_for`: an apply ends when the object has the conditions and fields that
//! were asked for.

use serde_json::{Value, json};

use crate::cluster::{Bench, until};

const GATEWAY: &str = "crossmesh_istio_gateway.main";

/// A Gateway with these lines.
fn gateway(bench: &Bench, more: &str) -> String {
    bench.here(&format!(
        r#"
resource "crossmesh_istio_gateway" "main" {{
  cluster  = "CLUSTER"
  metadata = {{ name = "main", namespace = "NAMESPACE" }}
  spec = {{
    selector = {{ istio = "ingressgateway" }}
    servers  = [{{ port = {{ number = 80, name = "http", protocol = "HTTP" }}, hosts = ["*"] }}]
  }}
  {more}
}}
"#
    ))
}

/// Says what a controller would, about this generation.
fn report(bench: &Bench, path: &str, generation: &Value, more: Value) {
    let mut status = json!({"conditions": [
        {"type": "Reconciled", "status": "True", "observedGeneration": generation}]});
    if let (Value::Object(status), Value::Object(more)) = (&mut status, more) {
        status.extend(more);
    }
    bench.kube().edit(&format!("{path}/status"), &json!({ "status": status }));
}

/// Applies, reports on an object while the apply waits, and sees it end well.
#[track_caller]
fn apply_and_report(bench: &Bench, path: &str, is_applied: impl Fn(&Value) -> bool) {
    let mut running = bench.start(&["apply", "-auto-approve", "-no-color", "-input=false"]);
    until("the object is applied", || is_applied(&bench.kube().get(path)));
    if let Some(cluster) = bench.simulated() {
        // Two more looks at it: that is what waiting is.
        let looks =
            || cluster.calls().iter().filter(|call| **call == format!("GET {path}")).count();
        let before = looks();
        until("the apply waits", || looks() > before + 1 || running.has_ended());
    }
    assert!(!running.has_ended(), "it waits");
    let generation = bench.kube().get(path)["metadata"]["generation"].clone();
    report(bench, path, &generation, json!({"address": "10.0.0.1"}));
    let (ended_well, said) = running.end();
    assert!(ended_well, "{said}");
}

#[test]
fn an_istio_object_is_waited_for_until_its_status_says_so() {
    let bench = Bench::with_istio();
    let wait_for = "wait_for = { conditions = { Reconciled = \"True\" } }";
    let path = bench.istio("gateways", "main");
    bench.write("main.tf", &gateway(&bench, wait_for));
    apply_and_report(&bench, &path, |found| !found.is_null());
    bench.plan().expect_empty();

    // What was said of the former generation does not count.
    let changed = gateway(&bench, wait_for).replace("ingressgateway", "other");
    bench.write("main.tf", &changed);
    apply_and_report(&bench, &path, |found| found["spec"]["selector"]["istio"] == "other");
    bench.plan().expect_empty();

    let impatient = format!("{wait_for}\n  timeouts = {{ update = \"2s\" }}");
    let again = gateway(&bench, &impatient).replace("ingressgateway", "third");
    bench.write("main.tf", &again);
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("Unable to wait for the Gateway"), "{said}");
    assert!(said.contains("is about an older generation"), "{said}");
    let kept = bench.state();
    let selector = &kept.attributes(GATEWAY)["spec"]["selector"]["istio"];
    assert_eq!(selector, "third", "what was applied is kept");
}

#[test]
fn a_wait_that_asks_for_nothing_is_refused() {
    let bench = Bench::with_istio();
    bench.write("main.tf", &gateway(&bench, "wait_for = {}"));
    let said = bench.try_plan().expect_failure().prose();
    assert!(said.contains("conditions") && said.contains("fields"), "{said}");
    bench.write("main.tf", &gateway(&bench, "wait_for = { conditions = { A = \"yes\" } }"));
    let said = bench.try_plan().expect_failure().prose();
    assert!(said.contains("Unknown"), "{said}");
}

/// Two ConfigMap-like objects of which one is waited for.
fn manifests(bench: &Bench, more: &str) -> String {
    bench.here(&format!(
        r#"
resource "crossmesh_kubernetes_manifests" "main" {{
  cluster   = "CLUSTER"
  manifests = <<-Y
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {{name: a, namespace: NAMESPACE}}
    spec: {{hosts: [a.example.com]}}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {{name: b, namespace: NAMESPACE}}
  Y
  {more}
}}
"#
    ))
}

#[test]
fn objects_of_a_text_are_waited_for_by_their_keys() {
    let bench = Bench::with_istio();
    let key = bench.here("networking.istio.io/v1/ServiceEntry/NAMESPACE/a");
    let wait_for = |fields: &str| {
        format!(
            "wait_for = {{\n    {key:?} = {{\n      conditions = {{ Reconciled = \"True\" }}\n      \
             fields     = {{ {fields} }}\n    }}\n  }}"
        )
    };
    let path = bench.istio("serviceentries", "a");
    bench.write("main.tf", &manifests(&bench, &wait_for("\"status.address\" = \"*\"")));
    apply_and_report(&bench, &path, |found| !found.is_null());
    bench.plan().expect_empty();

    let other = wait_for("\"status.address\" = \"10.0.0.2\"");
    let impatient = format!("{other}\n  timeouts = {{ update = \"2s\" }}");
    bench.write("main.tf", &manifests(&bench, &impatient));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains(".status.address is \"10.0.0.1\", not \"10.0.0.2\""), "{said}");

    let wrong = wait_for("\"a\" = \"*\"").replace("/a\"", "/absent\"");
    bench.write("main.tf", &manifests(&bench, &wrong));
    let said = bench.try_plan().expect_failure().prose();
    assert!(said.contains("The text has no object") && said.contains(&key), "{said}");
}
