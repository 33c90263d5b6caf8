//! From the provider block to accounts that can be used.

use std::path::PathBuf;

use tfsdk::{
    Diagnostics,
    value::{Path, Tf},
};

use super::{
    argument_or,
    config::{AssumeRole, Config, Credentials as Arguments, WebIdentity as WebIdentityArguments},
};
use crate::{
    cloud::{
        Account, Cloud, OWN_ACCOUNT,
        credentials::{
            AssumedRole, Credentials, Environment, IdentityToken, Role, WebIdentity,
            WebIdentityRole,
        },
    },
    services::{Accounts, Slot},
};

/// The session name in audit records unless the configuration gives one.
const SESSION_NAME: &str = "crossmesh";

/// Checks what attributes cannot check alone.
pub(super) fn validate(config: &Config, diagnostics: &mut Diagnostics) {
    check_keys(&config.credentials, &Path::root(), diagnostics);
    for (name, account) in config.accounts.known().into_iter().flatten() {
        let path = Path::from("accounts").key(name);
        check_keys(&account.credentials, &path, diagnostics);
        let has = &account.credentials;
        if has.secret_id.is_null()
            && has.assume_role.is_null()
            && has.assume_role_with_web_identity.is_null()
        {
            diagnostics.error_at(
                &path,
                "Account without credentials",
                format!(
                    "The account {name:?} would act with the provider's own credentials. Give it \
                     `secret_id` and `secret_key`, `assume_role`, or \
                     `assume_role_with_web_identity`."
                ),
            );
        }
    }
}

/// An API key's two halves go together.
fn check_keys(credentials: &Arguments, path: &Path, diagnostics: &mut Diagnostics) {
    let halves = [("secret_id", &credentials.secret_id), ("secret_key", &credentials.secret_key)];
    for (one, other) in [(halves[0], halves[1]), (halves[1], halves[0])] {
        if one.1.is_known() && other.1.is_null() {
            diagnostics.error_at(
                path.attribute(one.0),
                "Half of an API key",
                format!("`{}` is set and `{}` is not. Set both.", one.0, other.0),
            );
        }
    }
    if credentials.security_token.is_known() && credentials.secret_id.is_null() {
        diagnostics.error_at(
            path.attribute("security_token"),
            "Token without its API key",
            "`security_token` belongs to a temporary API key: set `secret_id` and `secret_key` too.",
        );
    }
}

/// The accounts of a configuration. What is not known yet fails only what
/// needs it.
pub(super) fn build(cloud: &Cloud, config: &Config) -> Accounts {
    let region = argument_or(&config.region, "TENCENTCLOUD_REGION");
    let own = slot(cloud, OWN_ACCOUNT, "", &config.credentials, region.as_deref(), &config.region);
    let named = config.accounts.known().into_iter().flatten().map(|(name, account)| {
        let place = format!("accounts[{name:?}].");
        let own_region = account.region.known().or(region.as_ref()).map(String::as_str);
        let slot = slot(cloud, name, &place, &account.credentials, own_region, &account.region);
        (name.clone(), slot)
    });
    let named = named.collect();
    let list = |argument: &Tf<Vec<String>>| argument.known().cloned().unwrap_or_default();
    let own = match first_unknown_list(config) {
        Some(argument) => Slot::Unknown(argument.to_owned()),
        None => own,
    };
    Accounts::new(
        own,
        named,
        list(&config.allowed_account_ids),
        list(&config.forbidden_account_ids),
    )
}

/// A guard that is not known yet must not be taken for one that allows all.
fn first_unknown_list(config: &Config) -> Option<&'static str> {
    [
        ("accounts", config.accounts.is_unknown()),
        ("allowed_account_ids", config.allowed_account_ids.is_unknown()),
        ("forbidden_account_ids", config.forbidden_account_ids.is_unknown()),
    ]
    .into_iter()
    .find_map(|(name, unknown)| (unknown && name != "accounts").then_some(name))
}

fn slot(
    cloud: &Cloud,
    label: &str,
    place: &str,
    arguments: &Arguments,
    region: Option<&str>,
    region_argument: &Tf<String>,
) -> Slot {
    if let Some(argument) = unknown_argument(arguments) {
        return Slot::Unknown(format!("{place}{argument}"));
    }
    if region_argument.is_unknown() {
        return Slot::Unknown(format!("{place}region"));
    }
    Slot::ready(account(cloud, label, arguments, region))
}

/// The first argument whose value is not known yet.
fn unknown_argument(arguments: &Arguments) -> Option<&'static str> {
    let nested = |unknown: bool, name| unknown.then_some(name);
    [
        nested(arguments.secret_id.is_unknown(), "secret_id"),
        nested(arguments.secret_key.is_unknown(), "secret_key"),
        nested(arguments.security_token.is_unknown(), "security_token"),
        match &arguments.assume_role {
            Tf::Unknown => Some("assume_role"),
            Tf::Known(role) if role.role_arn.is_unknown() => Some("assume_role.role_arn"),
            _ => None,
        },
        match &arguments.assume_role_with_web_identity {
            Tf::Unknown => Some("assume_role_with_web_identity"),
            Tf::Known(role) if role.web_identity_token.is_unknown() => {
                Some("assume_role_with_web_identity.web_identity_token")
            }
            Tf::Known(role) if role.role_arn.is_unknown() => {
                Some("assume_role_with_web_identity.role_arn")
            }
            _ => None,
        },
    ]
    .into_iter()
    .flatten()
    .next()
}

fn account(cloud: &Cloud, label: &str, arguments: &Arguments, region: Option<&str>) -> Account {
    let mut credentials = match (&arguments.secret_id, &arguments.assume_role_with_web_identity) {
        (Tf::Known(id), _) => {
            let token = arguments.security_token.known().map(|token| token.clone().into());
            Credentials::fixed(id, arguments.secret_key.text().to_owned(), token)
        }
        (_, Tf::Known(role)) => web_identity(cloud, label, region, role),
        _ => Credentials::from_source(Environment::new()),
    };
    if let Tf::Known(role) = &arguments.assume_role {
        let base = cloud.account(label, region, credentials);
        credentials = Credentials::from_source(AssumedRole::new(base, assumed(role)));
    }
    cloud.account(label, region, credentials)
}

fn assumed(role: &AssumeRole) -> Role {
    let text = |argument: &Tf<String>| argument.known().cloned();
    Role {
        role_arn: role.role_arn.text().to_owned(),
        session_name: text(&role.session_name).unwrap_or_else(|| SESSION_NAME.to_owned()),
        duration_seconds: role.session_duration.known().and_then(|n| u64::try_from(*n).ok()),
        policy: text(&role.policy),
        external_id: text(&role.external_id),
        source_identity: text(&role.source_identity),
        serial_number: text(&role.serial_number),
        token_code: text(&role.token_code),
    }
}

fn web_identity(
    cloud: &Cloud,
    label: &str,
    region: Option<&str>,
    role: &WebIdentityArguments,
) -> Credentials {
    let token = match role.web_identity_token.known() {
        Some(token) => IdentityToken::Inline(token.clone().into()),
        None => IdentityToken::File(PathBuf::from(role.web_identity_token_file.text())),
    };
    let caller = cloud.account(label, region, Credentials::anonymous());
    let arguments = WebIdentityRole {
        role_arn: role.role_arn.text().to_owned(),
        session_name: role.session_name.known().cloned().unwrap_or_else(|| SESSION_NAME.to_owned()),
        provider_id: role.provider_id.known().cloned().unwrap_or_else(|| "OIDC".to_owned()),
        duration_seconds: role.session_duration.known().and_then(|n| u64::try_from(*n).ok()),
    };
    Credentials::from_source(WebIdentity::new(caller, arguments, token))
}
