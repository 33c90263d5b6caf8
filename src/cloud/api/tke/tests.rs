use serde_json::json;

use super::*;
use crate::cloud::{
    Kind,
    scripted::{Scripted, answer, refusal},
};

#[tokio::test(start_paused = true)]
async fn a_cluster_tells_its_network() {
    let cloud = Scripted::new(vec![answer(json!({"TotalCount": 1, "Clusters": [{
        "ClusterId": "cls-1", "ClusterType": "INDEPENDENT_CLUSTER", "ClusterStatus": "Running",
        "Property": "{\"NodeNameType\":\"lan-ip\",\"NetworkType\":\"GR\"}",
        "ClusterNetworkSettings": {
            "ClusterCIDR": "172.16.0.0/16", "ServiceCIDR": "172.17.0.0/20", "VpcId": "vpc-1",
            "DataPlaneV2": false, "Subnets": null
        },
        "TagSpecification": [{"ResourceType": "cluster", "Tags": [{"Key": "k", "Value": "v"}]}]
    }]}))]);
    let cluster = find(&cloud.account(), "cls-1").await.unwrap().unwrap();
    assert_eq!(cluster.network_type().as_deref(), Some(NETWORK_GLOBAL_ROUTER));
    assert_eq!(cluster.cluster_network_settings.cluster_cidr, "172.16.0.0/16");
    assert_eq!(cluster.tags().count(), 1);
    assert_eq!(cloud.sent(0).body, json!({"ClusterIds": ["cls-1"], "Offset": 0, "Limit": 100}));
    assert_eq!(Cluster::default().network_type(), None);
}

#[tokio::test(start_paused = true)]
async fn a_missing_cluster_is_gone_whatever_the_code() {
    for reply in [
        answer(json!({"TotalCount": 0, "Clusters": null})),
        refusal("InternalError.ClusterNotFound"),
        refusal("ResourceNotFound.ClusterNotFound"),
    ] {
        let cloud = Scripted::new(vec![reply]);
        assert_eq!(find(&cloud.account(), "cls-1").await.unwrap(), None);
        assert_eq!(find_serverless(&cloud.account(), "cls-1").await.unwrap(), None);
    }
    let denied = Scripted::new(vec![refusal("InternalError.CamNoAuth")]);
    assert_eq!(find(&denied.account(), "cls-1").await.unwrap_err().kind(), Kind::Denied);
}

#[tokio::test(start_paused = true)]
async fn many_ids_are_asked_for_in_batches() {
    let ids: Vec<String> = (0..150).map(|number| format!("cls-{number}")).collect();
    let cloud = Scripted::new(vec![answer(json!({"TotalCount": 0, "Clusters": []}))]);
    list(&cloud.account(), &ids, &[]).await.unwrap();
    assert_eq!(cloud.actions().len(), 2);
    assert_eq!(cloud.sent(1).body["ClusterIds"].as_array().unwrap().len(), 50);
}

#[tokio::test(start_paused = true)]
async fn endpoints_are_opened_watched_and_closed() {
    let cloud = Scripted::new(vec![
        answer(json!({})),
        answer(json!({"Status": "Creating", "ErrorMsg": null})),
        answer(
            json!({"ClusterExternalEndpoint": "203.0.113.9", "ClusterExternalACL": ["0.0.0.0/0"]}),
        ),
        refusal("ResourceNotFound.ClusterNotFound"),
    ]);
    let account = cloud.account();
    let request = CreateEndpoint {
        cluster_id: "cls-1".into(),
        is_extranet: true,
        security_group: Some("sg-1".into()),
        ..CreateEndpoint::default()
    };
    create_endpoint(&account, &request).await.unwrap();
    let status = endpoint_status(&account, "cls-1", true).await.unwrap();
    assert_eq!(status.status, endpoint_state::CREATING);
    let reached = endpoints(&account, "cls-1").await.unwrap();
    assert_eq!(reached.cluster_external_acl, ["0.0.0.0/0"]);
    delete_endpoint(&account, "cls-1", true).await.unwrap();
    assert_eq!(
        cloud.sent(0).body,
        json!({"ClusterId": "cls-1", "IsExtranet": true, "SecurityGroup": "sg-1"})
    );
    assert_eq!(
        cloud.actions(),
        [
            "CreateClusterEndpoint",
            "DescribeClusterEndpointStatus",
            "DescribeClusterEndpoints",
            "DeleteClusterEndpoint"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn kubeconfigs_are_secrets() {
    let cloud = Scripted::new(vec![
        answer(json!({"Kubeconfig": "apiVersion: v1"})),
        answer(json!({"Kubeconfig": "apiVersion: v2", "Password": "pw"})),
        answer(json!({})),
    ]);
    let account = cloud.account();
    let config = kubeconfig(&account, "cls-1", true).await.unwrap();
    assert_eq!((config.expose(), format!("{config:?}").as_str()), ("apiVersion: v1", "<redacted>"));
    let old = security(&account, "cls-1").await.unwrap();
    assert!(!format!("{old:?}").contains("pw"));
    acquire_admin_role(&account, "cls-1").await.unwrap();
    assert_eq!(cloud.sent(0).body, json!({"ClusterId": "cls-1", "IsExtranet": true}));
    assert_eq!(
        cloud.actions(),
        ["DescribeClusterKubeconfig", "DescribeClusterSecurity", "AcquireClusterAdminRole"]
    );
}

#[tokio::test(start_paused = true)]
async fn serverless_clusters_have_calls_of_their_own() {
    let cloud = Scripted::new(vec![
        answer(json!({"TotalCount": 1, "Clusters": [
            {"ClusterId": "cls-1", "K8SVersion": "1.30.0", "Status": "running"}
        ]})),
        answer(json!({
            "Addresses": [{"Type": "public", "Ip": "203.0.113.8", "Port": 443}],
            "Credential": {"CACert": "pem", "Token": "t"}, "PublicLB": {"Enabled": true},
            "ProxyLB": true, "Kubeconfig": "k"
        })),
        answer(json!({})),
    ]);
    let account = cloud.account();
    let cluster = find_serverless(&account, "cls-1").await.unwrap().unwrap();
    assert_eq!(cluster.k8s_version, "1.30.0");
    let credential = serverless_credential(&account, "cls-1").await.unwrap();
    assert!(credential.public_lb.enabled && credential.proxy_lb);
    assert_eq!(
        (credential.credential.ca_cert.as_str(), credential.addresses[0].port),
        ("pem", 443)
    );
    acquire_serverless_admin_role(&account, "cls-1").await.unwrap();
    assert_eq!(
        cloud.actions(),
        ["DescribeEKSClusters", "DescribeEKSClusterCredential", "AcquireEKSClusterAdminRole"]
    );
}

#[tokio::test(start_paused = true)]
async fn container_ranges_are_published_looked_up_and_taken_back() {
    let routes =
        json!({"RouteSet": [{"RouteId": "ccnr-1", "DestinationCidrBlock": "172.16.0.0/16"}]});
    let cloud = Scripted::new(vec![
        answer(routes.clone()),
        answer(routes),
        answer(json!({"RouteSet": null})),
        answer(json!({"InstanceSet": [{"CcnId": "ccn-1", "State": "ACTIVE"}]})),
        answer(json!({"IsConflict": true, "ConflictType": "CIDR_CONFLICT_WITH_VPC_CIDR"})),
        refusal("InvalidAction"),
    ]);
    let account = cloud.account();
    let range = "172.16.0.0/16";
    assert_eq!(add_to_ccn(&account, "vpc-1", range).await.unwrap()[0].route_id, "ccnr-1");
    assert_eq!(routes_in_ccn(&account, "vpc-1", range).await.unwrap().len(), 1);
    remove_from_ccn(&account, "vpc-1", range).await.unwrap();
    assert_eq!(ccn_instances(&account, "vpc-1").await.unwrap()[0].ccn_id, "ccn-1");
    assert!(check_cidr(&account, "vpc-1", range).await.unwrap().is_conflict);
    let closed = add_to_ccn(&account, "vpc-1", range).await.unwrap_err();
    assert_eq!(closed.kind(), Kind::Unsupported);
    assert_eq!(cloud.sent(0).body, json!({"VpcId": "vpc-1", "ClusterCIDR": range}));
    assert_eq!(
        cloud.actions()[..5],
        [
            "AddClusterCIDRToCcn",
            "DescribeCcnRoutes",
            "DeleteClusterCIDRFromCcn",
            "DescribeCcnInstances",
            "CheckClusterCIDR"
        ]
    );
}
