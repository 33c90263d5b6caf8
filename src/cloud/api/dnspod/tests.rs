use serde_json::json;

use super::*;
use crate::cloud::scripted::{Scripted, answer, refusal};

fn spec() -> RecordSpec {
    RecordSpec {
        domain: "example.com".into(),
        sub_domain: Some("www".into()),
        record_type: "A".into(),
        record_line: DEFAULT_LINE.into(),
        value: "203.0.113.7".into(),
        ttl: Some(600),
        ..RecordSpec::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_is_created_changed_and_deleted() {
    let cloud = Scripted::new(vec![answer(json!({"RecordId": 42}))]);
    let account = cloud.account();
    assert_eq!(create_record(&account, &spec()).await.unwrap(), 42);
    modify_record(&account, 42, &RecordSpec { mx: Some(5), remark: Some(String::new()), ..spec() })
        .await
        .unwrap();
    delete_record(&account, "example.com", 42).await.unwrap();
    let plain = json!({
        "Domain": "example.com", "SubDomain": "www", "RecordType": "A", "RecordLine": "默认",
        "Value": "203.0.113.7", "TTL": 600
    });
    let mut changed = plain.clone();
    changed["RecordId"] = json!(42);
    changed["MX"] = json!(5);
    changed["Remark"] = json!("");
    assert_eq!((cloud.sent(0).body, cloud.sent(1).body), (plain, changed));
    assert_eq!(cloud.sent(2).body, json!({"Domain": "example.com", "RecordId": 42}));
    assert_eq!(cloud.sent(0).region, "");
    assert_eq!(cloud.actions(), ["CreateRecord", "ModifyRecord", "DeleteRecord"]);
}

#[tokio::test(start_paused = true)]
async fn both_ways_to_read_a_record_tell_the_same() {
    let info = json!({"RecordInfo": {
        "Id": 42, "SubDomain": "www", "RecordType": "A", "RecordLine": "默认",
        "RecordLineId": "0", "Value": "203.0.113.7", "Weight": null, "MX": 0, "TTL": 600,
        "Enabled": 1, "Remark": "r", "UpdatedOn": "2024-01-01 00:00:00", "DomainId": 7
    }});
    let item = json!({
        "RecordCountInfo": {"SubdomainCount": 1, "ListCount": 1, "TotalCount": 1},
        "RecordList": [{
            "RecordId": 42, "Name": "www", "Type": "A", "Line": "默认", "LineId": "0",
            "Value": "203.0.113.7", "Weight": null, "MX": 0, "TTL": 600, "Status": "ENABLE",
            "Remark": "r", "UpdatedOn": "2024-01-01 00:00:00", "DefaultNS": false
        }]
    });
    let cloud = Scripted::new(vec![answer(info), answer(item)]);
    let account = cloud.account();
    let one = find_record(&account, "example.com", 42).await.unwrap().unwrap();
    let listed = records(&account, "example.com", Some("www"), Some("A")).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&one));
    assert!(one.enabled);
    assert_eq!(
        cloud.sent(1).body,
        json!({
            "Domain": "example.com", "SubDomain": "www", "RecordType": "A", "Offset": 0,
            "Limit": 1000, "ErrorOnEmpty": "no"
        })
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_none_or_empty() {
    for code in [
        "InvalidParameter.RecordIdInvalid",
        "ResourceNotFound.NoDataOfRecord",
        "InvalidParameterValue.DomainNotExists",
    ] {
        let cloud = Scripted::new(vec![refusal(code)]);
        let account = cloud.account();
        assert_eq!(find_record(&account, "example.com", 42).await.unwrap(), None, "{code}");
        assert_eq!(records(&account, "example.com", None, None).await.unwrap(), [], "{code}");
        assert_eq!(find_domain(&account, "example.com").await.unwrap(), None, "{code}");
        delete_record(&account, "example.com", 42).await.unwrap();
    }
    let foreign = Scripted::new(vec![refusal("OperationDenied.NoPermissionToOperateDomain")]);
    let error = find_record(&foreign.account(), "example.com", 42).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
}

#[tokio::test(start_paused = true)]
async fn a_domain_tells_its_plan() {
    let cloud = Scripted::new(vec![answer(json!({"DomainInfo": {
        "DomainId": 7, "Domain": "example.com", "Status": "ENABLE", "Grade": "DP_FREE", "TTL": 600
    }}))]);
    let domain = find_domain(&cloud.account(), "example.com").await.unwrap().unwrap();
    assert_eq!((domain.domain_id, domain.grade.as_str(), domain.ttl), (7, "DP_FREE", 600));
    assert_eq!(cloud.sent(0).body, json!({"Domain": "example.com"}));
}
