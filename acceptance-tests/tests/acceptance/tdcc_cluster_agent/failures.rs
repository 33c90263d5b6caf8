//! What goes wrong, and how it ends.

use std::fs;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use crossmesh_sim::{
    kubernetes::{Fault, FaultRule},
    terraform::Action,
};
use serde_json::json;

use super::{AGENT, Bench, HUB, KIND, NAMESPACE, OBJECTS, REGISTERED};
use crate::moments::{interrupted, killed};

#[test]
fn a_token_that_has_expired_is_renewed_once() {
    let bench = Bench::new();
    bench.apply_config(&bench.registration());
    bench.patch(KIND, &bench.registered(), json!({"TokenExpired": true}));
    bench.write("main.tf", &bench.with("extranet = true\n  renew = false"));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("Registration token has expired"), "{said}");
    assert!(said.contains("Set `renew = true`"), "{said}");
    assert_eq!(bench.state().addresses(), [HUB, REGISTERED]);
    assert!(bench.cluster.object("", "namespaces", "", NAMESPACE).is_none());

    bench.apply_config(&bench.config());
    bench.plan().expect_empty();
    assert_eq!(bench.renewals(), 1);
    // One that is connected needs no token.
    bench.patch(KIND, &bench.registered(), json!({"TokenExpired": true}));
    bench.apply_config(&bench.with("extranet = true\n  force_conflicts = true"));
    assert_eq!(bench.renewals(), 1);
    bench.expect_clean_destroy();
}

#[test]
fn a_token_that_is_of_no_use_at_all_is_explained() {
    let bench = Bench::new();
    bench.pace("tdcc/token-expiry", "immediate");
    bench.write("main.tf", &bench.config());
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("check this machine's clock"), "{said}");
    assert_eq!(bench.renewals(), 1);
}

#[test]
fn a_token_that_is_not_accepted_is_renewed_once() {
    let bench = Bench::new();
    bench.apply_config(&bench.registration());
    // The token is good by this machine's clock, and TDCC's is ahead.
    bench.cloud().clock().advance(jiff::SignedDuration::from_hours(25));
    bench.apply_config(&bench.with("extranet = true\n  timeouts = { create = \"12s\" }"));
    bench.plan().expect_empty();
    assert_eq!(bench.renewals(), 1);
    assert_eq!(bench.deployment().unwrap()["metadata"]["generation"], 2, "pods started anew");
    bench.expect_clean_destroy();
}

#[test]
fn an_agent_that_does_not_reach_the_hub_is_explained() {
    let bench = Bench::new();
    // No CCN joins the two networks.
    bench.write("main.tf", &bench.with("timeouts = { create = \"8s\" }"));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("Unable to connect the cluster"), "{said}");
    assert!(said.contains("WaittingForConnect in TDCC; the agent is available"), "{said}");
    assert!(said.contains("with `extranet = true` it needs the internet"), "{said}");
    assert!(bench.state().is_tainted(AGENT));
    bench.plan_config(&bench.config()).expect_changes(&[(AGENT, Action::Replace)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    bench.expect_clean_destroy();
}

#[test]
fn an_agent_that_does_not_start_is_explained() {
    let bench = Bench::new();
    bench.cluster.set_image_trouble(Some("Back-off pulling image \"clusternet-agent\""));
    bench.write("main.tf", &bench.with("extranet = true\n  timeouts = { create = \"4s\" }"));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("WaittingForConnect in TDCC; Deployment clusternet-agent"), "{said}");
    assert!(said.contains("0 of 3 replicas are available"), "{said}");
    assert!(said.contains("ImagePullBackOff: Back-off pulling image"), "{said}");
    assert!(bench.state().is_tainted(AGENT));
    bench.cluster.set_image_trouble(None);
    bench.apply_config(&bench.config());
    bench.plan().expect_empty();
    bench.expect_clean_destroy();
}

#[test]
fn a_cluster_that_cannot_be_reached_is_named() {
    let bench = Bench::new();
    bench.cluster.stop();
    bench.write("main.tf", &bench.with("extranet = true\n  timeouts = { create = \"4s\" }"));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains(&format!("endpoint of cluster {:?}", bench.cluster.id())), "{said}");
    assert_eq!(said.matches("Error: ").count(), 1, "{said}");
    assert_eq!(bench.state().addresses(), [HUB, REGISTERED]);
    bench.cluster.resume().unwrap();
    bench.apply_config(&bench.config());
    bench.plan().expect_empty();

    // Nothing is forgotten while it cannot be seen.
    let short = "extranet = true\n  timeouts = { read = \"3s\", delete = \"3s\" }";
    bench.apply_config(&bench.with(short));
    bench.cluster.stop();
    bench.try_plan().expect_failure();
    bench.run(&["destroy", "-auto-approve", "-refresh=false"]).expect_failure();
    assert_eq!(bench.state().addresses(), [AGENT, HUB, REGISTERED]);
    bench.cluster.resume().unwrap();
    bench.expect_clean_destroy();
}

#[test]
fn a_cluster_that_fails_half_way_leaves_nothing_behind() {
    let bench = Bench::new();
    let refused = Fault::Status {
        code: 403,
        reason: "Forbidden".to_owned(),
        message: "user cannot patch deployments".to_owned(),
    };
    bench.cluster.faults().add(FaultRule::always(refused).method("PATCH").path("/deployments/"));
    bench.write("main.tf", &bench.config());
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("Unable to apply the agent's Deployment"), "{said}");
    assert!(bench.state().is_tainted(AGENT));
    bench.cluster.faults().clear();
    bench.destroy().expect_success();
    bench.expect_nothing_left();
}

#[test]
fn a_cluster_that_is_gone_needs_no_clean_up() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    let mut world = bench.cloud().world().clone();
    world.clusters.retain(|cluster| cluster.id != bench.cluster.id());
    let elsewhere = bench.another_cloud(world);
    let mut destroy = bench.command(&["destroy", "-no-color", "-auto-approve", "-refresh=false"]);
    let output = destroy.env("CROSSMESH_ENDPOINT", elsewhere.endpoint()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Cluster is gone"), "{said}");
    assert_eq!(bench.state().addresses(), [""; 0]);
}

#[test]
fn a_run_that_was_killed_is_gone_on_with() {
    let bench = Bench::new();
    bench.write("main.tf", &bench.config());
    let faults = bench.cluster.faults();
    faults.add(FaultRule::always(Fault::Hold(None)).method("PATCH").path("/deployments/"));
    killed(&bench, || bench.wait_until("the agent's Secret", || bench.secret("regToken")));
    faults.clear();
    let (hub, registered) = (bench.objects("tdcc_hub_cluster"), bench.registered());
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!((bench.objects("tdcc_hub_cluster"), bench.registered()), (hub, registered));
    assert_eq!(bench.objects("kubernetes_object").len(), OBJECTS);
    bench.expect_clean_destroy();
}

#[test]
fn a_run_that_was_interrupted_ends_at_once_and_is_gone_on_with() {
    let bench = Bench::new();
    bench.pace("tdcc/register", "manual");
    bench.write("main.tf", &bench.config());
    let outcome = interrupted(&bench, || {
        bench.wait_until("the agent", || bench.deployment());
        bench.await_calls("DescribeExternalClusters", 3);
    });
    let said = outcome.expect_failure().prose();
    assert!(said.contains("Interrupted after"), "{said}");
    assert!(bench.state().is_tainted(AGENT));
    bench.pace("tdcc/register", "immediate");
    bench.apply().expect_success();
    bench.plan().expect_empty();
    bench.expect_clean_destroy();
}

#[test]
fn conflicts_are_found_before_anything_is_changed() {
    let bench = Bench::new();
    bench.apply_config(&bench.registration());
    let address = BASE64_STANDARD.encode("https://elsewhere.example");
    bench.install_by_hand(|spec| {
        let lines = spec.lines().map(|line| match line.split_once("parentURL: ") {
            Some((indent, _)) => format!("{indent}parentURL: {address}"),
            None => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    bench.write("main.tf", &bench.config());
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains(".data.parentURL with \"kubectl\""), "{said}");
    assert!(said.contains("force_conflicts = true"), "{said}");
    let account = bench.cluster.object("", "serviceaccounts", NAMESPACE, "clusternet-agent");
    assert!(!account.unwrap().to_string().contains("crossmesh"), "the cluster was changed");
    assert_eq!(bench.state().addresses(), [HUB, REGISTERED]);

    bench.apply_config(&bench.with("extranet = true\n  force_conflicts = true"));
    bench.plan().expect_empty();
    assert!(bench.secret("parentURL").unwrap().contains("tencent-cloud.com"));
    bench.expect_clean_destroy();
}

#[test]
fn an_agent_that_was_made_by_hand_is_taken_over() {
    let bench = Bench::new();
    bench.apply_config(&bench.registration());
    bench.install_by_hand(|spec| spec);
    // What the API server defaults within a reference differs from what is applied.
    bench.apply_config(&bench.with("extranet = true\n  force_conflicts = true"));
    bench.plan().expect_empty();
    bench.expect_destroy_to_leave_what_others_made();
}

#[test]
fn an_agent_that_was_made_by_hand_is_imported() {
    let bench = Bench::new();
    bench.apply_config(&bench.registration());
    bench.install_by_hand(|spec| spec);
    bench.write("main.tf", &bench.config());
    let id = format!("member/{}#{}", bench.registered(), bench.cluster.id());
    bench.wait_until("the agent to start", || {
        let deployment = bench.deployment()?;
        (deployment["status"]["availableReplicas"] == 3).then_some(())
    });
    bench.import(AGENT, &id).expect_success();
    bench.plan().expect_empty();
    bench.expect_destroy_to_leave_what_others_made();
}

#[test]
fn a_cluster_runs_one_agent() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    let second = bench.registration() + &bench.agent("extranet = true");
    let second = second
        .split_once("resource \"crossmesh_tdcc_registered_cluster\"")
        .map(|(_, rest)| format!("resource \"crossmesh_tdcc_registered_cluster\"{rest}"))
        .unwrap()
        .replace("\"member\" {", "\"second\" {")
        .replace("registered_cluster.member", "registered_cluster.second");
    bench.write("second.tf", &second);
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("Cluster is registered already"), "{said}");
    let state = bench.state();
    let first = state.attributes(AGENT)["id"].as_str().unwrap();
    assert!(said.contains(&format!("agent of the registered cluster {first}")), "{said}");
    fs::remove_file(bench.folder().join("second.tf")).unwrap();
    bench.apply().expect_success();
    bench.plan().expect_empty();
    bench.expect_clean_destroy();
}
