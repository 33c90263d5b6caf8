use serde_json::{Value, json};

use super::*;
use crate::cloud::scripted::{Reply, Scripted, answer, refusal};

fn vpc() -> Instance {
    Instance::new("VPC", "ap-shanghai", "vpc-1")
}

fn row(state: &str) -> Value {
    json!({
        "CcnId": "ccn-1", "CcnUin": "100000000001", "InstanceType": "Vpc", "InstanceId": "vpc-1",
        "InstanceRegion": "ap-shanghai", "InstanceUin": "100000000002", "State": state,
        "CidrBlock": ["10.1.0.0/16"], "RouteTableId": null, "AliasType": "new"
    })
}

fn rows(rows: &[Value]) -> Reply {
    answer(json!({"TotalCount": rows.len(), "InstanceSet": rows}))
}

#[tokio::test(start_paused = true)]
async fn a_ccn_is_created_found_changed_and_deleted() {
    let ccn = json!({
        "CcnId": "ccn-1", "CcnName": "hub", "State": "AVAILABLE", "RouteECMPFlag": true,
        "TagSet": [{"Key": "team", "Value": "net"}], "CcnDescription": null
    });
    let cloud = Scripted::new(vec![
        answer(json!({ "Ccn": ccn })),
        answer(json!({"TotalCount": 1, "CcnSet": [ccn]})),
        answer(json!({})),
    ]);
    let account = cloud.account();
    let request = CreateCcn {
        ccn_name: "hub".into(),
        qos_level: Some("AU".into()),
        tags: Some(vec![Tag { key: "team".into(), value: "net".into() }]),
        ..CreateCcn::default()
    };
    let created = create(&account, &request).await.unwrap();
    assert_eq!((created.ccn_id.as_str(), created.route_ecmp_flag), ("ccn-1", true));
    assert_eq!(find(&account, "ccn-1").await.unwrap(), Some(created));
    let change = ModifyCcn {
        ccn_id: "ccn-1".into(),
        ccn_description: Some(String::new()),
        route_ecmp_flag: Some(false),
        ..ModifyCcn::default()
    };
    modify(&account, &change).await.unwrap();
    modify_limit_type(&account, "ccn-1", "INTER_REGION_LIMIT").await.unwrap();
    delete(&account, "ccn-1").await.unwrap();

    let bodies = [
        json!({"CcnName": "hub", "QosLevel": "AU", "Tags": [{"Key": "team", "Value": "net"}]}),
        json!({"Filters": [{"Name": "ccn-id", "Values": ["ccn-1"]}], "Offset": 0, "Limit": 100}),
        json!({"CcnId": "ccn-1", "CcnDescription": "", "RouteECMPFlag": false}),
        json!({"CcnId": "ccn-1", "BandwidthLimitType": "INTER_REGION_LIMIT"}),
        json!({"CcnId": "ccn-1"}),
    ];
    for (index, body) in bodies.into_iter().enumerate() {
        assert_eq!(cloud.sent(index).body, body);
    }
    assert_eq!(
        cloud.actions(),
        [
            "CreateCcn",
            "DescribeCcns",
            "ModifyCcnAttribute",
            "ModifyCcnRegionBandwidthLimitsType",
            "DeleteCcn"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_ccn_that_is_not_listed_is_gone() {
    let cloud = Scripted::new(vec![answer(json!({"TotalCount": 0, "CcnSet": null}))]);
    assert_eq!(find(&cloud.account(), "ccn-1").await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_needs_no_deleting_and_what_is_used_cannot_be() {
    let gone = Scripted::new(vec![refusal("ResourceNotFound")]);
    delete(&gone.account(), "ccn-1").await.unwrap();
    let gone = Scripted::new(vec![refusal("UnsupportedOperation.CcnNotAttached")]);
    detach(&gone.account(), "ccn-1", &[vpc()]).await.unwrap();
    let used =
        Scripted::new(vec![refusal("UnsupportedOperation.ExistCcnInstancesNotSupportDeleteCcn")]);
    assert_eq!(delete(&used.account(), "ccn-1").await.unwrap_err().kind(), Kind::Conflict);
}

#[tokio::test(start_paused = true)]
async fn attaching_names_owner_and_instances() {
    let cloud = Scripted::new(vec![answer(json!({}))]);
    let account = cloud.account();
    let instance = Instance {
        description: Some("payments".into()),
        route_table_id: Some("ccnrtb-1".into()),
        order_type: Some("PayByCcnOwner".into()),
        ..vpc()
    };
    attach(&account, "ccn-1", Some("100000000001"), &[instance]).await.unwrap();
    attach(&account, "ccn-1", None, &[vpc()]).await.unwrap();
    accept(&account, "ccn-1", &[vpc()]).await.unwrap();
    reject(&account, "ccn-1", &[vpc()]).await.unwrap();
    reset(&account, "ccn-1", "100000000001", &[vpc()]).await.unwrap();
    detach(&account, "ccn-1", &[vpc()]).await.unwrap();
    describe_attachments(&account, "ccn-1", &[vpc()]).await.unwrap();

    let plain = json!({
        "InstanceId": "vpc-1", "InstanceRegion": "ap-shanghai", "InstanceType": "VPC"
    });
    assert_eq!(
        cloud.sent(0).body,
        json!({"CcnId": "ccn-1", "CcnUin": "100000000001", "Instances": [{
            "InstanceId": "vpc-1", "InstanceRegion": "ap-shanghai", "InstanceType": "VPC",
            "Description": "payments", "RouteTableId": "ccnrtb-1", "OrderType": "PayByCcnOwner"
        }]})
    );
    let without_owner = json!({"CcnId": "ccn-1", "Instances": [plain]});
    let with_owner = json!({"CcnId": "ccn-1", "CcnUin": "100000000001", "Instances": [plain]});
    for index in [1, 2, 3, 5, 6] {
        assert_eq!(cloud.sent(index).body, without_owner);
    }
    assert_eq!(cloud.sent(4).body, with_owner);
    assert_eq!(
        cloud.actions(),
        [
            "AttachCcnInstances",
            "AttachCcnInstances",
            "AcceptAttachCcnInstances",
            "RejectAttachCcnInstances",
            "ResetAttachCcnInstances",
            "DetachCcnInstances",
            "ModifyCcnAttachedInstancesAttribute"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_attachment_is_found_by_type_region_and_id_until_it_is_deleted() {
    let other = json!({"CcnId": "ccn-2", "InstanceType": "VPC", "InstanceId": "vpc-1",
        "InstanceRegion": "ap-shanghai", "State": "ACTIVE"});
    for (answered, expected) in [
        (vec![other.clone(), row("PENDING")], Some("PENDING")),
        (vec![row("Active")], Some("Active")),
        (vec![row("DELETED")], None),
        (vec![other], None),
        (vec![], None),
        // Remains of an earlier attachment beside the one that lives.
        (vec![row("DETACHING"), row("ATTACHING"), row("REJECTED")], Some("ATTACHING")),
    ] {
        let cloud = Scripted::new(vec![rows(&answered)]);
        let found = find_attachment(&cloud.account(), "ccn-1", &vpc()).await.unwrap();
        assert_eq!(found.map(|row| row.state).as_deref(), expected);
        assert_eq!(
            cloud.sent(0).body,
            json!({
                "Filters": [
                    {"Name": "ccn-id", "Values": ["ccn-1"]},
                    {"Name": "instance-id", "Values": ["vpc-1"]}
                ],
                "Offset": 0, "Limit": 100
            })
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_attached_to_a_ccn_that_is_gone() {
    let cloud = Scripted::new(vec![refusal("ResourceNotFound")]);
    let found = find_attachment(&cloud.account(), "ccn-1", &vpc()).await.unwrap();
    assert_eq!(found, None);
    let cloud = Scripted::new(vec![refusal("UnauthorizedOperation")]);
    assert!(find_attachment(&cloud.account(), "ccn-1", &vpc()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn attachments_are_read_to_the_last_page() {
    let page = |count: usize| {
        let set = vec![row("ACTIVE"); count];
        answer(json!({"TotalCount": 230, "InstanceSet": set}))
    };
    let cloud = Scripted::new(vec![page(100), page(100), page(30)]);
    let all = attachments(&cloud.account(), "ccn-1").await.unwrap();
    assert_eq!((all.len(), cloud.actions().len()), (230, 3));
    assert_eq!(cloud.sent(2).body["Offset"], 200);
}

#[tokio::test(start_paused = true)]
async fn routes_tell_whether_they_take_effect() {
    let cloud = Scripted::new(vec![
        answer(json!({"TotalCount": 1, "RouteSet": [{
            "RouteId": "ccnr-1", "DestinationCidrBlock": "172.16.0.0/16", "Enabled": false,
            "RoutePriority": 0, "AsPath": null
        }]})),
        answer(json!({})),
        answer(json!({})),
        answer(json!({"TotalCount": 1, "CcnRouteTableSet": [
            {"CcnRouteTableId": "ccnrtb-1", "IsDefaultTable": true}
        ]})),
    ]);
    let account = cloud.account();
    let filters = [Filter::new("cidr-block", "172.16.0.0/16")];
    let routes = routes(&account, "ccn-1", &filters).await.unwrap();
    assert!(!routes[0].enabled);
    let ids = [routes[0].route_id.clone()];
    enable_routes(&account, "ccn-1", &ids).await.unwrap();
    disable_routes(&account, "ccn-1", &ids).await.unwrap();
    assert!(route_tables(&account, "ccn-1").await.unwrap()[0].is_default_table);
    assert_eq!(cloud.sent(1).body, json!({"CcnId": "ccn-1", "RouteIds": ["ccnr-1"]}));
    assert_eq!(
        cloud.actions(),
        ["DescribeCcnRoutes", "EnableCcnRoutes", "DisableCcnRoutes", "DescribeCcnRouteTables"]
    );
}

#[tokio::test(start_paused = true)]
async fn limits_are_read_and_set_per_region_and_between_regions() {
    let limit = RegionLimit {
        region: "ap-guangzhou".into(),
        bandwidth_limit: 500,
        dst_region: Some("ap-shanghai".into()),
        ..RegionLimit::default()
    };
    let told = json!({"Region": "ap-guangzhou", "DstRegion": "ap-shanghai", "BandwidthLimit": 500});
    let cloud = Scripted::new(vec![
        answer(json!({"CcnRegionBandwidthLimitSet": [told]})),
        answer(json!({"TotalCount": 1, "CcnBandwidthSet": [{"CcnRegionBandwidthLimit": told}]})),
        answer(json!({})),
    ]);
    let account = cloud.account();
    assert_eq!(region_limits(&account, "ccn-1").await.unwrap(), std::slice::from_ref(&limit));
    let pairs = region_pair_limits(&account, "ccn-1").await.unwrap();
    assert_eq!(pairs[0].ccn_region_bandwidth_limit.as_ref(), Some(&limit));
    set_region_limits(&account, "ccn-1", std::slice::from_ref(&limit), false).await.unwrap();
    set_region_limits(&account, "ccn-1", &[limit], true).await.unwrap();
    assert_eq!(cloud.sent(2).body, json!({"CcnId": "ccn-1", "CcnRegionBandwidthLimits": [told]}));
    assert_eq!(cloud.sent(3).body["SetDefaultLimitFlag"], true);
}
