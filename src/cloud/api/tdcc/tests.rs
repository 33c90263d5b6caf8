use serde_json::json;

use super::*;
use crate::cloud::{
    Kind,
    scripted::{Scripted, answer, refusal},
};

#[tokio::test(start_paused = true)]
async fn hubs_are_read_in_both_spellings() {
    let newer = json!({"TotalCount": 1, "Clusters": [{
        "ClusterId": "cls-hub", "ClusterName": "hub", "K8SVersion": "1.24", "VpcId": "vpc-1",
        "SubnetId": "subnet-1", "Status": "Running", "RegionId": 1
    }]});
    let older = json!({"TotalCount": 1, "ClusterSet": [{
        "ClusterInstanceId": "cls-hub", "Name": "hub", "UniqVpcID": "vpc-1",
        "SubnetId": "subnet-1", "LifeState": "Running", "TaskState": ""
    }]});
    for told in [newer, older] {
        let cloud = Scripted::new(vec![answer(told)]);
        let hub = find_hub(&cloud.account(), "cls-hub").await.unwrap().unwrap();
        assert_eq!(
            (hub.cluster_name.as_str(), hub.vpc_id.as_str(), hub.status.as_str()),
            ("hub", "vpc-1", hub_state::RUNNING)
        );
        assert_eq!(cloud.sent(0).body, json!({"Offset": 0, "Limit": 100}));
        assert_eq!(cloud.sent(0).version, "2022-01-25");
    }
}

#[tokio::test(start_paused = true)]
async fn an_older_hub_list_takes_no_parameters() {
    let cloud = Scripted::new(vec![
        refusal("UnknownParameter"),
        answer(json!({"ClusterSet": [{"ClusterInstanceId": "cls-hub"}]})),
    ]);
    assert_eq!(hubs(&cloud.account()).await.unwrap()[0].cluster_id, "cls-hub");
    assert_eq!(cloud.sent(1).body, json!({}));
}

#[tokio::test(start_paused = true)]
async fn regions_have_a_number_and_a_name() {
    let told = json!({"TotalCount": 1, "Regions": [
        {"Alias": "gz", "RegionName": "ap-guangzhou", "RegionId": 1, "Remark": "", "Status": "alluser"}
    ]});
    let cloud = Scripted::new(vec![answer(told)]);
    let region = Region { region_id: 1, region_name: "ap-guangzhou".to_owned() };
    assert_eq!(regions(&cloud.account()).await.unwrap(), [region]);
    assert_eq!(cloud.sent(0).action, "ListRegion");
}

#[tokio::test(start_paused = true)]
async fn a_created_hub_has_an_id_in_either_member() {
    for (told, id) in [
        (json!({"ClusterId": "cls-1"}), Some("cls-1")),
        (json!({"ClusterInstanceId": "cls-2"}), Some("cls-2")),
        (json!({"ClusterId": null}), None),
    ] {
        let cloud = Scripted::new(vec![answer(told)]);
        let created = create_hub(&cloud.account(), "vpc-1", "subnet-1").await;
        match id {
            Some(id) => assert_eq!(created.unwrap(), id),
            None => assert_eq!(created.unwrap_err().kind(), Kind::AnswerLost),
        }
        assert_eq!(cloud.sent(0).body, json!({"VpcId": "vpc-1", "SubnetId": "subnet-1"}));
    }
}

#[tokio::test(start_paused = true)]
async fn a_product_that_is_not_open_says_so() {
    for code in ["NoSuchProduct", "InvalidAction", "InternalError.WhitelistUnexpectedError"] {
        let cloud = Scripted::new(vec![refusal(code)]);
        let error = open_status(&cloud.account()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unsupported, "{code}");
        assert!(error.next_step().unwrap().starts_with("TDCC is not open for account \"hub\""));
    }
}

#[tokio::test(start_paused = true)]
async fn opening_and_deleting() {
    let cloud = Scripted::new(vec![
        answer(json!({"Status": "Opened", "HubInitStatus": [{"RegionId": 1, "Status": "?"}]})),
        answer(json!({})),
        refusal("ResourceNotFound.ClusterNotFound"),
    ]);
    let account = cloud.account();
    assert_eq!(open_status(&account).await.unwrap().status, open_state::OPENED);
    delete_hub(&account, "cls-hub").await.unwrap();
    delete_hub(&account, "cls-hub").await.unwrap();
    assert_eq!(cloud.sent(1).body, json!({"ClusterId": "cls-hub"}));
    assert_eq!(cloud.actions(), ["DescribeOpenStatus", "DeleteHubCluster", "DeleteHubCluster"]);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_registered_found_changed_and_deleted() {
    let told = json!({
        "ClusterId": "cls-reg", "ClusterName": "member", "Status": "WaittingForConnect",
        "ClusterCIDR": null, "ExtraInfos": {"new": 1}
    });
    let cloud = Scripted::new(vec![
        answer(json!({"ClusterId": "cls-reg"})),
        answer(json!({"TotalCount": 1, "Clusters": [told]})),
        answer(json!({"TotalCount": 1, "Clusters": [told]})),
        answer(json!({})),
    ]);
    let account = cloud.account();
    let request = RegisterCluster {
        cluster_name: "member".into(),
        hub_cluster_id: "cls-hub".into(),
        labels: Some(vec!["env=prod".into()]),
        ..RegisterCluster::default()
    };
    assert_eq!(register(&account, &request).await.unwrap(), "cls-reg");
    let found = find_registered(&account, "cls-reg").await.unwrap().unwrap();
    assert_eq!(found.status, registered_state::WAITING_FOR_CONNECT);
    assert_eq!(list_registered(&account, Some("other")).await.unwrap(), []);
    let change = UpdateRegistered {
        cluster_id: "cls-reg".into(),
        cluster_desc: Some("payments".into()),
        ..UpdateRegistered::default()
    };
    update_registered(&account, &change).await.unwrap();
    delete_registered(&account, "cls-reg").await.unwrap();
    acquire_admin_role(&account, "cls-reg").await.unwrap();
    let bodies = [
        json!({"ClusterName": "member", "HubClusterId": "cls-hub", "Labels": ["env=prod"]}),
        json!({"ClusterIds": ["cls-reg"], "Offset": 0, "Limit": 100}),
        json!({
            "Filters": [{"Name": "ClusterName", "Values": ["other"]}], "Offset": 0, "Limit": 100
        }),
        json!({"ClusterId": "cls-reg", "ClusterDesc": "payments"}),
        json!({"ClusterId": "cls-reg"}),
        json!({"ClusterId": "cls-reg"}),
    ];
    for (index, body) in bodies.into_iter().enumerate() {
        assert_eq!(cloud.sent(index).body, body);
    }
    assert_eq!(
        cloud.actions(),
        [
            "CreateExternalCluster",
            "DescribeExternalClusters",
            "DescribeExternalClusters",
            "UpdateExternalCluster",
            "DeleteExternalCluster",
            "AcquireClusterAdminRole"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_agent_is_asked_for_without_the_hub_where_it_is_not_known() {
    let spec = json!({"Spec": "token: t0ps3cret", "Expiration": "2030-01-01T00:00:00Z"});
    let cloud = Scripted::new(vec![refusal("UnknownParameter"), answer(spec)]);
    let agent = agent_spec(&cloud.account(), Some("cls-hub"), "cls-reg", true, true).await.unwrap();
    assert_eq!(agent.spec.expose(), "token: t0ps3cret");
    assert!(!format!("{agent:?}").contains("t0ps3cret"));
    let plain = json!({
        "ClusterId": "cls-reg", "IsExtranet": true, "IsRefreshExpirationTime": true
    });
    let mut with_hub = plain.clone();
    with_hub["HubClusterId"] = json!("cls-hub");
    assert_eq!((cloud.sent(0).body, cloud.sent(1).body), (with_hub, plain));

    let cloud = Scripted::new(vec![refusal("UnknownParameter")]);
    let error = agent_spec(&cloud.account(), None, "cls-reg", true, true).await.unwrap_err();
    assert_eq!((error.kind(), cloud.actions().len()), (Kind::Invalid, 1));
}

#[tokio::test(start_paused = true)]
async fn certificates_come_in_pages_of_fifty() {
    let cloud = Scripted::new(vec![answer(json!({"TotalCount": 1, "CertificateInfos": [
        {"SubAccountUin": "100000000009", "ExtraKubeconfig": "k", "CertificateStatus": "Normal"}
    ]}))]);
    let certificates = certificates(&cloud.account(), "cls-reg").await.unwrap();
    assert_eq!(certificates[0].sub_account_uin, "100000000009");
    assert_eq!(cloud.sent(0).body, json!({"ClusterId": "cls-reg", "Offset": 0, "Limit": 50}));
}
