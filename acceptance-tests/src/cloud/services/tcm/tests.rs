mod gateway;
mod link;

use serde_json::{Value, json};

use self::gateway::{gateway, set_gateways};
use crate::{cloud::bench::Bench, world::REGION};

fn cluster(bench: &Bench, name: &str, role: &str) -> Value {
    let known = bench.cluster(name);
    json!({"ClusterId": known.id, "Region": REGION, "Role": role, "VpcId": known.vpc_id,
        "SubnetId": known.subnet_id, "Type": "TKE"})
}

/// A registration of `member-1` that runs, as the mesh takes it.
fn registered(bench: &Bench) -> Value {
    let hub = bench.hub();
    let id = bench.registration(&hub);
    bench.apply_agent(&id, "member-1");
    json!({"ClusterId": id, "Region": REGION, "Role": "REMOTE", "VpcId": bench.vpc("hub"),
        "SubnetId": bench.subnet("hub"), "Type": "TDCC"})
}

fn link(bench: &Bench, mesh: &str, cluster: &Value) {
    let params = json!({"MeshId": mesh, "ClusterList": [cluster]});
    bench.ok("hub", "tcm:LinkClusterList", params);
}

fn describe(bench: &Bench, mesh: &str) -> Value {
    bench.ok("hub", "tcm:DescribeMesh", json!({"MeshId": mesh}))["Mesh"].clone()
}

fn status(bench: &Bench, mesh: &str, index: usize) -> (String, String) {
    let mesh = describe(bench, mesh);
    let status = &mesh["ClusterList"][index]["Status"];
    let text = |key: &str| status[key].as_str().unwrap_or_default().to_owned();
    (text("LinkState"), text("LinkErrorDetail"))
}

#[test]
fn a_mesh_passes_through_its_states() {
    let bench = Bench::new();
    bench.pace("tcm/mesh-accept", "after 1s");
    bench.pace("tcm/mesh-create", "after 10s");
    let mesh = bench.mesh("hub");
    let state = |bench: &Bench| describe(bench, &mesh)["State"].clone();
    assert_eq!(state(&bench), "PENDING");
    let early = json!({"MeshId": mesh, "ClusterList": [cluster(&bench, "hub-1", "MASTER")]});
    assert_eq!(bench.refused("hub", "tcm:LinkClusterList", early), "FailedOperation");
    let by_id = json!({"MeshId": mesh});
    assert_eq!(bench.refused("hub", "tcm:DeleteMesh", by_id.clone()), "OperationDenied");
    bench.advance(1);
    assert_eq!(state(&bench), "CREATING");
    let operations = describe(&bench, &mesh)["Status"]["ActiveOperationList"].clone();
    assert_eq!(operations[0]["Type"], "INSTALL_MESH");
    bench.advance(10);
    assert_eq!(state(&bench), "RUNNING");
    bench.pace("tcm/mesh-delete", "after 5s");
    bench.ok("hub", "tcm:DeleteMesh", by_id.clone());
    assert_eq!(state(&bench), "DELETING");
    bench.advance(5);
    assert_eq!(bench.refused("hub", "tcm:DescribeMesh", by_id), "ResourceNotFound");
}

#[test]
fn another_account_does_not_see_the_mesh() {
    let bench = Bench::new();
    let by_id = json!({"MeshId": bench.mesh("hub")});
    assert_eq!(bench.refused("member", "tcm:DescribeMesh", by_id.clone()), "ResourceNotFound");
    assert_eq!(bench.refused("member", "tcm:DeleteMesh", by_id), "ResourceNotFound");
    assert_eq!(bench.ok("member", "tcm:DescribeMeshList", json!({}))["Total"], 0);
}

#[test]
fn refused_meshes() {
    let bench = Bench::new();
    let mesh = |field: &str, value: Value| {
        let mut mesh = json!({"DisplayName": "m", "MeshVersion": "1.18.5", "Type": "HOSTED",
            "Config": {"Istio": {"OutboundTrafficPolicy": "ALLOW_ANY"}}});
        mesh[field] = value;
        mesh
    };
    for (params, code) in [
        (mesh("Type", json!("STANDALONE")), "UnsupportedOperation"),
        (mesh("MeshVersion", json!("latest")), "InvalidParameterValue"),
        (mesh("DisplayName", json!("")), "MissingParameter"),
        (
            mesh("Config", json!({"Istio": {"OutboundTrafficPolicy": "ANY"}})),
            "InvalidParameterValue",
        ),
        (mesh("Config", json!({"Istio": {}})), "MissingParameter"),
    ] {
        assert_eq!(bench.refused("hub", "tcm:CreateMesh", params), code);
    }
}

#[test]
fn meshes_are_found_by_filters() {
    let bench = Bench::new();
    let mesh = bench.mesh("hub");
    let own = cluster(&bench, "hub-1", "MASTER");
    link(&bench, &mesh, &own);
    let found = |name: &str, value: &Value| {
        let filter = json!({"Filters": [{"Name": name, "Values": [value]}]});
        bench.ok("hub", "tcm:DescribeMeshList", filter)["Total"].clone()
    };
    assert_eq!(found("MeshId", &json!(mesh)), 1);
    assert_eq!(found("ClusterId", &own["ClusterId"]), 1);
    assert_eq!(found("MeshName", &json!("other")), 0);
    let wrong = json!({"Filters": [{"Name": "Nope", "Values": ["x"]}]});
    assert_eq!(bench.refused("hub", "tcm:DescribeMeshList", wrong), "InvalidParameter");
}

#[test]
fn a_mesh_is_changed_part_by_part() {
    let bench = Bench::new();
    let mesh = bench.mesh("hub");
    let change = json!({"MeshId": mesh, "DisplayName": "new",
        "Config": {"Tracing": {"Sampling": 5, "Enable": true}}});
    bench.ok("hub", "tcm:ModifyMesh", change);
    let shown = describe(&bench, &mesh);
    assert_eq!(shown["DisplayName"], "new");
    assert_eq!(shown["Config"]["Istio"]["OutboundTrafficPolicy"], "ALLOW_ANY");
    assert_eq!(shown["Config"]["Tracing"]["Sampling"], 5);
}

#[test]
fn clusters_of_a_new_mesh_wait_for_it() {
    let bench = Bench::new();
    bench.pace("tcm/mesh-create", "after 10s");
    let mesh = json!({"DisplayName": "m", "MeshVersion": "1.18.5", "Type": "HOSTED",
        "Config": {"Istio": {"OutboundTrafficPolicy": "ALLOW_ANY"}},
        "ClusterList": [cluster(&bench, "hub-1", "MASTER")],
        "TagList": [{"Key": "team", "Value": "net"}]});
    let made = bench.ok("hub", "tcm:CreateMesh", mesh);
    let id = made["MeshId"].as_str().unwrap().to_owned();
    assert_eq!(status(&bench, &id, 0).0, "LINKING");
    bench.advance(10);
    assert_eq!(status(&bench, &id, 0).0, "LINKED");
    let tags = describe(&bench, &id)["TagList"].clone();
    assert_eq!(tags, json!([{"Key": "team", "Value": "net"}]));
}

#[test]
fn an_operator_can_break_things() {
    let bench = Bench::new();
    let mesh = bench.mesh("hub");
    let own = cluster(&bench, "hub-1", "MASTER");
    link(&bench, &mesh, &own);
    set_gateways(&bench, &mesh, &own, json!([gateway(&own)]));
    let id = format!("{mesh}#{}", bench.cluster("hub-1").id);
    let failed = json!({"State": "LINK_FAILED", "LinkErrorDetail": "no room"});
    bench.patch("mesh_cluster", &id, failed);
    assert_eq!(status(&bench, &mesh, 0), ("LINK_FAILED".to_owned(), "no room".to_owned()));
    bench.patch("mesh", &mesh, json!({"State": "CREATE_FAILED"}));
    assert_eq!(describe(&bench, &mesh)["State"], "CREATE_FAILED");
    bench.patch("mesh", &mesh, json!({"State": "RUNNING"}));
    let gateway = format!("{id}#istio-system#ingress");
    assert!(bench.cloud.delete_object("ingress_gateway", &gateway));
    assert!(bench.cloud.delete_object("mesh_cluster", &id));
    assert!(bench.cloud.delete_object("mesh", &mesh));
    assert!(bench.cloud.objects().is_empty());
}
