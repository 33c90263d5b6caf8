//! The example provider, driven by the real Terraform as its README says.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

/// A folder with the example's configuration and Terraform set up for it.
struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = include_str!("../examples/files/main.tf");
        fs::write(folder.path().join("main.tf"), configuration).unwrap();
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{ \"example/files\" = {:?} }}\n  direct {{}}\n}}\n",
            example().parent().unwrap()
        );
        fs::write(folder.path().join("settings.tfrc"), settings).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new("terraform")
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TF_CLI_CONFIG_FILE", self.path("settings.tfrc"))
            .env("TF_IN_AUTOMATION", "1")
            .output()
            .expect("terraform 1.8 or later must be on PATH for this test")
    }

    /// Runs Terraform, which must end with `status`; what it printed.
    fn terraform(&self, status: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed).into_owned();
        assert_eq!(output.status.code(), Some(status), "terraform {arguments:?}:\n{printed}");
        // Without the line breaks and frames around messages.
        printed.replace(['│', '╷', '╵'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The example's program, built as its README says.
fn example() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--example", "terraform-provider-files", "--message-format", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    let program = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "terraform-provider-files")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    program.expect("cargo names the program")
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

#[test]
fn a_file_lives_and_dies_with_its_configuration() {
    let workspace = Workspace::new();
    let note = workspace.path("notes/hello-world.txt");

    let plan = workspace.terraform(0, &["plan", "-no-color"]);
    assert!(plan.contains("+ size = 14"), "the size is known at plan: {plan}");
    workspace.terraform(0, &["apply", "-no-color", "-auto-approve"]);
    assert_eq!(read(&note), "Hello, World!\n");
    let outputs = workspace.run(&["output", "-json"]).stdout;
    let outputs: Value = serde_json::from_slice(&outputs).unwrap();
    assert_eq!(outputs["notes"]["value"]["hello-world.txt"]["size"], 14);

    workspace.terraform(0, &["plan", "-no-color", "-detailed-exitcode"]);

    fs::write(&note, "changed").unwrap();
    let plan = workspace.terraform(2, &["plan", "-no-color", "-detailed-exitcode"]);
    assert!(plan.contains("will be updated in-place"), "{plan}");
    workspace.terraform(0, &["apply", "-no-color", "-auto-approve"]);
    assert_eq!(read(&note), "Hello, World!\n");

    fs::remove_file(&note).unwrap();
    let plan = workspace.terraform(2, &["plan", "-no-color", "-detailed-exitcode"]);
    assert!(plan.contains("1 to add, 0 to change, 0 to destroy"), "{plan}");
    workspace.terraform(0, &["apply", "-no-color", "-auto-approve", "-var", "title=Other"]);
    assert!(!note.exists());
    assert_eq!(read(&workspace.path("notes/other.txt")), "Other\n");

    workspace.terraform(0, &["destroy", "-no-color", "-auto-approve", "-var", "title=Other"]);
    assert_eq!(fs::read_dir(workspace.path("notes")).unwrap().count(), 0);
}

#[test]
fn what_exists_already_is_left_alone_until_it_is_imported() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("notes")).unwrap();
    fs::write(workspace.path("notes/hello-world.txt"), "Hello, World!\n").unwrap();

    let refusal = workspace.terraform(1, &["apply", "-no-color", "-auto-approve"]);
    assert!(
        refusal.contains("Error: The file exists already with files_text_file.note"),
        "{refusal}"
    );

    let id = "notes/hello-world.txt";
    workspace.terraform(0, &["import", "-no-color", "files_text_file.note", id]);
    workspace.terraform(0, &["apply", "-no-color", "-auto-approve"]);
    workspace.terraform(0, &["plan", "-no-color", "-detailed-exitcode"]);
}

#[test]
fn mistakes_are_found_before_anything_is_done() {
    let workspace = Workspace::new();
    let configuration = read(&workspace.path("main.tf"))
        .replace("\"notes/${provider::files::slug(var.title)}.txt\"", "\"../x.txt\"")
        .replace("content =", "size = 1\n  content =");
    fs::write(workspace.path("main.tf"), configuration).unwrap();
    let refusal = workspace.terraform(1, &["plan", "-no-color"]);
    assert!(refusal.contains("must be a relative path"), "{refusal}");
    assert!(refusal.contains("size is determined by the provider"), "{refusal}");

    let workspace = Workspace::new();
    let refusal = workspace.terraform(1, &["plan", "-no-color", "-var", "title=!!!"]);
    assert!(refusal.contains("needs at least one letter or digit."), "{refusal}");
}

#[test]
fn a_folder_that_is_not_known_yet_does_not_stop_the_plan() {
    let workspace = Workspace::new();
    let configuration = read(&workspace.path("main.tf")).replace(
        "root = var.root",
        "root = terraform_data.root.output\n}\n\nresource \"terraform_data\" \"root\" {\n  input = var.root",
    );
    fs::write(workspace.path("main.tf"), configuration).unwrap();
    workspace.terraform(0, &["plan", "-no-color"]);
    workspace.terraform(0, &["apply", "-no-color", "-auto-approve"]);
    workspace.terraform(0, &["plan", "-no-color", "-detailed-exitcode"]);
}
