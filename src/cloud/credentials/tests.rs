use std::{
    collections::HashMap,
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::json;

use super::*;
use crate::cloud::scripted::{NOW, Scripted, answer, refusal};

fn at(offset: i64) -> Timestamp {
    Timestamp::from_second(NOW + offset).unwrap()
}

/// Keys with a number, that live for `life` seconds; fails from `fails_from` on.
#[derive(Debug)]
struct Numbered {
    fetched: Arc<AtomicU32>,
    life: Option<i64>,
    fails_from: u32,
}

impl Source for Numbered {
    fn name(&self) -> String {
        "numbers".to_owned()
    }

    fn fetch(&self) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async {
            let turn = self.fetched.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            if turn >= self.fails_from {
                return Err(Error::new(Kind::NotFound, "no such role"));
            }
            Ok(Found::Keys(Keys {
                secret_id: format!("id-{turn}"),
                secret_key: "key".into(),
                token: None,
                expires: self.life.map(at),
            }))
        })
    }
}

fn numbered(life: Option<i64>, fails_from: u32) -> (Credentials, Arc<AtomicU32>) {
    let fetched = Arc::new(AtomicU32::new(0));
    let source = Numbered { fetched: Arc::clone(&fetched), life, fails_from };
    (Credentials::from_source(source), fetched)
}

async fn id(credentials: &Credentials, offset: i64) -> String {
    credentials.keys(at(offset)).await.unwrap().unwrap().secret_id
}

#[tokio::test(start_paused = true)]
async fn keys_are_kept_until_shortly_before_they_expire() {
    let (credentials, fetched) = numbered(Some(7200), 9);
    for (offset, expected) in [(0, "id-0"), (6800, "id-0"), (6899, "id-0"), (6900, "id-1")] {
        assert_eq!(id(&credentials, offset).await, expected, "{offset}");
    }
    assert_eq!(fetched.load(Ordering::SeqCst), 2);

    // Keys that live ten minutes are renewed after eight.
    let (short, _) = numbered(Some(600), 9);
    assert_eq!((id(&short, 0).await, id(&short, 479).await), ("id-0".into(), "id-0".into()));
    assert_eq!(id(&short, 481).await, "id-1");

    let (lasting, fetched) = numbered(None, 9);
    assert_eq!(
        (id(&lasting, 0).await, id(&lasting, 1 << 30).await),
        ("id-0".into(), "id-0".into())
    );
    assert_eq!(fetched.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn many_waiting_calls_renew_once() {
    let (credentials, fetched) = numbered(Some(7200), 9);
    let ids = futures::future::join_all((0..50).map(|_| id(&credentials, 0))).await;
    assert!(ids.iter().all(|id| id == "id-0"));
    let ids = futures::future::join_all((0..50).map(|_| id(&credentials, 7000))).await;
    assert!(ids.iter().all(|id| id == "id-1"));
    assert_eq!(fetched.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failing_renewal_leaves_keys_that_still_hold() {
    let (credentials, _) = numbered(Some(7200), 1);
    assert_eq!(id(&credentials, 0).await, "id-0");
    assert_eq!(id(&credentials, 7100).await, "id-0");
    let error = credentials.keys(at(7200)).await.unwrap_err();
    // A missing role must never read as a missing object.
    assert_eq!((error.kind(), error.message()), (Kind::Auth, "no such role"));
}

#[tokio::test(start_paused = true)]
async fn rejected_keys_are_renewed_once_for_all_who_held_them() {
    let (credentials, fetched) = numbered(None, 9);
    let rejected = credentials.keys(at(0)).await.unwrap().unwrap();
    let renewals = (0..20).map(|_| credentials.renewed(&rejected, at(0)));
    for renewed in futures::future::join_all(renewals).await {
        assert_eq!(renewed.unwrap().unwrap().secret_id, "id-1");
    }
    assert_eq!(fetched.load(Ordering::SeqCst), 2);

    let fixed = Credentials::fixed("id", "key", None);
    let keys = fixed.keys(at(0)).await.unwrap().unwrap();
    assert_eq!(fixed.renewed(&keys, at(0)).await.unwrap(), None);
    assert_eq!(Credentials::anonymous().renewed(&keys, at(0)).await.unwrap(), None);
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    let variables: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Environment::looking_up(move |name| variables.get(name).cloned())
}

#[tokio::test]
async fn the_first_source_that_has_keys_wins() {
    let variables = [
        ("TENCENTCLOUD_SECRET_ID", "env-id"),
        ("TENCENTCLOUD_SECRET_KEY", "env-key"),
        ("TENCENTCLOUD_SECURITY_TOKEN", "env-token"),
    ];
    for (configured, expected) in [("", "env-id"), ("own-id", "own-id")] {
        let key = if configured.is_empty() { "" } else { "own-key" };
        let credentials = Credentials::from_sources(vec![
            Box::new(Fixed::new(configured, key, None)),
            Box::new(environment(&variables)),
        ]);
        let keys = credentials.keys(at(0)).await.unwrap().unwrap();
        assert_eq!(keys.secret_id, expected);
        assert_eq!(keys.token.is_some(), configured.is_empty());
    }
}

#[tokio::test]
async fn without_keys_the_error_names_all_that_was_tried() {
    let credentials = Credentials::from_sources(vec![
        Box::new(Fixed::new("", "", None)),
        Box::new(environment(&[("TENCENTCLOUD_SECRET_ID", "")])),
    ]);
    let error = credentials.keys(at(0)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Auth);
    assert!(
        error.message().starts_with(
            "no credentials found; tried the configuration (secret_id is not set), the environment \
             (TENCENTCLOUD_SECRET_ID is not set)"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn half_a_pair_is_an_error_that_names_the_other_half() {
    let half = Credentials::fixed("id", "", None);
    let error = half.keys(at(0)).await.unwrap_err();
    assert_eq!(error.message(), "secret_id is given without secret_key: give both or none");
    let half = Credentials::from_source(environment(&[("TENCENTCLOUD_SECRET_KEY", "key")]));
    let error = half.keys(at(0)).await.unwrap_err();
    assert!(error.message().starts_with("TENCENTCLOUD_SECRET_KEY is given without"), "{error}");
    assert_eq!(error.kind(), Kind::Configuration);
}

fn session(number: u32) -> crate::cloud::scripted::Reply {
    answer(json!({
        "Credentials": {
            "Token": format!("token-{number}"),
            "TmpSecretId": format!("id-{number}"),
            "TmpSecretKey": "key"
        },
        "ExpiredTime": NOW + 7200
    }))
}

#[tokio::test(start_paused = true)]
async fn roles_are_assumed_with_the_base_accounts_keys_and_chain() {
    let cloud = Scripted::new(vec![session(1), session(2), answer(json!({}))]);
    let base = cloud.account();
    let role = |name: &str| Role {
        role_arn: format!("qcs::cam::uin/2:roleName/{name}"),
        session_name: "run".into(),
        ..Role::default()
    };
    let first = Credentials::from_source(AssumedRole::new(base.clone(), role("first")));
    let first = base.cloud().account("first", Some("ap-guangzhou"), first);
    let second = Credentials::from_source(AssumedRole::new(first, role("second")));
    let second = base.cloud().account("second", Some("ap-guangzhou"), second);
    crate::cloud::api::ccn::list(&second, &[]).await.unwrap();

    assert_eq!(cloud.actions(), ["AssumeRole", "AssumeRole", "DescribeCcns"]);
    assert!(cloud.sent(0).authorization.contains("Credential=AKIDhub/"));
    assert!(cloud.sent(1).authorization.contains("Credential=id-1/"));
    assert_eq!(cloud.sent(1).token, "token-1");
    assert_eq!(cloud.sent(2).token, "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_role_that_cannot_be_assumed_is_named() {
    let cloud = Scripted::new(vec![refusal("ResourceNotFound.RoleNotFound")]);
    let base = cloud.account();
    let role = Role { role_arn: "qcs::cam::uin/2:roleName/gone".into(), ..Role::default() };
    let account = base.cloud().account(
        "member",
        Some("ap-guangzhou"),
        Credentials::from_source(AssumedRole::new(base.clone(), role)),
    );
    let error = crate::cloud::api::ccn::find(&account, "ccn-1").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Auth);
    assert!(
        error.to_string().starts_with(
            "assuming role qcs::cam::uin/2:roleName/gone: sts AssumeRole failed for account \"hub\""
        ),
        "{error}"
    );
    assert!(error.next_step().unwrap().contains("role_arn"));
}

#[tokio::test(start_paused = true)]
async fn a_token_file_is_read_again_at_each_renewal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "first\n").unwrap();
    let cloud = Scripted::new(vec![session(1), session(2)]);
    let caller = cloud.cloud().account("member", None, Credentials::anonymous());
    let role = WebIdentityRole {
        role_arn: "qcs::cam::uin/2:roleName/ops".into(),
        session_name: "run".into(),
        provider_id: "hcp".into(),
        duration_seconds: Some(3600),
    };
    let credentials =
        Credentials::from_source(WebIdentity::new(caller, role, IdentityToken::File(file.clone())));
    assert_eq!(id(&credentials, 0).await, "id-1");
    std::fs::write(&file, "second").unwrap();
    assert_eq!(id(&credentials, 7000).await, "id-2");

    let sent = cloud.sent(0);
    assert_eq!(
        (sent.action.as_str(), sent.authorization.as_str()),
        ("AssumeRoleWithWebIdentity", "SKIP")
    );
    assert_eq!(
        sent.body,
        json!({
            "ProviderId": "hcp", "WebIdentityToken": "first", "DurationSeconds": 3600,
            "RoleArn": "qcs::cam::uin/2:roleName/ops", "RoleSessionName": "run"
        })
    );
    assert_eq!(cloud.sent(1).body["WebIdentityToken"], "second");
}

#[tokio::test]
async fn a_token_file_that_is_missing_or_empty_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    for file in [folder.path().join("missing"), empty] {
        let cloud = Scripted::new(vec![session(1)]);
        let credentials = Credentials::from_source(WebIdentity::new(
            cloud.account(),
            WebIdentityRole::default(),
            IdentityToken::File(file.clone()),
        ));
        let error = credentials.keys(at(0)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Auth);
        assert!(error.message().contains(&*file.to_string_lossy()), "{error}");
    }
}

#[test]
fn keys_are_not_shown() {
    let keys = Keys {
        secret_id: "AKIDxyz".into(),
        secret_key: "very-secret".into(),
        token: Some("also-secret".into()),
        expires: None,
    };
    let shown = format!("{keys:?} {:?}", Credentials::fixed("AKIDxyz", "very-secret", None));
    for hidden in ["AKIDxyz", "very-secret", "also-secret"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
