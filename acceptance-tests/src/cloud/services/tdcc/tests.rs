use serde_json::{Value, json};

use crate::cloud::bench::Bench;

fn status(bench: &Bench, id: &str) -> Value {
    let found = bench.ok("hub", "tdcc:DescribeExternalClusters", json!({"ClusterIds": [id]}));
    found["Clusters"][0]["Status"].clone()
}

fn expiration(bench: &Bench, id: &str, renew: bool) -> Value {
    let params = json!({"ClusterId": id, "IsRefreshExpirationTime": renew});
    bench.ok("hub", "tdcc:DescribeExternalClusterSpec", params)["Expiration"].clone()
}

#[test]
fn creating_the_first_hub_opens_the_product() {
    let bench = Bench::new();
    bench.pace("tdcc/hub-create", "after 60s");
    let open =
        |bench: &Bench| bench.ok("hub", "tdcc:DescribeOpenStatus", json!({}))["Status"].clone();
    assert_eq!(open(&bench), "NotOpen");
    let id = bench.hub();
    assert_eq!(open(&bench), "Opening");
    let hubs = bench.ok("hub", "tdcc:DescribeHubClusters", json!({}));
    assert_eq!(hubs["Clusters"][0]["Status"], "Initializing");
    assert_eq!(hubs["Clusters"][0]["RegionId"], 1);
    let early = json!({"ClusterName": "x", "HubClusterId": id});
    let code = bench.refused("hub", "tdcc:CreateExternalCluster", early);
    assert_eq!(code, "ResourceUnavailable.ClusterState");
    bench.advance(60);
    assert_eq!(open(&bench), "Opened");
    assert_eq!(bench.ok("member", "tdcc:DescribeHubClusters", json!({}))["TotalCount"], 0);
}

#[test]
fn a_region_has_one_hub_in_an_own_network() {
    let bench = Bench::new();
    bench.hub();
    let second = json!({"VpcId": bench.vpc("hub"), "SubnetId": bench.subnet("hub")});
    assert_eq!(bench.refused("hub", "tdcc:CreateHubCluster", second.clone()), "LimitExceeded");
    let code = bench.refused("member", "tdcc:CreateHubCluster", second);
    assert_eq!(code, "InvalidParameter.Param");
}

#[test]
fn a_hub_goes_after_its_members() {
    let bench = Bench::new();
    let hub = bench.hub();
    let member = bench.registration(&hub);
    let by_id = json!({"ClusterId": hub});
    assert_eq!(bench.refused("hub", "tdcc:DeleteHubCluster", by_id.clone()), "ResourceInUse");
    bench.ok("hub", "tdcc:DeleteExternalCluster", json!({"ClusterId": member}));
    bench.ok("hub", "tdcc:DeleteHubCluster", by_id.clone());
    let code = bench.refused("hub", "tdcc:DeleteHubCluster", by_id);
    assert_eq!(code, "ResourceNotFound.ClusterNotFound");
    assert!(bench.cloud.objects().is_empty());
}

#[test]
fn a_cluster_runs_while_its_agent_does() {
    let bench = Bench::new();
    bench.ccn(true);
    let hub = bench.hub();
    let id = bench.registration(&hub);
    assert_eq!(status(&bench, &id), "WaittingForConnect");
    let rows = bench.ok("hub", "tke:DescribeClusters", json!({"ClusterIds": [id]}));
    assert_eq!(rows["Clusters"][0]["ClusterStatus"], "WaittingForConnect");

    bench.pace("tdcc/register", "polls 1");
    bench.apply_agent(&id, "member-1");
    assert_eq!(status(&bench, &id), "WaittingForConnect");
    let found = bench.ok("hub", "tdcc:DescribeExternalClusters", json!({}));
    assert_eq!(found["Clusters"][0]["Status"], "Running");
    assert_eq!(found["Clusters"][0]["K8SVersion"], "1.30.0");
    assert_eq!(found["Clusters"][0]["TotalNode"], 3);

    bench.remove_agent("member-1");
    assert_eq!(status(&bench, &id), "Abnormal");
    bench.apply_agent(&id, "member-1");
    assert_eq!(status(&bench, &id), "Abnormal");
    assert_eq!(status(&bench, &id), "Running");
}

#[test]
fn through_the_network_an_agent_needs_the_ccn() {
    let bench = Bench::new();
    let hub = bench.hub();
    let id = bench.registration(&hub);
    bench.apply_agent(&id, "member-1");
    assert_eq!(status(&bench, &id), "WaittingForConnect");
    bench.ccn(true);
    assert_eq!(status(&bench, &id), "Running");

    let params = json!({"ClusterId": id});
    let spec = |bench: &Bench, extranet: bool| {
        let mut params = params.clone();
        params["IsExtranet"] = json!(extranet);
        bench.ok("hub", "tdcc:DescribeExternalClusterSpec", params)["Spec"].clone()
    };
    assert_ne!(spec(&bench, true), spec(&bench, false));
}

#[test]
fn an_expired_token_registers_nothing_until_it_is_renewed() {
    let bench = Bench::new();
    bench.ccn(true);
    bench.pace("tdcc/token-expiry", "after 1h");
    let hub = bench.hub();
    let id = bench.registration(&hub);
    assert_eq!(expiration(&bench, &id, false), "2026-08-01T01:00:00Z");
    bench.advance(3_600);
    bench.apply_agent(&id, "member-1");
    assert_eq!(status(&bench, &id), "WaittingForConnect");
    assert_eq!(expiration(&bench, &id, false), "2026-08-01T01:00:00Z");
    assert_eq!(expiration(&bench, &id, true), "2026-08-01T02:00:00Z");
    assert_eq!(status(&bench, &id), "WaittingForConnect", "the old token is gone");
    bench.apply_agent(&id, "member-1");
    assert_eq!(status(&bench, &id), "Running");
    bench.advance(7_200);
    assert_eq!(status(&bench, &id), "Running", "a connected agent needs no token");
}

#[test]
fn an_agent_left_behind_can_come_back() {
    let bench = Bench::new();
    bench.ccn(true);
    let hub = bench.hub();
    let id = bench.registration(&hub);
    bench.apply_agent(&id, "member-1");
    bench.pace("tdcc/zombie", "after 60s");
    bench.ok("hub", "tdcc:DeleteExternalCluster", json!({"ClusterId": id}));
    assert!(bench.objects("tdcc_registered_cluster").is_empty());
    bench.advance(60);
    let back = bench.objects("tdcc_registered_cluster");
    assert_eq!(back.len(), 1);
    assert_ne!(back[0].id, id);

    let params = json!({"ClusterId": back[0].id});
    bench.remove_agent("member-1");
    bench.ok("hub", "tdcc:DeleteExternalCluster", params);
    bench.advance(60);
    assert!(bench.objects("tdcc_registered_cluster").is_empty(), "no agent, no zombie");
}

#[test]
fn an_update_changes_what_is_given_and_is_not_shown() {
    let bench = Bench::new();
    let hub = bench.hub();
    let params = json!({"ClusterName": "a", "ClusterDesc": "b", "HubClusterId": hub,
        "OriginalClusterId": "cls-x", "OriginalRegion": "ap-shanghai", "Labels": ["team=net"],
        "TagSpecification": [{"ResourceType": "cluster", "Tags": [{"Key": "k", "Value": "v"}]}]});
    let made = bench.ok("hub", "tdcc:CreateExternalCluster", params);
    let change = json!({"ClusterId": made["ClusterId"], "ClusterDesc": "c",
        "Annotations": ["x=y"]});
    bench.ok("hub", "tdcc:UpdateExternalCluster", change.clone());
    let by_name = json!({"Filters": [{"Name": "ClusterName", "Values": ["a"]}]});
    let found = bench.ok("hub", "tdcc:DescribeExternalClusters", by_name);
    let row = &found["Clusters"][0];
    assert_eq!((&row["ClusterName"], &row["ClusterDesc"]), (&json!("a"), &json!("c")));
    assert_eq!(row["TagSpecification"][0]["Tags"], json!([{"Key": "k", "Value": "v"}]));
    assert!(row.get("Labels").is_none());
    let objects = bench.objects("tdcc_registered_cluster");
    assert_eq!(objects[0].detail["Labels"], json!(["team=net"]));
    let code = bench.refused("member", "tdcc:UpdateExternalCluster", change);
    assert_eq!(code, "ResourceNotFound.ClusterNotFound");
}

#[test]
fn credentials_come_with_the_agent() {
    let bench = Bench::new();
    bench.ccn(true);
    let hub = bench.hub();
    let id = bench.registration(&hub);
    let by_id = json!({"ClusterId": id});
    let code = bench.refused("hub", "tdcc:ListClusterCertificates", by_id.clone());
    assert_eq!(code, "ResourceUnavailable.ClusterState");
    bench.apply_agent(&id, "member-1");
    let found = bench.ok("hub", "tdcc:ListClusterCertificates", by_id.clone());
    let uin = bench.world.uin("hub").to_owned();
    assert_eq!(found["CertificateInfos"][0]["SubAccountUin"], json!(uin));
    assert_eq!(found["CertificateInfos"][0]["ClientCertificate"], json!(uin));
    bench.ok("hub", "tdcc:AcquireClusterAdminRole", by_id);
    let admin = bench.clusters.lock().admins[0].clone();
    assert_eq!(admin.0, bench.cluster("member-1").id);
    assert!(!admin.1.admin, "the hub is a stranger in the member's cluster");
}

#[test]
fn the_hubs_api_lists_its_managed_clusters() {
    let bench = Bench::new();
    bench.ccn(true);
    let hub = bench.hub();
    let id = bench.registration(&hub);
    bench.apply_agent(&id, "member-1");
    let get = |path: &str| -> Value {
        let params = json!({"ClusterId": hub, "Method": "GET", "Path": path});
        let answer = bench.ok("hub", "tdcc:ForwardRequestTDCC", params);
        serde_json::from_str(answer["ResponseBody"].as_str().unwrap()).unwrap()
    };
    let all = "/apis/clusters.clusternet.io/v1beta1/managedclusters";
    let one = format!("{all}?labelSelector=tdcc.cloud.tencent.com%2Fcluster-id%3D{id}");
    let found = get(&one);
    assert_eq!(found["items"][0]["status"]["conditions"][0]["status"], "True");
    let none = format!("{all}?labelSelector=tdcc.cloud.tencent.com%2Fcluster-id%3Dcls-none");
    assert_eq!(get(&none)["items"], json!([]));
    assert_eq!(get("/api/v1/pods")["code"], 404);
}

#[test]
fn only_one_filter_by_name_is_supported() {
    let bench = Bench::new();
    let wrong = json!({"Filters": [{"Name": "Status", "Values": ["Running"]}]});
    let code = bench.refused("hub", "tdcc:DescribeExternalClusters", wrong);
    assert_eq!(code, "InvalidParameter.Param");
}
