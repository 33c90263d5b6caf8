//! A folder in which `terraform` runs.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use super::{Install, Plan, State, Unavailable, program};

/// Configuration, state and environment of one `terraform` working directory.
#[derive(Debug)]
pub struct Workspace {
    folder: tempfile::TempDir,
    program: PathBuf,
    env: Vec<(OsString, OsString)>,
}

/// How a `terraform` command ended and what it said.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Whether the exit status was 0 (for a plan also 2: changes).
    pub success: bool,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    /// Everything that it said, for messages of tests.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// What it said with the frames and line breaks of Terraform's diagnostics
    /// taken out, so that a sentence can be searched for.
    pub fn prose(&self) -> String {
        let text = self.text();
        let words = text.split_whitespace().filter(|word| !matches!(*word, "│" | "╷" | "╵"));
        words.collect::<Vec<_>>().join(" ")
    }

    /// Itself, if the command succeeded.
    ///
    /// # Panics
    ///
    /// It did not; shows all that it said.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        assert!(self.success, "terraform failed:\n{}", self.text());
        self
    }

    /// Itself, if the command failed.
    ///
    /// # Panics
    ///
    /// It did not; shows all that it said.
    #[track_caller]
    pub fn expect_failure(self) -> Self {
        assert!(!self.success, "terraform should have failed:\n{}", self.text());
        self
    }
}

impl Workspace {
    /// An empty folder in which `terraform` finds the provider as `install`
    /// says.
    ///
    /// # Errors
    ///
    /// `terraform` is not there, or the folder cannot be made.
    pub fn new(install: &Install) -> io::Result<Self> {
        let program = program().map_err(|Unavailable(sentence)| io::Error::other(sentence))?;
        let folder = tempfile::Builder::new().prefix("crossmesh-terraform-").tempdir()?;
        let config = folder.path().join("terraform.rc");
        fs::write(&config, install.cli_config())?;
        let mut workspace = Self { folder, program, env: Vec::new() };
        workspace.env("TF_CLI_CONFIG_FILE", config);
        workspace.env("CHECKPOINT_DISABLE", "1");
        workspace.env("TF_IN_AUTOMATION", "1");
        Ok(workspace)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Keeps the folder when this value goes away, and names it.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    /// Sets a variable of the environment of every later command.
    pub fn env(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> &mut Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Writes a file of the configuration.
    ///
    /// # Panics
    ///
    /// The file cannot be written.
    pub fn write(&self, name: &str, text: &str) -> &Self {
        fs::write(self.folder().join(name), text).expect("the temporary folder is writable");
        self
    }

    /// Copies the configuration of a folder, with its subfolders.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub fn copy_from(&self, source: &Path) -> io::Result<()> {
        copy_folder(source, self.folder())
    }

    /// `terraform init`
    pub fn init(&self) -> Outcome {
        self.run(&["init", "-no-color", "-input=false"])
    }

    /// `terraform validate`
    pub fn validate(&self) -> Outcome {
        self.run(&["validate", "-no-color"])
    }

    /// `terraform apply`, without asking.
    pub fn apply(&self) -> Outcome {
        self.run(&["apply", "-no-color", "-input=false", "-auto-approve"])
    }

    /// `terraform destroy`, without asking.
    pub fn destroy(&self) -> Outcome {
        self.run(&["destroy", "-no-color", "-input=false", "-auto-approve"])
    }

    /// `terraform import ADDRESS ID`
    pub fn import(&self, address: &str, id: &str) -> Outcome {
        self.run(&["import", "-no-color", "-input=false", address, id])
    }

    /// `terraform state rm ADDRESS`
    pub fn forget(&self, address: &str) -> Outcome {
        self.run(&["state", "rm", address])
    }

    /// `terraform plan`: how it ended.
    pub fn try_plan(&self) -> Outcome {
        self.run(&["plan", "-no-color", "-input=false", "-out=plan.tfplan"])
    }

    /// `terraform plan`: what it plans.
    ///
    /// # Panics
    ///
    /// The plan fails.
    #[track_caller]
    pub fn plan(&self) -> Plan {
        let outcome = self.try_plan().expect_success();
        let shown = self.run(&["show", "-no-color", "-json", "plan.tfplan"]).expect_success();
        Plan::parse(&shown.stdout, outcome)
    }

    /// The state.
    ///
    /// # Panics
    ///
    /// The state cannot be shown.
    #[track_caller]
    pub fn state(&self) -> State {
        State::parse(&self.run(&["show", "-no-color", "-json"]).expect_success().stdout)
    }

    /// Runs `terraform` with these arguments and waits for it.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        match self.command(arguments).stdin(Stdio::null()).output() {
            Ok(output) => outcome(&output),
            Err(error) => {
                Outcome { success: false, stdout: String::new(), stderr: error.to_string() }
            }
        }
    }

    /// The command with folder and environment set, for tests that stop it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(self.folder());
        for (name, _) in std::env::vars_os() {
            let inherited = name.to_string_lossy();
            if ["TF_", "TENCENTCLOUD_", "TKE_", "CROSSMESH_"]
                .iter()
                .any(|p| inherited.starts_with(p))
            {
                command.env_remove(&name);
            }
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn outcome(output: &Output) -> Outcome {
    Outcome {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn copy_folder(source: &Path, target: &Path) -> io::Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let to = target.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), &to)?;
        }
    }
    Ok(())
}
