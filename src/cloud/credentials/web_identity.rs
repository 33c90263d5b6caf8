//! Keys of a role that an identity provider's token (OIDC) assumes.

use std::path::PathBuf;

use futures::future::BoxFuture;
use tokio::io::AsyncReadExt;

use super::{Found, Source};
use crate::cloud::{
    Account,
    api::sts,
    error::{Error, Kind},
};
use crate::secret::Secret;

/// Longest token file that is read.
const MAX_TOKEN: u64 = 64 << 10;

/// The role to assume and how (STS `AssumeRoleWithWebIdentity`).
#[derive(Debug, Clone, Default)]
pub struct WebIdentityRole {
    /// `qcs::cam::uin/<uin>:roleName/<name>`; required.
    pub role_arn: String,
    /// Name of the session in audit logs, 2 to 128 characters; required.
    pub session_name: String,
    /// Name of the OIDC identity provider in CAM; required.
    pub provider_id: String,
    /// Life of the keys in seconds, up to 43200; the API's default is 7200.
    pub duration_seconds: Option<u64>,
}

/// Where the identity provider's token comes from.
#[derive(Debug, Clone)]
pub enum IdentityToken {
    /// Given as it is.
    Inline(Secret),
    /// A file that its owner keeps fresh; read again at each renewal.
    File(PathBuf),
}

/// Assumes a role with a token; the call is unsigned.
#[derive(Debug)]
pub struct WebIdentity {
    caller: Account,
    role: WebIdentityRole,
    token: IdentityToken,
}

impl WebIdentity {
    /// Assumes `role` with `token`; `caller` is an account with anonymous credentials.
    pub fn new(caller: Account, role: WebIdentityRole, token: IdentityToken) -> Self {
        Self { caller, role, token }
    }
}

impl Source for WebIdentity {
    fn name(&self) -> String {
        format!("web identity for role {}", self.role.role_arn)
    }

    fn fetch(&self) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async {
            let token = self.token.read().await?;
            sts::assume_role_with_web_identity(&self.caller, &self.role, &token)
                .await
                .map(|session| Found::Keys(session.into_keys()))
                .map_err(|error| {
                    error.during(format!("assuming role {} by web identity", self.role.role_arn))
                })
        })
    }
}

impl IdentityToken {
    async fn read(&self) -> Result<Secret, Error> {
        let path = match self {
            Self::Inline(token) => return Ok(token.clone()),
            Self::File(path) => path,
        };
        let unusable = |why: String| {
            Error::new(Kind::Auth, format!("web identity token file {}: {why}", path.display()))
        };
        let file =
            tokio::fs::File::open(path).await.map_err(|error| unusable(error.to_string()))?;
        let mut text = String::new();
        file.take(MAX_TOKEN + 1)
            .read_to_string(&mut text)
            .await
            .map_err(|error| unusable(error.to_string()))?;
        let token = Secret::new(text.trim());
        match text.len() as u64 {
            _ if token.is_empty() => Err(unusable("it is empty".to_owned())),
            size if size > MAX_TOKEN => {
                Err(unusable(format!("it is longer than {MAX_TOKEN} bytes")))
            }
            _ => Ok(token),
        }
    }
}
