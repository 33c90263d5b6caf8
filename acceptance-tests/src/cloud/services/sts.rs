//! STS: temporary keys for roles, and who the caller is.

mod identity_token;
mod role;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    cloud::service::{Answer, ApiError, Caller, Context, Params, Principal, Service},
    fields,
    world::World,
};

/// The product `sts`, version 2018-08-13.
#[derive(Clone, Copy, Debug)]
pub struct Sts;

/// Temporary keys that were given out.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// By temporary key id.
    pub sessions: BTreeMap<String, Session>,
}

/// A temporary key.
#[derive(Clone, Debug)]
pub struct Session {
    /// Temporary key.
    pub secret_key: String,
    /// Token that must come with the key.
    pub token: String,
    /// Name of the account whose role it is.
    pub account: String,
    /// Name of the role.
    pub role: String,
    /// `RoleSessionName`.
    pub name: String,
    /// When the cloud stops taking it.
    pub expires: Timestamp,
}

impl Session {
    /// Whom the key stands for. A session can do what its role can.
    pub fn caller(&self, secret_id: &str, world: &World) -> Caller {
        let account = world.account(&self.account);
        let role = account.and_then(|a| a.roles.iter().find(|role| role.name == self.role));
        Caller {
            uin: world.uin(&self.account).to_owned(),
            app_id: account.map_or(0, |account| account.app_id),
            account: self.account.clone(),
            secret_id: secret_id.to_owned(),
            principal: Principal::Role { role: self.role.clone(), session: self.name.clone() },
            allow: role.map(|role| role.allow.clone()).unwrap_or_default(),
        }
    }
}

impl Service for Sts {
    fn name(&self) -> &'static str {
        "sts"
    }

    fn catalogue(&self) -> &'static [&'static str] {
        &[include_str!("../../../catalogue/sts.json")]
    }

    fn needs_region(&self, _: &str) -> bool {
        false
    }

    fn call(&self, cx: &mut Context<'_>, action: &str, params: &Params) -> Answer {
        match action {
            "AssumeRole" => role::assume(cx, params),
            "AssumeRoleWithWebIdentity" => role::assume_with_web_identity(cx, params),
            "GetCallerIdentity" => Ok(caller_identity(cx)),
            _ => Err(ApiError::not_simulated("sts", action)),
        }
    }
}

fn caller_identity(cx: &Context<'_>) -> serde_json::Map<String, serde_json::Value> {
    let uin = &cx.caller.uin;
    match &cx.caller.principal {
        Principal::Role { role, session } => {
            let role_id = role::role_id(uin, role);
            fields! {
                "Type": "CAMRole", "AccountId": uin,
                "Arn": format!("qcs::sts:{uin}:assumed-role/{role_id}"),
                "UserId": format!("{role_id}:{session}"), "PrincipalId": role_id,
            }
        }
        Principal::Root | Principal::Anonymous => fields! {
            "Type": "CAMUser", "AccountId": uin, "Arn": format!("qcs::cam::uin/{uin}:root"),
            "UserId": uin, "PrincipalId": uin,
        },
    }
}
