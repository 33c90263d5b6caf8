//! What happens behind Terraform's back.

use crossmesh_sim::terraform::Action;

use super::{AGENT, BINDINGS, Bench, KIND, NAMESPACE, REGISTERED, SECRET};

#[test]
fn comes_back_after_its_namespace_was_deleted() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    lose_namespace(&bench);
    bench.plan().expect_changes(&[(AGENT, Action::Create)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!(bench.state_of(KIND, &bench.registered()).as_deref(), Some("Running"));
    lose_namespace(&bench);
    bench.destroy().expect_success();
}

/// Deletes the agent's namespace, and waits until all that is in it has gone.
fn lose_namespace(bench: &Bench) {
    bench.cluster.delete("", "namespaces", "", NAMESPACE);
    bench.wait_until("the namespace to go", || {
        bench.cluster.object("", "namespaces", "", NAMESPACE).is_none().then_some(())
    });
}

#[test]
fn what_it_lost_is_applied_again() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    bench.cluster.delete(BINDINGS.0, BINDINGS.1, "", "clusternet:app:deployer");
    bench.plan().expect_changes(&[(AGENT, Action::Update)]);
    // Also after a refresh that noted it.
    bench.run(&["apply", "-refresh-only", "-auto-approve"]).expect_success();
    bench.plan().expect_changes(&[(AGENT, Action::Update)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert!(bench.cluster.object(BINDINGS.0, BINDINGS.1, "", "clusternet:app:deployer").is_some());

    // Without its Secret the cluster is not heard of any more.
    bench.cluster.delete("", "secrets", NAMESPACE, SECRET);
    bench.plan().expect_changes(&[(AGENT, Action::Update)]);
    assert_eq!(bench.state_of(KIND, &bench.registered()).as_deref(), Some("Abnormal"));
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!(bench.state_of(KIND, &bench.registered()).as_deref(), Some("Running"));
    bench.expect_clean_destroy();
}

#[test]
fn a_registration_that_was_deleted_takes_the_agent_with_it() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    let former = bench.registered();
    bench.delete(KIND, &former);
    let plan = bench.plan();
    plan.expect_changes(&[(AGENT, Action::Replace), (REGISTERED, Action::Create)]);
    assert_eq!(plan.change(AGENT)["before"]["status"], "Deregistered");
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_ne!(bench.registered(), former);
    assert_eq!(bench.state_of(KIND, &bench.registered()).as_deref(), Some("Running"));

    // Nothing of the agent stays although its registration is gone.
    bench.delete(KIND, &bench.registered());
    bench.expect_clean_destroy();
}

#[test]
fn a_registration_that_is_not_there_is_named() {
    let bench = Bench::new();
    let reference = "crossmesh_tdcc_registered_cluster.member.id";
    bench.write("main.tf", &bench.agent("").replace(reference, "\"cls-nobody\""));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("no registered cluster cls-nobody"), "{said}");
    bench.expect_nothing_left();
    let same = bench.agent("").replace(reference, &format!("{:?}", bench.cluster.id()));
    bench.write("main.tf", &same);
    let said = bench.try_plan().expect_failure().prose();
    assert!(said.contains("Cluster named by its registration"), "{said}");
}
