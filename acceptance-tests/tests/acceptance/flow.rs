//! The whole cross-account flow: from nothing to answers, healed after every
//! loss, and back to nothing.

mod imports;
mod kills;
mod losses;

use std::net::{SocketAddr, TcpListener};

use crossmesh_sim::{Options, World, demo, terraform::workspace_root};

use crate::setup::Stage;

/// A folder with the flow, and a cloud with one member account.
fn stage() -> Stage {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let gateway: SocketAddr = free.local_addr().expect("it is bound");
    drop(free);
    let mut world = World::two_accounts();
    for cluster in world.clusters.iter_mut().filter(|cluster| cluster.account == "hub") {
        cluster.clb_vip = Some(gateway.to_string());
    }
    let stage = Stage::with(world, Options::default());
    std::fs::remove_file(stage.folder().join("provider.tf")).expect("the stage has written it");
    stage.copy_from(&workspace_root().join(demo::FLOW)).expect("the flow can be read");
    let variables = demo::variables(stage.cloud().world(), gateway).expect("the world has a hub");
    stage.write("terraform.tfvars.json", &variables.to_string());
    stage
}

/// The same, for plans while something is missing: they do not wait until every
/// name is answered.
fn impatient_stage() -> Stage {
    let stage = stage();
    let probe = "data \"crossmesh_traffic_probe\" \"names\" {\n  attempts = 1\n}\n";
    stage.write("probe_override.tf", probe);
    stage
}

/// The id of the object behind an address.
#[track_caller]
fn id(stage: &Stage, address: &str) -> String {
    let state = stage.state();
    let id = state.attributes(address)["id"].as_str();
    id.unwrap_or_else(|| panic!("{address} is not in the state")).to_owned()
}

#[test]
fn every_name_is_answered_and_nothing_is_left() {
    let stage = stage();
    stage.apply().expect_success();
    let state = stage.state();
    let probe = state.attributes("data.crossmesh_traffic_probe.names");
    assert_eq!(probe["ok"], true, "{probe:#}");
    assert_eq!(probe["results"].as_object().map(serde_json::Map::len), Some(3));
    stage.plan().expect_empty();
    stage.expect_clean_destroy();
}
