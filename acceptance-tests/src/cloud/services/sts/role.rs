//! AssumeRole and AssumeRoleWithWebIdentity.

use jiff::SignedDuration;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use super::{Session, identity_token};
use crate::{
    cloud::{
        clock::{later, utc_time},
        service::{Answer, ApiError, Context, Params},
    },
    fields,
    world::{Account, Role},
};

const DEFAULT_SECONDS: u64 = 7_200;

/// A role of another account, or of the own one, for whoever it trusts.
pub(super) fn assume(cx: &mut Context<'_>, params: &Params) -> Answer {
    let (account, role) = find_role(cx, params.required("RoleArn")?)?;
    let caller = cx.caller.uin.as_str();
    let trusted = role.trusts.iter().any(|uin| uin == caller);
    let external_id = role.external_id.as_deref();
    if !trusted || external_id.is_some_and(|id| params.str("ExternalId") != Some(id)) {
        return Err(ApiError::new(
            "UnauthorizedOperation",
            format!(
                "The role {} of account {} does not trust account {caller}, or the ExternalId is \
                 not the role's.",
                role.name, account.uin
            ),
        ));
    }
    grant(cx, params, &account, &role)
}

/// A role for whoever carries a token of an identity provider that it trusts.
pub(super) fn assume_with_web_identity(cx: &mut Context<'_>, params: &Params) -> Answer {
    let (account, role) = find_role(cx, params.required("RoleArn")?)?;
    let wanted = params.required("ProviderId")?;
    let provider = account
        .oidc_providers
        .iter()
        .find(|provider| provider.name == wanted && role.trusts_oidc.contains(&provider.name));
    let Some(provider) = provider else {
        let text = format!("The role {} does not trust the identity provider {wanted}.", role.name);
        return Err(ApiError::new("InvalidParameter.WebIdentityTokenError", text));
    };
    let token = params.required("WebIdentityToken")?;
    identity_token::verify(token, provider, cx.moment.now)
        .map_err(|text| ApiError::new("InvalidParameter.WebIdentityTokenError", text))?;
    grant(cx, params, &account, &role)
}

/// Roles are named `qcs::cam::uin/<uin>:roleName/<name>` or by id `…:role/<id>`.
fn find_role(cx: &Context<'_>, arn: &str) -> Result<(Account, Role), ApiError> {
    let unreadable = || {
        let text =
            format!("The RoleArn {arn} is not of the form qcs::cam::uin/<uin>:roleName/<name>.");
        ApiError::new("InvalidParameter.ParamError", text)
    };
    let (uin, name) = arn
        .strip_prefix("qcs::cam::uin/")
        .and_then(|rest| rest.split_once(':'))
        .ok_or_else(unreadable)?;
    let account = cx.world.account_by_uin(uin);
    let found = account.and_then(|account| {
        let role = account.roles.iter().find(|role| match name.split_once('/') {
            Some(("roleName", name)) => role.name == name,
            Some(("role", id)) => role_id(uin, &role.name) == id,
            _ => false,
        })?;
        Some((account.clone(), role.clone()))
    });
    found.ok_or_else(|| {
        ApiError::new("ResourceNotFound.RoleNotFound", format!("The role {arn} does not exist."))
    })
}

/// The session's policy must be JSON, URL-encoded; what it narrows is not simulated.
fn check_policy(params: &Params) -> Result<(), ApiError> {
    let Some(encoded) = params.str("Policy").filter(|text| !text.is_empty()) else {
        return Ok(());
    };
    let text = percent_decode_str(encoded).decode_utf8_lossy();
    let encoded_json = !encoded.contains(['{', '"', ' '])
        && serde_json::from_str::<serde_json::Map<_, _>>(&text).is_ok();
    let text = "The Policy must be a JSON object, URL-encoded.";
    if encoded_json {
        Ok(())
    } else {
        Err(ApiError::new("InvalidParameter.StrategyFormatError", text))
    }
}

fn grant(cx: &mut Context<'_>, params: &Params, account: &Account, role: &Role) -> Answer {
    check_policy(params)?;
    let name = params.required("RoleSessionName")?;
    if !(2..=128).contains(&name.len()) {
        let text = "RoleSessionName must have 2 to 128 characters.";
        return Err(ApiError::new("InvalidParameter.ParamError", text));
    }
    let seconds = params.unsigned("DurationSeconds").unwrap_or(DEFAULT_SECONDS);
    if seconds == 0 || seconds > role.max_session_seconds {
        let text = format!("DurationSeconds must be in 1..{}.", role.max_session_seconds);
        return Err(ApiError::new("InvalidParameter.OverTimeError", text));
    }
    let lifetime = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    let id = format!("AKID{}", cx.state.ids.next_letters(64));
    let secret_key = cx.state.ids.next_letters(44);
    let token = cx.state.ids.next_letters(240);
    let expires = later(cx.moment.now, lifetime);
    let told = later(cx.wall, lifetime);
    let session = Session {
        secret_key: secret_key.clone(),
        token: token.clone(),
        account: account.name.clone(),
        role: role.name.clone(),
        name: name.to_owned(),
        expires,
    };
    cx.state.sts.sessions.insert(id.clone(), session);
    Ok(fields! {
        "Credentials": {"TmpSecretId": id, "TmpSecretKey": secret_key, "Token": token},
        "ExpiredTime": told.as_second(), "Expiration": utc_time(told),
    })
}

/// Numeric id of a role, 19 digits as in the cloud.
pub(super) fn role_id(uin: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("role {uin} {name}").as_bytes());
    let digits = digest.iter().take(15).map(|byte| char::from(b'0' + byte % 10));
    format!("4611{}", digits.collect::<String>())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::json;

    use crate::{
        cloud::bench::Bench,
        world::{OidcProvider, World},
    };

    fn arn(bench: &Bench, role: &str) -> String {
        format!("qcs::cam::uin/{}:roleName/{role}", bench.uin("member"))
    }

    #[test]
    fn trusted_account_gets_a_key() {
        let bench = Bench::new();
        let params = json!({"RoleArn": arn(&bench, "crossmesh"), "RoleSessionName": "tf"});
        let answer = bench.ok("hub", "sts:AssumeRole", params);
        let wall = bench.cloud.clock().wall().as_second();
        assert_eq!(answer["ExpiredTime"], wall + 7_200);
        assert_eq!(answer["Expiration"], "2026-08-01T02:00:00Z");
        assert!(answer["Credentials"]["TmpSecretId"].as_str().unwrap().starts_with("AKID"));
    }

    #[test]
    fn refusals_have_their_codes() {
        let mut world = World::two_accounts();
        world.accounts[1].roles[0].external_id = Some("e-1".to_owned());
        let bench = Bench::with(world);
        let role = arn(&bench, "crossmesh");
        let assume = |account: &str, params| bench.refused(account, "sts:AssumeRole", params);
        let params = |arn: &str, name: &str| json!({"RoleArn": arn, "RoleSessionName": name});
        assert_eq!(assume("hub", params(&role, "tf")), "UnauthorizedOperation");
        assert_eq!(assume("member", params(&role, "tf")), "UnauthorizedOperation");
        let absent = arn(&bench, "absent");
        assert_eq!(assume("hub", params(&absent, "tf")), "ResourceNotFound.RoleNotFound");
        assert_eq!(assume("hub", params("role", "tf")), "InvalidParameter.ParamError");
        let with = |name: &str, seconds: u64| {
            json!({
                "RoleArn": role, "RoleSessionName": name, "ExternalId": "e-1",
                "DurationSeconds": seconds,
            })
        };
        assert_eq!(assume("hub", with("t", 60)), "InvalidParameter.ParamError");
        assert_eq!(assume("hub", with("tf", 43_201)), "InvalidParameter.OverTimeError");
        bench.ok("hub", "sts:AssumeRole", with("tf", 43_200));
        let mut policy = with("tf", 60);
        policy["Policy"] = r#"{"version": "2.0"}"#.into();
        assert_eq!(assume("hub", policy.clone()), "InvalidParameter.StrategyFormatError");
        policy["Policy"] = "%7B%22version%22%3A%222.0%22%7D".into();
        bench.ok("hub", "sts:AssumeRole", policy);
    }

    #[test]
    fn identity_token_of_a_trusted_provider_gets_a_key() {
        let provider = OidcProvider {
            name: "hcp".to_owned(),
            issuer: "https://app.terraform.io".to_owned(),
            audiences: Vec::new(),
            signing_key: "k".to_owned(),
        };
        let mut world = World::two_accounts();
        world.accounts[1].oidc_providers.push(provider.clone());
        world.accounts[1].roles[0].trusts_oidc.push("hcp".to_owned());
        let bench = Bench::with(world);
        let expires = bench.cloud.clock().now() + SignedDuration::from_mins(10);
        let token = provider.issue("run", expires);
        let params = |provider: &str, token: &str| {
            json!({
                "RoleArn": arn(&bench, "crossmesh"), "RoleSessionName": "tf",
                "ProviderId": provider, "WebIdentityToken": token,
            })
        };
        let operation = "sts:AssumeRoleWithWebIdentity";
        bench.ok("hub", operation, params("hcp", &token));
        for params in [params("other", &token), params("hcp", "x.y.z")] {
            let code = bench.refused("hub", operation, params);
            assert_eq!(code, "InvalidParameter.WebIdentityTokenError");
        }
    }

    #[test]
    fn identity_of_the_caller() {
        let bench = Bench::new();
        let answer = bench.ok("member", "sts:GetCallerIdentity", json!({}));
        assert_eq!(answer["AccountId"], bench.uin("member"));
    }
}
