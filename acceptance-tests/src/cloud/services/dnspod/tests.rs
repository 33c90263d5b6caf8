use serde_json::{Value, json};

use crate::cloud::bench::Bench;

fn record(host: &str, kind: &str, value: &str) -> Value {
    json!({"Domain": "example.com", "SubDomain": host, "RecordType": kind,
        "RecordLine": "默认", "Value": value})
}

fn create(bench: &Bench, params: Value) -> u64 {
    bench.ok("hub", "dnspod:CreateRecord", params)["RecordId"].as_u64().unwrap()
}

#[test]
fn a_new_record_is_read_at_once_and_listed_later() {
    let bench = Bench::new();
    bench.pace("dnspod/index", "after 30s");
    let id = create(&bench, record("a", "A", "192.0.2.1"));
    let by_id = json!({"Domain": "example.com", "RecordId": id});
    let info = bench.ok("hub", "dnspod:DescribeRecord", by_id);
    assert_eq!(info["RecordInfo"]["Value"], "192.0.2.1");
    let list = json!({"Domain": "example.com", "SubDomain": "a"});
    let error = bench.call("hub", "dnspod:DescribeRecordList", list.clone()).unwrap_err();
    assert_eq!(error.code, "ResourceNotFound.NoDataOfRecord");
    bench.advance(30);
    let found = bench.ok("hub", "dnspod:DescribeRecordList", list);
    assert_eq!(found["RecordList"][0]["RecordId"], id);
}

#[test]
fn an_empty_list_is_an_error_unless_asked_otherwise() {
    let bench = Bench::new();
    let list = json!({"Domain": "example.com", "SubDomain": "none", "ErrorOnEmpty": "no"});
    assert_eq!(bench.ok("hub", "dnspod:DescribeRecordList", list)["RecordList"], json!([]));
}

#[test]
fn the_same_record_twice_is_refused() {
    let bench = Bench::new();
    create(&bench, record("a", "CNAME", "Lb.example.net"));
    let twice = record("a", "CNAME", "lb.example.net.");
    let error = bench.call("hub", "dnspod:CreateRecord", twice).unwrap_err();
    assert_eq!(error.code, "InvalidParameter.DomainRecordExist");
    let address = record("a", "A", "192.0.2.1");
    assert!(bench.call("hub", "dnspod:CreateRecord", address).is_err());
}

#[test]
fn names_come_back_with_a_trailing_dot_and_the_line_id_wins() {
    let bench = Bench::new();
    let mut params = record("a", "CNAME", "lb.example.net");
    params["RecordLineId"] = json!("10=1");
    let id = create(&bench, params);
    let by_id = json!({"Domain": "example.com", "RecordId": id});
    let info = &bench.ok("hub", "dnspod:DescribeRecord", by_id)["RecordInfo"];
    assert_eq!(info["Value"], "lb.example.net.");
    assert_eq!(info["RecordLine"], "联通");
}

#[test]
fn a_remark_stays_until_it_is_emptied() {
    let bench = Bench::new();
    let mut params = record("a", "A", "192.0.2.1");
    params["Remark"] = json!("made by hand");
    let id = create(&bench, params);
    let remark_after = |remark: Option<&str>| {
        let mut change = record("a", "A", "192.0.2.2");
        change["RecordId"] = json!(id);
        if let Some(remark) = remark {
            change["Remark"] = json!(remark);
        }
        bench.ok("hub", "dnspod:ModifyRecord", change);
        let by_id = json!({"Domain": "example.com", "RecordId": id});
        bench.ok("hub", "dnspod:DescribeRecord", by_id)["RecordInfo"]["Remark"].clone()
    };
    assert_eq!(remark_after(None), "made by hand");
    assert_eq!(remark_after(Some("")), "");
}

#[test]
fn refused_values_have_the_clouds_codes() {
    let bench = Bench::new();
    let mut short = record("a", "A", "192.0.2.1");
    short["TTL"] = json!(60);
    let mut line = record("a", "A", "192.0.2.1");
    line["RecordLine"] = json!("default");
    for (params, code) in [
        (short, "LimitExceeded.RecordTtlLimit"),
        (line, "InvalidParameter.RecordLineInvalid"),
        (record("a", "A", "lb.example.net"), "InvalidParameter.RecordValueInvalid"),
        (record("a", "ALIAS", "x"), "InvalidParameter.RecordTypeInvalid"),
        (record("a b", "A", "192.0.2.1"), "InvalidParameter.SubdomainInvalid"),
    ] {
        let error = bench.call("hub", "dnspod:CreateRecord", params).unwrap_err();
        assert_eq!(error.code, code);
    }
}

#[test]
fn a_deleted_record_and_anothers_domain_are_told_apart() {
    let bench = Bench::new();
    let id = create(&bench, record("a", "A", "192.0.2.1"));
    let by_id = json!({"Domain": "example.com", "RecordId": id});
    bench.ok("hub", "dnspod:DeleteRecord", by_id.clone());
    let code = |bench: &Bench, account, params: &Value| {
        bench.call(account, "dnspod:DescribeRecord", params.clone()).unwrap_err().code
    };
    assert_eq!(code(&bench, "hub", &by_id), "InvalidParameter.RecordIdInvalid");
    let denied = "OperationDenied.NoPermissionToOperateDomain";
    assert_eq!(code(&bench, "member", &by_id), denied);
    let other = json!({"Domain": "example.org", "RecordId": id});
    assert_eq!(code(&bench, "hub", &other), "InvalidParameterValue.DomainNotExists");
}
