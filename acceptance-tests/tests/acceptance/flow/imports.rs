//! Every object of the flow, forgotten and imported: the plan is empty then.

use super::{id, impatient_stage};
use crate::setup::Stage;

/// Makes the import id of an address.
type ImportId = fn(&Stage, &str) -> String;

/// The addresses, and how their import ids are made: of most it is the id in the
/// state.
const IMPORTED: [(&str, ImportId); 17] = [
    ("crossmesh_ccn_instance.main", id),
    ("crossmesh_ccn_attachment.hub", id),
    (r#"crossmesh_ccn_cross_account_attachment.member["member"]"#, of_member),
    (r#"crossmesh_ccn_cross_account_attachment_accepter.member["member"]"#, id),
    (r#"crossmesh_ccn_cluster_cidr.all["hub-1"]"#, id),
    (r#"crossmesh_ccn_cluster_cidr.all["member"]"#, of_member),
    ("crossmesh_tdcc_hub_cluster.main", id),
    (r#"crossmesh_tdcc_registered_cluster.member["member"]"#, id),
    (r#"crossmesh_tdcc_cluster_agent.member["member"]"#, of_agent),
    ("crossmesh_tcm_mesh.main", id),
    (r#"crossmesh_tcm_mesh_cluster.hub["hub-1"]"#, id),
    (r#"crossmesh_tcm_mesh_cluster.member["member"]"#, of_registered),
    ("crossmesh_tcm_ingress_gateway.main", id),
    (r#"crossmesh_kubernetes_manifests.service["hub-1"]"#, of_manifests),
    ("crossmesh_istio_gateway.main", id),
    (r#"crossmesh_istio_virtual_service.name["member"]"#, id),
    ("crossmesh_dnspod_record.wildcard", id),
];

fn of_member(stage: &Stage, address: &str) -> String {
    format!("member/{}", id(stage, address))
}

fn of_agent(stage: &Stage, address: &str) -> String {
    let state = stage.state();
    let cluster = state.attributes(address)["cluster"].as_str().unwrap();
    format!("member/{}#{cluster}", id(stage, address))
}

fn of_registered(stage: &Stage, address: &str) -> String {
    let state = stage.state();
    let link = state.attributes(address);
    let text = |name: &str| link[name].as_str().unwrap();
    format!(
        "{}#{}@{}/{}",
        text("id"),
        text("cluster_account"),
        text("original_region"),
        text("original_cluster_id")
    )
}

fn of_manifests(stage: &Stage, address: &str) -> String {
    let state = stage.state();
    let attributes = state.attributes(address);
    let objects = attributes["objects"].as_object().unwrap().keys();
    let objects = objects.cloned().collect::<Vec<_>>().join(",");
    format!("{}/{objects}", attributes["cluster"].as_str().unwrap())
}

#[test]
fn every_object_is_imported_as_it_was_made() {
    let stage = impatient_stage();
    stage.apply().expect_success();
    for (address, import_id) in IMPORTED {
        let import_id = import_id(&stage, address);
        stage.expect_import(address, &import_id);
    }
    stage.expect_clean_destroy();
}
