use serde_json::json;

use super::*;
use crate::cloud::scripted::{Scripted, answer};

#[tokio::test(start_paused = true)]
async fn networks_are_asked_for_with_pages_as_text() {
    let cloud = Scripted::new(vec![
        answer(json!({"TotalCount": 1, "VpcSet": [{
            "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "EnableRouteVpcPublish": true,
            "AssistantCidrSet": [{"CidrBlock": "172.16.0.0/16", "AssistantType": 1}]
        }]})),
        answer(json!({"TotalCount": 1, "SubnetSet": [
            {"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"}
        ]})),
    ]);
    let account = cloud.account();
    let vpc = find(&account, "vpc-1").await.unwrap().unwrap();
    assert_eq!((vpc.cidr_block.as_str(), vpc.enable_route_vpc_publish), ("10.0.0.0/16", true));
    assert_eq!(vpc.assistant_cidr_set[0].assistant_type, 1);
    let subnet = find_subnet(&account, "subnet-1").await.unwrap().unwrap();
    assert_eq!(subnet.vpc_id, "vpc-1");
    assert_eq!(
        cloud.sent(0).body,
        json!({
            "Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}], "Offset": "0", "Limit": "100"
        })
    );
    assert_eq!(cloud.sent(1).body["Filters"][0]["Name"], "subnet-id");
    assert_eq!(cloud.actions(), ["DescribeVpcs", "DescribeSubnets"]);
}

#[tokio::test(start_paused = true)]
async fn a_network_elsewhere_is_gone_here() {
    let cloud = Scripted::new(vec![answer(json!({"TotalCount": 0, "VpcSet": []}))]);
    assert_eq!(find(&cloud.account(), "vpc-1").await.unwrap(), None);
}
