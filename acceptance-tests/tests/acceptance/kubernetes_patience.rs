//! What of a cluster passes by itself, and is waited out; and what does not.

use std::{
    thread,
    time::{Duration, Instant},
};

use crossmesh_sim::kubernetes::{Fault, FaultRule};

use crate::cluster::{Bench, until};

const ONE: &str = r#"
resource "crossmesh_istio_virtual_service" "one" {
  cluster  = "CLUSTER"
  metadata = { name = "one", namespace = "NAMESPACE" }

  spec = {
    hosts = ["a.example.com"]
    http  = [{ route = [{ destination = { host = "a" } }] }]
  }
}
"#;

const MANY: &str = r#"
resource "crossmesh_istio_virtual_service" "all" {
  count    = 60
  cluster  = "CLUSTER"
  metadata = { name = "route-${count.index}", namespace = "NAMESPACE" }

  spec = {
    hosts = ["${count.index}.example.com"]
    http  = [{ route = [{ destination = { host = "a" } }] }]
  }

  timeouts = { read = "3s" }
}
"#;

/// Does something while something else runs, a moment after it began.
fn meanwhile(later: impl FnOnce() + Send, run: impl FnOnce()) {
    thread::scope(|scope| {
        scope.spawn(|| {
            let begun = Instant::now();
            until("tries have failed", || begun.elapsed() > Duration::from_secs(4));
            later();
        });
        run();
    });
}

fn status(code: u16, reason: &str) -> Fault {
    Fault::Status { code, reason: reason.to_owned(), message: "not now".to_owned() }
}

#[test]
fn an_api_server_that_does_not_listen_yet_is_waited_for() {
    let bench = Bench::with_istio();
    let Some(cluster) = bench.simulated() else { return };
    cluster.stop();
    bench.write("main.tf", &bench.here(ONE));
    let started = Instant::now();
    meanwhile(
        || cluster.resume().expect("the port is free"),
        || drop(bench.apply().expect_success()),
    );
    assert!(started.elapsed() > Duration::from_secs(4), "it applied before the server was up");
    // Neither does a read that meets a server which starts.
    cluster.stop();
    meanwhile(|| cluster.resume().expect("the port is free"), || bench.plan().expect_empty());
}

#[test]
fn credentials_that_end_are_fetched_again() {
    let bench = Bench::with_istio();
    let Some(cluster) = bench.simulated() else { return };
    // The first one ends for good, and some servers have not heard of the second one yet.
    cluster.faults().add(FaultRule::always(status(401, "Unauthorized")).method("PATCH").times(4));
    bench.apply_config(&bench.here(ONE));
    cluster.faults().add(FaultRule::always(status(401, "Unauthorized")).method("GET").times(4));
    bench.plan().expect_empty();
    bench.clusters().expire_credentials(&bench.cluster);
    bench.plan().expect_empty();
}

#[test]
fn a_new_authority_is_waited_for_until_the_cloud_hands_it_out() {
    let bench = Bench::with_istio();
    let Some(cluster) = bench.simulated() else { return };
    bench.apply_config(&bench.here(ONE));
    cluster.rotate_authority().expect("certificates can be made");
    meanwhile(
        || bench.clusters().expire_credentials(&bench.cluster),
        || bench.plan().expect_empty(),
    );
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let bench = Bench::with_istio();
    let Some(cluster) = bench.simulated() else { return };
    let busy = FaultRule::always(Fault::TooManyRequests { retry_after: 2 });
    cluster.faults().add(busy.clone().method("PATCH").times(1));
    cluster.faults().add(FaultRule::always(status(409, "Conflict")).method("PATCH").times(2));
    cluster.faults().add(FaultRule::always(status(500, "InternalError")).method("PATCH").times(1));
    let started = Instant::now();
    bench.apply_config(&bench.here(ONE));
    assert!(started.elapsed() > Duration::from_secs(2));
    cluster.faults().add(busy.path("/virtualservices").times(2));
    cluster.faults().add(FaultRule::always(status(502, "")).path("/virtualservices").times(2));
    bench.plan().expect_empty();
    bench.destroy().expect_success();
}

#[test]
fn a_cluster_that_is_switched_off_costs_one_read_and_not_one_per_object() {
    let bench = Bench::with_istio();
    let Some(cluster) = bench.simulated() else { return };
    bench.apply_config(&bench.here(MANY));
    cluster.stop();
    let started = Instant::now();
    let said = bench.try_plan().expect_failure().prose();
    let took = started.elapsed();
    // One by one, ten at a time, it would be six times the read timeout.
    assert!(took < Duration::from_secs(12), "{took:?}");
    assert!(said.contains("Unable to read the VirtualService"), "{said}");
    assert!(said.contains("Check that the endpoint of cluster"), "{said}");
    assert!(!said.contains("What exists is kept"), "{said}");
    let offline = bench.run(&["plan", "-no-color", "-input=false", "-refresh=false"]);
    assert!(offline.expect_success().stdout.contains("No changes"));
    cluster.resume().expect("the port is free");
    bench.plan().expect_empty();
}
