//! The simulated cloud over HTTP, as a client sees it.

mod api_client;

use std::time::Duration;

use api_client::{ApiClient, control, exchange};
use bytes::Bytes;
use crossmesh_sim::{ClusterMode, Options, Simulator, World};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

async fn start(world: World) -> Simulator {
    let clusters = ClusterMode::Absent;
    let options = Options { rate_scale: 0.0, clusters, ..Options::default() };
    Simulator::start(world, options).await.unwrap()
}

async fn two_accounts() -> (Simulator, ApiClient) {
    let simulator = start(World::two_accounts()).await;
    let client = ApiClient::new(&simulator, "hub");
    (simulator, client)
}

const LIST: &str = "vpc:DescribeCcns";
const CREATE: &str = "vpc:CreateCcn";

fn named(name: &str) -> Value {
    json!({ "CcnName": name })
}

#[tokio::test]
async fn signed_call_is_answered_in_an_envelope() {
    let (_simulator, client) = two_accounts().await;
    let reply = client.call(LIST, json!({})).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.response["TotalCount"], 0);
    assert_eq!(reply.response["RequestId"].as_str().unwrap().len(), 36);
    let date = reply.headers["date"].to_str().unwrap();
    assert!(date.ends_with(" GMT"), "{date}");
}

#[tokio::test]
async fn requests_are_routed_by_host_then_by_scope() {
    let (simulator, client) = two_accounts().await;
    let address = simulator.address().to_string();
    for (host, absolute) in [
        ("{service}.tencentcloudapi.com", false),
        ("{service}.ap-guangzhou.tencentcloudapi.com", false),
        ("{service}.tencentcloudapi.com", true),
        (address.as_str(), false),
        ("localhost", false),
    ] {
        let client = ApiClient { host: host.to_owned(), absolute, ..client.clone() };
        client.ok(LIST, json!({})).await;
    }
    let wrong = ApiClient { host: "nope.tencentcloudapi.com".to_owned(), ..client };
    assert_eq!(wrong.call(LIST, json!({})).await.code(), "NoSuchProduct");
}

#[tokio::test]
async fn http2_without_tls_is_spoken() {
    let (simulator, client) = two_accounts().await;
    let stream = tokio::net::TcpStream::connect(simulator.address()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let absolute = ApiClient { absolute: true, ..client };
    let mut request = absolute.request(LIST, &json!({}));
    request.headers_mut().remove("host");
    let response = sender.send_request(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let value: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(value["Response"]["TotalCount"], 0, "{value}");
}

#[tokio::test]
async fn wrong_keys_are_refused() {
    let (_simulator, client) = two_accounts().await;
    let cases = [
        (ApiClient { secret_key: "x".repeat(32), ..client.clone() }, "SignatureFailure"),
        (ApiClient { secret_id: "AKIDnobody".to_owned(), ..client.clone() }, "SecretIdNotFound"),
        (ApiClient { late: 301, ..client.clone() }, "SignatureExpire"),
        (ApiClient { late: -301, ..client.clone() }, "SignatureExpire"),
        (ApiClient { token: Some("stray".to_owned()), ..client.clone() }, "TokenFailure"),
    ];
    for (client, code) in cases {
        let reply = client.call(LIST, json!({})).await;
        assert_eq!(reply.code(), format!("AuthFailure.{code}"));
        assert_eq!(reply.status, 200);
    }
    client.ok(LIST, json!({})).await;
}

#[tokio::test]
async fn tampered_body_is_refused() {
    let (simulator, client) = two_accounts().await;
    let mut request = client.request(CREATE, &named("mine"));
    *request.body_mut() = Full::from(named("other").to_string());
    let reply = exchange(simulator.address(), request).await.unwrap();
    assert_eq!(reply.code(), "AuthFailure.SignatureFailure");
    let mut request = client.request(CREATE, &named("mine"));
    request.headers_mut().insert("authorization", "SKIP".parse().unwrap());
    let reply = exchange(simulator.address(), request).await.unwrap();
    assert_eq!(reply.code(), "AuthFailure.SignatureFailure");
}

#[tokio::test]
async fn wrong_clock_is_told_by_the_date_header() {
    let (simulator, client) = two_accounts().await;
    control(&simulator, "POST", "clock", json!({"skew": "10m"})).await;
    let reply = client.call(LIST, json!({})).await;
    assert_eq!(reply.code(), "AuthFailure.SignatureExpire");
    ApiClient { late: 600, ..client.clone() }.ok(LIST, json!({})).await;
    control(&simulator, "POST", "clock", json!({"skew": "0s", "advance": "7d"})).await;
    client.ok(LIST, json!({})).await;
}

#[tokio::test]
async fn unknown_actions_and_versions_have_their_codes() {
    let (simulator, client) = two_accounts().await;
    assert_eq!(client.call("vpc:Nope", json!({})).await.code(), "InvalidAction");
    let mut request = client.request(LIST, &json!({}));
    request.headers_mut().insert("x-tc-version", "2016-01-01".parse().unwrap());
    let reply = exchange(simulator.address(), request).await.unwrap();
    assert_eq!(reply.code(), "NoSuchVersion");
    let elsewhere = ApiClient { region: "ap-nowhere".to_owned(), ..client.clone() };
    assert_eq!(elsewhere.call(LIST, json!({})).await.code(), "UnsupportedRegion");
    let without = ApiClient { region: String::new(), ..client };
    assert_eq!(without.call("vpc:DescribeVpcs", json!({})).await.code(), "MissingParameter");
    without.ok("sts:GetCallerIdentity", json!({})).await;
}

#[tokio::test]
async fn parameters_are_strict() {
    let (_simulator, client) = two_accounts().await;
    for (params, code) in [
        (json!({"CcnName": "a", "CcnNmae": "b"}), "UnknownParameter"),
        (json!({}), "MissingParameter"),
        (json!({"CcnName": 5}), "InvalidParameter"),
        (json!({"CcnName": "a", "Tags": [{"key": "a"}]}), "UnknownParameter"),
    ] {
        assert_eq!(client.call(CREATE, params).await.code(), code);
    }
    let listed = client.ok(LIST, json!({})).await;
    assert_eq!(listed["TotalCount"], 0);
}

#[tokio::test]
async fn closed_products_and_permissions() {
    let mut world = World::two_accounts();
    world.accounts[0].allow = vec!["vpc:Describe*".to_owned(), "sts:*".to_owned()];
    world.accounts[1].closed_products = vec!["vpc".to_owned()];
    let simulator = start(world).await;
    let hub = ApiClient::new(&simulator, "hub");
    hub.ok(LIST, json!({})).await;
    assert_eq!(hub.call(CREATE, named("a")).await.code(), "UnauthorizedOperation");
    let member = ApiClient::new(&simulator, "member");
    assert_eq!(member.call(LIST, json!({})).await.code(), "InvalidAction");
}

#[tokio::test]
async fn temporary_key_works_with_its_token_until_it_expires() {
    let (simulator, hub) = two_accounts().await;
    let member_uin = simulator.cloud().world().uin("member").to_owned();
    let arn = format!("qcs::cam::uin/{member_uin}:roleName/crossmesh");
    let params = json!({"RoleArn": arn, "RoleSessionName": "tf", "DurationSeconds": 1_800});
    let answer = hub.ok("sts:AssumeRole", params).await;
    let text = |name: &str| answer["Credentials"][name].as_str().unwrap().to_owned();
    let session = ApiClient {
        secret_id: text("TmpSecretId"),
        secret_key: text("TmpSecretKey"),
        token: Some(text("Token")),
        ..hub.clone()
    };
    let who = session.ok("sts:GetCallerIdentity", json!({})).await;
    assert_eq!((&who["AccountId"], &who["Type"]), (&json!(member_uin), &json!("CAMRole")));
    let vpcs = session.ok("vpc:DescribeVpcs", json!({})).await;
    assert_eq!(vpcs["VpcSet"][0]["VpcName"], "member");
    for token in [None, Some("wrong".to_owned())] {
        let client = ApiClient { token, ..session.clone() };
        assert_eq!(client.call(LIST, json!({})).await.code(), "AuthFailure.TokenFailure");
    }
    control(&simulator, "POST", "clock", json!({"advance": "30m"})).await;
    let reply = session.call(LIST, json!({})).await;
    assert_eq!(reply.code(), "AuthFailure.TokenFailure");
}

#[tokio::test]
async fn unsigned_call_is_let_through_for_identity_tokens_only() {
    let (simulator, client) = two_accounts().await;
    let uin = simulator.cloud().world().uin("member").to_owned();
    let params = json!({
        "ProviderId": "hcp", "WebIdentityToken": "a.b.c", "RoleSessionName": "tf",
        "RoleArn": format!("qcs::cam::uin/{uin}:roleName/crossmesh"),
    });
    let mut request = client.request("sts:AssumeRoleWithWebIdentity", &params);
    request.headers_mut().insert("authorization", "SKIP".parse().unwrap());
    let reply = exchange(simulator.address(), request).await.unwrap();
    assert_eq!(reply.code(), "InvalidParameter.WebIdentityTokenError");
}

#[tokio::test]
async fn documented_rate_limit_throttles() {
    let options = Options::default();
    let simulator = Simulator::start(World::two_accounts(), options).await.unwrap();
    control(&simulator, "POST", "limits", json!({"rates": {"vpc:DescribeVpcs": 0.001}})).await;
    let hub = ApiClient::new(&simulator, "hub");
    hub.ok("vpc:DescribeVpcs", json!({})).await;
    assert_eq!(hub.call("vpc:DescribeVpcs", json!({})).await.code(), "RequestLimitExceeded");
    ApiClient::new(&simulator, "member").ok("vpc:DescribeVpcs", json!({})).await;
    control(&simulator, "POST", "limits", json!({"scale": 0})).await;
    hub.ok("vpc:DescribeVpcs", json!({})).await;
}

#[tokio::test]
async fn faults_without_effect() {
    let (simulator, client) = two_accounts().await;
    let fault = |fault: Value| json!({"action": "CreateCcn", "times": 1, "fault": fault});
    let add = async |body| {
        let reply = control(&simulator, "POST", "faults", body).await;
        assert_eq!(reply.status, 200, "{}", reply.response);
    };
    add(fault(json!({"kind": "throttle"}))).await;
    assert_eq!(client.call(CREATE, named("a")).await.code(), "RequestLimitExceeded");
    add(fault(json!({"kind": "error", "code": "InternalError.Db"}))).await;
    assert_eq!(client.call(CREATE, named("a")).await.code(), "InternalError.Db");
    add(fault(json!({"kind": "http", "status": 502}))).await;
    assert_eq!(client.call(CREATE, named("a")).await.status, 502);
    add(fault(json!({"kind": "reset_before"}))).await;
    client.try_call(CREATE, named("a")).await.unwrap_err();
    add(fault(json!({"kind": "hold", "ms": 10}))).await;
    client.try_call(CREATE, named("a")).await.unwrap_err();
    add(fault(json!({"kind": "hold"}))).await;
    let held = tokio::time::timeout(Duration::from_millis(200), client.call(CREATE, named("a")));
    held.await.unwrap_err();
    assert_eq!(client.ok(LIST, json!({})).await["TotalCount"], 0);
    client.ok(CREATE, named("a")).await;
}

#[tokio::test]
async fn faults_with_effect() {
    let (simulator, client) = two_accounts().await;
    let add = async |body| control(&simulator, "POST", "faults", body).await;
    add(json!({"action": "CreateCcn", "nth": 2, "times": 1, "fault": {"kind": "reset_after"}}))
        .await;
    client.ok(CREATE, named("a")).await;
    client.try_call(CREATE, named("b")).await.unwrap_err();
    assert_eq!(client.ok(LIST, json!({})).await["TotalCount"], 2);
    add(json!({"action": "DescribeCcns", "times": 1, "fault": {"kind": "slow", "ms": 50}})).await;
    let before = std::time::Instant::now();
    client.ok(LIST, json!({})).await;
    assert!(before.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn stale_read_shows_how_things_were_before_the_last_write() {
    let (simulator, client) = two_accounts().await;
    client.ok(CREATE, named("a")).await;
    let rule = json!({"action": "DescribeCcns", "times": 1, "fault": {"kind": "stale"}});
    control(&simulator, "POST", "faults", rule).await;
    client.ok(CREATE, named("b")).await;
    assert_eq!(client.ok(LIST, json!({})).await["TotalCount"], 1);
    assert_eq!(client.ok(LIST, json!({})).await["TotalCount"], 2);
}

#[tokio::test]
async fn wrong_fault_rule_is_refused() {
    let (simulator, _client) = two_accounts().await;
    let reply = control(&simulator, "POST", "faults", json!({"fault": {"kind": "gremlin"}})).await;
    assert_eq!(reply.status, 400);
    assert!(reply.response["error"].as_str().unwrap().contains("gremlin"));
}

#[tokio::test]
async fn calls_are_recorded_without_secrets() {
    let (simulator, client) = two_accounts().await;
    client.ok(CREATE, named("a")).await;
    let params = json!({
        "ProviderId": "hcp", "WebIdentityToken": "t0ps3cret", "RoleSessionName": "tf",
        "RoleArn": "qcs::cam::uin/1:roleName/x",
    });
    client.call("sts:AssumeRoleWithWebIdentity", params).await;
    let record = control(&simulator, "GET", "calls", Value::Null).await.response;
    let calls = record["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0]["account"], "hub");
    assert_eq!(calls[0]["action"], "CreateCcn");
    assert_eq!(calls[0]["params"]["CcnName"], "a");
    assert_eq!(calls[0]["code"], "");
    assert_eq!(calls[1]["code"], "ResourceNotFound.RoleNotFound");
    assert!(!record.to_string().contains("t0ps3cret"));
    let later = control(&simulator, "GET", "calls?since=1", Value::Null).await.response;
    assert_eq!(later["calls"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn operator_sees_changes_and_resets_objects() {
    let (simulator, client) = two_accounts().await;
    let ccn = client.ok(CREATE, named("a")).await["Ccn"]["CcnId"].as_str().unwrap().to_owned();
    let vpc = simulator.cloud().world().vpcs[0].id.clone();
    let instance =
        json!({"InstanceId": vpc, "InstanceType": "VPC", "InstanceRegion": "ap-guangzhou"});
    control(&simulator, "POST", "progressions", json!({"vpc/attach": "manual"})).await;
    let params = json!({"CcnId": ccn, "Instances": [instance]});
    client.ok("vpc:AttachCcnInstances", params).await;
    let states = async || {
        let list = control(&simulator, "GET", "objects?kind=ccn_attachment", Value::Null).await;
        let objects = list.response["objects"].as_array().unwrap().clone();
        objects.iter().map(|o| o["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(states().await, ["ATTACHING"]);
    control(&simulator, "POST", "release", json!({"kind": "vpc/attach"})).await;
    assert_eq!(states().await, ["ACTIVE"]);
    let path = format!("objects/ccn_attachment/{ccn}%23VPC%23ap-guangzhou%23{vpc}");
    let reply = control(&simulator, "PATCH", &path, json!({"State": "FAILED"})).await;
    assert_eq!(reply.status, 200, "{}", reply.response);
    assert_eq!(states().await, ["FAILED"]);
    assert_eq!(control(&simulator, "DELETE", &path, Value::Null).await.status, 200);
    assert_eq!(control(&simulator, "DELETE", &path, Value::Null).await.status, 404);
    control(&simulator, "POST", "reset", Value::Null).await;
    let list = control(&simulator, "GET", "objects", Value::Null).await;
    assert_eq!(list.response["objects"], json!([]));
}

#[tokio::test]
async fn oversized_and_malformed_bodies_are_refused() {
    let (simulator, client) = two_accounts().await;
    let mut request = client.request(LIST, &json!({}));
    *request.body_mut() = Full::from(Bytes::from(vec![b' '; 11 * 1024 * 1024]));
    // The server may answer or hang up while the body is still being sent.
    if let Ok(reply) = exchange(simulator.address(), request).await {
        assert_eq!(reply.status, 413);
    }
    assert_eq!(client.call(LIST, json!([1])).await.code(), "InvalidRequest");
}
