use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::cloud::{
    Cloud, Dialect, Endpoints, Service, Settings,
    credentials::{Credentials, Found, Source},
    scripted::{NOW, Reply, Scripted, answer, no_answer, refusal, with_status},
};
use crate::secret::Secret;

static VPC: Service = Service { name: "vpc", version: "2017-03-12", region: RegionUse::Needed };
static DNSPOD: Service =
    Service { name: "dnspod", version: "2021-03-23", region: RegionUse::Unused };

const READ: Action = Action::read(&VPC, "DescribeCcns");
const WRITE: Action = Action::write(&VPC, "CreateCcn");
const DELETE: Action = Action::repeatable(&VPC, "DeleteCcn");

fn fine() -> Reply {
    answer(json!({"Done": true}))
}

async fn call(account: &Account, action: &Action) -> Result<Value, Error> {
    account.call(action, &json!({"CcnId": "ccn-1"})).await
}

/// Calls `action` against `script`; the outcome's kind (`None`: success) and the number of tries.
async fn outcome(action: &Action, script: Vec<Reply>) -> (Option<Kind>, usize) {
    let cloud = Scripted::new(script);
    let result = call(&cloud.account(), action).await;
    (result.err().map(|error| error.kind()), cloud.actions().len())
}

#[tokio::test(start_paused = true)]
async fn a_call_carries_what_the_api_asks_for() {
    let cloud = Scripted::new(vec![fine()]);
    let answer = call(&cloud.account(), &READ).await.unwrap();
    assert_eq!(answer["Done"], true);
    let sent = cloud.sent(0);
    assert_eq!(
        (sent.host.as_str(), sent.action.as_str(), sent.version.as_str(), sent.region.as_str()),
        ("vpc.tencentcloudapi.com", "DescribeCcns", "2017-03-12", "ap-guangzhou")
    );
    assert_eq!((sent.timestamp, sent.token.as_str()), (NOW, ""));
    let expected = sign::authorization(
        &Parts {
            service: "vpc",
            headers: &[
                ("content-type", "application/json"),
                ("host", "vpc.tencentcloudapi.com"),
                ("x-tc-action", "DescribeCcns"),
            ],
            payload: br#"{"CcnId":"ccn-1"}"#,
        },
        "AKIDhub",
        "hub-secret-key",
        jiff::Timestamp::from_second(NOW).unwrap(),
    );
    assert_eq!(sent.authorization, expected);
}

#[tokio::test(start_paused = true)]
async fn temporary_keys_carry_their_token_and_no_keys_are_said_so() {
    let cloud = Scripted::new(vec![fine()]);
    let temporary = Credentials::fixed("id", "key", Some(Secret::new("token-1")));
    let account = cloud.cloud().account("a", Some("ap-guangzhou"), temporary);
    call(&account, &READ).await.unwrap();
    assert_eq!(cloud.sent(0).token, "token-1");

    let account = cloud.cloud().account("a", Some("ap-guangzhou"), Credentials::anonymous());
    call(&account, &READ).await.unwrap();
    let sent = cloud.sent(1);
    assert_eq!((sent.authorization.as_str(), sent.token.as_str()), ("SKIP", ""));
}

#[tokio::test(start_paused = true)]
async fn regions_go_where_products_have_them() {
    let cloud = Scripted::new(vec![fine()]);
    let account = cloud.account().in_region("ap-shanghai");
    call(&account, &READ).await.unwrap();
    call(&account, &Action::read(&DNSPOD, "DescribeRecord")).await.unwrap();
    assert_eq!((cloud.sent(0).region.as_str(), cloud.sent(1).region.as_str()), ("ap-shanghai", ""));

    let nowhere = cloud.cloud().account("b", None, Credentials::fixed("id", "key", None));
    let error = call(&nowhere, &READ).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(error.to_string().contains("account \"b\": no region"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn dialects_and_endpoints_change_names_and_hosts() {
    let cloud = Scripted::new(vec![fine()]);
    let dialect = Dialect {
        service: Some("vpc2".into()),
        version: Some("2030-01-01".into()),
        actions: BTreeMap::from([("DescribeCcns".to_owned(), "ListCcns".to_owned())]),
    };
    let settings = Settings {
        dialects: BTreeMap::from([("vpc".to_owned(), dialect)]),
        endpoints: Endpoints {
            overrides: BTreeMap::from([("vpc".to_owned(), "http://127.0.0.1:7310".to_owned())]),
            ..Endpoints::default()
        },
        ..Settings::default()
    };
    let keys = Credentials::fixed("id", "key", None);
    let account = cloud.cloud_with(settings).account("a", Some("ap-guangzhou"), keys);
    call(&account, &READ).await.unwrap();
    let sent = cloud.sent(0);
    assert_eq!(
        (sent.host.as_str(), sent.action.as_str(), sent.version.as_str()),
        ("vpc2.tencentcloudapi.com", "ListCcns", "2030-01-01")
    );
    assert!(sent.authorization.contains("/vpc2/tc3_request"), "{}", sent.authorization);
}

#[tokio::test(start_paused = true)]
async fn reads_are_repeated_after_every_passing_fault() {
    for fault in [
        with_status(500, json!({})),
        with_status(429, json!({})),
        Reply::Answer(Incoming { status: 200, body: b"<html>".to_vec(), ..Incoming::default() }),
        refusal("InternalError.Db"),
        refusal("RequestLimitExceeded"),
        refusal("UnsupportedOperation.MutexOperationTaskRunning"),
        no_answer(true),
        no_answer(false),
    ] {
        let name = format!("{fault:?}");
        assert_eq!(outcome(&READ, vec![fault, fine()]).await, (None, 2), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_repeated_that_cannot_get_better() {
    for (code, kind) in [
        ("UnauthorizedOperation", Kind::Denied),
        ("ResourceNotFound", Kind::NotFound),
        ("InvalidParameterValue", Kind::Invalid),
        ("AuthFailure.SignatureFailure", Kind::Auth),
        ("LimitExceeded", Kind::Quota),
    ] {
        assert_eq!(outcome(&READ, vec![refusal(code)]).await, (Some(kind), 1), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn faults_that_stay_end_in_their_error() {
    let tries = Retry::default().tries as usize;
    assert_eq!(outcome(&READ, vec![refusal("InternalError")]).await, (Some(Kind::Server), tries));
    let html = Incoming { status: 200, body: b"<html>".to_vec(), ..Incoming::default() };
    assert_eq!(outcome(&READ, vec![Reply::Answer(html)]).await, (Some(Kind::Malformed), 3));

    let started = Instant::now();
    let (kind, _) = outcome(&WRITE, vec![no_answer(false)]).await;
    assert_eq!(kind, Some(Kind::Network { sent: false }));
    assert!(started.elapsed() < Retry::default().unreachable * 2, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_write_is_repeated_only_while_it_surely_did_not_happen() {
    for fault in [
        no_answer(false),
        refusal("RequestLimitExceeded"),
        refusal("UnsupportedOperation.MutexOperationTaskRunning"),
        with_status(429, json!({})),
    ] {
        let name = format!("{fault:?}");
        assert_eq!(outcome(&WRITE, vec![fault, fine()]).await, (None, 2), "{name}");
    }
    let timeout = Failure {
        sent: true,
        timeout: true,
        unreadable: false,
        message: "operation timed out".into(),
    };
    for fault in [
        no_answer(true),
        Reply::Failure(timeout),
        with_status(502, json!({})),
        Reply::Answer(Incoming { status: 200, body: b"{".to_vec(), ..Incoming::default() }),
    ] {
        let name = format!("{fault:?}");
        let lost = Some(Kind::AnswerLost);
        assert_eq!(outcome(&WRITE, vec![fault.clone(), fine()]).await, (lost, 1), "{name}");
        assert_eq!(outcome(&DELETE, vec![fault, fine()]).await, (None, 2), "{name}");
    }
    let server = (Some(Kind::Server), 1);
    assert_eq!(outcome(&WRITE, vec![refusal("InternalError"), fine()]).await, server);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_makes_no_sense_may_have_happened() {
    let cloud = Scripted::new(vec![answer(json!({"MeshId": 7}))]);
    let account = cloud.account();
    let request = crate::cloud::api::tcm::CreateMesh::default();
    let error = crate::cloud::api::tcm::create(&account, &request).await.unwrap_err();
    assert_eq!((error.kind(), error.place().action.as_str()), (Kind::AnswerLost, "CreateMesh"));
    let error = crate::cloud::api::ccn::create(&account, &Default::default()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::AnswerLost);
    let error = account.call::<_, String>(&READ, &()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Malformed);
}

#[test]
fn calls_can_be_spawned() {
    fn is_send(_: impl Send) {}
    let cloud = Scripted::new(vec![fine()]);
    let account = cloud.account();
    is_send(call(&account, &READ));
    is_send(account.uin());
    is_send(crate::cloud::api::ccn::attachments(&account, "ccn-1"));
    is_send(crate::cloud::api::vpc::list(&account, &[]));
    is_send(crate::cloud::api::tke::list(&account, &[], &[]));
    is_send(crate::cloud::api::tdcc::hubs(&account));
    is_send(crate::cloud::api::dnspod::records(&account, "example.com", None, None));
    let look = || async { Ok(crate::wait::Observed::Done(account.uin().await?.to_owned())) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _inside = runtime.enter();
    let wait = crate::wait::Wait::new("nothing", Duration::ZERO);
    is_send(crate::wait::until(&wait, Error::is_passing, look));
}

#[tokio::test(start_paused = true)]
async fn throttling_is_waited_out() {
    let mut script = vec![refusal("RequestLimitExceeded.UinLimitExceeded"); 30];
    script.push(fine());
    let started = Instant::now();
    assert_eq!(outcome(&WRITE, script).await, (None, 31));
    assert!(started.elapsed() > Duration::from_secs(60), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_hint_when_to_come_back_is_followed() {
    let hint =
        Incoming { status: 429, retry_after: Some(Duration::from_secs(17)), ..Incoming::default() };
    let started = Instant::now();
    assert_eq!(outcome(&READ, vec![Reply::Answer(hint), fine()]).await, (None, 2));
    assert!(started.elapsed() >= Duration::from_secs(17));
    assert!(started.elapsed() < Duration::from_secs(19));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_tries_and_tells_why() {
    let cloud = Scripted::new(vec![refusal("RequestLimitExceeded")]);
    let started = Instant::now();
    let account = cloud.account().before(started + Duration::from_secs(30));
    let error = call(&account, &WRITE).await.unwrap_err();
    assert_eq!((error.kind(), started.elapsed()), (Kind::Timeout, Duration::from_secs(30)));
    assert!(error.to_string().contains("no success in 30s"), "{error}");
    assert!(error.to_string().contains("RequestLimitExceeded"), "{error}");
    let way_out = error.next_step().unwrap();
    assert!(way_out.contains("rate limit"), "{way_out}");
}

fn slow() -> Reply {
    let Reply::Answer(incoming) = fine() else { unreachable!("fine() is an answer") };
    Reply::Late(Duration::from_secs(20), incoming)
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_read_under_way_but_not_a_write() {
    let cloud = Scripted::new(vec![slow()]);
    let account = cloud.account().before(Instant::now() + Duration::from_secs(5));
    assert_eq!(call(&account, &READ).await.unwrap_err().kind(), Kind::Timeout);
    let account = cloud.account().before(Instant::now() + Duration::from_secs(5));
    assert!(call(&account, &WRITE).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_reads_and_pauses_but_not_a_write_under_way() {
    for (action, script, cancelled, tries) in [
        (READ, vec![slow()], true, 1),
        (WRITE, vec![slow()], false, 1),
        (WRITE, vec![refusal("ResourceBusy")], true, 3),
    ] {
        let cloud = Scripted::new(script);
        let token = CancellationToken::new();
        let account = cloud.account().cancelled_by(token.clone());
        let started = Instant::now();
        tokio::spawn(async move {
            sleep(Duration::from_millis(1200)).await;
            token.cancel();
        });
        let result = call(&account, &action).await;
        assert_eq!(cloud.actions().len(), tries, "{action:?}");
        if cancelled {
            assert_eq!(result.unwrap_err().kind(), Kind::Cancelled);
            assert_eq!(started.elapsed(), Duration::from_millis(1200));
        } else {
            assert!(result.is_ok());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_clock_is_set_once_and_for_all_calls() {
    let Reply::Answer(expired) = refusal("AuthFailure.SignatureExpire") else {
        unreachable!("a refusal is an answer")
    };
    // One hour after the scripted clock.
    let date = Some("Tue, 14 Nov 2023 23:13:20 GMT".to_owned());
    let expired = Reply::Answer(Incoming { date, ..expired });
    let cloud = Scripted::new(vec![expired.clone(), fine(), fine()]);
    let account = cloud.account();
    call(&account, &WRITE).await.unwrap();
    call(&account, &READ).await.unwrap();
    let stamps: Vec<i64> = (0..3).map(|index| cloud.sent(index).timestamp - NOW).collect();
    assert_eq!(stamps, [0, 3600, 3600]);

    assert_eq!(outcome(&READ, vec![expired]).await, (Some(Kind::Auth), 2));
}

/// Gives another secret id each time.
#[derive(Debug, Default)]
struct Renewing(std::sync::atomic::AtomicU32);

impl Source for Renewing {
    fn name(&self) -> String {
        "a test".to_owned()
    }

    fn fetch(&self) -> futures::future::BoxFuture<'_, Result<Found, Error>> {
        let turn = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let keys = Keys {
            secret_id: format!("id-{turn}"),
            secret_key: "key".into(),
            token: Some(format!("token-{turn}").into()),
            expires: None,
        };
        Box::pin(async { Ok(Found::Keys(keys)) })
    }
}

#[tokio::test(start_paused = true)]
async fn rejected_keys_are_renewed_once_and_the_call_is_repeated() {
    let rejected = refusal("AuthFailure.TokenFailure");
    let cloud = Scripted::new(vec![rejected.clone(), fine()]);
    let renewing = || Credentials::from_source(Renewing::default());
    let account = cloud.cloud().account("a", Some("ap-guangzhou"), renewing());
    call(&account, &WRITE).await.unwrap();
    assert_eq!((cloud.sent(0).token, cloud.sent(1).token), ("token-0".into(), "token-1".into()));

    let cloud = Scripted::new(vec![rejected.clone()]);
    let account = cloud.cloud().account("a", Some("ap-guangzhou"), renewing());
    assert_eq!(call(&account, &READ).await.unwrap_err().kind(), Kind::Auth);
    assert_eq!(cloud.actions().len(), 2);

    // Keys that stay as they are cannot be renewed.
    assert_eq!(outcome(&READ, vec![rejected]).await, (Some(Kind::Auth), 1));
}

#[tokio::test(start_paused = true)]
async fn errors_name_account_and_uin_once_it_is_known() {
    let identity = answer(json!({"AccountId": "100000000001", "Type": "CAMUser"}));
    let cloud = Scripted::new(vec![identity, refusal("LimitExceeded")]);
    let account = cloud.account();
    assert_eq!(account.known_uin(), None);
    assert_eq!(account.uin().await.unwrap(), "100000000001");
    assert_eq!(account.in_region("ap-beijing").uin().await.unwrap(), "100000000001");
    let error = call(&account, &WRITE).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "vpc CreateCcn failed for account \"hub\" (UIN 100000000001) in ap-guangzhou: scripted \
         (LimitExceeded, request req-1)"
    );
    assert_eq!(cloud.actions(), ["GetCallerIdentity", "CreateCcn"]);
}

#[tokio::test(start_paused = true)]
async fn accounts_are_held_against_the_lists() {
    let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    for (allowed, forbidden, problem) in [
        (&[][..], &[][..], None),
        (&["1"], &[], None),
        (&["2", "1"], &["3"], None),
        (&["2"], &[], Some("is not in allowed_account_ids (2)")),
        (&[], &["1"], Some("is in forbidden_account_ids")),
        (&["1"], &["1"], Some("is in forbidden_account_ids")),
    ] {
        let cloud = Scripted::new(vec![answer(json!({"AccountId": "1"}))]);
        let checked = cloud.account().check_allowed(&list(allowed), &list(forbidden)).await;
        match (checked, problem) {
            (Ok(()), None) => {}
            (Err(error), Some(problem)) => {
                assert_eq!(error.kind(), Kind::Configuration);
                assert!(error.message().ends_with(problem), "{error}");
            }
            (checked, _) => panic!("{allowed:?} {forbidden:?}: {checked:?}"),
        }
        let asked = usize::from(!allowed.is_empty() || !forbidden.is_empty());
        assert_eq!(cloud.actions().len(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_are_the_same_by_uin_and_not_by_label() {
    let cloud = Scripted::new(vec![answer(json!({"AccountId": "1"}))]);
    let keys = Credentials::fixed("other", "key", None);
    let (one, two) = (cloud.account(), cloud.cloud().account("two", None, keys));
    assert!(one.is_same_as(&two).await.unwrap());

    let other = Scripted::new(vec![answer(json!({"AccountId": "2"}))]);
    assert!(!one.is_same_as(&other.account()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn calls_keep_to_the_rate_of_their_action() {
    let cloud = Scripted::new(vec![fine()]);
    let account = cloud.account();
    let started = Instant::now();
    let action = Action::read(&VPC, "DescribeVpcs");
    let calls = (0..60).map(|_| call(&account, &action));
    assert!(futures::future::join_all(calls).await.iter().all(Result::is_ok));
    let spent = started.elapsed();
    assert!(spent > Duration::from_secs(2) && spent < Duration::from_secs(3), "{spent:?}");
}

#[test]
fn values_that_no_header_can_carry_are_an_error() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let cloud = Scripted::new(vec![fine()]);
    let account = cloud.account().in_region("ap\nguangzhou");
    let error = runtime.block_on(call(&account, &READ)).unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
}

#[test]
fn nothing_shows_secrets() {
    let cloud = Scripted::new(vec![fine()]);
    let account = cloud.account();
    let shown = format!(
        "{account:?} {:?} {:?} {:?} {cloud:?}",
        account.cloud(),
        account.credentials(),
        Cloud::new(Settings::default()),
    );
    assert!(!shown.contains("hub-secret-key"), "{shown}");
}
