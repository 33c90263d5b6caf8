//! Keys of a role that another account's credentials assume.

use futures::future::BoxFuture;

use super::{Found, Source};
use crate::cloud::{Account, api::sts, error::Error};

/// The role to assume and how (STS `AssumeRole`).
#[derive(Debug, Clone, Default)]
pub struct Role {
    /// `qcs::cam::uin/<uin>:roleName/<name>`; required.
    pub role_arn: String,
    /// Name of the session in audit logs, 2 to 128 characters; required.
    pub session_name: String,
    /// Life of the keys in seconds, up to 43200; the API's default is 7200.
    pub duration_seconds: Option<u64>,
    /// CAM policy (JSON) that narrows what the role allows.
    pub policy: Option<String>,
    /// External id that the role's trust policy asks for.
    pub external_id: Option<String>,
    /// UIN that stands for the caller in audit logs.
    pub source_identity: Option<String>,
    /// MFA device, `qcs::cam:uin/<uin>::mfa/softToken`.
    pub serial_number: Option<String>,
    /// Code of the MFA device; holds for one call, so such keys cannot be renewed.
    pub token_code: Option<String>,
}

/// Assumes a role with the credentials of a base account; chains by taking an account that itself
/// assumed a role.
#[derive(Debug)]
pub struct AssumedRole {
    base: Account,
    role: Role,
}

impl AssumedRole {
    /// Assumes `role` as `base`.
    pub fn new(base: Account, role: Role) -> Self {
        Self { base, role }
    }
}

impl Source for AssumedRole {
    fn name(&self) -> String {
        format!("role {}", self.role.role_arn)
    }

    fn fetch(&self) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async {
            sts::assume_role(&self.base, &self.role)
                .await
                .map(|session| Found::Keys(session.into_keys()))
                .map_err(|error| error.during(format!("assuming role {}", self.role.role_arn)))
        })
    }
}
