//! The whole cross-account flow: from nothing to answers, healed after every
//! loss, and back to nothing.

use std::net::{SocketAddr, TcpListener};

use crossmesh_sim::{
    Options, World, demo,
    terraform::{Action, workspace_root},
};

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

/// Something that is deleted behind Terraform's back.
struct Loss {
    /// As the simulator calls it.
    kind: &'static str,
    /// Whose object it is.
    address: &'static str,
    /// What a plan does about it then.
    planned: &'static [(&'static str, Action)],
}

const LOSSES: &[Loss] = &[
    Loss {
        kind: "dns_record",
        address: "crossmesh_dnspod_record.wildcard",
        planned: &[("crossmesh_dnspod_record.wildcard", Action::Create)],
    },
    Loss {
        kind: "ccn_cluster_cidr",
        address: r#"crossmesh_ccn_cluster_cidr.all["member"]"#,
        planned: &[(r#"crossmesh_ccn_cluster_cidr.all["member"]"#, Action::Create)],
    },
    Loss {
        kind: "mesh_cluster",
        address: r#"crossmesh_tcm_mesh_cluster.hub["hub-2"]"#,
        planned: &[(r#"crossmesh_tcm_mesh_cluster.hub["hub-2"]"#, Action::Create)],
    },
    Loss {
        kind: "mesh_cluster",
        address: r#"crossmesh_tcm_mesh_cluster.member["member"]"#,
        planned: &[(r#"crossmesh_tcm_mesh_cluster.member["member"]"#, Action::Create)],
    },
    // One row of the CCN is both the application and its acceptance, and what
    // the member's cluster publishes goes with it.
    Loss {
        kind: "ccn_attachment",
        address: r#"crossmesh_ccn_cross_account_attachment.member["member"]"#,
        planned: &[
            (r#"crossmesh_ccn_cross_account_attachment.member["member"]"#, Action::Create),
            (r#"crossmesh_ccn_cross_account_attachment_accepter.member["member"]"#, Action::Create),
            (r#"crossmesh_ccn_cluster_cidr.all["member"]"#, Action::Create),
        ],
    },
];

#[test]
fn whatever_is_lost_is_planned_and_healed() {
    let stage = stage();
    stage.apply().expect_success();
    for Loss { kind, address, planned } in LOSSES {
        stage.delete(kind, &id(&stage, address));
        stage.plan().expect_changes(planned);
        stage.apply().expect_success();
        stage.plan().expect_empty();
    }
    stage.expect_clean_destroy();
}
