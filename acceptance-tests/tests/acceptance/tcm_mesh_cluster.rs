//! `crossmesh_tcm_mesh_cluster`

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use crossmesh_sim::{
    Options, World,
    terraform::Action,
    world::{Cluster, ClusterKind},
};
use serde_json::json;

use crate::{
    moments::{interrupted, killed},
    setup::Stage,
};

const ADDRESS: &str = "crossmesh_tcm_mesh_cluster.main";
const KIND: &str = "mesh_cluster";

const MESH: &str = r#"
resource "crossmesh_tcm_mesh" "main" {
  display_name = "flow"
  mesh_version = "1.18.5"
}
"#;

/// A hub with three clusters in one network.
fn world() -> World {
    let mut world = World::two_accounts();
    let mut third = world.clusters[1].clone();
    third.id = "cls-hubthird".to_owned();
    third.name = "hub-3".to_owned();
    third.cluster_cidr = "172.30.0.0/19".to_owned();
    third.service_cidr = "192.168.200.0/24".to_owned();
    world.clusters.insert(2, third);
    world
}

fn stage() -> Stage {
    Stage::with(world(), Options::default())
}

fn cluster(stage: &Stage, name: &str) -> Cluster {
    let clusters = &stage.cloud().world().clusters;
    clusters.iter().find(|cluster| cluster.name == name).unwrap().clone()
}

/// The mesh with `hub-1` in it; `lines` are further arguments.
fn config(stage: &Stage, lines: &str) -> String {
    let cluster = cluster(stage, "hub-1");
    format!(
        r#"{MESH}
resource "crossmesh_tcm_mesh_cluster" "main" {{
  mesh_id    = crossmesh_tcm_mesh.main.id
  cluster_id = {:?}
  vpc_id     = {:?}
  {lines}
}}
"#,
        cluster.id, cluster.vpc_id
    )
}

/// The mesh with all three clusters of the hub, by their names.
fn three(stage: &Stage) -> String {
    let mut text = MESH.to_owned();
    for name in ["hub-1", "hub-2", "hub-3"] {
        let cluster = cluster(stage, name);
        let _ = write!(
            text,
            r#"
resource "crossmesh_tcm_mesh_cluster" "{name}" {{
  mesh_id    = crossmesh_tcm_mesh.main.id
  cluster_id = {:?}
  vpc_id     = {:?}
}}
"#,
            cluster.id, cluster.vpc_id
        );
    }
    text
}

fn address(name: &str) -> String {
    format!("crossmesh_tcm_mesh_cluster.{name}")
}

#[test]
fn lives_from_create_to_destroy() {
    let stage = stage();
    stage.pace("tcm/link", "polls 2");
    stage.pace("tcm/unlink", "polls 2");
    let member = cluster(&stage, "hub-1");
    let full = format!(
        r#"
  cluster_region = "ap-guangzhou"
  role           = "MASTER"
  subnet_id      = {:?}
  type           = "TKE"

  hosted_namespaces         = ["b", "a"]
  auto_injection_namespaces = ["shop", "cart"]
"#,
        member.subnet_id
    );
    stage.apply_config(&config(&stage, &full));
    stage.plan().expect_empty();
    let state = stage.state();
    let link = state.attributes(ADDRESS);
    assert_eq!(link["link_state"], "LINKED");
    assert_eq!(link["link_error"], json!(null));
    assert_eq!(link["display_name"], "hub-1");
    assert!(link["linked_time"].as_str().is_some_and(|time| !time.is_empty()));
    let id = link["id"].as_str().unwrap();
    assert_eq!(stage.objects(KIND), [id]);
    stage.expect_import(ADDRESS, id);
    stage.expect_clean_destroy();
}

#[test]
fn needs_no_more_than_mesh_cluster_and_network() {
    let stage = stage();
    stage.apply_config(MESH);
    let plan = stage.plan_config(&config(&stage, ""));
    let after = &plan.change(ADDRESS)["after"];
    let expected = format!("{}#{}", stage.objects("mesh")[0], cluster(&stage, "hub-1").id);
    assert_eq!(after["id"], expected);
    assert_eq!(
        (&after["cluster_region"], &after["role"]),
        (&json!("ap-guangzhou"), &json!("REMOTE"))
    );
    stage.apply().expect_success();
    stage.plan().expect_empty();
    let sent = &stage.calls("LinkClusterList")[0].params["ClusterList"][0];
    // The API's word for registered clusters is not published: without one none is sent.
    assert!(sent.get("Type").is_none(), "{sent}");
    stage.expect_import(ADDRESS, &expected);
}

#[test]
fn namespaces_change_in_place() {
    let stage = stage();
    stage.apply_config(&config(&stage, "auto_injection_namespaces = [\"a\"]"));
    for lines in [
        "auto_injection_namespaces = [\"b\", \"a\"]",
        "auto_injection_namespaces = []\n  hosted_namespaces = [\"x\"]",
        "",
        "sidecar_injection = false",
    ] {
        let plan = stage.plan_config(&config(&stage, lines));
        plan.expect_changes(&[(ADDRESS, Action::Update)]);
        assert_eq!(plan.change(ADDRESS)["after_unknown"]["link_state"], json!(null));
        stage.apply().expect_success();
        stage.plan().expect_empty();
    }
    let id = stage.objects(KIND).remove(0);
    stage.patch(KIND, &id, json!({"Config": {"AutoInjectionNamespaceList": ["by-hand"]}}));
    stage.plan().expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.calls("LinkClusterList").len(), 1);
}

#[test]
fn what_identifies_it_replaces_it() {
    let stage = stage();
    stage.apply_config(&config(&stage, ""));
    for line in [
        "role = \"MASTER\"",
        "cluster_region = \"ap-shanghai\"",
        "subnet_id = \"subnet-other001\"",
        "type = \"TKE\"",
        "region = \"ap-shanghai\"",
    ] {
        stage.plan_config(&config(&stage, line)).expect_changes(&[(ADDRESS, Action::Replace)]);
    }
    let (one, two) = (cluster(&stage, "hub-1"), cluster(&stage, "hub-2"));
    let other = config(&stage, "").replace(&one.vpc_id, "vpc-another1");
    stage.plan_config(&other).expect_changes(&[(ADDRESS, Action::Replace)]);
    let moved = config(&stage, "").replace(&one.id, &two.id);
    stage.plan_config(&moved).expect_changes(&[(ADDRESS, Action::Replace)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert!(stage.objects(KIND)[0].ends_with(&two.id));
    assert_eq!(stage.objects(KIND).len(), 1);
}

/// The official provider waits for and keeps only the last of several clusters.
#[test]
fn several_clusters_are_linked_at_once_and_each_is_waited_for() {
    let stage = stage();
    stage.pace("tcm/link", "polls 2");
    stage.apply_config(&three(&stage));
    stage.plan().expect_empty();
    let state = stage.state();
    for name in ["hub-1", "hub-2", "hub-3"] {
        assert_eq!(state.attributes(&address(name))["link_state"], "LINKED", "{name}");
    }
    // The mesh was never asked for a link while it made another.
    assert_eq!(stage.calls("LinkClusterList").len(), 3);
    stage.expect_clean_destroy();
}

/// The official provider waits in vain until no cluster at all is linked.
#[test]
fn unlinking_one_of_several_ends_when_it_is_out_and_the_others_stay() {
    let stage = stage();
    stage.pace("tcm/unlink", "polls 2");
    stage.apply_config(&three(&stage));
    let start = Instant::now();
    let target = format!("-target={}", address("hub-2"));
    stage.run(&["destroy", "-no-color", "-input=false", "-auto-approve", &target]).expect_success();
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    let left = stage.objects(KIND);
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().all(|id| !id.ends_with(&cluster(&stage, "hub-2").id)));
    stage.plan().expect_changes(&[(&address("hub-2"), Action::Create)]);
    stage.expect_clean_destroy();
}

/// The official provider's plan fails for ever then.
#[test]
fn the_last_cluster_unlinked_by_hand_is_linked_again() {
    let stage = stage();
    stage.apply_config(&config(&stage, ""));
    stage.delete(KIND, &stage.objects(KIND)[0]);
    stage.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 1);
}

#[test]
fn one_of_several_unlinked_by_hand_is_linked_again_alone() {
    let stage = stage();
    stage.apply_config(&three(&stage));
    let gone = cluster(&stage, "hub-3").id;
    let id = stage.objects(KIND).into_iter().find(|id| id.ends_with(&gone)).unwrap();
    stage.delete(KIND, &id);
    stage.plan().expect_changes(&[(&address("hub-3"), Action::Create)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
}

#[test]
fn links_go_with_a_mesh_that_was_deleted_in_the_console() {
    let stage = stage();
    stage.apply_config(&config(&stage, ""));
    stage.delete("mesh", &stage.objects("mesh")[0]);
    stage
        .plan()
        .expect_changes(&[("crossmesh_tcm_mesh.main", Action::Create), (ADDRESS, Action::Create)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.delete("mesh", &stage.objects("mesh")[0]);
    stage.expect_clean_destroy();
}

/// The official provider drops the reason.
#[test]
fn a_link_that_fails_says_why_and_is_made_anew() {
    let stage = stage();
    let right = config(&stage, "");
    let wrong = right.replace(&cluster(&stage, "hub-1").vpc_id, stage.vpc("member"));
    stage.write("main.tf", &wrong);
    let start = Instant::now();
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("Unable to link the cluster"), "{said}");
    assert!(said.contains("the state became LINK_FAILED: CheckError: cluster"), "{said}");
    assert!(said.contains("is not in network"), "{said}");
    assert!(start.elapsed() < Duration::from_secs(60));
    assert!(stage.state().is_tainted(ADDRESS));
    stage.plan_config(&right).expect_changes(&[(ADDRESS, Action::Replace)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.state().attributes(ADDRESS)["link_state"], "LINKED");
    stage.expect_clean_destroy();
}

#[test]
fn a_link_that_breaks_later_is_mended_in_place() {
    let stage = stage();
    stage.apply_config(&config(&stage, "auto_injection_namespaces = [\"a\"]"));
    let id = stage.objects(KIND).remove(0);
    stage.patch(KIND, &id, json!({"State": "LINK_FAILED", "LinkErrorDetail": "no way"}));
    let plan = stage.plan();
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    assert_eq!(plan.change(ADDRESS)["before"]["link_error"], "no way");
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.state().attributes(ADDRESS)["link_state"], "LINKED");
}

#[test]
fn an_unlinking_that_failed_is_tried_again() {
    let stage = stage();
    stage.apply_config(&config(&stage, ""));
    let id = stage.objects(KIND).remove(0);
    stage.pace("tcm/unlink", "manual");
    let said = std::thread::scope(|scope| {
        let destroy = scope.spawn(|| stage.destroy());
        stage.await_state(KIND, "UNLINKING");
        stage.patch(KIND, &id, json!({"State": "UNLINK_FAILED", "LinkErrorDetail": "no rights"}));
        destroy.join().unwrap().expect_failure().prose()
    });
    assert!(said.contains("the state became UNLINK_FAILED: no rights."), "{said}");
    stage.pace("tcm/unlink", "immediate");
    stage.expect_clean_destroy();
}

#[test]
fn a_cluster_that_is_linked_already_is_taken_over() {
    let stage = stage();
    stage.apply_config(&config(&stage, "auto_injection_namespaces = [\"a\"]"));
    stage.forget(ADDRESS).expect_success();
    stage.apply_config(&config(&stage, "auto_injection_namespaces = [\"b\"]"));
    stage.plan().expect_empty();
    assert_eq!(stage.calls("LinkClusterList").len(), 1);
    let state = stage.state();
    assert_eq!(state.attributes(ADDRESS)["auto_injection_namespaces"], json!(["b"]));
}

#[test]
fn a_busy_mesh_is_waited_for_and_a_refusal_is_not() {
    let stage = stage();
    let busy = |times: u32| {
        stage.fault(json!({
            "service": "tcm", "action": "LinkClusterList", "times": times,
            "fault": {"kind": "error", "code": "FailedOperation", "message": "still at work"}
        }));
    };
    busy(2);
    stage.apply_config(&config(&stage, ""));
    stage.expect_clean_destroy();
    busy(100);
    stage.write("main.tf", &config(&stage, ""));
    let start = Instant::now();
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("still at work") && said.contains("tcm:LinkClusterList"), "{said}");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    // Nothing was made: nothing is kept.
    assert_eq!(stage.state().addresses(), ["crossmesh_tcm_mesh.main"]);
}

#[test]
fn a_link_whose_answer_is_lost_is_made_once() {
    let stage = stage();
    stage.fault(json!({
        "service": "tcm", "action": "LinkClusterList", "times": 1, "fault": {"kind": "reset_after"}
    }));
    stage.apply_config(&config(&stage, ""));
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn killed_in_the_middle_and_applied_again_ends_in_the_same_place() {
    let stage = stage();
    stage.apply_config(MESH);
    stage.pace("tcm/link", "manual");
    stage.write("main.tf", &three(&stage));
    killed(&stage, || stage.await_object(KIND));
    stage.pace("tcm/link", "immediate");
    stage.release("tcm/link");
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.objects("mesh").len(), 1);
    assert_eq!(stage.objects(KIND).len(), 3);
    assert_eq!(stage.calls("LinkClusterList").len(), 3);
    stage.expect_clean_destroy();
}

#[test]
fn interrupted_while_others_wait_for_their_turn_ends_at_once() {
    let stage = stage();
    stage.apply_config(MESH);
    stage.pace("tcm/link", "manual");
    stage.write("main.tf", &three(&stage));
    let mut reached = Instant::now();
    let outcome = interrupted(&stage, || {
        stage.await_object(KIND);
        reached = Instant::now();
    });
    let said = outcome.expect_failure().prose();
    assert!(reached.elapsed() < Duration::from_secs(30), "{:?}", reached.elapsed());
    assert!(said.contains("Interrupted"), "{said}");
    // The one that was asked for is kept, the others never were.
    assert_eq!(stage.state().addresses().len(), 2, "{:?}", stage.state().addresses());
    stage.pace("tcm/link", "immediate");
    stage.release("tcm/link");
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.expect_clean_destroy();
}

#[test]
fn a_link_that_takes_too_long_is_kept_and_unlinked() {
    let stage = stage();
    stage.apply_config(MESH);
    stage.pace("tcm/link", "manual");
    stage.write("main.tf", &config(&stage, "timeouts = { create = \"3s\" }"));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("the state seen last is LINKING"), "{said}");
    assert!(stage.state().is_tainted(ADDRESS));
    stage.release("tcm/link");
    stage.pace("tcm/link", "immediate");
    stage.expect_clean_destroy();
}

#[test]
fn a_mesh_that_does_not_exist_is_named() {
    let stage = stage();
    let text = config(&stage, "").replace("crossmesh_tcm_mesh.main.id", "\"mesh-notthere\"");
    stage.write("main.tf", &text);
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("There is no mesh mesh-notthere in ap-guangzhou"), "{said}");
    assert_eq!(stage.state().addresses().len(), 1);
}

/// What the plan says of a cluster of another account that is of this kind.
fn warned(kind: ClusterKind, lines: &str) -> String {
    let mut world = world();
    let member = world.clusters.iter_mut().find(|cluster| cluster.name == "member-1").unwrap();
    member.kind = kind;
    let id = member.id.clone();
    let stage = Stage::with(world, Options::default());
    let lines = lines.replace("MEMBER", &id);
    stage.write("main.tf", &config(&stage, &lines));
    stage.try_plan().expect_success().prose()
}

#[test]
fn clusters_in_which_sidecars_cannot_be_injected_are_warned_of() {
    const WARNING: &str = "Sidecars cannot be injected in this cluster";
    let member = "cluster_account = \"member\"\n  original_cluster_id = \"MEMBER\"";
    let said = warned(ClusterKind::Managed, member);
    assert!(said.contains(WARNING) && said.contains("is a managed cluster"), "{said}");
    assert!(said.contains("independent cluster") && said.contains("sidecar_injection = false"));
    let said = warned(ClusterKind::Serverless, member);
    assert!(said.contains("is a serverless cluster"), "{said}");
    for (kind, lines) in [
        (ClusterKind::Independent, member.to_owned()),
        (ClusterKind::Managed, format!("{member}\n  sidecar_injection = false")),
        (ClusterKind::Managed, String::new()),
        // Not there: nothing is known of it.
        (ClusterKind::Managed, format!("{member}\n  original_region = \"ap-shanghai\"")),
    ] {
        let said = warned(kind, &lines);
        assert!(!said.contains(WARNING), "{lines}: {said}");
    }
}

#[test]
fn mistakes_are_found_at_plan() {
    let stage = stage();
    for (lines, said) in [
        ("role = \"PRIMARY\"", "MASTER"),
        ("original_cluster_id = \"cls-1\"", "`cluster_account`"),
        (
            "sidecar_injection = false\n  auto_injection_namespaces = [\"a\"]",
            "Leave out `auto_injection_namespaces`",
        ),
        (
            "cluster_account = \"nobody\"\n  original_cluster_id = \"cls-1\"",
            "There is no account \"nobody\"",
        ),
    ] {
        stage.write("main.tf", &config(&stage, lines));
        let outcome = stage.try_plan().expect_failure().prose();
        assert!(outcome.contains(said), "{lines}: {outcome}");
    }
}
