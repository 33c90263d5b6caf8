//! Data source `crossmesh_tcm_mesh`

use serde_json::json;

use crate::setup::Stage;

const ADDRESS: &str = "data.crossmesh_tcm_mesh.main";

fn meshes(stage: &Stage, names: &[&str]) -> String {
    let cluster = &stage.cloud().world().clusters[0];
    let mesh = |(index, name): (usize, &&str)| {
        format!(
            r#"
resource "crossmesh_tcm_mesh" "m{index}" {{
  display_name = {name:?}
  mesh_version = "1.18.5"
  tags         = {{ number = "{index}" }}
}}
"#
        )
    };
    let meshes: String = names.iter().enumerate().map(mesh).collect();
    format!(
        r#"{meshes}
resource "crossmesh_tcm_mesh_cluster" "main" {{
  mesh_id    = crossmesh_tcm_mesh.m0.id
  cluster_id = {:?}
  vpc_id     = {:?}
}}

resource "crossmesh_tcm_ingress_gateway" "main" {{
  mesh_id    = crossmesh_tcm_mesh.m0.id
  cluster_id = crossmesh_tcm_mesh_cluster.main.cluster_id
  name       = "ingress"
}}
"#,
        cluster.id, cluster.vpc_id
    )
}

fn data(line: &str) -> String {
    format!("\ndata \"crossmesh_tcm_mesh\" \"main\" {{\n  {line}\n}}\n")
}

#[test]
fn a_mesh_is_found_by_name_and_by_id() {
    let stage = Stage::new();
    let meshes = meshes(&stage, &["flow", "flow-2"]);
    stage.apply_config(&meshes);
    let made = stage.state();
    let id = made.attributes("crossmesh_tcm_mesh.m0")["id"].as_str().unwrap().to_owned();
    let vip = &made.attributes("crossmesh_tcm_ingress_gateway.main")["clb_vip"];
    for line in ["display_name = \"flow\"".to_owned(), format!("mesh_id = {id:?}")] {
        stage.apply_config(&(meshes.clone() + &data(&line)));
        stage.plan().expect_empty();
        let state = stage.state();
        let found = state.attributes(ADDRESS);
        assert_eq!((&found["id"], &found["mesh_id"]), (&json!(id), &json!(id)));
        assert_eq!(found["display_name"], "flow");
        assert_eq!(found["region"], "ap-guangzhou");
        assert_eq!(
            (&found["mesh_version"], &found["state"]),
            (&json!("1.18.5"), &json!("RUNNING"))
        );
        assert_eq!(found["tags"], json!({"number": "0"}));
        assert_eq!(found["config"]["istio"]["outbound_traffic_policy"], "ALLOW_ANY");
        let cluster = &found["clusters"][0];
        assert_eq!(
            (&cluster["link_state"], &cluster["link_error"]),
            (&json!("LINKED"), &json!(null))
        );
        let gateway = &cluster["ingress_gateways"][0];
        assert_eq!((&gateway["name"], &gateway["clb_vip"]), (&json!("ingress"), vip));
    }
}

#[test]
fn what_is_not_there_or_not_alone_is_said_with_the_candidates() {
    let stage = Stage::new();
    let meshes = meshes(&stage, &["flow", "twin", "twin"]);
    stage.apply_config(&meshes);
    for (line, said) in [
        ("display_name = \"flo\"", "has no mesh \"flo\" in ap-guangzhou"),
        ("mesh_id = \"mesh-notthere\"", "(flow)"),
        ("display_name = \"twin\"", "2 meshes in ap-guangzhou are called \"twin\""),
        ("region = \"ap-shanghai\"\n  display_name = \"flow\"", "It has none there."),
        ("", "Exactly one of"),
        ("mesh_id = \"a\"\n  display_name = \"b\"", "Exactly one of"),
    ] {
        stage.write("main.tf", &(meshes.clone() + &data(line)));
        let outcome = stage.try_plan().expect_failure().prose();
        assert!(outcome.contains(said), "{line}: {outcome}");
    }
}
