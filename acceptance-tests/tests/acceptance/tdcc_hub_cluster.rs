//! `crossmesh_tdcc_hub_cluster`

use crossmesh_sim::{Options, World, terraform::Action, world::REGION};
use serde_json::json;

use crate::setup::Stage;

const ADDRESS: &str = "crossmesh_tdcc_hub_cluster.main";
const KIND: &str = "tdcc_hub_cluster";

/// A hub in the `number`-th subnet of an account, with more arguments.
fn hub_in(stage: &Stage, account: &str, number: usize, more: &str) -> String {
    let vpcs = &stage.cloud().world().vpcs;
    let vpc = vpcs.iter().find(|vpc| vpc.account == account).expect("the account has a network");
    format!(
        "resource \"crossmesh_tdcc_hub_cluster\" \"main\" {{\n  vpc_id = {:?}\n  subnet_id = \
         {:?}\n{more}}}\n",
        vpc.id, vpc.subnets[number].id
    )
}

fn hub(stage: &Stage) -> String {
    hub_in(stage, "hub", 0, "")
}

#[test]
fn lives_from_create_to_destroy() {
    let stage = Stage::new();
    stage.pace("tdcc/hub-create", "polls 2");
    stage.pace("tdcc/hub-delete", "polls 1");
    stage.apply_config(&hub_in(&stage, "hub", 0, "  region = \"ap-guangzhou\"\n"));
    stage.plan().expect_empty();
    let state = stage.state();
    let hub = state.attributes(ADDRESS);
    assert_eq!(hub["status"], "Running");
    assert_eq!(hub["name"], "hub-ap-guangzhou");
    assert!(!hub["kubernetes_version"].as_str().unwrap().is_empty());
    let id = hub["id"].as_str().unwrap();
    stage.expect_import(ADDRESS, id);
    // The region is found although it is not the provider's own.
    stage.forget(ADDRESS).expect_success();
    stage.import(ADDRESS, &format!("@ap-shanghai/{id}")).expect_success();
    assert_eq!(stage.state().attributes(ADDRESS)["region"], REGION);
    stage.plan().expect_empty();
    stage.expect_clean_destroy();
}

#[test]
fn replaces_what_the_api_cannot_change() {
    let stage = Stage::new();
    stage.apply_config(&hub(&stage));
    for config in [
        hub_in(&stage, "hub", 0, "  region = \"ap-shanghai\"\n"),
        hub_in(&stage, "member", 0, "  account = \"member\"\n"),
        hub_in(&stage, "hub", 1, ""),
    ] {
        stage.plan_config(&config).expect_changes(&[(ADDRESS, Action::Replace)]);
    }
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn another_name_for_the_same_account_changes_nothing() {
    let stage = Stage::new();
    let accounts = stage.accounts();
    stage.provider(&format!("{accounts}{}", accounts.replacen("member", "shop", 1)));
    let config = |name: &str| hub_in(&stage, "member", 0, &format!("  account = {name:?}\n"));
    stage.apply_config(&config("member"));
    stage.plan_config(&config("shop")).expect_empty();
    // Not even when the old name is taken away.
    stage.provider(&accounts.replacen("member", "shop", 1));
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.calls("CreateHubCluster").len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn comes_back_after_it_disappeared() {
    let stage = Stage::new();
    stage.apply_config(&hub(&stage));
    stage.delete(KIND, &stage.objects(KIND)[0]);
    stage.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.delete(KIND, &stage.objects(KIND)[0]);
    stage.expect_clean_destroy();
}

#[test]
fn a_hub_that_is_there_is_taken_over() {
    let stage = Stage::new();
    let other = stage.beside();
    other.write("main.tf", &hub(&stage));
    other.apply().expect_success();
    let made = stage.objects(KIND);
    stage.apply_config(&hub(&stage));
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND), made);
    assert_eq!(stage.state().attributes(ADDRESS)["id"], made[0].as_str());
    stage.expect_clean_destroy();
}

#[test]
fn a_hub_that_is_on_its_way_out_is_not_taken_over() {
    let stage = Stage::new();
    stage.apply_config(&hub(&stage));
    let former = stage.objects(KIND).remove(0);
    stage.forget(ADDRESS).expect_success();
    stage.pace("tdcc/hub-delete", "polls 2");
    let by_id = json!({"ClusterId": former});
    stage.cloud().invoke("hub", "tdcc", "DeleteHubCluster", REGION, &by_id).unwrap();
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_ne!(stage.objects(KIND), [former]);
    stage.expect_clean_destroy();
}

#[test]
fn is_made_once_although_answers_get_lost() {
    let stage = Stage::new();
    for (nth, kind) in [(1, "reset_before"), (2, "reset_after")] {
        let fault = json!({"kind": kind});
        stage.fault(json!({"action": "CreateHubCluster", "nth": nth, "times": 1, "fault": fault}));
    }
    stage.apply_config(&hub(&stage));
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn a_run_that_was_killed_is_gone_on_with() {
    let stage = Stage::new();
    stage.pace("tdcc/hub-create", "manual");
    stage.write("main.tf", &hub(&stage));
    let running = stage.start(&["apply", "-no-color", "-auto-approve"]);
    stage.await_state(KIND, "Initializing");
    drop(running);
    let made = stage.objects(KIND);
    stage.pace("tdcc/hub-create", "immediate");
    stage.patch(KIND, &made[0], json!({"Status": "Running"}));
    stage.run(&["apply", "-no-color", "-auto-approve", "-lock=false"]).expect_success();
    assert_eq!(stage.objects(KIND), made);
    stage.plan().expect_empty();
    stage.expect_clean_destroy();
}

#[test]
fn an_opening_that_failed_ends_the_wait_at_once() {
    let stage = Stage::new();
    stage.pace("tdcc/hub-create", "manual");
    stage.write("main.tf", &hub(&stage));
    let running = stage.start(&["apply", "-no-color", "-auto-approve"]);
    stage.await_state(KIND, "Initializing");
    stage.patch(KIND, &stage.objects(KIND)[0], json!({"Status": "Failed"}));
    let (succeeded, said) = running.end();
    assert!(!succeeded, "{said}");
    assert!(said.contains("the opening of TDCC failed"), "{said}");
    assert!(said.contains("the state became Failed"), "{said}");
    assert!(stage.state().is_tainted(ADDRESS));

    stage.pace("tdcc/hub-create", "immediate");
    stage.plan().expect_changes(&[(ADDRESS, Action::Replace)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.expect_clean_destroy();
}

#[test]
fn a_wait_that_is_too_long_names_the_status() {
    let stage = Stage::new();
    stage.pace("tdcc/hub-create", "manual");
    stage.write("main.tf", &hub_in(&stage, "hub", 0, "  timeouts = { create = \"3s\" }\n"));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("Initializing (opening of TDCC: Opening)"), "{said}");
    assert!(said.contains("Raise the operation's value in `timeouts`"), "{said}");
    assert!(stage.state().is_tainted(ADDRESS));
    stage.expect_clean_destroy();
}

#[test]
fn a_product_that_is_not_open_is_explained_once() {
    let mut world = World::two_accounts();
    world.accounts[0].closed_products = vec!["tdcc".to_owned()];
    let stage = Stage::with(world, Options::default());
    stage.write("main.tf", &hub(&stage));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("TDCC is not open for"), "{said}");
    assert!(said.contains("apply for it in the console"), "{said}");
    assert_eq!(said.matches("Error: ").count(), 1, "{said}");
    assert_eq!(stage.state().addresses(), [""; 0]);
}

#[test]
fn a_product_that_was_never_opened_is_explained() {
    let stage = Stage::new();
    let fault = json!({"kind": "error", "code": "FailedOperation", "message": "role missing"});
    stage.fault(json!({"action": "CreateHubCluster", "fault": fault}));
    stage.write("main.tf", &hub(&stage));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("TDCC is not open for this account yet"), "{said}");
    assert!(said.contains("role missing"), "{said}");
    stage.expect_nothing_left();
}

#[test]
fn what_says_nothing_of_the_opening_is_no_obstacle() {
    let stage = Stage::new();
    stage.pace("tdcc/hub-create", "polls 2");
    let fault = json!({"kind": "error", "code": "InvalidAction", "message": "no such action"});
    stage.fault(json!({"action": "DescribeOpenStatus", "fault": &fault}));
    stage.fault(json!({"action": "ListRegion", "fault": &fault}));
    stage.apply_config(&hub(&stage));
    let id = stage.objects(KIND).remove(0);
    stage.expect_import(ADDRESS, &id);
    stage.expect_clean_destroy();
}

#[test]
fn a_second_hub_in_a_region_is_refused_with_the_first_ones_name() {
    let stage = Stage::new();
    stage.apply_config(&hub(&stage));
    let first = stage.objects(KIND).remove(0);
    let second = hub_in(&stage, "hub", 1, "").replace("\"main\"", "\"second\"");
    stage.write("second.tf", &second);
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("one hub cluster for each region"), "{said}");
    assert!(said.contains(&first), "{said}");
    assert_eq!(stage.objects(KIND), [first]);
}

#[test]
fn a_hub_in_use_says_who_uses_it() {
    let stage = Stage::new();
    stage.apply_config(&hub_in(&stage, "hub", 0, "  timeouts = { delete = \"3s\" }\n"));
    let hub = stage.objects(KIND).remove(0);
    let params = json!({"ClusterName": "by hand", "HubClusterId": hub});
    let made = stage.cloud().invoke("hub", "tdcc", "CreateExternalCluster", REGION, &params);
    let member = made.unwrap()["ClusterId"].as_str().unwrap().to_owned();
    let said = stage.destroy().expect_failure().prose();
    assert!(said.contains("in use (") && said.contains(&member), "{said}");
    assert_eq!(stage.state().addresses(), [ADDRESS]);
    stage.delete("tdcc_registered_cluster", &member);
    stage.expect_clean_destroy();
}

#[test]
fn a_delete_that_the_cloud_does_not_know_is_explained() {
    let stage = Stage::new();
    stage.apply_config(&hub(&stage));
    let fault = json!({"kind": "error", "code": "InvalidAction", "message": "no such action"});
    stage.fault(json!({"action": "DeleteHubCluster", "fault": fault}));
    let said = stage.destroy().expect_failure().prose();
    assert!(said.contains("in the console of TDCC and run the destroy again"), "{said}");
    assert_eq!(stage.state().addresses(), [ADDRESS]);
    // As the message says.
    stage.delete(KIND, &stage.objects(KIND)[0]);
    stage.expect_clean_destroy();
}

#[test]
fn other_names_of_the_api_are_called() {
    let stage = Stage::new();
    stage.apply_config(&hub(&stage));
    let provider = std::fs::read_to_string(stage.folder().join("provider.tf")).unwrap();
    let actions = "  tdcc = { actions = { DescribeHubClusters = \"DescribeClusterHubs\" } }\n";
    let own = provider
        .replace("provider \"crossmesh\" {\n", &format!("provider \"crossmesh\" {{\n{actions}"));
    stage.write("provider.tf", &own);
    let said = stage.try_plan().expect_failure().prose();
    assert!(said.contains("tdcc:DescribeClusterHubs"), "{said}");
    stage.write("provider.tf", &provider);
    stage.expect_clean_destroy();
}
