//! Building the provider.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

const PACKAGE: &str = "terraform-provider-crossmesh";

/// The built plugin, in a folder of its own.
#[derive(Debug)]
pub struct Provider {
    binary: PathBuf,
    /// Keeps the copy until the process ends.
    _folder: tempfile::TempDir,
}

impl Provider {
    /// The provider as a test needs it: built once a process, in the profile
    /// of the tests.
    ///
    /// # Panics
    ///
    /// The provider does not build.
    pub fn for_tests() -> &'static Self {
        static BUILT: OnceLock<Provider> = OnceLock::new();
        BUILT.get_or_init(|| {
            Self::build("dev").unwrap_or_else(|error| panic!("the provider must build: {error}"))
        })
    }

    /// Builds the plugin with cargo and takes a copy of it, so that a later
    /// build cannot change what runs.
    ///
    /// # Errors
    ///
    /// Cargo failed; it has said why on stderr.
    pub fn build(profile: &str) -> io::Result<Self> {
        let output = cargo()
            .args(["build", "--package", PACKAGE, "--bin", PACKAGE])
            .args(["--profile", profile, "--message-format", "json-render-diagnostics"])
            .current_dir(workspace_root())
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(io::Error::other(format!("cargo build ended with {}", output.status)));
        }
        let built = executable(&output.stdout)
            .ok_or_else(|| io::Error::other("cargo build named no executable"))?;
        let folder = tempfile::Builder::new().prefix("crossmesh-provider-").tempdir()?;
        let binary = folder.path().join(PACKAGE);
        std::fs::hard_link(&built, &binary)
            .or_else(|_| std::fs::copy(&built, &binary).map(drop))?;
        Ok(Self { binary, _folder: folder })
    }

    /// The executable.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// The folder that holds only the executable.
    pub fn folder(&self) -> &Path {
        self.binary.parent().unwrap_or(&self.binary)
    }
}

/// The cargo that runs this program, without what it says of this package: build
/// scripts take that for a change, and everything would be compiled again.
fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let of_package = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if of_package {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// The root of the workspace, above this package.
pub fn workspace_root() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
}

/// The executable that cargo's JSON messages name.
fn executable(messages: &[u8]) -> Option<PathBuf> {
    messages.split(|byte| *byte == b'\n').rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_slice(line).ok()?;
        (message["target"]["name"] == PACKAGE)
            .then(|| message["executable"].as_str().map(PathBuf::from))
            .flatten()
    })
}
