//! `crossmesh_ccn_attachment`

use crossmesh_sim::{Options, World, cloud::transition::Release, terraform::Action};
use serde_json::json;

use crate::setup::{Stage, start};

const ADDRESS: &str = "crossmesh_ccn_attachment.hub";
const KIND: &str = "ccn_attachment";

const CCN: &str = r#"
resource "crossmesh_ccn_instance" "main" {
  name = "main"
}
"#;

/// The CCN with the hub's network in it; `lines` are further arguments.
fn config(stage: &Stage, lines: &str) -> String {
    format!(
        r#"{CCN}
resource "crossmesh_ccn_attachment" "hub" {{
  ccn_id      = crossmesh_ccn_instance.main.id
  instance_id = {:?}
  {lines}
}}
"#,
        stage.vpc("hub")
    )
}

#[test]
fn lives_from_create_to_destroy() {
    let stage = Stage::new();
    stage.pace("vpc/attach", "polls 2");
    stage.pace("vpc/detach", "polls 2");
    let full = "instance_type = \"VPC\"\n  instance_region = \"ap-guangzhou\"\n  description = \
                \"The hub's\"";
    stage.apply_config(&config(&stage, full));
    stage.plan().expect_empty();
    let state = stage.state();
    let row = state.attributes(ADDRESS);
    assert_eq!(row["state"], "ACTIVE");
    assert_eq!(row["cidr_blocks"], json!(["10.0.0.0/16"]));
    assert_eq!(
        (&row["instance_uin"], &row["ccn_uin"]),
        (&json!(stage.uin("hub")), &json!(stage.uin("hub")))
    );
    assert!(row["route_table_id"].as_str().unwrap().starts_with("ccnrtb-"));
    let id = row["id"].as_str().unwrap();
    assert_eq!(id, stage.objects(KIND)[0]);
    stage.expect_import(ADDRESS, id);
    stage.expect_clean_destroy();
}

#[test]
fn region_and_id_are_planned_once_the_ccn_is_known() {
    let stage = Stage::new();
    stage.apply_config(CCN);
    let plan = stage.plan_config(&config(&stage, ""));
    plan.expect_changes(&[(ADDRESS, Action::Create)]);
    let after = &plan.change(ADDRESS)["after"];
    let ccn = stage.objects("ccn").remove(0);
    assert_eq!(after["instance_region"], "ap-guangzhou");
    assert_eq!(after["id"], format!("{ccn}#VPC#ap-guangzhou#{}", stage.vpc("hub")));
}

#[test]
fn the_remark_changes_in_place() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, "description = \"one\""));
    for lines in ["description = \"two\"", ""] {
        let plan = stage.plan_config(&config(&stage, lines));
        plan.expect_changes(&[(ADDRESS, Action::Update)]);
        // Nothing else becomes unknown by it.
        assert_eq!(plan.change(ADDRESS)["after_unknown"]["state"], json!(null));
        stage.apply().expect_success();
        stage.plan().expect_empty();
    }
    let id = stage.objects(KIND).remove(0);
    stage.patch(KIND, &id, json!({"Description": "by hand"}));
    stage.plan().expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.calls("AttachCcnInstances").len(), 1);
}

#[test]
fn what_identifies_it_replaces_it() {
    let mut world = World::two_accounts();
    let mut other = world.vpcs[0].clone();
    other.id = "vpc-another1".to_owned();
    // The same ranges: nothing is in the way once the old one is detached.
    other.subnets.clear();
    world.vpcs.push(other);
    let stage = Stage::with(world, Options::default());
    stage.apply_config(&config(&stage, ""));
    for line in [
        "instance_region = \"ap-shanghai\"",
        "instance_type = \"VPNGW\"",
        "route_table_id = \"ccnrtb-other001\"",
        "region = \"ap-shanghai\"",
    ] {
        stage.plan_config(&config(&stage, line)).expect_changes(&[(ADDRESS, Action::Replace)]);
    }
    let moved = config(&stage, "").replace(stage.vpc("hub"), "vpc-another1");
    stage.plan_config(&moved).expect_changes(&[(ADDRESS, Action::Replace)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert!(stage.objects(KIND)[0].ends_with("#vpc-another1"));
    assert_eq!(stage.objects(KIND).len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn comes_back_after_it_disappeared() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, ""));
    let id = stage.objects(KIND).remove(0);
    stage.delete(KIND, &id);
    stage.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.delete(KIND, &id);
    stage.expect_clean_destroy();
}

#[test]
fn what_failed_or_is_being_detached_is_attached_again() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, "description = \"one\""));
    let id = stage.objects(KIND).remove(0);
    for state in ["FAILED", "DETACHFAILED", "DETACHING"] {
        stage.patch(KIND, &id, json!({"State": state}));
        if state == "DETACHING" {
            // Somebody else detaches it, and that ends while the apply waits.
            stage.patch(KIND, &id, json!({"State": "ACTIVE"}));
            stage.pace("vpc/detach", "after 3s");
            detach(&stage, &id);
        }
        stage.plan().expect_changes(&[(ADDRESS, Action::Update)]);
        stage.apply().expect_success();
        stage.plan().expect_empty();
        assert_eq!(stage.state_of(KIND, &id).unwrap(), "ACTIVE");
        stage.pace("vpc/detach", "immediate");
    }
    stage.expect_clean_destroy();
}

/// Detaches the hub's network with another configuration, and does not wait for
/// the end of it.
fn detach(stage: &Stage, id: &str) {
    let (ccn, _) = id.split_once('#').unwrap();
    let config = config(stage, "").replace(CCN, "");
    let other = stage.beside();
    other.write("main.tf", &config.replace("crossmesh_ccn_instance.main.id", &format!("{ccn:?}")));
    other.import(ADDRESS, id).expect_success();
    let _destroying = start(&other, &["destroy", "-auto-approve", "-refresh=false"]);
    stage.await_state(KIND, "DETACHING");
}

#[test]
fn what_is_attached_already_is_taken_over() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, "description = \"one\""));
    for lines in ["description = \"two\"", ""] {
        stage.forget(ADDRESS).expect_success();
        stage.apply_config(&config(&stage, lines));
        stage.plan().expect_empty();
    }
    assert_eq!(stage.calls("AttachCcnInstances").len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn a_killed_apply_ends_in_the_same_place() {
    let stage = Stage::new();
    stage.apply_config(CCN);
    stage.pace("vpc/attach", "manual");
    stage.write("main.tf", &config(&stage, ""));
    drop({
        let applying = stage.start(&["apply", "-auto-approve"]);
        stage.await_state(KIND, "ATTACHING");
        applying
    });
    assert!(stage.state().attributes(ADDRESS).is_null());
    stage.cloud().release(Release { kind: None, id: None });
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.calls("AttachCcnInstances").len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn is_attached_once_although_answers_get_lost() {
    let stage = Stage::new();
    stage.fault(
        json!({"action": "AttachCcnInstances", "times": 1, "fault": {"kind": "reset_after"}}),
    );
    stage.fault(
        json!({"action": "DetachCcnInstances", "times": 1, "fault": {"kind": "reset_after"}}),
    );
    stage.apply_config(&config(&stage, ""));
    stage.plan().expect_empty();
    assert_eq!(stage.calls("AttachCcnInstances").len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn a_timeout_keeps_what_exists() {
    let stage = Stage::new();
    stage.pace("vpc/attach", "manual");
    stage.write("main.tf", &config(&stage, "timeouts = { create = \"3s\" }"));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("to become ACTIVE in ccn-"), "{said}");
    assert!(said.contains("state seen last is ATTACHING"), "{said}");
    assert!(stage.state().is_tainted(ADDRESS));
    stage.cloud().release(Release { kind: None, id: None });
    stage.pace("vpc/attach", "immediate");
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.expect_clean_destroy();
}

#[test]
fn overlapping_ranges_are_refused() {
    let stage = overlapping();
    let twin = config(&stage, "").replace(CCN, "").replace("\"hub\" {", "\"twin\" {");
    let twin = twin.replace(stage.vpc("hub"), "vpc-twin0001");
    let both = format!("{}{twin}", config(&stage, ""));
    // In one apply, whichever comes second is refused.
    stage.write("main.tf", &both);
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("Overlapping address ranges"), "{said}");
    for part in ["10.0.0.0/16 of ", "10.0.64.0/18 of vpc-twin0001", stage.vpc("hub")] {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
    assert_eq!(stage.objects(KIND).len(), 1);
    // With one of them in, the plan warns of it already.
    let said = stage.try_plan().expect_success().prose();
    assert!(said.contains("The apply will refuse it"), "{said}");
    assert_eq!(stage.objects(KIND).len(), 1);
    // The way out that it names.
    stage.apply_config(&both.replace("name = \"main\"", "name = \"main\"\n  route_overlap = true"));
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 2);
    stage.expect_clean_destroy();
}

/// A world whose hub has two networks that overlap.
fn overlapping() -> Stage {
    let mut world = World::two_accounts();
    let mut twin = world.vpcs[0].clone();
    twin.id = "vpc-twin0001".to_owned();
    twin.cidr = "10.0.64.0/18".to_owned();
    twin.subnets.clear();
    world.vpcs.push(twin);
    Stage::with(world, Options::default())
}

#[test]
fn ccns_and_networks_of_others_are_refused_with_a_way_out() {
    let stage = Stage::new();
    stage.apply_config("resource \"crossmesh_ccn_instance\" \"main\" {\n  account = \"member\"\n  name = \"main\"\n}\n");
    let ccn = stage.objects("ccn").remove(0);
    let theirs = config(&stage, "")
        .replace(CCN, "")
        .replace("crossmesh_ccn_instance.main.id", &format!("{ccn:?}"));
    stage.write("main.tf", &theirs);
    let said = stage.try_plan().expect_failure().prose();
    assert!(said.contains(&format!("has no CCN {ccn}")), "{said}");
    assert!(said.contains("crossmesh_ccn_cross_account_attachment"), "{said}");

    let own = config(&stage, "").replace(stage.vpc("hub"), stage.vpc("member"));
    stage.write("main.tf", &own);
    let said = stage.apply().expect_failure().prose();
    assert!(
        said.contains(&format!(
            "Check that the account has {} in ap-guangzhou",
            stage.vpc("member")
        )),
        "{said}"
    );
    assert!(stage.objects(KIND).is_empty());
}

#[test]
fn import_ids_of_another_form_are_refused() {
    let stage = Stage::new();
    stage.apply_config(CCN);
    stage.write("main.tf", &config(&stage, ""));
    let said = stage.import(ADDRESS, "ccn-1#vpc-2").expect_failure().prose();
    assert!(said.contains("CCN#TYPE#REGION#INSTANCE"), "{said}");
    assert!(said.contains("\"ccn-1#vpc-2\""), "{said}");
}
