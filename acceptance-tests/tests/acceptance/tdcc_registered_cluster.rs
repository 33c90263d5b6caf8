//! `crossmesh_tdcc_registered_cluster`

use crossmesh_sim::{Options, World, terraform::Action, world::REGION};
use serde_json::{Value, json};

use crate::setup::Stage;

const ADDRESS: &str = "crossmesh_tdcc_registered_cluster.shop";
const KIND: &str = "tdcc_registered_cluster";

/// A hub in the first subnet of the hub's network.
fn hub(stage: &Stage) -> String {
    let vpc = &stage.cloud().world().vpcs[0];
    format!(
        "resource \"crossmesh_tdcc_hub_cluster\" \"main\" {{\n  vpc_id = {:?}\n  subnet_id = \
         {:?}\n}}\n",
        vpc.id, vpc.subnets[0].id
    )
}

const LEAST: &str = r#"
resource "crossmesh_tdcc_registered_cluster" "shop" {
  hub_cluster_id = crossmesh_tdcc_hub_cluster.main.id
  name           = "shop"
}
"#;

const FULL: &str = r#"
resource "crossmesh_tdcc_registered_cluster" "shop" {
  region              = "ap-guangzhou"
  hub_cluster_id      = crossmesh_tdcc_hub_cluster.main.id
  name                = "shop"
  description         = "The shop's own"
  original_cluster_id = "cls-original"
  original_region     = "ap-shanghai"
  category            = "TKE"

  labels = {
    tier = "edge"
  }

  annotations = {
    contact = "shop@example.com"
  }

  tags = {
    team = "shop"
  }
}
"#;

/// What the cloud keeps of the only registration.
fn detail(stage: &Stage) -> Value {
    let mut found = stage.cloud().objects().into_iter().filter(|object| object.kind == KIND);
    found.next().expect("a cluster is registered").detail
}

#[test]
fn lives_from_create_to_destroy() {
    let stage = Stage::new();
    stage.pace("tdcc/unregister", "polls 2");
    stage.apply_config(&(hub(&stage) + FULL));
    stage.plan().expect_empty();
    let state = stage.state();
    let shop = state.attributes(ADDRESS);
    assert_eq!(shop["status"], "WaittingForConnect");
    assert_eq!(shop["original_region"], "ap-shanghai");
    assert_eq!(shop["tags_all"], json!({"team": "shop"}));
    assert_eq!(shop["cluster_cidr"], json!(null));
    let detail = detail(&stage);
    assert_eq!(detail["Labels"], json!(["tier=edge"]));
    assert_eq!(detail["Annotations"], json!(["contact=shop@example.com"]));
    stage.expect_clean_destroy();
}

#[test]
fn is_imported_as_far_as_the_api_tells() {
    let stage = Stage::new();
    let readable = FULL.replace("labels = {\n    tier = \"edge\"\n  }\n", "");
    let readable =
        readable.replace("annotations = {\n    contact = \"shop@example.com\"\n  }\n", "");
    stage.apply_config(&(hub(&stage) + &readable));
    let id = stage.objects(KIND).remove(0);
    stage.expect_import(ADDRESS, &id);
    let hub_id = stage.objects("tdcc_hub_cluster").remove(0);
    stage.expect_import(ADDRESS, &format!("{hub_id}#{id}"));
    // What it cannot tell is set again, in place.
    stage.forget(ADDRESS).expect_success();
    stage.apply_config(&hub(&stage));
    stage.write("main.tf", &(hub(&stage) + FULL));
    stage.import(ADDRESS, &id).expect_success();
    stage.plan().expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(detail(&stage)["Labels"], json!(["tier=edge"]));
    stage.expect_clean_destroy();
}

#[test]
fn changes_in_place_what_the_api_can_change() {
    let stage = Stage::new();
    stage.apply_config(&(hub(&stage) + FULL));
    let id = stage.objects(KIND);
    for (from, to) in [
        ("\"shop\"\n  desc", "\"store\"\n  desc"),
        ("The shop's own", "Everybody's"),
        ("tier = \"edge\"", "tier = \"core\"\n    zone = \"1\""),
        ("contact = \"shop@example.com\"", "contact = \"store@example.com\""),
        ("team = \"shop\"", "team = \"store\""),
    ] {
        let changed = FULL.replace(from, to);
        assert_ne!(changed, FULL);
        let plan = stage.plan_config(&(hub(&stage) + &changed));
        plan.expect_changes(&[(ADDRESS, Action::Update)]);
        stage.apply().expect_success();
        stage.plan().expect_empty();
    }
    assert_eq!(stage.objects(KIND), id);

    let least = LEAST.replace("= \"shop\"", "= \"store\"");
    let plan = stage.plan_config(&(hub(&stage) + &least));
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    let state = stage.state();
    let shop = state.attributes(ADDRESS);
    assert_eq!(shop["description"], json!(null));
    assert_eq!(shop["tags_all"], json!({}));
    assert_eq!(shop["original_cluster_id"], "cls-original");
    let detail = detail(&stage);
    assert_eq!(detail["ClusterName"], "store");
    assert_eq!((&detail["Labels"], &detail["Annotations"]), (&json!([]), &json!([])));
}

#[test]
fn what_does_not_change_is_not_sent() {
    let stage = Stage::new();
    stage.apply_config(&(hub(&stage) + LEAST));
    assert_eq!(stage.calls("UpdateExternalCluster").len(), 0);
    let labelled = LEAST.replace("\"shop\"\n}", "\"shop\"\n  labels = { tier = \"edge\" }\n}");
    stage.apply_config(&(hub(&stage) + &labelled));
    let sent = stage.calls("UpdateExternalCluster").remove(0).params;
    let id = &stage.objects(KIND)[0];
    assert_eq!(sent, json!({"ClusterId": id, "Labels": ["tier=edge"]}));
}

#[test]
fn replaces_what_the_api_cannot_change() {
    let stage = Stage::new();
    stage.apply_config(&(hub(&stage) + FULL));
    let id = stage.objects(KIND).remove(0);
    for (from, to) in [
        ("\"cls-original\"", "\"cls-other\""),
        ("\"ap-shanghai\"", "\"ap-beijing\""),
        ("= \"TKE\"", "= \"EKS\""),
    ] {
        let plan = stage.plan_config(&(hub(&stage) + &FULL.replace(from, to)));
        plan.expect_changes(&[(ADDRESS, Action::Replace)]);
    }
    stage.apply().expect_success();
    stage.plan().expect_empty();
    let now = stage.objects(KIND);
    assert!(now.len() == 1 && now[0] != id, "{now:?}");
    // Another hub is another place.
    let elsewhere = FULL.replace("crossmesh_tdcc_hub_cluster.main.id", "\"cls-elsewhere\"");
    let plan = stage.plan_config(&(hub(&stage) + &elsewhere.replace("\"TKE\"", "\"EKS\"")));
    plan.expect_changes(&[(ADDRESS, Action::Replace)]);
}

#[test]
fn comes_back_after_it_disappeared() {
    let stage = Stage::new();
    stage.apply_config(&(hub(&stage) + FULL));
    stage.delete(KIND, &stage.objects(KIND)[0]);
    stage.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.delete(KIND, &stage.objects(KIND)[0]);
    stage.expect_clean_destroy();
}

#[test]
fn drift_is_shown_and_healed() {
    let stage = Stage::new();
    stage.apply_config(&(hub(&stage) + FULL));
    let id = stage.objects(KIND).remove(0);
    stage.patch(KIND, &id, json!({"ClusterName": "renamed"}));
    let plan = stage.plan();
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    assert_eq!(plan.change(ADDRESS)["before"]["name"], "renamed");
    stage.apply().expect_success();
    stage.plan().expect_empty();
}

#[test]
fn is_made_once_although_answers_get_lost() {
    let stage = Stage::new();
    for (nth, kind) in [(1, "reset_after"), (2, "reset_before")] {
        let fault = json!({"kind": kind});
        let action = "CreateExternalCluster";
        stage.fault(json!({"action": action, "nth": nth, "times": 1, "fault": fault}));
    }
    // The API takes two clusters of one name for two.
    let twin = LEAST.replace("\"shop\" {", "\"twin\" {");
    stage.apply_config(&(hub(&stage) + LEAST + &twin));
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 2);
    stage.expect_clean_destroy();
}

#[test]
fn a_registration_that_an_interrupted_run_left_is_taken_over() {
    let stage = Stage::new();
    stage.apply_config(&(hub(&stage) + FULL));
    stage.forget(ADDRESS).expect_success();
    let left = stage.objects(KIND);
    let changed = FULL
        .replace("The shop's own", "Everybody's")
        .replace("tier = \"edge\"", "zone = \"1\"")
        .replace("team = \"shop\"", "owner = \"shop\"");
    stage.apply_config(&(hub(&stage) + &changed));
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND), left);
    assert_eq!(detail(&stage)["Labels"], json!(["zone=1"]));
    let state = stage.state();
    let tags = &state.attributes(ADDRESS)["tags_all"];
    assert_eq!(tags, &json!({"owner": "shop"}));

    // Not where the cluster is not named, is another one, or runs already.
    for (state, config) in [
        ("WaittingForConnect", LEAST.to_owned()),
        ("WaittingForConnect", changed.replace("cls-original", "cls-other")),
        ("Running", changed.clone()),
    ] {
        stage.patch(KIND, &left[0], json!({"Status": state}));
        stage.forget(ADDRESS).expect_success();
        stage.apply_config(&(hub(&stage) + &config));
        let all = stage.objects(KIND);
        let made: Vec<&String> = all.iter().filter(|id| **id != left[0]).collect();
        assert_eq!(made.len(), 1, "{config}");
        stage.delete(KIND, made[0]);
    }
}

#[test]
fn a_registration_with_another_hub_is_not_taken_over() {
    let mut world = World::two_accounts();
    let mut vpc = world.vpcs[0].clone();
    vpc.id = "vpc-shanghai".to_owned();
    vpc.region = "ap-shanghai".to_owned();
    vpc.subnets.iter_mut().for_each(|subnet| subnet.id.push_str("-shanghai"));
    world.vpcs.push(vpc);
    let stage = Stage::with(world, Options::default());
    let here = hub(&stage);
    let there = here
        .replace("\"main\"", "\"there\"")
        .replace(&stage.cloud().world().vpcs[0].id, "vpc-shanghai")
        .replace("\"\n}", "-shanghai\"\n  region = \"ap-shanghai\"\n}");
    stage.apply_config(&format!("{here}{there}"));
    let config = FULL.replace("cluster.main", "cluster.there").replace("guangzhou", "shanghai");
    stage
        .apply_config(&format!("{here}{there}{FULL}{}", config.replace("\"shop\" {", "\"too\" {")));
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 2);

    // The hub of an import is that of its region.
    let state = stage.state();
    let too = state.attributes("crossmesh_tdcc_registered_cluster.too")["id"].as_str().unwrap();
    let plain = config
        .replace("labels = {\n    tier = \"edge\"\n  }\n", "")
        .replace("annotations = {\n    contact = \"shop@example.com\"\n  }\n", "");
    stage.write(
        "main.tf",
        &format!("{here}{there}{FULL}{}", plain.replace("\"shop\" {", "\"too\" {")),
    );
    let address = "crossmesh_tdcc_registered_cluster.too";
    stage.expect_import(address, &format!("@ap-shanghai/{too}"));
    stage.expect_clean_destroy();
}

#[test]
fn says_what_is_wrong() {
    let stage = Stage::new();
    for (config, said) in [
        (LEAST.replace("\"shop\"\n}", "\"\"\n}"), "name"),
        (LEAST.replace("\"shop\"\n}", "\"shop\"\n  labels = { \"a=b\" = \"c\" }\n}"), "equals"),
        (LEAST.replace("\"shop\"\n}", "\"shop\"\n  account = \"nobody\"\n}"), "no account"),
    ] {
        stage.write("main.tf", &(hub(&stage) + &config));
        let prose = stage.try_plan().expect_failure().prose();
        assert!(prose.contains(said), "{said:?} is not in:\n{prose}");
    }
    let nowhere = LEAST.replace("crossmesh_tdcc_hub_cluster.main.id", "\"cls-nowhere\"");
    stage.write("main.tf", &nowhere);
    let prose = stage.apply().expect_failure().prose();
    assert!(prose.contains("Unable to register the cluster"), "{prose}");
    assert!(prose.contains("cls-nowhere not found"), "{prose}");
    stage.expect_nothing_left();
}

#[test]
fn waits_for_a_hub_that_is_not_ready_yet() {
    let stage = Stage::new();
    stage.apply_config(&hub(&stage));
    let hub_id = stage.objects("tdcc_hub_cluster").remove(0);
    stage.patch("tdcc_hub_cluster", &hub_id, json!({"Status": "Abnormal"}));
    stage.write("main.tf", &(hub(&stage) + LEAST));
    let running = stage.start(&["apply", "-no-color", "-auto-approve"]);
    while stage
        .cloud()
        .recorder()
        .since(0)
        .iter()
        .all(|call| call.action != "CreateExternalCluster")
    {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    stage.patch("tdcc_hub_cluster", &hub_id, json!({"Status": "Running"}));
    let (succeeded, said) = running.end();
    assert!(succeeded, "{said}");
    stage.plan().expect_empty();
    assert_eq!(stage.cloud().world().vpcs[0].region, REGION);
}
