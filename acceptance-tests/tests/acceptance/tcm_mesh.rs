//! `crossmesh_tcm_mesh`

use std::time::{Duration, Instant};

use crossmesh_sim::terraform::Action;
use serde_json::json;

use crate::{moments::interrupted, setup::Stage};

const ADDRESS: &str = "crossmesh_tcm_mesh.main";
const KIND: &str = "mesh";

fn config(lines: &str) -> String {
    format!(
        r#"
resource "crossmesh_tcm_mesh" "main" {{
  display_name = "flow"
  mesh_version = "1.18.5"
  {lines}
}}
"#
    )
}

const FULL: &str = r#"
  type = "HOSTED"

  config = {
    istio = {
      outbound_traffic_policy = "REGISTRY_ONLY"
      disable_policy_checks   = true
      enable_pilot_http       = true
      disable_http_retry      = true
      smart_dns = {
        istio_meta_dns_capture       = true
        istio_meta_dns_auto_allocate = true
      }
    }
    access_log = {
      enable         = true
      template       = "custom"
      encoding       = "JSON"
      format         = "%PROTOCOL%"
      address        = "logs.example.com:9000"
      enable_server  = true
      enable_stdout  = true
      selected_range = { all = false, items = [{ namespace = "shop", gateways = ["b", "a"] }] }
      cls            = { enable = true, region = "ap-guangzhou", need_delete = true }
    }
    prometheus = {
      region = "ap-guangzhou"
      custom_prom = {
        url            = "http://prom.example.com"
        auth_type      = "basic"
        is_public_addr = true
        username       = "mesh"
        password       = "Hidd3n-from-everyone"
      }
    }
    inject = {
      exclude_ip_ranges                   = ["192.168.0.0/16", "10.0.0.0/8"]
      hold_application_until_proxy_starts = true
      hold_proxy_until_application_ends   = false
    }
    tracing = {
      enable   = true
      sampling = 12.5
      apm      = { enable = false }
      zipkin   = { address = "zipkin.example.com:9411" }
    }
    sidecar_resources = {
      limits   = { cpu = "2", memory = "1Gi" }
      requests = { cpu = "100m" }
    }
  }

  tags = { purpose = "mesh" }
"#;

#[test]
fn lives_from_create_to_destroy() {
    let stage = Stage::new();
    stage.pace("tcm/mesh-create", "polls 2");
    stage.pace("tcm/mesh-delete", "polls 2");
    stage.apply_config(&config(FULL));
    stage.plan().expect_empty();
    let state = stage.state();
    let mesh = state.attributes(ADDRESS);
    assert_eq!(mesh["state"], "RUNNING");
    assert_eq!(mesh["tags_all"], json!({"purpose": "mesh"}));
    assert!(mesh["created_time"].as_str().is_some_and(|time| !time.is_empty()));
    let id = mesh["id"].as_str().unwrap();
    assert_eq!(stage.objects(KIND), [id]);
    // The API does not show the password: everything but that is imported.
    stage.forget(ADDRESS).expect_success();
    stage.import(ADDRESS, id).expect_success();
    let plan = stage.plan();
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    let server = |side: &str| &plan.change(ADDRESS)[side]["config"]["prometheus"]["custom_prom"];
    assert_eq!(server("before")["password"], json!(null));
    let (mut before, mut after) = (server("before").clone(), server("after").clone());
    before["password"] = json!(null);
    after["password"] = json!(null);
    assert_eq!(before, after);
    let open = FULL.replace("\"basic\"", "\"none\"").replace("password ", "# ");
    stage.apply_config(&config(&open));
    stage.expect_import(ADDRESS, id);
    stage.expect_clean_destroy();
}

#[test]
fn needs_no_more_than_a_name_and_a_version() {
    let stage = Stage::new();
    stage.apply_config(&config(""));
    stage.plan().expect_empty();
    let state = stage.state();
    let mesh = state.attributes(ADDRESS);
    assert_eq!(mesh["type"], "HOSTED");
    assert_eq!(mesh["config"]["istio"]["outbound_traffic_policy"], "ALLOW_ANY");
    stage.expect_import(ADDRESS, mesh["id"].as_str().unwrap());
}

#[test]
fn changes_in_place() {
    let stage = Stage::new();
    stage.apply_config(&config(FULL));
    let id = stage.objects(KIND).remove(0);
    for (before, after) in [
        ("\"REGISTRY_ONLY\"", "\"ALLOW_ANY\""),
        ("istio_meta_dns_auto_allocate = true", "istio_meta_dns_auto_allocate = false"),
        ("encoding       = \"JSON\"", "encoding       = \"TEXT\""),
        ("Hidd3n-from-everyone", "An0ther"),
        ("[\"192.168.0.0/16\", \"10.0.0.0/8\"]", "[]"),
        ("sampling = 12.5", "sampling = 100"),
        ("memory = \"1Gi\"", "memory = \"2Gi\""),
        ("purpose = \"mesh\"", "team = \"net\""),
        ("tags = { purpose = \"mesh\" }", ""),
        ("tags = {", "delete_with = { cls = true }\n  tags = {"),
    ] {
        let changed = FULL.replace(before, after);
        assert_ne!(changed, FULL, "{before}");
        let plan = stage.plan_config(&config(&changed));
        plan.expect_changes(&[(ADDRESS, Action::Update)]);
        assert_eq!(plan.change(ADDRESS)["after_unknown"]["state"], json!(null));
        stage.apply().expect_success();
        stage.plan().expect_empty();
        assert_eq!(stage.objects(KIND), [id.as_str()]);
        stage.apply_config(&config(FULL));
    }
    let renamed = config(FULL).replace("\"flow\"", "\"other\"");
    stage.plan_config(&renamed).expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.expect_clean_destroy();
}

#[test]
fn only_the_parts_that_change_are_sent() {
    let stage = Stage::new();
    stage.apply_config(&config(FULL));
    stage.apply_config(&config(&FULL.replace("sampling = 12.5", "sampling = 50")));
    let calls = stage.calls("ModifyMesh");
    let sent = calls[0].params["Config"].as_object().unwrap();
    assert_eq!(sent.keys().collect::<Vec<_>>(), ["Tracing"]);
    assert_eq!(sent["Tracing"]["Zipkin"]["Address"], "zipkin.example.com:9411");
    assert!(calls[0].params.get("DisplayName").is_none());
}

#[test]
fn parts_that_are_not_set_stay_as_they_are() {
    let stage = Stage::new();
    stage.apply_config(&config(FULL));
    stage.plan_config(&config("tags = { purpose = \"mesh\" }")).expect_empty();
    let one = "config = { tracing = { enable = false } }\n  tags = { purpose = \"mesh\" }";
    stage.plan_config(&config(one)).expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    let state = stage.state();
    let config = &state.attributes(ADDRESS)["config"];
    assert_eq!(config["istio"]["outbound_traffic_policy"], "REGISTRY_ONLY");
    assert_eq!(config["tracing"]["enable"], false);
    assert_eq!(config["tracing"]["sampling"], 12.5);
}

#[test]
fn changes_from_outside_are_seen_and_undone() {
    let stage = Stage::new();
    stage.apply_config(&config(FULL));
    let id = stage.objects(KIND).remove(0);
    stage.patch(KIND, &id, json!({"DisplayName": "by hand"}));
    stage.plan().expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
}

/// The official provider plans these changes in place, and then fails.
#[test]
fn what_the_api_cannot_change_replaces_it_at_plan() {
    let stage = Stage::new();
    stage.apply_config(&config("tag_passthrough = true"));
    let first = stage.objects(KIND).remove(0);
    for line in ["type = \"STANDALONE\"", "tag_passthrough = false", "region = \"ap-shanghai\""] {
        stage.plan_config(&config(line)).expect_changes(&[(ADDRESS, Action::Replace)]);
    }
    let newer = config("tag_passthrough = true").replace("1.18.5", "1.20.1");
    stage.plan_config(&newer).expect_changes(&[(ADDRESS, Action::Replace)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 1);
    assert_ne!(stage.objects(KIND), [first]);
}

/// The official provider's refresh fails then.
#[test]
fn a_mesh_deleted_in_the_console_is_planned_anew() {
    let stage = Stage::new();
    stage.apply_config(&config(""));
    let id = stage.objects(KIND).remove(0);
    stage.delete(KIND, &id);
    stage.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.delete(KIND, &stage.objects(KIND)[0]);
    stage.expect_clean_destroy();
}

/// The official provider waits until the end of its time, and forgets the mesh.
#[test]
fn a_create_that_fails_ends_at_once_with_the_reason_and_is_made_anew() {
    let stage = Stage::new();
    stage.pace("tcm/mesh-create", "manual");
    stage.write("main.tf", &config(""));
    let (outcome, took) = std::thread::scope(|scope| {
        let apply = scope.spawn(|| stage.apply());
        let id = stage.await_object(KIND);
        let failed = json!({"State": "CREATE_FAILED", "StateMessage": "no addresses left"});
        stage.patch(KIND, &id, failed);
        let start = Instant::now();
        (apply.join().unwrap(), start.elapsed())
    });
    let said = outcome.expect_failure().prose();
    assert!(said.contains("Unable to create the mesh"), "{said}");
    assert!(said.contains("CREATE_FAILED: no addresses left."), "{said}");
    assert!(took < Duration::from_secs(60), "{took:?}");
    assert!(stage.state().is_tainted(ADDRESS));
    stage.pace("tcm/mesh-create", "immediate");
    stage.plan().expect_changes(&[(ADDRESS, Action::Replace)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 1);
}

#[test]
fn a_create_that_takes_too_long_is_kept() {
    let stage = Stage::new();
    stage.pace("tcm/mesh-create", "manual");
    stage.write("main.tf", &config("timeouts = { create = \"3s\" }"));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("the state seen last is CREATING"), "{said}");
    let state = stage.state();
    assert!(state.is_tainted(ADDRESS));
    assert_eq!(state.attributes(ADDRESS)["id"], stage.objects(KIND)[0]);
    // Destroying it waits until it can be deleted.
    stage.pace("tcm/mesh-create", "immediate");
    stage.release("tcm/mesh-create");
    stage.expect_clean_destroy();
}

#[test]
fn an_interrupted_create_is_kept() {
    let stage = Stage::new();
    stage.pace("tcm/mesh-create", "manual");
    stage.write("main.tf", &config(""));
    let outcome = interrupted(&stage, || stage.await_object(KIND));
    let said = outcome.expect_failure().prose();
    assert!(said.contains("Interrupted"), "{said}");
    assert_eq!(stage.state().attributes(ADDRESS)["id"], stage.objects(KIND)[0]);
}

#[test]
fn a_create_whose_answer_is_lost_happens_once() {
    for fault in ["reset_after", "reset_before"] {
        let stage = Stage::new();
        stage.fault(json!({
            "service": "tcm", "action": "CreateMesh", "times": 1, "fault": {"kind": fault}
        }));
        stage.apply_config(&config(""));
        stage.plan().expect_empty();
        assert_eq!(stage.objects(KIND).len(), 1, "{fault}");
        stage.expect_clean_destroy();
    }
}

#[test]
fn a_mesh_with_clusters_is_not_deleted_and_says_which() {
    let stage = Stage::new();
    stage.apply_config(&config(""));
    let mesh = stage.objects(KIND).remove(0);
    let cluster = stage.cloud().world().clusters[0].clone();
    // Another team links a cluster.
    let beside = stage.beside();
    beside.write(
        "main.tf",
        &format!(
            r#"
resource "crossmesh_tcm_mesh_cluster" "theirs" {{
  mesh_id    = {mesh:?}
  cluster_id = {:?}
  vpc_id     = {:?}
}}
"#,
            cluster.id, cluster.vpc_id
        ),
    );
    beside.apply().expect_success();
    let start = Instant::now();
    let said = stage.destroy().expect_failure().prose();
    assert!(said.contains(&format!("still linked to it ({})", cluster.id)), "{said}");
    assert!(start.elapsed() < Duration::from_secs(60));
    assert_eq!(stage.state().addresses(), [ADDRESS]);
    // While the cluster is on its way out the mesh waits for it.
    stage.pace("tcm/unlink", "manual");
    std::thread::scope(|scope| {
        let theirs = scope.spawn(|| beside.destroy());
        stage.await_state("mesh_cluster", "UNLINKING");
        let ours = scope.spawn(|| stage.destroy());
        stage.await_calls("DescribeMesh", 3);
        stage.pace("tcm/unlink", "immediate");
        stage.release("tcm/unlink");
        theirs.join().unwrap().expect_success();
        ours.join().unwrap().expect_success();
    });
    stage.expect_nothing_left();
}

#[test]
fn a_deletion_that_failed_is_tried_again() {
    let stage = Stage::new();
    stage.apply_config(&config(""));
    let id = stage.objects(KIND).remove(0);
    stage.pace("tcm/mesh-delete", "manual");
    let said = std::thread::scope(|scope| {
        let destroy = scope.spawn(|| stage.destroy());
        stage.await_state(KIND, "DELETING");
        stage.patch(KIND, &id, json!({"State": "DELETE_FAILED", "StateMessage": "in use"}));
        destroy.join().unwrap().expect_failure().prose()
    });
    assert!(said.contains("the state became DELETE_FAILED: in use."), "{said}");
    assert_eq!(stage.state().addresses(), [ADDRESS]);
    stage.pace("tcm/mesh-delete", "immediate");
    stage.expect_clean_destroy();
}

#[test]
fn secrets_are_not_shown() {
    let stage = Stage::new();
    stage.write("main.tf", &config(FULL));
    let planned = stage.try_plan().expect_success().text();
    assert!(planned.contains("(sensitive value)") && !planned.contains("Hidd3n"), "{planned}");
    let applied = stage.apply().expect_success().text();
    assert!(!applied.contains("Hidd3n"), "{applied}");
}

#[test]
fn mistakes_are_found_without_the_cloud() {
    let stage = Stage::new();
    for (lines, said) in [
        ("type = \"OTHER\"", "HOSTED"),
        ("config = { istio = { outbound_traffic_policy = \"NONE\" } }", "REGISTRY_ONLY"),
        ("config = { tracing = { sampling = 101 } }", "between 0 and 100"),
        ("config = { inject = { exclude_ip_ranges = [\"10.0.0.1/8\"] } }", "10.0.0.0/8"),
        ("config = { sidecar_resources = { limits = { gpu = \"1\" } } }", "cpu"),
        (
            "config = { prometheus = { custom_prom = { url = \"u\", auth_type = \"basic\" } } }",
            "needs `username` and `password`",
        ),
    ] {
        stage.write("main.tf", &config(lines));
        let outcome = stage.validate().expect_failure().prose();
        assert!(outcome.contains(said), "{lines}: {outcome}");
    }
    assert!(stage.cloud().recorder().since(0).is_empty());
}

#[test]
fn belongs_to_any_account_and_region() {
    let stage = Stage::new();
    stage.apply_config(&config("account = \"member\"\n  region = \"ap-shanghai\""));
    stage.plan().expect_empty();
    let objects = stage.cloud().objects();
    assert_eq!(objects[0].owner, stage.uin("member"));
    stage.expect_import(ADDRESS, &format!("member@ap-shanghai/{}", objects[0].id));
    let theirs = "region = \"ap-shanghai\"";
    stage.plan_config(&config(theirs)).expect_changes(&[(ADDRESS, Action::Replace)]);
    stage.expect_clean_destroy();
}
