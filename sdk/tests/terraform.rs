//! The real Terraform at the other end.

#![cfg(unix)]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::symlink, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value as Json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-fake");

const HEADER: &str = r#"
terraform {
  required_providers {
    fake = { source = "tfsdk/fake" }
  }
}
"#;

const THING: &str = r#"
provider "fake" {}

variable "port" {
  default = 80
}

resource "fake_thing" "a" {
  name     = "a"
  tags     = ["y", "x"]
  anything = { ratio = 0.1, big = 12345678901234567890 }
  rules    = [{ port = var.port }, { port = 443, note = "tls" }]

  limit {
    most = 3
  }
}

data "fake_thing" "a" {
  name = fake_thing.a.id
}

output "shout" {
  value = provider::fake::join("+", data.fake_thing.a.shout, "end")
}
"#;

/// A folder with a configuration, in which Terraform uses the fake provider.
struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    fn new(configuration: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("tf").tempdir().expect("temporary folder");
        let path = folder.path();
        fs::create_dir(path.join("plugins")).expect("folder");
        symlink(PROGRAM, path.join("plugins/terraform-provider-fake")).expect("link");
        let overrides = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"tfsdk/fake\" = {:?}\n  }}\n  \
             direct {{}}\n}}\n",
            path.join("plugins")
        );
        fs::write(path.join("terraform.rc"), overrides).expect("file");
        fs::write(path.join("main.tf"), format!("{HEADER}{configuration}")).expect("file");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn terraform(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        command
            .args(arguments)
            .arg("-no-color")
            .current_dir(self.folder.path())
            .env("TF_CLI_CONFIG_FILE", self.path("terraform.rc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .env("HOME", self.folder.path())
            .env_remove("TF_LOG")
            .stdin(Stdio::null());
        command
    }

    /// Runs Terraform and expects it to end with `status`.
    fn run(&self, arguments: &[&str], status: i32) -> String {
        finish(&mut self.terraform(arguments), status)
    }

    fn state(&self) -> Json {
        let state = fs::read(self.path("terraform.tfstate")).expect("a state");
        serde_json::from_slice(&state).expect("JSON")
    }
}

/// A process that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
    }
}

fn finish(command: &mut Command, status: i32) -> String {
    let Output { status: ended, stdout, stderr } = command
        .output()
        .expect("`terraform` must be on PATH for this test: install version 1.8 or later");
    let text =
        format!("{}\n{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(ended.code(), Some(status), "{text}");
    text
}

#[test]
fn plan_apply_change_and_destroy() {
    let workspace = Workspace::new(THING);
    workspace.run(&["validate"], 0);
    let plan = workspace.run(&["plan", "-detailed-exitcode"], 2);
    assert!(plan.contains("Plan: 1 to add"), "{plan}");
    let applied = workspace.run(&["apply", "-auto-approve"], 0);
    assert!(applied.contains("ID-A+end"), "{applied}");
    let attributes = &workspace.state()["resources"][1]["instances"][0]["attributes"];
    assert_eq!(attributes["id"], "id-a");
    assert_eq!(attributes["rules"][0]["note"], "none");
    let again = workspace.run(&["plan", "-detailed-exitcode"], 0);
    assert!(again.contains("No changes"), "{again}");
    let changed = workspace.run(&["apply", "-auto-approve", "-var", "port=81"], 0);
    assert!(changed.contains("1 changed"), "{changed}");
    let destroyed = workspace.run(&["destroy", "-auto-approve"], 0);
    assert!(destroyed.contains("1 destroyed"), "{destroyed}");
}

#[test]
fn existing_objects_are_imported() {
    let workspace = Workspace::new(
        "resource \"fake_thing\" \"b\" {\n  name = \"b\"\n}\n\
         import {\n  to = fake_thing.b\n  id = \"b\"\n}\n",
    );
    let imported = workspace.run(&["apply", "-auto-approve"], 0);
    assert!(imported.contains("1 imported, 0 added, 0 changed"), "{imported}");
    assert_eq!(workspace.state()["resources"][0]["instances"][0]["attributes"]["id"], "id-b");
}

#[test]
fn states_are_taken_over_from_other_types() {
    let workspace = Workspace::new(
        "resource \"fake_thing\" \"c\" {\n  name = \"c\"\n}\n\
         moved {\n  from = terraform_data.c\n  to = fake_thing.c\n}\n",
    );
    let state = serde_json::json!({
        "version": 4,
        "terraform_version": "1.8.0",
        "serial": 1,
        "lineage": "00000000-0000-0000-0000-000000000000",
        "resources": [{
            "mode": "managed",
            "type": "terraform_data",
            "name": "c",
            "provider": "provider[\"terraform.io/builtin/terraform\"]",
            "instances": [{ "schema_version": 0, "attributes": { "id": "c" } }],
        }],
    });
    fs::write(workspace.path("terraform.tfstate"), state.to_string()).expect("file");
    let plan = workspace.run(&["plan", "-detailed-exitcode"], 2);
    assert!(plan.contains("terraform_data.c has moved to fake_thing.c"), "{plan}");
    assert!(plan.contains("0 to add, 0 to change, 0 to destroy"), "{plan}");
}

#[test]
fn values_that_are_never_stored() {
    let workspace = Workspace::new(
        "ephemeral \"fake_token\" \"d\" {\n  name = \"d\"\n}\n\
         resource \"fake_thing\" \"d\" {\n  name = \"d\"\n  \
         secret_wo = ephemeral.fake_token.d.token\n}\n",
    );
    let version = workspace.run(&["version", "-json"], 0);
    let version: Json = serde_json::from_str(version.trim()).expect("JSON");
    let version = version["terraform_version"].as_str().expect("a version");
    let minor: u32 = version.split('.').nth(1).and_then(|m| m.parse().ok()).expect("a number");
    // Write-only attributes came with version 1.11.
    let knows = version.starts_with("1.") && minor >= 11;
    workspace.run(&["apply", "-auto-approve"], i32::from(!knows));
    if knows {
        let state = fs::read_to_string(workspace.path("terraform.tfstate")).expect("a state");
        assert!(state.contains("id-d"), "{state}");
        assert!(!state.contains("token of d"), "{state}");
    }
}

#[test]
fn without_tls() {
    let workspace = Workspace::new(THING);
    let mut plan = workspace.terraform(&["plan"]);
    finish(plan.env("TF_DISABLE_PLUGIN_TLS", "1"), 0);
}

#[test]
fn errors_show_the_attribute() {
    let workspace = Workspace::new("resource \"fake_thing\" \"a\" {\n  name = \"\"\n}\n");
    let refused = workspace.run(&["validate"], 1);
    assert!(refused.contains("Error: Empty name"), "{refused}");
    assert!(refused.contains("name = \"\""), "the line is shown: {refused}");
}

#[test]
fn a_panic_is_an_error_and_no_lost_connection() {
    let workspace = Workspace::new(
        "resource \"fake_thing\" \"a\" {\n  name = \"a\"\n  behave = \"panic\"\n}\n",
    );
    let failed = workspace.run(&["apply", "-auto-approve"], 1);
    assert!(failed.contains("Error: The provider failed unexpectedly"), "{failed}");
    assert!(!failed.contains("did not respond"), "{failed}");
}

#[test]
fn log_lines_are_understood() {
    let workspace = Workspace::new(THING);
    let mut apply = workspace.terraform(&["apply", "-auto-approve"]);
    let log = workspace.path("log");
    finish(apply.env("TF_LOG_PROVIDER", "trace").env("TF_LOG_PATH", &log), 0);
    let log = fs::read_to_string(log).expect("a log");
    let line = log.lines().find(|line| line.contains("making a thing")).expect("our line");
    assert!(line.contains("[INFO]"), "{line}");
    for field in ["thing=a", "tf_rpc=ApplyResourceChange", "@module=provider.server"] {
        assert!(line.contains(field), "{line}");
    }
    assert!(!log.contains("unexpected data"), "something was written to standard output");
}

#[test]
fn ctrl_c_during_a_create_keeps_the_object() {
    let configuration = |journal: &Path| {
        format!(
            "provider \"fake\" {{\n  journal = {journal:?}\n}}\n\
             resource \"fake_thing\" \"a\" {{\n  name = \"a\"\n  delay_ms = 600000\n}}\n"
        )
    };
    let workspace = Workspace::new("");
    let journal = workspace.path("journal");
    let mut main = fs::OpenOptions::new().append(true).open(workspace.path("main.tf")).unwrap();
    main.write_all(configuration(&journal).as_bytes()).unwrap();
    // A group of its own, as a terminal makes it.
    let terraform = workspace
        .terraform(&["apply", "-auto-approve"])
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("`terraform` must be on PATH for this test: install version 1.8 or later");
    let mut terraform = Running(terraform);
    let start = Instant::now();
    while !fs::read_to_string(&journal).is_ok_and(|journal| journal.contains("begin a")) {
        assert!(start.elapsed() < Duration::from_secs(60), "the apply does not begin");
        sleep(Duration::from_millis(10));
    }
    let group = format!("-{}", terraform.0.id());
    let kill = Command::new("kill").args(["-INT", "--", &group]).status();
    assert!(kill.expect("kill runs").success());
    let status = terraform.0.wait().expect("terraform ends");
    assert_eq!(status.code(), Some(1), "an interrupted apply fails");
    let instance = &workspace.state()["resources"][0]["instances"][0];
    assert_eq!(instance["attributes"]["id"], "id-a");
    assert_eq!(instance["status"], "tainted");
    assert_eq!(fs::read_to_string(&journal).unwrap(), "begin a\nend a\n");
}

#[test]
fn terraform_uses_a_provider_that_is_being_debugged() {
    let workspace = Workspace::new(THING);
    let mut provider = Command::new(PROGRAM);
    let provider = provider.arg("--debug").stdout(Stdio::piped()).spawn();
    let mut provider = Running(provider.expect("the fake provider starts"));
    let stdout = BufReader::new(provider.0.stdout.take().expect("piped"));
    let line = stdout
        .lines()
        .map(|line| line.expect("UTF-8"))
        .find(|line| line.contains("TF_REATTACH_PROVIDERS="))
        .expect("the variable");
    let value = line.trim().trim_start_matches("export TF_REATTACH_PROVIDERS='");
    for arguments in [&["apply", "-auto-approve"], &["destroy", "-auto-approve"]] {
        let mut command = workspace.terraform(arguments);
        finish(command.env("TF_REATTACH_PROVIDERS", value.trim_end_matches('\'')), 0);
    }
    let pid = provider.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
    assert!(provider.0.wait().expect("it ends").success());
}
