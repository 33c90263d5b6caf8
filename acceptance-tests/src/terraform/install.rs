//! How `terraform` finds the built provider.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{ADDRESS, Provider};

/// How `terraform` is told of the provider.
#[derive(Clone, Debug)]
pub enum Install {
    /// `dev_overrides`: no `init`, as during development.
    Override(PathBuf),
    /// A filesystem mirror: `init` is the real one, as for a user.
    Mirror(PathBuf),
}

impl Install {
    /// The text of the CLI configuration that says so. Nothing else can be
    /// installed with it, and no network is asked.
    pub fn cli_config(&self) -> String {
        match self {
            Self::Override(folder) => format!(
                "provider_installation {{\n  dev_overrides {{\n    {ADDRESS:?} = {folder:?}\n  }}\n}}\n"
            ),
            Self::Mirror(folder) => format!(
                "provider_installation {{\n  filesystem_mirror {{\n    path = {folder:?}\n  }}\n}}\n"
            ),
        }
    }

    /// Whether `terraform init` must run before anything else.
    pub fn needs_init(&self) -> bool {
        matches!(self, Self::Mirror(_))
    }
}

/// Lays the provider out as an unpacked filesystem mirror under `folder`, under
/// its version and this machine's platform.
///
/// # Errors
///
/// A folder or the link could not be made.
pub fn mirror(provider: &Provider, folder: &Path) -> io::Result<Install> {
    let version = env!("CARGO_PKG_VERSION");
    let target = folder.join(ADDRESS).join(version).join(platform());
    fs::create_dir_all(&target)?;
    let binary = target.join(format!("terraform-provider-crossmesh_v{version}"));
    fs::hard_link(provider.binary(), &binary)
        .or_else(|_| fs::copy(provider.binary(), &binary).map(drop))?;
    Ok(Install::Mirror(folder.to_path_buf()))
}

/// This machine as Terraform names it: `linux_amd64`.
fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{os}_{arch}")
}
