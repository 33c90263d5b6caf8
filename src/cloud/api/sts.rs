//! STS, `sts` 2018-08-13: temporary credentials and who one is.

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::cloud::{
    Account, Action, Error, Kind, RegionUse, Service,
    credentials::{Keys, Role, WebIdentityRole},
};
use crate::secret::{Secret, exposed};

static STS: Service = Service { name: "sts", version: "2018-08-13", region: RegionUse::Optional };

// Asking twice gives two sets of keys, which does no harm.
const ASSUME_ROLE: Action = Action::read(&STS, "AssumeRole");
const ASSUME_ROLE_WITH_WEB_IDENTITY: Action = Action::read(&STS, "AssumeRoleWithWebIdentity");
const GET_CALLER_IDENTITY: Action = Action::read(&STS, "GetCallerIdentity");

/// Everything but RFC 3986's unreserved characters.
const URL_ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who a set of keys is (`GetCallerIdentity`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CallerIdentity {
    /// ARN of the caller.
    pub arn: String,
    /// UIN of the root account.
    pub account_id: String,
    /// UIN of the user, or `<role id>:<session name>`.
    pub user_id: String,
    /// UIN of the account whose keys these are; for a role, of the account that assumed it.
    pub principal_id: String,
    /// Type of the identity, as in `CAMUser`.
    #[serde(rename = "Type")]
    pub kind: String,
}

/// Temporary credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Session {
    /// The keys.
    pub credentials: SessionKeys,
    /// When they end, in seconds since 1970.
    pub expired_time: i64,
    /// When they end, as text.
    pub expiration: String,
}

/// The keys of a [`Session`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SessionKeys {
    /// Security token.
    pub token: Secret,
    /// Secret id.
    pub tmp_secret_id: String,
    /// Secret key.
    pub tmp_secret_key: Secret,
}

impl Session {
    /// The session as keys to sign with.
    pub fn into_keys(self) -> Keys {
        let SessionKeys { token, tmp_secret_id, tmp_secret_key } = self.credentials;
        Keys {
            secret_id: tmp_secret_id,
            secret_key: tmp_secret_key,
            token: (!token.is_empty()).then_some(token),
            expires: Timestamp::from_second(self.expired_time).ok().filter(|t| t.as_second() > 0),
        }
    }
}

/// Who the account's keys are (`GetCallerIdentity`). [`Account::identity`] keeps the answer.
///
/// # Errors
/// Those of the call; [`Kind::Malformed`] if the answer names no account.
pub async fn caller_identity(account: &Account) -> Result<CallerIdentity, Error> {
    let identity: CallerIdentity = account.call(&GET_CALLER_IDENTITY, &()).await?;
    if identity.account_id.is_empty() {
        return Err(Error::new(Kind::Malformed, "GetCallerIdentity names no account"));
    }
    Ok(identity)
}

/// Assumes `role` as `account` (`AssumeRole`).
///
/// # Errors
/// Those of the call; [`Kind::NotFound`] if there is no such role.
pub async fn assume_role(account: &Account, role: &Role) -> Result<Session, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        role_arn: &'a str,
        role_session_name: &'a str,
        duration_seconds: Option<u64>,
        policy: Option<String>,
        external_id: Option<&'a str>,
        source_identity: Option<&'a str>,
        serial_number: Option<&'a str>,
        token_code: Option<&'a str>,
    }
    let request = Request {
        role_arn: &role.role_arn,
        role_session_name: &role.session_name,
        duration_seconds: role.duration_seconds,
        // The API decodes the policy once more than JSON does.
        policy: role.policy.as_deref().map(|p| utf8_percent_encode(p, URL_ENCODED).to_string()),
        external_id: role.external_id.as_deref(),
        source_identity: role.source_identity.as_deref(),
        serial_number: role.serial_number.as_deref(),
        token_code: role.token_code.as_deref(),
    };
    usable(account.call(&ASSUME_ROLE, &request).await?)
}

/// Assumes `role` with an identity provider's token (`AssumeRoleWithWebIdentity`); `caller` needs no
/// credentials.
///
/// # Errors
/// Those of the call; [`Kind::Auth`] if the token is not accepted.
pub async fn assume_role_with_web_identity(
    caller: &Account,
    role: &WebIdentityRole,
    token: &Secret,
) -> Result<Session, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        provider_id: &'a str,
        #[serde(serialize_with = "exposed")]
        web_identity_token: &'a Secret,
        role_arn: &'a str,
        role_session_name: &'a str,
        duration_seconds: Option<u64>,
    }
    let request = Request {
        provider_id: &role.provider_id,
        web_identity_token: token,
        role_arn: &role.role_arn,
        role_session_name: &role.session_name,
        duration_seconds: role.duration_seconds,
    };
    usable(caller.call(&ASSUME_ROLE_WITH_WEB_IDENTITY, &request).await?)
}

fn usable(session: Session) -> Result<Session, Error> {
    let keys = &session.credentials;
    if keys.tmp_secret_id.is_empty() || keys.tmp_secret_key.is_empty() {
        return Err(Error::new(Kind::Malformed, "STS answered no credentials"));
    }
    Ok(session)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::scripted::{Scripted, answer};

    #[tokio::test(start_paused = true)]
    async fn assume_role_sends_what_is_set_and_encodes_the_policy() {
        let cloud = Scripted::new(vec![answer(json!({
            "Credentials": {"Token": "t", "TmpSecretId": "id", "TmpSecretKey": "key"},
            "ExpiredTime": 1_700_000_000, "Expiration": "2023-11-14T22:13:20Z"
        }))]);
        let role = Role {
            role_arn: "qcs::cam::uin/1:roleName/ops".into(),
            session_name: "run".into(),
            policy: Some(r#"{"a": "b/*"}"#.into()),
            ..Role::default()
        };
        let keys = assume_role(&cloud.account(), &role).await.unwrap().into_keys();
        assert_eq!((keys.secret_id.as_str(), keys.token), ("id", Some(Secret::new("t"))));
        assert_eq!(keys.expires.unwrap().as_second(), 1_700_000_000);
        let sent = cloud.sent(0);
        assert_eq!(sent.action, "AssumeRole");
        assert_eq!(
            sent.body,
            json!({
                "RoleArn": "qcs::cam::uin/1:roleName/ops", "RoleSessionName": "run",
                "Policy": "%7B%22a%22%3A%20%22b%2F%2A%22%7D"
            })
        );
    }

    #[tokio::test(start_paused = true)]
    async fn keys_that_are_not_there_are_an_error() {
        let cloud = Scripted::new(vec![answer(json!({"Credentials": null}))]);
        let error = assume_role(&cloud.account(), &Role::default()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Malformed);
    }
}
