//! `crossmesh_ccn_instance`

use std::net::TcpListener;

use crossmesh_sim::terraform::Action;
use serde_json::json;

use crate::setup::Stage;

const ADDRESS: &str = "crossmesh_ccn_instance.main";

const FULL: &str = r#"
resource "crossmesh_ccn_instance" "main" {
  name                   = "main"
  description            = "Joins the networks"
  qos                    = "PT"
  charge_type            = "POSTPAID"
  instance_metering_type = "TRAFFIC"
  bandwidth_limit_type   = "INTER_REGION_LIMIT"
  route_ecmp             = true
  route_overlap          = true

  tags = {
    purpose = "mesh"
  }
}
"#;

const LEAST: &str = r#"
resource "crossmesh_ccn_instance" "main" {
  name = "main"
}
"#;

#[test]
fn lives_from_create_to_destroy() {
    let stage = Stage::new();
    stage.apply_config(FULL);
    stage.plan().expect_empty();
    let state = stage.state();
    let ccn = state.attributes(ADDRESS);
    assert_eq!(ccn["state"], "AVAILABLE");
    assert_eq!(ccn["owner_uin"], stage.uin("hub"));
    assert_eq!(ccn["tags_all"], json!({"purpose": "mesh"}));
    assert_eq!(ccn["route_ecmp"], true);
    let id = ccn["id"].as_str().unwrap();
    stage.expect_import(ADDRESS, id);
    stage.expect_clean_destroy();
}

#[test]
fn changes_in_place_what_the_api_can_change() {
    let stage = Stage::new();
    stage.apply_config(FULL);
    let id = stage.state().attributes(ADDRESS)["id"].clone();
    let config = FULL
        .replace("\"main\"\n  desc", "\"other\"\n  desc")
        .replace("Joins the networks", "Joins all")
        .replace("INTER_REGION", "OUTER_REGION")
        .replace("route_ecmp             = true", "route_ecmp             = false")
        .replace("purpose = \"mesh\"", "team = \"net\"");
    stage.plan_config(&config).expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    let state = stage.state();
    let ccn = state.attributes(ADDRESS);
    assert_eq!(ccn["name"], "other");
    assert_eq!(ccn["tags"], json!({"team": "net"}));
    assert_eq!(ccn["id"], id);

    // Optionals that are taken away: those with a meaning of their own are cleared, the others stay.
    let least = LEAST.replace("\"main\"\n}", "\"other\"\n  qos  = \"PT\"\n}");
    stage.plan_config(&least).expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    let state = stage.state();
    assert_eq!(state.attributes(ADDRESS)["description"], json!(null));
    assert_eq!(state.attributes(ADDRESS)["tags_all"], json!({}));
}

#[test]
fn replaces_what_the_api_cannot_change() {
    let stage = Stage::new();
    stage.apply_config(LEAST);
    for line in [
        "qos = \"AG\"",
        "charge_type = \"PREPAID\"",
        "instance_metering_type = \"TRAFFIC\"",
        "region = \"ap-shanghai\"",
        "account = \"member\"",
    ] {
        let config = LEAST.replace("\"main\"\n}", &format!("\"main\"\n  {line}\n}}"));
        stage.plan_config(&config).expect_changes(&[(ADDRESS, Action::Replace)]);
    }
    // The last one really moves to the other account.
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.state().attributes(ADDRESS)["owner_uin"], stage.uin("member"));
    assert_eq!(stage.objects("ccn").len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn another_name_for_the_same_account_changes_nothing() {
    let stage = Stage::new();
    let accounts = stage.accounts();
    let twice = format!("{accounts}{}", accounts.replacen("member", "shop", 1));
    stage.provider(&twice);
    let config = |name: &str| LEAST.replace("name =", &format!("account = {name:?}\n  name ="));
    stage.apply_config(&config("member"));
    stage.plan_config(&config("shop")).expect_empty();
    // Not even when the old name is taken away.
    stage.provider(&accounts.replacen("member", "shop", 1));
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.objects("ccn").len(), 1);
    assert_eq!(stage.calls("CreateCcn").len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn comes_back_after_it_disappeared() {
    let stage = Stage::new();
    stage.apply_config(FULL);
    let id = stage.objects("ccn").remove(0);
    stage.delete("ccn", &id);
    stage.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.delete("ccn", &stage.objects("ccn")[0]);
    stage.expect_clean_destroy();
}

#[test]
fn drift_is_shown_and_healed() {
    let stage = Stage::new();
    stage.apply_config(FULL);
    let id = stage.objects("ccn").remove(0);
    stage.patch("ccn", &id, json!({"CcnName": "renamed", "RouteECMPFlag": false}));
    let plan = stage.plan();
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    assert_eq!(plan.change(ADDRESS)["before"]["name"], "renamed");
    stage.apply().expect_success();
    stage.plan().expect_empty();
}

#[test]
fn is_made_once_although_answers_get_lost() {
    let stage = Stage::new();
    stage.fault(json!({"action": "CreateCcn", "times": 1, "fault": {"kind": "reset_after"}}));
    stage.fault(
        json!({"action": "CreateCcn", "nth": 2, "times": 1, "fault": {"kind": "reset_before"}}),
    );
    let two = format!("{LEAST}{}", LEAST.replace("\"main\" {", "\"twin\" {"));
    stage.apply_config(&two);
    stage.plan().expect_empty();
    assert_eq!(stage.objects("ccn").len(), 2);
    stage.expect_clean_destroy();
}

#[test]
fn what_others_have_attached_is_named() {
    let stage = Stage::new();
    stage.apply_config(LEAST);
    let ccn = stage.objects("ccn").remove(0);
    let other = stage.beside();
    other.write(
        "main.tf",
        &format!(
            r#"
resource "crossmesh_ccn_cross_account_attachment" "member" {{
  account     = "member"
  ccn_id      = {ccn:?}
  ccn_uin     = {:?}
  instance_id = {:?}
}}
"#,
            stage.uin("hub"),
            stage.vpc("member")
        ),
    );
    other.apply().expect_success();
    let said = stage.destroy().expect_failure().prose();
    let holder = format!("{} of account {}: PENDING", stage.vpc("member"), stage.uin("member"));
    assert!(said.contains(&holder), "{said}");
    assert!(said.contains("detach them first"), "{said}");
    stage.plan().expect_empty();
    other.destroy().expect_success();
    stage.expect_clean_destroy();
}

#[test]
fn says_what_is_wrong_before_anything_is_made() {
    let stage = Stage::new();
    for (config, said) in [
        (LEAST.replace("\"main\"\n", "\"\"\n"), "name"),
        (
            LEAST.replace("\"main\"\n}", "\"main\"\n  qos = \"XX\"\n}"),
            "one of \"PT\", \"AU\" or \"AG\"",
        ),
        (
            LEAST.replace("\"main\"\n}", "\"main\"\n  account = \"nobody\"\n}"),
            "There is no account",
        ),
        (
            LEAST.replace(
                "\"main\"\n}",
                "\"main\"\n  charge_type = \"PREPAID\"\n  bandwidth_limit_type = \
                 \"OUTER_REGION_LIMIT\"\n}",
            ),
            "Prepaid CCNs limit each pair of regions",
        ),
    ] {
        stage.write("main.tf", &config);
        let said_by_terraform = stage.try_plan().expect_failure().prose();
        assert!(said_by_terraform.contains(said), "{said:?} is not in:\n{said_by_terraform}");
    }
    stage.expect_nothing_left();
}

#[test]
fn wrong_credentials_are_named() {
    let stage = Stage::new();
    stage.provider(&format!(
        "member = {{ secret_id = {:?}, secret_key = \"wrong\" }}\n",
        stage.cloud().world().accounts[1].secret_id
    ));
    stage.write("main.tf", &LEAST.replace("name =", "account = \"member\"\n  name ="));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("The secret key of account \"member\" does not belong"), "{said}");
    assert!(said.contains("AuthFailure.SignatureFailure"), "{said}");
    stage.expect_nothing_left();
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_named() {
    let stage = Stage::new();
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).unwrap();
    stage.write(
        "provider.tf",
        &format!(
            r#"terraform {{
  required_providers {{
    crossmesh = {{ source = "crossmesh/crossmesh" }}
  }}
}}

provider "crossmesh" {{
  endpoints = {{ vpc = "http://{closed}" }}
}}
"#
        ),
    );
    let briefly = "\"main\"\n  timeouts = { create = \"3s\" }\n}";
    stage.write("main.tf", &LEAST.replace("\"main\"\n}", briefly));
    let said = stage.apply().expect_failure().prose();
    assert_eq!(said.matches("Error:").count(), 1, "{said}");
    assert!(said.contains("The endpoint of vpc could not be reached"), "{said}");
    assert!(said.contains("the provider's endpoints"), "{said}");
    assert!(stage.state().addresses().is_empty());
    stage.expect_nothing_left();
}
