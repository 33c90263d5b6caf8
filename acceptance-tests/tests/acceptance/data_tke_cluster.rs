//! Data source `crossmesh_tke_cluster`

use crossmesh_sim::{
    Options, World,
    terraform::Action,
    world::{ClusterKind, NetworkKind, REGION},
};
use serde_json::{Value, json};

use crate::setup::Stage;

const ADDRESS: &str = "data.crossmesh_tke_cluster.main";

fn config(id: &str, more: &str) -> String {
    format!("data \"crossmesh_tke_cluster\" \"main\" {{\n  cluster_id = {id:?}\n  {more}\n}}\n")
}

/// Reads a cluster of the hub (`number` 0) or of the member.
fn read(stage: &Stage, number: usize, more: &str) -> Value {
    let id = &stage.cloud().world().clusters[number].id;
    stage.apply_config(&config(id, more));
    stage.plan().expect_empty();
    stage.state().attributes(ADDRESS).clone()
}

#[test]
fn standard_clusters_are_read_with_their_endpoints() {
    let stage = Stage::new();
    let world = stage.cloud().world().clone();
    for (number, more, kind) in [
        (0, "", "MANAGED_CLUSTER"),
        (2, "account = \"member\"", "INDEPENDENT_CLUSTER"),
        (2, "account = \"member\"\n  region = \"ap-guangzhou\"", "INDEPENDENT_CLUSTER"),
    ] {
        let (known, found) = (&world.clusters[number], read(&stage, number, more));
        let endpoint = stage.clusters().cluster(&known.id).unwrap().url();
        let endpoint = endpoint.trim_start_matches("https://").to_owned();
        for (name, wanted) in [
            ("name", json!(known.name)),
            ("region", json!(REGION)),
            ("type", json!(kind)),
            ("version", json!(known.version)),
            ("status", json!("Running")),
            ("network_type", json!("GR")),
            ("vpc_id", json!(known.vpc_id)),
            ("cluster_cidr", json!(known.cluster_cidr)),
            ("service_cidr", json!(known.service_cidr)),
            ("node_count", json!(known.nodes)),
            ("deletion_protection", json!(false)),
            ("tags", json!({})),
            ("extranet_endpoint", json!(endpoint)),
            ("intranet_endpoint", json!(endpoint)),
        ] {
            assert_eq!(found[name], wanted, "{name} of {}", known.name);
        }
    }
}

#[test]
fn what_a_cluster_does_not_have_is_null() {
    let mut world = World::two_accounts();
    world.clusters[0].network = NetworkKind::VpcCni;
    world.clusters[0].cluster_cidr = String::new();
    let stage = Stage::with(world, Options::default());
    let id = stage.cloud().world().clusters[0].id.clone();
    for side in ["intranet", "extranet"] {
        assert!(stage.cloud().delete_object("cluster_endpoint", &format!("{id}#{side}")));
    }
    let found = read(&stage, 0, "");
    assert_eq!(found["network_type"], "VPC-CNI");
    assert_eq!(found["subnet_ids"], json!([stage.cloud().world().clusters[0].subnet_id]));
    for name in ["cluster_cidr", "intranet_endpoint", "extranet_endpoint"] {
        assert_eq!(found[name], json!(null), "{name}");
    }
}

#[test]
fn serverless_clusters_are_found_in_their_own_list() {
    let mut world = World::two_accounts();
    world.clusters[0].kind = ClusterKind::Serverless;
    world.clusters[0].cluster_cidr = String::new();
    let stage = Stage::with(world, Options::default());
    let found = read(&stage, 0, "");
    assert_eq!(found["type"], "SERVERLESS_CLUSTER");
    assert_eq!(found["network_type"], "VPC-CNI");
    assert_eq!(found["subnet_ids"], json!([stage.cloud().world().clusters[0].subnet_id]));
    assert_eq!((&found["cluster_cidr"], &found["node_count"]), (&json!(null), &json!(0)));
}

#[test]
fn an_id_that_is_not_known_yet_is_read_during_the_apply() {
    let stage = Stage::new();
    let id = &stage.cloud().world().clusters[0].id;
    let config = config("", "").replace("\"\"", "terraform_data.id.output");
    let later = format!("resource \"terraform_data\" \"id\" {{\n  input = {id:?}\n}}\n{config}");
    stage.plan_config(&later).expect_changes(&[("terraform_data.id", Action::Create)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(stage.state().attributes(ADDRESS)["name"], "hub-1");
}

#[test]
fn a_cluster_that_is_not_there_is_named() {
    let stage = Stage::new();
    let id = &stage.cloud().world().clusters[2].id;
    for (config, said) in [
        (config(id, ""), format!("There is no cluster {id} in this account and region")),
        (config(id, "account = \"member\"\n  region = \"ap-shanghai\""), "ap-shanghai".to_owned()),
        (config(id, "account = \"nobody\""), "There is no account \"nobody\"".to_owned()),
        (config("", ""), "cluster_id".to_owned()),
    ] {
        stage.write("main.tf", &config);
        let prose = stage.try_plan().expect_failure().prose();
        assert!(prose.contains(&said), "{said:?} is not in:\n{prose}");
    }
}

#[test]
fn what_may_not_be_read_is_not_taken_for_gone() {
    let stage = Stage::new();
    let denied = json!({"kind": "error", "code": "UnauthorizedOperation.CamNoAuth"});
    stage.fault(json!({"action": "DescribeClusters", "fault": denied}));
    stage.write("main.tf", &config(&stage.cloud().world().clusters[0].id, ""));
    let prose = stage.try_plan().expect_failure().prose();
    assert!(prose.contains("CAM action tke:DescribeClusters"), "{prose}");
}
