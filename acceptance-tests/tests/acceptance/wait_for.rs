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
    std::thread::sleep(std::time::Duration::from_millis(500));
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
