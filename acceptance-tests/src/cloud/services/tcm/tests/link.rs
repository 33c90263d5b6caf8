use serde_json::json;

use super::{cluster, describe, link, registered, status};
use crate::{World, cloud::bench::Bench, world::REGION};

#[test]
fn a_cluster_is_linked_and_unlinked() {
    let bench = Bench::new();
    bench.pace("tcm/link", "polls 1");
    bench.pace("tcm/unlink", "polls 1");
    let mesh = bench.mesh("hub");
    let own = cluster(&bench, "hub-1", "MASTER");
    link(&bench, &mesh, &own);
    let before = describe(&bench, &mesh);
    assert_eq!(before["ClusterList"][0]["Status"]["LinkState"], "LINKING");
    assert_eq!(before["Status"]["ActiveOperationList"][0]["Type"], "LINK_CLUSTERS");
    assert_eq!(status(&bench, &mesh, 0).0, "LINKED");
    let told = bench.clusters.lock().meshes[&mesh].clone();
    assert_eq!(json!(told.members[0].cluster), own["ClusterId"]);
    assert!(told.members[0].primary);

    let twice = json!({"MeshId": mesh, "ClusterList": [own]});
    assert_eq!(bench.refused("hub", "tcm:LinkClusterList", twice), "InvalidParameter");
    let by_id = json!({"MeshId": mesh});
    assert_eq!(bench.refused("hub", "tcm:DeleteMesh", by_id.clone()), "OperationDenied");

    let unlink = json!({"MeshId": mesh, "ClusterId": own["ClusterId"]});
    bench.ok("hub", "tcm:UnlinkCluster", unlink.clone());
    assert_eq!(status(&bench, &mesh, 0).0, "UNLINKING");
    assert_eq!(describe(&bench, &mesh)["ClusterList"], json!([]));
    assert!(bench.clusters.lock().meshes[&mesh].members.is_empty());
    assert_eq!(bench.refused("hub", "tcm:UnlinkCluster", unlink), "ResourceNotFound");
    bench.ok("hub", "tcm:DeleteMesh", by_id);
    assert!(bench.cloud.objects().is_empty());
}

#[test]
fn one_cluster_is_unlinked_while_others_stay() {
    let bench = Bench::new();
    let mesh = bench.mesh("hub");
    let (one, two) = (cluster(&bench, "hub-1", "MASTER"), cluster(&bench, "hub-2", "REMOTE"));
    let both = json!({"MeshId": mesh, "ClusterList": [one, two]});
    bench.ok("hub", "tcm:LinkClusterList", both);
    bench.ok("hub", "tcm:UnlinkCluster", json!({"MeshId": mesh, "ClusterId": one["ClusterId"]}));
    let left = describe(&bench, &mesh)["ClusterList"].clone();
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["ClusterId"], two["ClusterId"]);
}

#[test]
fn a_registered_cluster_is_linked_through_the_ccn() {
    let bench = Bench::new();
    let ccn = bench.ccn(true);
    let mesh = bench.mesh("hub");
    let own = cluster(&bench, "hub-1", "MASTER");
    link(&bench, &mesh, &own);
    let member = registered(&bench);
    link(&bench, &mesh, &member);
    assert_eq!(status(&bench, &mesh, 1), ("LINKED".to_owned(), String::new()));
    let told = bench.clusters.lock().meshes[&mesh].clone();
    assert_eq!(told.members[1].cluster, bench.cluster("member-1").id);
    assert!(told.members[1].injection, "an independent cluster reaches the webhook");
    assert!(!told.members[1].primary);
    assert!(bench.cloud.delete_object("ccn", &ccn));
    assert_eq!(status(&bench, &mesh, 1).0, "LINKED", "checked once");
}

#[test]
fn a_managed_cluster_of_another_account_gets_no_sidecars() {
    let mut world = World::two_accounts();
    world.clusters[2].kind = crate::world::ClusterKind::Managed;
    let bench = Bench::with(world);
    bench.ccn(true);
    let mesh = bench.mesh("hub");
    let member = registered(&bench);
    link(&bench, &mesh, &member);
    assert!(!bench.clusters.lock().meshes[&mesh].members[0].injection);
}

#[test]
fn links_that_cannot_be_say_why() {
    let bench = Bench::new();
    bench.ccn(true);
    let mesh = bench.mesh("hub");
    let member = registered(&bench);
    link(&bench, &mesh, &member);
    let unknown = |field: &str, value: &str| {
        let mut wrong = cluster(&bench, "hub-1", "REMOTE");
        wrong[field] = json!(value);
        wrong
    };
    let vpc = bench.vpc("member");
    for (wrong, text) in [
        (cluster(&bench, "member-1", "REMOTE"), "not found"),
        (unknown("ClusterId", "cls-none"), "CheckError: cluster cls-none not found"),
        (unknown("Region", "ap-shanghai"), "not found"),
        (unknown("Type", "EKS"), "not found"),
        (unknown("VpcId", &vpc), "is not in network"),
    ] {
        link(&bench, &mesh, &wrong);
        let (state, detail) = status(&bench, &mesh, 1);
        assert_eq!(state, "LINK_FAILED");
        assert!(detail.contains(text), "{detail}");
        let unlink = json!({"MeshId": mesh, "ClusterId": wrong["ClusterId"]});
        bench.ok("hub", "tcm:UnlinkCluster", unlink);
    }
    assert_eq!(status(&bench, &mesh, 0).0, "LINKED");
}

#[test]
fn networks_that_no_ccn_joins_cannot_be_in_one_mesh() {
    let bench = Bench::new();
    let ccn = bench.ccn(true);
    let mesh = bench.mesh("hub");
    let own = cluster(&bench, "hub-1", "MASTER");
    link(&bench, &mesh, &own);
    let member = registered(&bench);
    let key = format!("{ccn}#VPC#{REGION}#{}", bench.vpc("member"));
    assert!(bench.cloud.delete_object("ccn_attachment", &key));
    link(&bench, &mesh, &member);
    let (state, detail) = status(&bench, &mesh, 1);
    assert_eq!(state, "LINK_FAILED");
    assert!(detail.contains("not attached to one CCN"), "{detail}");
}

#[test]
fn overlapping_pods_cannot_be_in_one_mesh() {
    let mut world = World::two_accounts();
    world.clusters[2].cluster_cidr = "172.16.16.0/20".to_owned();
    let bench = Bench::with(world);
    bench.ccn(true);
    let mesh = bench.mesh("hub");
    let own = cluster(&bench, "hub-1", "MASTER");
    link(&bench, &mesh, &own);
    let member = registered(&bench);
    link(&bench, &mesh, &member);
    let (state, detail) = status(&bench, &mesh, 1);
    assert_eq!(state, "LINK_FAILED");
    assert!(detail.contains("overlaps with range 172.16.0.0/19"), "{detail}");
}

#[test]
fn a_cluster_that_does_not_answer_fails_and_can_be_linked_again() {
    let bench = Bench::new();
    let mesh = bench.mesh("hub");
    let (one, two) = (cluster(&bench, "hub-1", "MASTER"), cluster(&bench, "hub-2", "REMOTE"));
    link(&bench, &mesh, &one);
    let id = bench.cluster("hub-2").id;
    bench.clusters.lock().unreachable.insert(id);
    link(&bench, &mesh, &two);
    let (state, detail) = status(&bench, &mesh, 1);
    assert_eq!(state, "LINK_FAILED");
    assert!(detail.contains("does not answer"), "{detail}");
    assert_eq!(status(&bench, &mesh, 0).0, "LINKED", "the other one stays");

    bench.clusters.lock().unreachable.clear();
    bench.pace("tcm/link", "polls 1");
    link(&bench, &mesh, &two);
    let again = describe(&bench, &mesh);
    assert_eq!(again["Status"]["ActiveOperationList"][0]["Type"], "RELINK_CLUSTERS");
    assert_eq!(status(&bench, &mesh, 1), ("LINKED".to_owned(), String::new()));
}

#[test]
fn a_cluster_is_in_one_mesh_at_a_time() {
    let bench = Bench::new();
    let (first, second) = (bench.mesh("hub"), bench.mesh("hub"));
    let own = cluster(&bench, "hub-1", "MASTER");
    link(&bench, &first, &own);
    link(&bench, &second, &own);
    let (state, detail) = status(&bench, &second, 0);
    assert_eq!(state, "LINK_FAILED");
    assert!(detail.contains(&format!("linked to mesh {first} already")), "{detail}");
}

#[test]
fn a_member_that_stops_answering_stays_in_the_mesh() {
    let bench = Bench::new();
    let mesh = bench.mesh("hub");
    let own = cluster(&bench, "hub-1", "MASTER");
    link(&bench, &mesh, &own);
    let id = bench.cluster("hub-1").id;
    bench.clusters.lock().unreachable.insert(id);
    let mut changed = own;
    changed["Config"] = json!({"AutoInjectionNamespaceList": ["shop"]});
    let modify = json!({"MeshId": mesh, "ClusterList": [changed]});
    bench.ok("hub", "tcm:ModifyMesh", modify);
    assert_eq!(status(&bench, &mesh, 0).0, "LINKED");
    let message = |bench: &Bench| describe(bench, &mesh)["Status"]["StateMessage"].clone();
    assert!(message(&bench).as_str().unwrap().contains("does not answer"));
    bench.clusters.lock().unreachable.clear();
    assert_eq!(message(&bench), "");
    let told = bench.clusters.lock().meshes[&mesh].clone();
    assert_eq!(told.members[0].injected_namespaces, ["shop"]);
}
