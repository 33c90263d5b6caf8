//! `crossmesh_ccn_cross_account_attachment`, with and without its accepter

use crossmesh_sim::{Options, World, terraform::Action};
use serde_json::json;

use crate::setup::Stage;

const ADDRESS: &str = "crossmesh_ccn_cross_account_attachment.member";
const ACCEPTER: &str = "crossmesh_ccn_cross_account_attachment_accepter.member";
const KIND: &str = "ccn_attachment";

/// The hub's CCN and the member's application; `lines` are further arguments.
pub(crate) fn application(stage: &Stage, lines: &str) -> String {
    format!(
        r#"
resource "crossmesh_ccn_instance" "main" {{
  name = "main"
}}

resource "crossmesh_ccn_cross_account_attachment" "member" {{
  account     = "member"
  ccn_id      = crossmesh_ccn_instance.main.id
  ccn_uin     = crossmesh_ccn_instance.main.owner_uin
  instance_id = {:?}
  {lines}
}}
"#,
        stage.vpc("member")
    )
}

/// The same with the hub's accepter.
pub(crate) fn both(stage: &Stage, lines: &str) -> String {
    let accepter = r#"
resource "crossmesh_ccn_cross_account_attachment_accepter" "member" {
  ccn_id          = crossmesh_ccn_cross_account_attachment.member.ccn_id
  instance_id     = crossmesh_ccn_cross_account_attachment.member.instance_id
  instance_region = crossmesh_ccn_cross_account_attachment.member.instance_region
}
"#;
    application(stage, lines) + accepter
}

#[test]
fn both_sides_in_one_run() {
    let stage = Stage::new();
    stage.pace("vpc/application-visibility", "polls 2");
    stage.pace("vpc/attach", "polls 2");
    stage.pace("vpc/detach", "polls 2");
    let plan = stage.plan_config(&both(&stage, "description = \"The member's\""));
    plan.expect_changes(&[
        (ADDRESS, Action::Create),
        (ACCEPTER, Action::Create),
        ("crossmesh_ccn_instance.main", Action::Create),
    ]);
    stage.apply().expect_success();
    let plan = stage.plan();
    plan.expect_empty();
    assert!(plan.outcome.stdout.contains("No changes."), "{}", plan.outcome.stdout);
    stage.run(&["apply", "-refresh-only", "-auto-approve"]).expect_success();
    let state = stage.state();
    let (member, hub) = (state.attributes(ADDRESS), state.attributes(ACCEPTER));
    assert_eq!((&member["state"], &hub["state"]), (&json!("ACTIVE"), &json!("ACTIVE")));
    assert_eq!(member["id"], hub["id"]);
    assert_eq!(hub["description"], "The member's");
    assert_eq!(hub["instance_uin"], stage.uin("member"));
    assert_eq!(hub["cidr_blocks"], json!(["10.1.0.0/16"]));
    stage.expect_clean_destroy();
}

#[test]
fn lives_without_an_accepter() {
    let stage = Stage::new();
    stage.apply_config(&application(
        &stage,
        "description = \"one\"\n  order_type = \"PayByCcnOwner\"",
    ));
    stage.plan().expect_empty();
    let state = stage.state();
    let row = state.attributes(ADDRESS);
    assert_eq!(row["state"], "PENDING");
    let id = row["id"].as_str().unwrap().to_owned();
    assert_eq!(
        stage.calls("AttachCcnInstances")[0].params["Instances"][0]["OrderType"],
        "PayByCcnOwner"
    );
    // The remark changes in place and can be cleared.
    for lines in [
        "description = \"two\"\n  order_type = \"PayByCcnOwner\"",
        "order_type = \"PayByCcnOwner\"",
    ] {
        stage.plan_config(&application(&stage, lines)).expect_changes(&[(ADDRESS, Action::Update)]);
        stage.apply().expect_success();
        stage.plan().expect_empty();
    }
    // Who pays can only be chosen with a new application.
    stage
        .plan_config(&application(&stage, "order_type = \"PayByInstanceOwner\""))
        .expect_changes(&[(ADDRESS, Action::Replace)]);
    stage.apply().expect_success();
    stage.plan_config(&application(&stage, "order_type = \"PayByInstanceOwner\"")).expect_empty();
    // Except after an import, when nobody knows what was chosen.
    stage.forget(ADDRESS).expect_success();
    stage.import(ADDRESS, &format!("member/{id}")).expect_success();
    stage.plan().expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.write("main.tf", &application(&stage, ""));
    stage.expect_import(ADDRESS, &format!("member/{id}"));
    stage.expect_clean_destroy();
}

#[test]
fn what_identifies_it_replaces_it() {
    let stage = Stage::new();
    stage.apply_config(&application(&stage, ""));
    for line in [
        "instance_region = \"ap-shanghai\"",
        "instance_type = \"VPNGW\"",
        "region = \"ap-shanghai\"",
    ] {
        stage.plan_config(&application(&stage, line)).expect_changes(&[(ADDRESS, Action::Replace)]);
    }
    let other = application(&stage, "")
        .replace("crossmesh_ccn_instance.main.owner_uin", "\"100010009999\"");
    stage.plan_config(&other).expect_changes(&[(ADDRESS, Action::Replace)]);
}

#[test]
fn comes_back_with_its_accepter_after_it_disappeared() {
    let stage = Stage::new();
    stage.apply_config(&both(&stage, ""));
    let id = stage.objects(KIND).remove(0);
    stage.delete(KIND, &id);
    stage.plan().expect_changes(&[(ADDRESS, Action::Create), (ACCEPTER, Action::Create)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.state_of(KIND, &id).unwrap(), "ACTIVE");
    stage.expect_clean_destroy();
}

#[test]
fn an_expired_application_is_made_anew_and_accepted() {
    let stage = Stage::new();
    stage.apply_config(&application(&stage, "description = \"one\""));
    let id = stage.objects(KIND).remove(0);
    stage.cloud().clock().advance(jiff::SignedDuration::from_hours(8 * 24));
    let plan = stage.plan_config(&both(&stage, "description = \"two\""));
    plan.expect_changes(&[(ADDRESS, Action::Update), (ACCEPTER, Action::Create)]);
    assert_eq!(plan.change(ADDRESS)["before"]["state"], "EXPIRED");
    assert_eq!(plan.change(ADDRESS)["after_unknown"]["state"], true);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.calls("ResetAttachCcnInstances").len(), 1);
    assert_eq!(stage.calls("AttachCcnInstances").len(), 1);
    assert_eq!(stage.state_of(KIND, &id).unwrap(), "ACTIVE");
    stage.expect_clean_destroy();
}

#[test]
fn rejected_and_failed_ones_are_made_anew() {
    let stage = Stage::new();
    stage.apply_config(&both(&stage, ""));
    let id = stage.objects(KIND).remove(0);
    for (turn, state) in ["REJECTED", "FAILED", "EXPIRED"].into_iter().enumerate() {
        stage.patch(KIND, &id, json!({"State": state}));
        let plan = stage.plan();
        plan.expect_changes(&[(ADDRESS, Action::Update), (ACCEPTER, Action::Create)]);
        assert_eq!(plan.change(ADDRESS)["before"]["state"], state);
        stage.apply().expect_success();
        stage.plan().expect_empty();
        assert_eq!(stage.calls("AcceptAttachCcnInstances").len(), turn + 2);
        assert_eq!(stage.state_of(KIND, &id).unwrap(), "ACTIVE");
    }
    stage.expect_clean_destroy();
}

#[test]
fn an_application_that_is_there_is_taken_over() {
    let stage = Stage::new();
    for config in [application(&stage, ""), both(&stage, "")] {
        stage.apply_config(&config);
        stage.forget(ADDRESS).expect_success();
        stage.apply().expect_success();
        stage.plan().expect_empty();
    }
    // Even one that expired meanwhile: nothing is attached twice.
    stage.patch(KIND, &stage.objects(KIND)[0], json!({"State": "EXPIRED"}));
    stage.forget(ADDRESS).expect_success();
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.calls("AttachCcnInstances").len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn waits_for_the_hub_if_asked_to() {
    let stage = Stage::new();
    stage.write(
        "main.tf",
        &application(&stage, "wait_for_active = true\n  timeouts = { create = \"3s\" }"),
    );
    let said = stage.apply().expect_failure().prose();
    let wanted = format!("for which the account {} has to accept it", stage.uin("hub"));
    assert!(said.contains(&wanted), "{said}");
    assert!(said.contains("state seen last is PENDING"), "{said}");
    stage.run(&["untaint", ADDRESS]).expect_success();
    // Not waiting any more changes nothing of the application itself.
    stage.apply_config(&application(&stage, ""));
    stage.plan().expect_empty();
    // Waiting again ends as soon as the hub has accepted, by hand here.
    stage.patch(KIND, &stage.objects(KIND)[0], json!({"State": "ACTIVE"}));
    stage.apply_config(&application(&stage, "wait_for_active = true"));
    stage.plan().expect_empty();
    assert_eq!(stage.state().attributes(ADDRESS)["state"], "ACTIVE");
    stage.expect_clean_destroy();
}

#[test]
fn is_made_once_although_answers_get_lost() {
    let stage = Stage::new();
    for action in ["AttachCcnInstances", "AcceptAttachCcnInstances", "DetachCcnInstances"] {
        stage.fault(json!({"action": action, "times": 1, "fault": {"kind": "reset_after"}}));
    }
    stage.apply_config(&both(&stage, ""));
    stage.plan().expect_empty();
    assert_eq!(stage.calls("AttachCcnInstances").len(), 1);
    assert_eq!(stage.calls("AcceptAttachCcnInstances").len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn overlapping_ranges_are_refused() {
    let mut world = World::two_accounts();
    world.vpcs[1].cidr = "10.0.0.0/16".to_owned();
    world.vpcs[1].subnets.clear();
    world.clusters.retain(|cluster| cluster.account == "hub");
    let stage = Stage::with(world, Options::default());
    let hub = format!(
        "resource \"crossmesh_ccn_attachment\" \"hub\" {{\n  ccn_id = crossmesh_ccn_instance.main.id\n  instance_id = {:?}\n}}\n",
        stage.vpc("hub")
    );
    // In one apply: the member may come first, but then the hub's own or the accepter is refused.
    stage.write("main.tf", &(both(&stage, "") + &hub));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("Overlapping address ranges"), "{said}");
    for part in [stage.vpc("hub"), stage.vpc("member"), "10.0.0.0/16"] {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
    let active = stage
        .objects(KIND)
        .into_iter()
        .filter(|id| stage.state_of(KIND, id).as_deref() == Some("ACTIVE"));
    assert_eq!(active.count(), 1);
    stage.expect_clean_destroy();
    // With the hub's in the CCN, the plan of the application warns of it already.
    let ccn = application(&stage, "");
    let (ccn, _) = ccn.split_once("resource \"crossmesh_ccn_cross").unwrap();
    stage.apply_config(&(ccn.to_owned() + &hub));
    stage.write("main.tf", &(application(&stage, "") + &hub));
    let said = stage.try_plan().expect_success().prose();
    assert!(said.contains("Overlapping address ranges"), "{said}");
    assert!(said.contains("The apply will refuse it"), "{said}");
    stage.expect_clean_destroy();
}

#[test]
fn mistakes_are_named() {
    let stage = Stage::new();
    let own = application(&stage, "").replace("account     = \"member\"", "");
    let own = own.replace(stage.vpc("member"), stage.vpc("hub"));
    let own =
        own.replace("crossmesh_ccn_instance.main.owner_uin", &format!("{:?}", stage.uin("hub")));
    let said = stage.plan_config(&own).outcome.prose();
    assert!(said.contains("The CCN is the account's own"), "{said}");

    let nobody = application(&stage, "")
        .replace("crossmesh_ccn_instance.main.owner_uin", "\"100010009999\"");
    stage.write("main.tf", &nobody);
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("No account has this UIN"), "{said}");
    assert!(said.contains("UnsupportedOperation.UinNotFound"), "{said}");

    let no_vpc = application(&stage, "").replace(stage.vpc("member"), "vpc-nowhere1");
    stage.write("main.tf", &no_vpc);
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("Check that the account has vpc-nowhere1 in ap-guangzhou"), "{said}");
    stage.write(
        "main.tf",
        &application(&stage, "ccn_uin = \"me\"")
            .replace("ccn_uin     = crossmesh_ccn_instance.main.owner_uin", ""),
    );
    let said = stage.try_plan().expect_failure().prose();
    assert!(said.contains("must be a UIN"), "{said}");
}
