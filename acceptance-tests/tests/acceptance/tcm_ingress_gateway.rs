//! `crossmesh_tcm_ingress_gateway`

use std::time::{Duration, Instant};

use crossmesh_sim::{Options, World, terraform::Action};
use serde_json::json;

use crate::{
    moments::{interrupted, killed},
    setup::Stage,
};

const ADDRESS: &str = "crossmesh_tcm_ingress_gateway.main";
const KIND: &str = "ingress_gateway";

/// The mesh with one cluster in it.
fn linked(stage: &Stage) -> String {
    let cluster = &stage.cloud().world().clusters[0];
    format!(
        r#"
resource "crossmesh_tcm_mesh" "main" {{
  display_name = "flow"
  mesh_version = "1.18.5"
}}

resource "crossmesh_tcm_mesh_cluster" "main" {{
  mesh_id    = crossmesh_tcm_mesh.main.id
  cluster_id = {:?}
  vpc_id     = {:?}

  auto_injection_namespaces = ["shop"]
}}
"#,
        cluster.id, cluster.vpc_id
    )
}

/// A gateway in that cluster.
fn gateway(name: &str, lines: &str) -> String {
    format!(
        r#"
resource "crossmesh_tcm_ingress_gateway" {name:?} {{
  mesh_id    = crossmesh_tcm_mesh.main.id
  cluster_id = crossmesh_tcm_mesh_cluster.main.cluster_id
  name       = {name:?}
  {lines}
}}
"#
    )
}

fn config(stage: &Stage, lines: &str) -> String {
    linked(stage) + &gateway("main", lines)
}

const FULL: &str = r#"
  namespace = "ingress"

  service = {
    type                    = "LoadBalancer"
    clb_direct_access       = true
    external_traffic_policy = "Local"
  }

  workload = {
    replicas       = 2
    selected_nodes = ["node-b", "node-a"]
    deploy_mode    = "IN_GENERAL_NODE"
    resources = {
      limits   = { cpu = "2", memory = "1Gi" }
      requests = { cpu = "500m" }
    }
    horizontal_pod_autoscaler = {
      min_replicas = 2
      max_replicas = 5
      metrics = [
        { resource = { name = "memory", target_average_utilization = 70 } },
        { pods = { metric_name = "requests", target_average_value = "100" } },
      ]
    }
  }

  load_balancer = {
    type                       = "OPEN"
    internet_charge_type       = "TRAFFIC_POSTPAID_BY_HOUR"
    internet_max_bandwidth_out = 20
    zone_id                    = "100003"
    vip_isp                    = "BGP"
    ip_version                 = "ipv4"
    tags                       = { team = "net" }
  }
"#;

#[test]
fn lives_from_create_to_destroy() {
    let stage = Stage::new();
    stage.pace("tcm/gateway-create", "polls 3");
    stage.apply_config(&config(&stage, FULL));
    stage.plan().expect_empty();
    let state = stage.state();
    let made = state.attributes(ADDRESS);
    let balancer = stage.objects("load_balancer").remove(0);
    assert_eq!(made["clb_id"], balancer);
    let shown = stage.cloud().objects();
    let shown = shown.iter().find(|object| object.kind == "load_balancer").unwrap();
    assert_eq!(made["clb_vip"], shown.detail["Vip"]);
    assert_eq!(made["clb_hostname"], json!(null));
    assert_eq!((&made["state"], &made["version"]), (&json!("running"), &json!("1.18.5")));
    let id = made["id"].as_str().unwrap();
    assert_eq!(stage.objects(KIND), [id]);
    assert!(id.ends_with("#ingress#main"), "{id}");
    stage.expect_import(ADDRESS, id);
    stage.expect_clean_destroy();
}

#[test]
fn needs_no_more_than_a_name() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, ""));
    stage.plan().expect_empty();
    let state = stage.state();
    let made = state.attributes(ADDRESS);
    assert_eq!(made["namespace"], "istio-system");
    assert_eq!(made["service"]["type"], "LoadBalancer");
    stage.expect_import(ADDRESS, made["id"].as_str().unwrap());
    stage.expect_clean_destroy();
}

#[test]
fn an_autoscaler_needs_no_metrics() {
    let stage = Stage::new();
    let lines = "workload = { horizontal_pod_autoscaler = { min_replicas = 1, max_replicas = 3 } }";
    stage.apply_config(&config(&stage, lines));
    stage.plan().expect_empty();
    let state = stage.state();
    let scaler = &state.attributes(ADDRESS)["workload"]["horizontal_pod_autoscaler"];
    assert_eq!(scaler["metrics"][0]["resource"]["target_average_utilization"], 80);
}

#[test]
fn service_and_workload_change_in_place() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, FULL));
    let before = stage.state();
    for (from, to) in [
        ("clb_direct_access       = true", "clb_direct_access       = false"),
        ("\"Local\"", "\"Cluster\""),
        ("replicas       = 2", "replicas       = 4"),
        ("[\"node-b\", \"node-a\"]", "[]"),
        ("\"IN_GENERAL_NODE\"", "\"IN_EKLET\""),
        ("cpu = \"500m\"", "cpu = \"1\""),
        ("max_replicas = 5", "max_replicas = 6"),
        ("{ pods = { metric_name = \"requests\", target_average_value = \"100\" } },", ""),
        ("target_average_utilization = 70", "target_average_value = \"1Gi\""),
    ] {
        let changed = FULL.replace(from, to);
        assert_ne!(changed, FULL, "{from}");
        let plan = stage.plan_config(&config(&stage, &changed));
        plan.expect_changes(&[(ADDRESS, Action::Update)]);
        assert_eq!(plan.change(ADDRESS)["after_unknown"]["clb_vip"], json!(null));
        stage.apply().expect_success();
        stage.plan().expect_empty();
        stage.apply_config(&config(&stage, FULL));
    }
    let after = stage.state();
    assert_eq!(after.attributes(ADDRESS)["clb_vip"], before.attributes(ADDRESS)["clb_vip"]);
}

#[test]
fn another_spelling_of_a_quantity_is_no_change() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, FULL));
    stage.plan_config(&config(&stage, &FULL.replace("\"1Gi\"", "\"1024Mi\""))).expect_empty();
}

#[test]
fn what_needs_another_load_balancer_replaces_it() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, FULL));
    for (from, to) in [
        ("namespace = \"ingress\"", "namespace = \"other\""),
        ("internet_max_bandwidth_out = 20", "internet_max_bandwidth_out = 30"),
        ("zone_id                    = \"100003\"", "zone_id = \"100004\""),
        ("team = \"net\"", "team = \"web\""),
    ] {
        let changed = FULL.replace(from, to);
        assert_ne!(changed, FULL, "{from}");
        stage.plan_config(&config(&stage, &changed)).expect_changes(&[(ADDRESS, Action::Replace)]);
    }
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.objects("load_balancer").len(), 1);
    let inner = "service = { type = \"ClusterIP\" }";
    stage.plan_config(&config(&stage, inner)).expect_changes(&[(ADDRESS, Action::Replace)]);
}

#[test]
fn an_existing_load_balancer_is_used_and_stays() {
    let stage = Stage::new();
    let existing = stage.cloud().world().load_balancers[0].id.clone();
    let lines = format!("load_balancer_id = {existing:?}");
    stage.apply_config(&config(&stage, &lines));
    stage.plan().expect_empty();
    let state = stage.state();
    let made = state.attributes(ADDRESS);
    assert_eq!(made["clb_id"], existing);
    assert!(made["clb_vip"].as_str().is_some_and(|vip| !vip.is_empty()));
    stage.expect_import(ADDRESS, made["id"].as_str().unwrap());
    // To a new one, and back again.
    stage.plan_config(&config(&stage, "")).expect_changes(&[(ADDRESS, Action::Replace)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.objects("load_balancer").len(), 1);
    stage.plan_config(&config(&stage, &lines)).expect_changes(&[(ADDRESS, Action::Replace)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.expect_clean_destroy();
}

#[test]
fn a_load_balancer_that_does_not_exist_is_named() {
    let stage = Stage::new();
    let lines = "load_balancer_id = \"lb-notthere\"";
    // Before the mesh is there, its cluster's region is not certain.
    stage.write("main.tf", &config(&stage, lines));
    let said = stage.try_plan().expect_success().prose();
    assert!(said.contains("Warning: No such load balancer"), "{said}");
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("no load balancer lb-notthere in ap-guangzhou"), "{said}");
    assert_eq!(stage.state().attributes(ADDRESS), &json!(null));
    // From then on it is.
    let said = stage.try_plan().expect_failure().prose();
    assert!(said.contains("Error: No such load balancer"), "{said}");
    stage.apply_config(&config(&stage, ""));
    stage.expect_clean_destroy();
}

#[test]
fn several_gateways_in_one_cluster_do_not_undo_each_other() {
    let stage = Stage::new();
    let names = ["one", "two", "three"];
    let all: String = names.iter().map(|name| gateway(name, "")).collect();
    stage.apply_config(&(linked(&stage) + &all));
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 3);
    // All change at once, and the cluster's namespaces with them.
    let changed = (linked(&stage) + &all)
        .replace("[\"shop\"]", "[\"shop\", \"cart\"]")
        .replace("= \"two\"", "= \"two\"\n  workload = { replicas = 3 }")
        .replace("= \"three\"", "= \"three\"\n  workload = { replicas = 2 }");
    stage.apply_config(&changed);
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 3);
    // One goes.
    stage.apply_config(&(linked(&stage) + &gateway("one", "") + &gateway("three", "")));
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 2);
    assert_eq!(stage.objects("load_balancer").len(), 2);
    stage.expect_clean_destroy();
}

#[test]
fn gateways_of_others_stay() {
    let stage = Stage::new();
    stage.apply_config(&linked(&stage));
    let beside = stage.beside();
    let theirs = gateway("theirs", "")
        .replace("crossmesh_tcm_mesh.main.id", &format!("{:?}", stage.objects("mesh")[0]))
        .replace(
            "crossmesh_tcm_mesh_cluster.main.cluster_id",
            &format!("{:?}", stage.cloud().world().clusters[0].id),
        );
    beside.write("main.tf", &theirs);
    beside.apply().expect_success();
    stage.apply_config(&config(&stage, "workload = { replicas = 1 }"));
    stage.apply_config(&config(&stage, "workload = { replicas = 2 }"));
    stage.apply_config(&linked(&stage).replace("\"shop\"", "\"cart\""));
    assert_eq!(stage.objects(KIND).len(), 1);
    beside.plan().expect_empty();
    beside.destroy().expect_success();
    stage.plan().expect_empty();
    stage.expect_clean_destroy();
}

#[test]
fn comes_back_after_it_disappeared() {
    let stage = Stage::new();
    stage.apply_config(&config(&stage, ""));
    stage.delete(KIND, &stage.objects(KIND)[0]);
    stage.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    // With its cluster, and with its mesh.
    stage.delete("mesh_cluster", &stage.objects("mesh_cluster")[0]);
    stage.plan().expect_changes(&[
        ("crossmesh_tcm_mesh_cluster.main", Action::Create),
        (ADDRESS, Action::Create),
    ]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.delete("mesh", &stage.objects("mesh")[0]);
    stage.expect_clean_destroy();
}

#[test]
fn a_cluster_that_is_not_linked_is_named() {
    let stage = Stage::new();
    stage.apply_config(&linked(&stage));
    let other = &stage.cloud().world().clusters[1].id;
    let text = config(&stage, "")
        .replace("crossmesh_tcm_mesh_cluster.main.cluster_id", &format!("{other:?}"));
    stage.write("main.tf", &text);
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains(&format!("The cluster {other} is not in the mesh")), "{said}");
    assert!(said.contains("`depends_on`"), "{said}");
    assert_eq!(stage.state().attributes(ADDRESS), &json!(null));
}

#[test]
fn killed_in_the_middle_and_applied_again_ends_in_the_same_place() {
    let stage = Stage::new();
    stage.apply_config(&linked(&stage));
    stage.pace("tcm/gateway-create", "manual");
    stage.write("main.tf", &config(&stage, FULL));
    killed(&stage, || stage.await_object(KIND));
    stage.pace("tcm/gateway-create", "immediate");
    stage.release("tcm/gateway-create");
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.objects(KIND).len(), 1);
    assert_eq!(stage.objects("load_balancer").len(), 1);
    stage.expect_clean_destroy();
}

#[test]
fn a_gateway_with_another_load_balancer_is_not_taken_over() {
    let stage = Stage::new();
    let existing = stage.cloud().world().load_balancers[0].id.clone();
    stage.apply_config(&config(&stage, &format!("load_balancer_id = {existing:?}")));
    stage.forget(ADDRESS).expect_success();
    stage.write("main.tf", &config(&stage, ""));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("already, with another load balancer"), "{said}");
    assert!(said.contains("Import it (id"), "{said}");
    assert_eq!(stage.objects(KIND).len(), 1);
}

#[test]
fn an_address_that_does_not_come_in_time_leaves_it_in_the_state() {
    let stage = Stage::new();
    stage.apply_config(&linked(&stage));
    stage.pace("tcm/gateway-create", "manual");
    stage.write("main.tf", &config(&stage, "timeouts = { create = \"3s\" }"));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("the state seen last is upgrading, no address yet"), "{said}");
    assert!(stage.state().is_tainted(ADDRESS));
    stage.pace("tcm/gateway-create", "immediate");
    // What was made for it goes with it, though its id never came to the state.
    stage.expect_clean_destroy();
}

#[test]
fn an_interrupt_leaves_it_in_the_state() {
    let stage = Stage::new();
    stage.apply_config(&linked(&stage));
    stage.pace("tcm/gateway-create", "manual");
    stage.write("main.tf", &config(&stage, ""));
    let mut reached = Instant::now();
    let outcome = interrupted(&stage, || {
        stage.await_object(KIND);
        reached = Instant::now();
    });
    let said = outcome.expect_failure().prose();
    assert!(reached.elapsed() < Duration::from_secs(30));
    assert!(said.contains("Interrupted"), "{said}");
    assert!(stage.state().is_tainted(ADDRESS));
}

#[test]
fn mistakes_are_found_without_the_cloud() {
    let stage = Stage::new();
    for (lines, said) in [
        ("load_balancer = {}\n  load_balancer_id = \"lb-1\"", "At most one of"),
        ("load_balancer = { type = \"INTERNAL\" }", "needs the `subnet_id`"),
        (
            "service = { type = \"NodePort\" }\n  load_balancer_id = \"lb-1\"",
            "has no load balancer",
        ),
        ("workload = { deploy_mode = \"ANYWHERE\" }", "IN_GENERAL_NODE"),
        ("namespace = \"Not A Label\"", "lower-case letters"),
        (
            "workload = { horizontal_pod_autoscaler = { min_replicas = 1, max_replicas = 2, \
             metrics = [{}] } }",
            "Exactly one of",
        ),
    ] {
        stage.write("main.tf", &config(&stage, lines));
        let outcome = stage.validate().expect_failure().prose();
        assert!(outcome.contains(said), "{lines}: {outcome}");
    }
    assert!(stage.cloud().recorder().since(0).is_empty());
}

#[test]
fn an_internal_load_balancer_is_made_in_its_subnet() {
    let stage = Stage::with(World::two_accounts(), Options::default());
    let subnet = stage.cloud().world().clusters[0].subnet_id.clone();
    let lines = format!("load_balancer = {{ type = \"INTERNAL\", subnet_id = {subnet:?} }}");
    stage.apply_config(&config(&stage, &lines));
    stage.plan().expect_empty();
    stage.expect_clean_destroy();
}
