//! `crossmesh_ccn_cross_account_attachment_accepter`

use crossmesh_sim::terraform::{Action, Workspace};
use serde_json::json;

use crate::{
    ccn_cross_account_attachment::{application, both},
    setup::Stage,
};

const ADDRESS: &str = "crossmesh_ccn_cross_account_attachment_accepter.member";
const MEMBER: &str = "crossmesh_ccn_cross_account_attachment.member";
const KIND: &str = "ccn_attachment";

/// The accepter alone, for an application that is made elsewhere.
fn accepter(stage: &Stage, ccn: &str, lines: &str) -> String {
    format!(
        r#"
resource "crossmesh_ccn_cross_account_attachment_accepter" "member" {{
  ccn_id          = {ccn:?}
  instance_id     = {:?}
  instance_region = "ap-guangzhou"
  {lines}
}}
"#,
        stage.vpc("member")
    )
}

/// The application in a configuration of its own, and the CCN's id.
fn applied(stage: &Stage) -> (Workspace, String) {
    let member = stage.beside();
    member.write("main.tf", &application(stage, ""));
    member.apply().expect_success();
    let ccn = stage.objects("ccn").remove(0);
    (member, ccn)
}

#[test]
fn lives_from_create_to_destroy() {
    let stage = Stage::new();
    let (member, ccn) = applied(&stage);
    stage.apply_config(&accepter(
        &stage,
        &ccn,
        "order_type = \"PayByCcnOwner\"\n  instance_type = \"VPC\"",
    ));
    stage.plan().expect_empty();
    let sent = &stage.calls("AcceptAttachCcnInstances")[0].params["Instances"][0];
    assert_eq!(sent["OrderType"], "PayByCcnOwner");
    let id = stage.state().attributes(ADDRESS)["id"].as_str().unwrap().to_owned();
    stage.write("main.tf", &accepter(&stage, &ccn, ""));
    stage.expect_import(ADDRESS, &id);
    member.plan().expect_empty();
    // The hub leaves first: the member's attachment is gone with it, and destroys cleanly.
    stage.destroy().expect_success();
    assert!(stage.objects(KIND).is_empty());
    member.plan().expect_changes(&[(MEMBER, Action::Create)]);
    member.destroy().expect_success();
    stage.expect_nothing_left();
}

#[test]
fn the_member_may_leave_first() {
    let stage = Stage::new();
    let (member, ccn) = applied(&stage);
    stage.apply_config(&accepter(&stage, &ccn, ""));
    member.destroy().expect_success();
    stage.expect_nothing_left();
    // Gone for the accepter, even without looking first.
    let destroyed = stage.run(&["destroy", "-auto-approve", "-refresh=false"]);
    destroyed.expect_success();
    stage.expect_nothing_left();
}

#[test]
fn what_identifies_it_replaces_it() {
    let stage = Stage::new();
    let (member, ccn) = applied(&stage);
    stage.apply_config(&accepter(&stage, &ccn, ""));
    for (from, to) in [
        ("\"ap-guangzhou\"", "\"ap-shanghai\""),
        (stage.vpc("member"), "vpc-other001"),
        ("\"ap-guangzhou\"\n", "\"ap-guangzhou\"\n  instance_type = \"VPNGW\"\n"),
        ("\"ap-guangzhou\"\n", "\"ap-guangzhou\"\n  region = \"ap-shanghai\"\n"),
        ("\"ap-guangzhou\"\n", "\"ap-guangzhou\"\n  order_type = \"PayByCcnOwner\"\n"),
    ] {
        let config = accepter(&stage, &ccn, "").replace(from, to);
        stage.plan_config(&config).expect_changes(&[(ADDRESS, Action::Replace)]);
    }
    drop(member);
}

#[test]
fn accepts_what_becomes_visible_late_and_takes_over_what_is_accepted() {
    let stage = Stage::new();
    stage.pace("vpc/application-visibility", "polls 3");
    let (member, ccn) = applied(&stage);
    stage.apply_config(&accepter(&stage, &ccn, ""));
    // Accepted out of band: nothing is accepted twice.
    stage.forget(ADDRESS).expect_success();
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.calls("AcceptAttachCcnInstances").len(), 1);
    stage.destroy().expect_success();
    member.destroy().expect_success();
    stage.expect_nothing_left();
}

#[test]
fn what_the_other_side_did_is_seen() {
    let stage = Stage::new();
    let (member, ccn) = applied(&stage);
    stage.apply_config(&accepter(&stage, &ccn, ""));
    let id = stage.objects(KIND).remove(0);
    for state in ["REJECTED", "EXPIRED", "PENDING", "DETACHING"] {
        stage.patch(KIND, &id, json!({"State": state}));
        stage.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    }
    stage.patch(KIND, &id, json!({"State": "PENDING"}));
    stage.apply().expect_success();
    stage.plan().expect_empty();
    // Detached and applied for again by the member.
    stage.delete(KIND, &id);
    stage.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    member.apply().expect_success();
    stage.apply().expect_success();
    stage.plan().expect_empty();
    member.plan().expect_empty();
}

#[test]
fn rejected_and_expired_applications_are_refused_with_the_way_out() {
    let stage = Stage::new();
    let (member, ccn) = applied(&stage);
    let id = stage.objects(KIND).remove(0);
    for (state, why) in
        [("REJECTED", "was rejected"), ("EXPIRED", "expired before it was accepted")]
    {
        stage.patch(KIND, &id, json!({"State": state}));
        stage.write("main.tf", &accepter(&stage, &ccn, ""));
        let said = stage.apply().expect_failure().prose();
        assert!(said.contains(why), "{said}");
        let way_out = format!("Only the account {} can apply again", stage.uin("member"));
        assert!(said.contains(&way_out), "{said}");
        assert!(said.contains(&format!("CCN's owner: {}", stage.uin("hub"))), "{said}");
        assert!(stage.state().addresses().is_empty());
        // The way out works.
        member.apply().expect_success();
        stage.apply().expect_success();
        stage.destroy().expect_success();
        member.apply().expect_success();
    }
}

#[test]
fn a_failed_attachment_is_explained_and_healed() {
    let stage = Stage::new();
    stage.pace("vpc/attach", "manual");
    stage.write(
        "main.tf",
        &both(&stage, "").replace(
            "instance_region = crossmesh",
            "timeouts = { create = \"40s\" }\n  instance_region = crossmesh",
        ),
    );
    let apply = stage.start(&["apply", "-no-color", "-auto-approve"]);
    stage.await_state(KIND, "ATTACHING");
    stage.patch(KIND, &stage.objects(KIND)[0], json!({"State": "FAILED"}));
    let (success, said) = apply.end();
    assert!(!success);
    assert!(said.contains("the state became FAILED"), "{said}");
    assert!(said.contains("removes it by force within two hours"), "{said}");
    stage.pace("vpc/attach", "immediate");
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.expect_clean_destroy();
}

#[test]
fn without_an_application_it_says_who_has_to_apply() {
    let stage = Stage::new();
    stage.apply_config("resource \"crossmesh_ccn_instance\" \"main\" {\n  name = \"main\"\n}\n");
    let ccn = stage.objects("ccn").remove(0);
    stage.write("main.tf", &accepter(&stage, &ccn, "timeouts = { create = \"3s\" }"));
    stage.forget("crossmesh_ccn_instance.main").expect_success();
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains(&format!("The owner of {} has to apply", stage.vpc("member"))), "{said}");
    assert!(said.contains(&format!("ccn_id is {ccn}, ccn_uin {}", stage.uin("hub"))), "{said}");
    assert!(stage.state().addresses().is_empty());
}

#[test]
fn only_the_owner_accepts_and_only_what_is_foreign() {
    let stage = Stage::new();
    let (member, ccn) = applied(&stage);
    stage.write("main.tf", &accepter(&stage, &ccn, "account = \"member\""));
    let said = stage.try_plan().expect_failure().prose();
    assert!(said.contains("only a CCN's owner can accept"), "{said}");

    let own = format!(
        "resource \"crossmesh_ccn_attachment\" \"hub\" {{\n  ccn_id = {ccn:?}\n  instance_id = {:?}\n}}\n",
        stage.vpc("hub")
    );
    stage.apply_config(&own);
    let accepter = accepter(&stage, &ccn, "").replace(stage.vpc("member"), stage.vpc("hub"));
    stage.write("main.tf", &(own + &accepter));
    let said = stage.try_plan().expect_failure().prose();
    assert!(said.contains("Use crossmesh_ccn_attachment instead"), "{said}");
    drop(member);
}
