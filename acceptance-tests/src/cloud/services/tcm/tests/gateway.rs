use serde_json::{Value, json};

use super::{cluster, describe, link, registered};
use crate::cloud::bench::Bench;

pub(super) fn gateway(cluster: &Value) -> Value {
    json!({"Name": "ingress", "Namespace": "istio-system", "ClusterId": cluster["ClusterId"],
        "Service": {"Type": "LoadBalancer"}, "Workload": {"Replicas": 2}})
}

/// Sets the gateways of a cluster with `ModifyMesh`.
pub(super) fn set_gateways(bench: &Bench, mesh: &str, cluster: &Value, gateways: Value) {
    let params = with_gateways(mesh, cluster, gateways);
    bench.ok("hub", "tcm:ModifyMesh", params);
}

fn with_gateways(mesh: &str, cluster: &Value, gateways: Value) -> Value {
    let mut cluster = cluster.clone();
    cluster["Config"] =
        json!({"AutoInjectionNamespaceList": ["shop"], "IngressGatewayList": gateways});
    json!({"MeshId": mesh, "ClusterList": [cluster]})
}

#[test]
fn a_gateway_gets_a_load_balancer_and_gives_it_back() {
    let bench = Bench::new();
    bench.pace("tcm/gateway-create", "polls 1");
    let mesh = bench.mesh("hub");
    let own = cluster(&bench, "hub-1", "MASTER");
    link(&bench, &mesh, &own);
    set_gateways(&bench, &mesh, &own, json!([gateway(&own)]));
    let shown = |bench: &Bench| {
        let mesh = describe(bench, &mesh);
        mesh["ClusterList"][0]["Config"]["IngressGatewayList"][0]["Status"].clone()
    };
    let making = shown(&bench);
    assert_eq!(making["State"], "upgrading");
    assert!(making.get("LoadBalancer").is_none());
    let made = shown(&bench);
    assert_eq!(made["State"], "running");
    assert_eq!(made["LoadBalancer"]["LoadBalancerVip"], "127.0.0.9");
    let id = made["LoadBalancer"]["LoadBalancerId"].clone();
    let by_id = json!({"LoadBalancerIds": [id]});
    let found = bench.ok("hub", "clb:DescribeLoadBalancers", by_id.clone());
    assert_eq!(found["LoadBalancerSet"][0]["LoadBalancerVips"], json!(["127.0.0.9"]));
    let told = bench.clusters.lock().meshes[&mesh].gateways.clone();
    assert_eq!((told[0].name.as_str(), told[0].replicas), ("ingress", 2));

    // Without the list, gateways stay; with an empty one they go.
    let mut rest = own.clone();
    rest["Config"] = json!({"AutoInjectionNamespaceList": []});
    bench.ok("hub", "tcm:ModifyMesh", json!({"MeshId": mesh, "ClusterList": [rest]}));
    assert_eq!(bench.objects("ingress_gateway").len(), 1);
    set_gateways(&bench, &mesh, &own, json!([]));
    assert!(bench.objects("ingress_gateway").is_empty());
    assert_eq!(bench.ok("hub", "clb:DescribeLoadBalancers", by_id)["TotalCount"], 0);
    assert!(bench.clusters.lock().meshes[&mesh].gateways.is_empty());
}

#[test]
fn an_existing_load_balancer_stays_when_its_gateway_goes() {
    let bench = Bench::new();
    let existing = bench.world.load_balancers[0].id.clone();
    let mesh = bench.mesh("hub");
    let own = cluster(&bench, "hub-1", "MASTER");
    link(&bench, &mesh, &own);
    let mut wanted = gateway(&own);
    wanted["LoadBalancerId"] = json!(existing);
    set_gateways(&bench, &mesh, &own, json!([wanted]));
    assert_eq!(bench.clusters.lock().meshes[&mesh].gateways[0].load_balancer, existing);
    let gone = json!({"MeshId": mesh, "ClusterId": own["ClusterId"]});
    bench.ok("hub", "tcm:UnlinkCluster", gone);
    let all = bench.ok("hub", "clb:DescribeLoadBalancers", json!({}));
    assert_eq!(all["TotalCount"], 1);
    assert!(bench.objects("load_balancer").is_empty());

    wanted["LoadBalancerId"] = json!("lb-none");
    link(&bench, &mesh, &own);
    let params = with_gateways(&mesh, &own, json!([wanted]));
    assert_eq!(bench.refused("hub", "tcm:ModifyMesh", params), "InvalidParameterValue");
}

#[test]
fn refused_gateways_change_nothing() {
    let bench = Bench::new();
    let mesh = bench.mesh("hub");
    let own = cluster(&bench, "hub-1", "MASTER");
    link(&bench, &mesh, &own);
    set_gateways(&bench, &mesh, &own, json!([gateway(&own)]));
    let before = describe(&bench, &mesh);
    let mut internal = gateway(&own);
    internal["LoadBalancer"] = json!({"LoadBalancerType": "INTERNAL"});
    let mut elsewhere = gateway(&own);
    elsewhere["ClusterId"] = json!("cls-other");
    let twice = json!([gateway(&own), gateway(&own)]);
    for wrong in [json!([internal]), json!([elsewhere]), twice] {
        let params = with_gateways(&mesh, &own, wrong);
        assert!(bench.call("hub", "tcm:ModifyMesh", params).is_err());
    }
    let not_linked = with_gateways(&mesh, &cluster(&bench, "hub-2", "REMOTE"), json!([]));
    assert_eq!(bench.refused("hub", "tcm:ModifyMesh", not_linked), "InvalidParameter");
    assert_eq!(describe(&bench, &mesh), before);
}

#[test]
fn a_gateway_reaches_a_member_once_its_range_is_published() {
    let bench = Bench::new();
    bench.ccn(true);
    let mesh = bench.mesh("hub");
    let own = cluster(&bench, "hub-1", "MASTER");
    link(&bench, &mesh, &own);
    let member = registered(&bench);
    link(&bench, &mesh, &member);
    set_gateways(&bench, &mesh, &own, json!([gateway(&own)]));
    let reaches = |bench: &Bench| bench.clusters.lock().meshes[&mesh].gateways[0].reaches.clone();
    let (here, there) = (bench.cluster("hub-1").id, bench.cluster("member-1"));
    assert_eq!(reaches(&bench), std::slice::from_ref(&here));
    let range = json!({"VpcId": there.vpc_id, "ClusterCIDR": there.cluster_cidr});
    bench.ok("member", "tke:AddClusterCIDRToCcn", range.clone());
    describe(&bench, &mesh);
    assert_eq!(reaches(&bench), [here.clone(), there.id]);
    bench.ok("member", "tke:DeleteClusterCIDRFromCcn", range);
    describe(&bench, &mesh);
    assert_eq!(reaches(&bench), [here]);
}
