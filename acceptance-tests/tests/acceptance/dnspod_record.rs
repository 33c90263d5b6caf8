//! `crossmesh_dnspod_record`

use crossmesh_sim::{Options, World, terraform::Action, world::Domain};
use serde_json::json;

use crate::{moments::killed, setup::Stage};

const ADDRESS: &str = "crossmesh_dnspod_record.main";
const KIND: &str = "dns_record";

const LEAST: &str = r#"
resource "crossmesh_dnspod_record" "main" {
  domain      = "example.com"
  record_type = "A"
  value       = "192.0.2.1"
}
"#;

const FULL: &str = r#"
resource "crossmesh_dnspod_record" "main" {
  domain      = "example.com"
  sub_domain  = "shop"
  record_type = "A"
  record_line = "电信"
  value       = "192.0.2.1"
  ttl         = 1200
  weight      = 10
  status      = "DISABLE"
  remark      = "The shop's address"
}
"#;

/// The record with this line in place of its value.
fn with(line: &str) -> String {
    LEAST.replace("record_type = \"A\"\n  value       = \"192.0.2.1\"", line)
}

/// The two-accounts world with a domain of the member's own, on a paid plan.
fn two_domains() -> Stage {
    let mut world = World::two_accounts();
    world.domains.push(Domain {
        name: "example.net".to_owned(),
        account: "member".to_owned(),
        id: 90_000_002,
        grade: "DP_ULTRA".to_owned(),
    });
    Stage::with(world, Options::default())
}

#[test]
fn lives_from_create_to_destroy() {
    let stage = Stage::new();
    stage.apply_config(FULL);
    stage.plan().expect_empty();
    let state = stage.state();
    let record = state.attributes(ADDRESS);
    assert_eq!(record["record_line_id"], "10=0");
    assert_eq!(record["id"], format!("example.com#{}", record["record_id"]));
    stage.expect_import(ADDRESS, record["id"].as_str().unwrap());
    stage.expect_clean_destroy();

    stage.apply_config(LEAST);
    stage.plan().expect_empty();
    let state = stage.state();
    let record = state.attributes(ADDRESS);
    assert_eq!((&record["sub_domain"], &record["ttl"]), (&json!("@"), &json!(600)));
    assert_eq!(record["record_line"], "默认");
    stage.expect_import(ADDRESS, record["id"].as_str().unwrap());
    stage.expect_clean_destroy();
}

#[test]
fn changes_in_place() {
    let stage = Stage::new();
    stage.apply_config(FULL);
    let ids = stage.objects(KIND);
    let mut config = FULL.to_owned();
    for (from, to) in [
        ("\"shop\"", "\"store\""),
        ("\"192.0.2.1\"", "\"192.0.2.2\""),
        ("record_line = \"电信\"", "record_line = \"联通\""),
        ("record_line = \"联通\"", "record_line_id = \"7=0\""),
        ("1200", "3600"),
        ("weight      = 10", "weight      = 20"),
        ("DISABLE", "ENABLE"),
        ("The shop's address", "Everybody's"),
        ("record_type = \"A\"\n", "record_type = \"AAAA\"\n  # The same host, over IPv6.\n"),
    ] {
        assert!(config.contains(from), "{from}");
        config = config.replace(from, to);
        if from.starts_with("record_type") {
            config = config.replace("\"192.0.2.2\"", "\"2001:DB8:0::1\"");
        }
        stage.plan_config(&config).expect_changes(&[(ADDRESS, Action::Update)]);
        stage.apply().expect_success();
        stage.plan().expect_empty();
    }
    assert_eq!(stage.objects(KIND), ids);

    // What is taken away is cleared, or left to the cloud.
    stage.plan_config(LEAST).expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    let state = stage.state();
    let record = state.attributes(ADDRESS);
    assert_eq!((&record["weight"], &record["remark"]), (&json!(null), &json!(null)));
    assert_eq!(record["sub_domain"], "@");
    assert_eq!(stage.objects(KIND), ids);
    stage.expect_clean_destroy();
}

#[test]
fn replaces_what_cannot_change() {
    let stage = two_domains();
    stage.apply_config(LEAST);
    let config = LEAST.replace("example.com\"", "example.net\"\n  account = \"member\"");
    stage
        .plan_config(&LEAST.replace("example.com", "example.org"))
        .expect_changes(&[(ADDRESS, Action::Replace)]);
    stage
        .plan_config(&LEAST.replace("domain ", "account = \"member\"\n  domain "))
        .expect_changes(&[(ADDRESS, Action::Replace)]);
    stage.plan_config(&config).expect_changes(&[(ADDRESS, Action::Replace)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert!(stage.objects(KIND)[0].starts_with("example.net#"));
    // A record of another account is imported with the account's name.
    let id = stage.objects(KIND).remove(0);
    stage.expect_import(ADDRESS, &format!("member/{id}"));
    stage.expect_clean_destroy();
}

#[test]
fn another_name_for_the_same_account_changes_nothing() {
    let stage = two_domains();
    let accounts = stage.accounts();
    stage.provider(&format!("{accounts}{}", accounts.replacen("member", "shop", 1)));
    let config = |name: &str| {
        LEAST.replace("example.com\"", &format!("example.net\"\n  account = {name:?}"))
    };
    stage.apply_config(&config("member"));
    stage.plan_config(&config("shop")).expect_empty();
    stage.provider(&accounts.replacen("member", "shop", 1));
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.calls("CreateRecord").len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn spelling_makes_no_difference() {
    let stage = Stage::new();
    for line in [
        "record_type = \"CNAME\"\n  sub_domain = \"WWW\"\n  value = \"LB.example.com\"",
        "record_type = \"CNAME\"\n  sub_domain = \"www\"\n  value = \"lb.example.com.\"",
        "record_type = \"MX\"\n  mx = 10\n  value = \"Mail.example.com\"",
        "record_type = \"TXT\"\n  value = \"v=spf1 include:Example.com -all.\"",
    ] {
        stage.apply_config(&with(line));
        stage.plan().expect_empty();
    }
    let twice = with("record_type = \"CNAME\"\n  sub_domain = \"a\"\n  value = \"b.example.com\"");
    stage.apply_config(&twice);
    for (from, to) in [("b.example.com", "b.example.com."), ("\"a\"", "\"A\"")] {
        stage.plan_config(&twice.replace(from, to)).expect_empty();
    }
    stage.expect_clean_destroy();
}

#[test]
fn comes_back_after_it_disappeared() {
    let stage = Stage::new();
    stage.apply_config(FULL);
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
    stage.apply_config(FULL);
    let id = stage.objects(KIND).remove(0);
    for patch in [
        json!({"Value": "192.0.2.9"}),
        json!({"Remark": "by hand"}),
        json!({"TTL": 900}),
        json!({"State": "ENABLE"}),
    ] {
        stage.patch(KIND, &id, patch);
        stage.plan().expect_changes(&[(ADDRESS, Action::Update)]);
        stage.apply().expect_success();
        stage.plan().expect_empty();
    }
}

#[test]
fn a_list_that_lags_behind_is_no_obstacle() {
    let stage = Stage::new();
    stage.pace("dnspod/index", "manual");
    stage.apply_config(FULL);
    stage.plan().expect_empty();
    stage.apply_config(&FULL.replace("192.0.2.1", "192.0.2.2"));
    stage.plan().expect_empty();
    stage.expect_clean_destroy();
}

#[test]
fn is_made_once_although_answers_get_lost() {
    let stage = Stage::new();
    stage.pace("dnspod/index", "polls 2");
    for (nth, kind) in [(1, "reset_before"), (2, "reset_after")] {
        let fault = json!({"kind": kind});
        stage.fault(json!({"action": "CreateRecord", "nth": nth, "times": 1, "fault": fault}));
    }
    stage.apply_config(FULL);
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn a_run_that_was_killed_is_gone_on_with() {
    let stage = Stage::new();
    let slow = json!({"kind": "slow", "ms": 60_000});
    stage.fault(json!({"action": "CreateRecord", "times": 1, "fault": slow}));
    stage.write("main.tf", FULL);
    killed(&stage, || stage.await_object(KIND));
    let made = stage.objects(KIND);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND), made);
    stage.expect_clean_destroy();
}

#[test]
fn a_record_that_exists_is_named() {
    let stage = Stage::new();
    let other = stage.beside();
    other.write("main.tf", FULL);
    other.apply().expect_success();
    let id = stage.objects(KIND).remove(0);

    // The same name and value, and not the same record.
    stage.write("main.tf", &FULL.replace("ttl         = 1200", "ttl         = 600"));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("DNS record exists already"), "{said}");
    assert!(said.contains(&format!("terraform import … '{id}'")), "{said}");
    assert!(said.contains("InvalidParameter.DomainRecordExist"), "{said}");

    // Something else that rules it out.
    let alias = FULL
        .replace("record_type = \"A\"", "record_type = \"CNAME\"")
        .replace("192.0.2.1", "lb.example.com");
    stage.write("main.tf", &alias);
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("has a record already that rules this one out"), "{said}");
    assert!(said.contains("cannot have an address and be an alias"), "{said}");
    assert_eq!(stage.objects(KIND), [id.as_str()]);

    // A change into what exists.
    let beside = FULL.replace("192.0.2.1", "192.0.2.2");
    stage.apply_config(&beside);
    stage.write("main.tf", FULL);
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains(&format!("terraform import … '{id}'")), "{said}");
    // As the message says.
    stage.forget(ADDRESS).expect_success();
    stage.import(ADDRESS, &id).expect_success();
    stage.plan().expect_empty();
}

#[test]
fn two_resources_are_not_one_record() {
    let stage = Stage::new();
    let twin = FULL.replace("\"main\"", "\"twin\"");
    stage.write("main.tf", &format!("{FULL}{twin}"));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("Two resources for one object"), "{said}");
    assert_eq!(stage.objects(KIND).len(), 1);
    assert_eq!(stage.state().addresses().len(), 1);
}

#[test]
fn says_what_is_wrong() {
    let stage = Stage::new();
    for (config, said) in [
        (with("record_type = \"cname\"\n  value = \"a.example.com\""), "capitals"),
        (with("record_type = \"MX\"\n  value = \"a.example.com\""), "needs its priority"),
        (with("record_type = \"A\"\n  value = \"192.0.2.1\"\n  mx = 5"), "has no priority"),
        (with("record_type = \"A\"\n  value = \"\""), "value"),
        (with("record_type = \"A\"\n  value = \"192.0.2.1\"\n  ttl = 0"), "ttl"),
        (with("record_type = \"A\"\n  value = \"192.0.2.1\"\n  status = \"ON\""), "\"ENABLE\""),
    ] {
        stage.write("main.tf", &config);
        let prose = stage.try_plan().expect_failure().prose();
        assert!(prose.contains(said), "{said:?} is not in:\n{prose}");
    }
    for (config, said) in [
        (LEAST.replace("example.com", "example.org"), "example.org does not exist"),
        (with("record_type = \"A\"\n  value = \"192.0.2.1\"\n  ttl = 60"), "shortest TTL"),
        (with("record_type = \"A\"\n  value = \"a.example.com\""), "no value for a record"),
    ] {
        stage.write("main.tf", &config);
        let prose = stage.apply().expect_failure().prose();
        assert!(prose.contains("Unable to create the DNS record"), "{prose}");
        assert!(prose.contains(said), "{said:?} is not in:\n{prose}");
    }
    for id in ["example.com", "example.com#www", "#5"] {
        let prose = stage.import(ADDRESS, id).expect_failure().prose();
        assert!(prose.contains("as in \"example.com#12345\""), "{prose}");
    }
    stage.expect_nothing_left();
}

#[test]
fn a_domain_of_another_account_is_refused() {
    let stage = two_domains();
    stage.write("main.tf", &LEAST.replace("example.com", "example.net"));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("OperationDenied.NoPermissionToOperateDomain"), "{said}");
    stage.expect_nothing_left();
}
