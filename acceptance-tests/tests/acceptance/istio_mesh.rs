//! Istio objects that name their mesh in place of the cluster.

use crossmesh_sim::{terraform::Action, world::REGION};

use crate::setup::Stage;

const ADDRESS: &str = "crossmesh_istio_gateway.main";

const MESH: &str = r#"
resource "crossmesh_tcm_mesh" "main" {
  display_name = "main"
  mesh_version = "1.18.5"
}
"#;

/// The hub's first cluster, linked into the mesh.
fn link(stage: &Stage) -> String {
    let cluster = &stage.cloud().world().clusters[0];
    let vpc = &stage.cloud().world().vpcs[0];
    format!(
        r#"
resource "crossmesh_tcm_mesh_cluster" "hub" {{
  mesh_id    = crossmesh_tcm_mesh.main.id
  cluster_id = {:?}
  role       = "MASTER"
  vpc_id     = {:?}
  subnet_id  = {:?}
}}
"#,
        cluster.id, vpc.id, vpc.subnets[0].id
    )
}

/// A Gateway in this place.
fn gateway(place: &str) -> String {
    format!(
        r#"
resource "crossmesh_istio_gateway" "main" {{
  {place}
  metadata = {{ name = "main" }}
  spec = {{
    selector = {{ istio = "ingressgateway" }}
    servers  = [{{ port = {{ number = 80, name = "http", protocol = "HTTP" }}, hosts = ["*"] }}]
  }}
}}
"#
    )
}

const BY_MESH: &str =
    "mesh_id = crossmesh_tcm_mesh.main.id\n  depends_on = [crossmesh_tcm_mesh_cluster.hub]";

#[test]
fn the_mesh_s_main_cluster_keeps_the_object() {
    let stage = Stage::new();
    let id = stage.cloud().world().clusters[0].id.clone();
    let world = MESH.to_owned() + &link(&stage);
    let config = world.clone() + &gateway(BY_MESH);
    // Nothing is there yet: neither the mesh, nor its link, nor the definitions.
    let plan = stage.plan_config(&config);
    assert_eq!(plan.change(ADDRESS)["after_unknown"]["cluster"], true);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    let state = stage.state();
    assert_eq!(state.attributes(ADDRESS)["cluster"], id);
    let cluster = stage.clusters().cluster(&id).expect("it is simulated").clone();
    let is_there =
        || cluster.object("networking.istio.io", "gateways", "default", "main").is_some();
    assert!(is_there());
    let mesh = state.attributes("crossmesh_tcm_mesh.main")["id"].as_str().unwrap().to_owned();
    stage.expect_import(ADDRESS, &format!("{mesh}/default/main"));
    stage.expect_import(ADDRESS, &format!("@{REGION}/{mesh}/default/main"));

    // The cluster itself says the same, and so does the mesh again.
    let plan = stage.plan_config(&(world.clone() + &gateway(&format!("cluster = {id:?}"))));
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    stage.plan_config(&config).expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.apply_config(&world);
    assert!(!is_there());
    stage.expect_clean_destroy();
}

#[test]
fn a_mesh_without_clusters_and_a_place_said_twice_are_refused() {
    let stage = Stage::new();
    let by_mesh = gateway("mesh_id = crossmesh_tcm_mesh.main.id");
    stage.write("main.tf", &(MESH.to_owned() + &by_mesh));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("has no cluster yet. Link one first"), "{said}");
    let absent = gateway("mesh_id = \"mesh-absent00\"");
    stage.write("main.tf", &(MESH.to_owned() + &absent));
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("has no mesh \"mesh-absent00\" in ap-guangzhou"), "{said}");
    for place in ["", "cluster = \"cls-a\"\n  mesh_id = \"mesh-a\""] {
        stage.write("main.tf", &gateway(place));
        let said = stage.try_plan().expect_failure().prose();
        assert!(said.contains("cluster") && said.contains("mesh_id"), "{said}");
    }
}
