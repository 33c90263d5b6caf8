use serde_json::json;

use crate::{
    World,
    cloud::bench::Bench,
    world::{ClusterKind, NetworkKind},
};

#[test]
fn an_account_sees_its_own_clusters_only() {
    let bench = Bench::new();
    let mine = bench.ok("hub", "tke:DescribeClusters", json!({}));
    assert_eq!(mine["TotalCount"], 2);
    let first = &mine["Clusters"][0];
    assert_eq!(first["ClusterType"], "MANAGED_CLUSTER");
    assert_eq!(first["Property"], r#"{"NetworkType":"GR","NodeNameType":"lan-ip"}"#);

    let theirs = json!({"ClusterIds": [first["ClusterId"]]});
    assert_eq!(bench.ok("member", "tke:DescribeClusters", theirs)["TotalCount"], 0);
    let by_id = json!({"ClusterId": first["ClusterId"]});
    for (action, code) in [
        ("DescribeClusterKubeconfig", "InvalidParameter.ClusterNotFound"),
        ("DescribeClusterEndpoints", "ResourceNotFound.ClusterNotFound"),
        ("DescribeClusterInstances", "InternalError.ClusterNotFound"),
    ] {
        assert_eq!(bench.refused("member", &format!("tke:{action}"), by_id.clone()), code);
    }
}

#[test]
fn filters_of_clusters() {
    let bench = Bench::new();
    let found = |name: &str, value: &str| {
        let filter = json!({"Filters": [{"Name": name, "Values": [value]}]});
        bench.ok("hub", "tke:DescribeClusters", filter)["TotalCount"].clone()
    };
    assert_eq!(found("ClusterName", "hub-2"), 1);
    assert_eq!(found("ClusterStatus", "Running"), 2);
    assert_eq!(found("ClusterType", "INDEPENDENT_CLUSTER"), 0);
    assert_eq!(found("tag:team", "net"), 0);
    let wrong = json!({"Filters": [{"Name": "name", "Values": ["x"]}]});
    let code = bench.refused("hub", "tke:DescribeClusters", wrong);
    assert_eq!(code, "InvalidParameter.Param");
}

#[test]
fn only_an_independent_cluster_shows_its_control_plane() {
    let bench = Bench::new();
    let count = |account: &str, name: &str, role: &str| {
        let id = bench.cluster(name).id;
        let params = json!({"ClusterId": id, "InstanceRole": role});
        let nodes = bench.ok(account, "tke:DescribeClusterInstances", params);
        nodes["TotalCount"].as_u64().unwrap()
    };
    assert_eq!(count("hub", "hub-1", "ALL"), 3);
    assert_eq!(count("member", "member-1", "MASTER_ETCD"), 3);
    assert_eq!(count("member", "member-1", "ALL"), 6);
}

#[test]
fn without_its_endpoint_a_kubeconfig_leads_nowhere() {
    let bench = Bench::new();
    bench.pace("tke/endpoint-create", "polls 1");
    let id = bench.cluster("hub-1").id;
    let public = json!({"ClusterId": id, "IsExtranet": true});
    let server = |bench: &Bench| {
        let answer = bench.ok("hub", "tke:DescribeClusterKubeconfig", public.clone());
        answer["Kubeconfig"].as_str().unwrap().lines().next().unwrap().to_owned()
    };
    let status = |bench: &Bench| {
        let answer = bench.ok("hub", "tke:DescribeClusterEndpointStatus", public.clone());
        answer["Status"].clone()
    };
    assert_eq!(server(&bench), "server: https://127.0.0.1:6443");
    bench.ok("hub", "tke:DeleteClusterEndpoint", public.clone());
    assert_eq!(status(&bench), "NotFound");
    assert_eq!(server(&bench), format!("server: https://{id}.ccs.tencent-cloud.com"));

    bench.ok("hub", "tke:CreateClusterEndpoint", public.clone());
    assert_eq!(status(&bench), "Creating");
    assert_eq!(status(&bench), "Created");
    assert_eq!(server(&bench), "server: https://127.0.0.1:6443");
    assert_eq!(bench.objects("cluster_endpoint").len(), 1);
    let code = bench.refused("hub", "tke:CreateClusterEndpoint", public.clone());
    assert_eq!(code, "FailedOperation.ClusterState");
}

#[test]
fn an_intranet_endpoint_needs_a_subnet_of_the_network() {
    let bench = Bench::new();
    let id = bench.cluster("hub-1").id;
    bench.ok("hub", "tke:DeleteClusterEndpoint", json!({"ClusterId": id}));
    let code = bench.refused("hub", "tke:CreateClusterEndpoint", json!({"ClusterId": id}));
    assert_eq!(code, "MissingParameter");
    let foreign = json!({"ClusterId": id, "SubnetId": bench.subnet("member")});
    let code = bench.refused("hub", "tke:CreateClusterEndpoint", foreign);
    assert_eq!(code, "InvalidParameter.Param");
    let own = json!({"ClusterId": id, "SubnetId": bench.subnet("hub")});
    bench.ok("hub", "tke:CreateClusterEndpoint", own);
}

#[test]
fn admin_role_and_credentials_of_a_cluster_that_does_not_answer() {
    let bench = Bench::new();
    let id = bench.cluster("hub-1").id;
    let by_id = json!({"ClusterId": id});
    bench.ok("hub", "tke:AcquireClusterAdminRole", by_id.clone());
    assert_eq!(bench.clusters.lock().admins[0].0, id);
    bench.ok("hub", "tke:DescribeClusterSecurity", by_id.clone());
    bench.clusters.lock().unreachable.insert(id);
    let code = bench.refused("hub", "tke:DescribeClusterKubeconfig", by_id);
    assert_eq!(code, "InternalError.KubeClientConnection");
}

#[test]
fn serverless_clusters_are_listed_apart() {
    let mut world = World::two_accounts();
    world.clusters[1].kind = ClusterKind::Serverless;
    let id = world.clusters[1].id.clone();
    let bench = Bench::with(world);
    assert_eq!(bench.ok("hub", "tke:DescribeClusters", json!({}))["TotalCount"], 1);
    let found = bench.ok("hub", "tke:DescribeEKSClusters", json!({}));
    assert_eq!(found["Clusters"][0]["ClusterId"], json!(id));
    assert_eq!(found["Clusters"][0]["Status"], "running");
    let by_id = json!({"ClusterId": id});
    bench.ok("hub", "tke:AcquireEKSClusterAdminRole", by_id.clone());
    let credential = bench.ok("hub", "tke:DescribeEKSClusterCredential", by_id);
    assert_eq!(credential["Addresses"][0]["Port"], 6443);
    let other = json!({"ClusterId": bench.cluster("hub-1").id});
    let code = bench.refused("hub", "tke:DescribeEKSClusterCredential", other);
    assert_eq!(code, "ResourceNotFound.ClusterNotFound");
}

#[test]
fn a_container_range_is_published_once_its_network_is_in_a_ccn() {
    let bench = Bench::new();
    let range = bench.cluster("hub-1").cluster_cidr;
    let params = json!({"VpcId": bench.vpc("hub"), "ClusterCIDR": range});
    let code = bench.refused("hub", "tke:AddClusterCIDRToCcn", params.clone());
    assert_eq!(code, "FailedOperation");

    let ccn = bench.ccn(false);
    for _ in 0..2 {
        let added = bench.ok("hub", "tke:AddClusterCIDRToCcn", params.clone());
        assert_eq!(added["RouteSet"].as_array().unwrap().len(), 1);
    }
    let filter = json!({"CcnId": ccn, "Filters": [{"Name": "cidr-block", "Values": [range]}]});
    let routes = bench.ok("hub", "vpc:DescribeCcnRoutes", filter);
    assert_eq!(routes["RouteSet"][0]["Enabled"], true);
    let by_vpc = json!({"VpcId": bench.vpc("hub")});
    let instances = bench.ok("hub", "tke:DescribeCcnInstances", by_vpc);
    assert_eq!(instances["InstanceSet"][0]["CcnId"], json!(ccn));

    bench.ok("hub", "tke:DeleteClusterCIDRFromCcn", params.clone());
    let left = bench.ok("hub", "tke:DescribeCcnRoutes", params);
    assert_eq!(left["RouteSet"], json!([]));
    let foreign = json!({"VpcId": bench.vpc("hub"), "ClusterCIDR": "172.31.0.0/16"});
    let code = bench.refused("hub", "tke:AddClusterCIDRToCcn", foreign);
    assert_eq!(code, "InvalidParameter.Param");
}

#[test]
fn a_range_that_is_taken_conflicts() {
    let bench = Bench::new();
    let conflict = |range: &str| {
        let params = json!({"VpcId": bench.vpc("hub"), "ClusterCIDR": range});
        bench.ok("hub", "tke:CheckClusterCIDR", params)["ConflictType"].clone()
    };
    assert_eq!(conflict("10.0.4.0/24"), "CIDR_CONFLICT_WITH_VPC_CIDR");
    assert_eq!(conflict("172.16.0.0/16"), "CIDR_CONFLICT_WITH_OTHER_CLUSTER");
    assert_eq!(conflict("172.30.0.0/16"), "");
}

#[test]
fn pods_in_subnets_need_no_range() {
    let mut world = World::two_accounts();
    world.clusters[0].network = NetworkKind::VpcCni;
    world.clusters[0].cluster_cidr = String::new();
    let bench = Bench::with(world);
    let clusters = bench.ok("hub", "tke:DescribeClusters", json!({}));
    let settings = &clusters["Clusters"][0]["ClusterNetworkSettings"];
    assert_eq!(settings["Subnets"], json!([bench.subnet("hub")]));
}
