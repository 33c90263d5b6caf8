//! `crossmesh_ccn_cluster_cidr`

use crossmesh_sim::{Options, World, terraform::Action};
use serde_json::json;

use crate::{ccn_cross_account_attachment::both, setup::Stage};

const ADDRESS: &str = "crossmesh_ccn_cluster_cidr.member";
const KIND: &str = "ccn_cluster_cidr";

/// The member's container range in the hub's CCN; `lines` are further arguments.
fn config(stage: &Stage, lines: &str) -> String {
    let cluster = stage.cloud().world().clusters.iter().find(|it| it.account == "member");
    let cidr = cluster.map(|cluster| cluster.cluster_cidr.clone()).unwrap_or_default();
    both(stage, "")
        + &format!(
            r#"
resource "crossmesh_ccn_cluster_cidr" "member" {{
  account      = "member"
  vpc_id       = {:?}
  cluster_cidr = {cidr:?}
  {lines}
}}
"#,
            stage.vpc("member")
        )
}

const CCN: &str = "ccn_id = crossmesh_ccn_cross_account_attachment_accepter.member.ccn_id";

#[test]
fn lives_from_create_to_destroy() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, CCN));
    stage.plan().expect_empty();
    let state = stage.state();
    let range = state.attributes(ADDRESS);
    assert_eq!(range["enabled"], true);
    assert!(range["route_id"].as_str().unwrap().starts_with("ccnr-"));
    let id = range["id"].as_str().unwrap();
    assert_eq!(id, stage.objects(KIND)[0]);
    assert_eq!(id, format!("{}#{}", stage.vpc("member"), range["cluster_cidr"].as_str().unwrap()));
    stage.expect_import(ADDRESS, &format!("member/{id}"));
    stage.expect_clean_destroy();
}

#[test]
fn waits_for_the_attachment_without_being_told_of_it() {
    let stage = Stage::new();
    stage.pace("vpc/attach", "polls 2");
    stage.apply_config(&config(&stage, ""));
    stage.plan().expect_empty();
    assert_eq!(stage.state().attributes(ADDRESS)["ccn_id"], stage.objects("ccn")[0]);
    stage.destroy().expect_success();
    stage.expect_nothing_left();
}

#[test]
fn what_identifies_it_replaces_it() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, CCN));
    for (from, to) in [
        ("/19\"", "/20\""),
        ("vpc_id       =", "region = \"ap-shanghai\"\n  vpc_id ="),
        (CCN, "ccn_id = \"ccn-other001\""),
    ] {
        let config = config(&stage, CCN).replace(from, to);
        stage.plan_config(&config).expect_changes(&[(ADDRESS, Action::Replace)]);
    }
}

#[test]
fn comes_back_after_it_disappeared() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, CCN));
    stage.delete(KIND, &stage.objects(KIND)[0]);
    stage.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.delete(KIND, &stage.objects(KIND)[0]);
    stage.expect_clean_destroy();
}

#[test]
fn a_disabled_route_is_shown() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, CCN));
    stage.patch(KIND, &stage.objects(KIND)[0], json!({"Enabled": false}));
    let plan = stage.plan();
    plan.expect_empty();
    let said = plan.outcome.prose();
    assert!(said.contains("The container range's route is disabled"), "{said}");
    stage.patch(KIND, &stage.objects(KIND)[0], json!({"Enabled": true}));
    assert!(!stage.plan().outcome.prose().contains("is disabled"));
}

#[test]
fn ranges_that_others_publish_are_refused() {
    let mut world = World::two_accounts();
    let taken = world.clusters[0].cluster_cidr.clone();
    world.clusters[2].cluster_cidr = taken.clone();
    let stage = Stage::with(world, Options::default());
    let hub = format!(
        r#"
resource "crossmesh_ccn_attachment" "hub" {{
  ccn_id      = crossmesh_ccn_instance.main.id
  instance_id = {vpc:?}
}}
resource "crossmesh_ccn_cluster_cidr" "hub" {{
  vpc_id       = {vpc:?}
  cluster_cidr = {taken:?}
  ccn_id       = crossmesh_ccn_attachment.hub.ccn_id
}}
"#,
        vpc = stage.vpc("hub")
    );
    stage.write("main.tf", &(config(&stage, CCN) + &hub));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("Overlapping address ranges"), "{said}");
    assert!(said.contains(&format!("{taken} of ")), "{said}");
    assert_eq!(stage.objects(KIND).len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn mistakes_are_named() {
    let stage = Stage::new();
    // The VPC is in no CCN.
    let alone = config(&stage, "timeouts = { create = \"3s\" }");
    let (_, alone) = alone.split_once("resource \"crossmesh_ccn_cluster_cidr\"").unwrap();
    stage.write("main.tf", &format!("resource \"crossmesh_ccn_cluster_cidr\"{alone}"));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("refer to its attachment"), "{said}");
    assert!(said.contains("state seen last is not attached"), "{said}");
    // The API is closed to the account.
    stage.fault(json!({"service": "tke", "action": "DescribeCcnInstances", "fault": {
        "kind": "error", "code": "InvalidAction",
    }}));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("publish the range in the TKE console"), "{said}");
    assert!(stage.state().addresses().is_empty());
    let said = stage.import(ADDRESS, "172.16.0.0/19").expect_failure().prose();
    assert!(said.contains("VPC#RANGE"), "{said}");
}
