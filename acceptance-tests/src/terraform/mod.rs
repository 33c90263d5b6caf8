//! Real `terraform` over the built provider.
//!
//! [`Provider`] is the built plugin, [`Workspace`] a folder with configuration
//! and state in which `terraform` runs, [`Plan`] what a plan or a state says.

mod install;
mod plan;
mod provider;
mod workspace;

use std::{fmt, path::PathBuf, process::Command};

pub use self::{
    install::{Install, mirror},
    plan::{Action, Plan, State},
    provider::{Provider, workspace_root},
    workspace::{Outcome, Workspace},
};

/// The provider's address in the registry.
pub const ADDRESS: &str = "registry.terraform.io/crossmesh/crossmesh";

/// The oldest `terraform` that the provider supports.
const OLDEST: (u32, u32) = (1, 8);

/// Why `terraform` cannot be run.
#[derive(Debug)]
pub struct Unavailable(String);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

/// The `terraform` program: `CROSSMESH_TERRAFORM` (so that OpenTofu can stand
/// in), else the one on PATH.
///
/// # Errors
///
/// It is missing or older than 1.8; one sentence says so.
pub fn program() -> Result<PathBuf, Unavailable> {
    let program = std::env::var_os("CROSSMESH_TERRAFORM").unwrap_or_else(|| "terraform".into());
    let output = Command::new(&program)
        .args(["version", "-json"])
        .env("CHECKPOINT_DISABLE", "1")
        .env_remove("TF_CLI_CONFIG_FILE")
        .output()
        .map_err(|_| Unavailable(missing()))?;
    let version: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|_| Unavailable(missing()))?;
    let version = version["terraform_version"].as_str().unwrap_or_default();
    match parse(version) {
        Some(found) if found >= OLDEST => Ok(program.into()),
        _ => Err(Unavailable(format!(
            "terraform {version} is too old: version {}.{} or newer must be on PATH.",
            OLDEST.0, OLDEST.1
        ))),
    }
}

fn missing() -> String {
    format!("terraform was not found: version {}.{} or newer must be on PATH.", OLDEST.0, OLDEST.1)
}

/// Major and minor of `1.11.4`.
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(parse("1.11.4"), Some((1, 11)));
        assert!(parse("1.11.4") > parse("1.8.0"));
        assert_eq!(parse(""), None);
    }
}
