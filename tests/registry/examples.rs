//! The files under `examples/`: there, formatted, and valid in the eyes of real
//! `terraform` with the built provider.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use regex::Regex;
use tfsdk::schema::Schema;

use crate::{NAME, check, entries, read, root, schemas};

/// The folders of examples, with the beginning of their files' names.
const KINDS: [(&str, &str); 4] = [
    ("data-sources", "data-source"),
    ("ephemeral-resources", "ephemeral-resource"),
    ("functions", "function"),
    ("resources", "resource"),
];

/// A value of which nothing is known.
const ANY: &str = "variable \"any\" {\n  type = any\n}\n";

#[test]
fn every_object_has_its_example() {
    let mut faults = Vec::new();
    for (kind, stem) in KINDS {
        let objects = objects(kind);
        for name in &objects {
            let folder = examples().join(kind).join(name);
            let mut files = vec![folder.join(format!("{stem}.tf"))];
            files.extend((kind == "resources").then(|| folder.join("import.sh")));
            let missing = files.iter().filter(|path| !path.exists());
            faults.extend(missing.map(|path| format!("{}: missing", shown(path))));
        }
        for name in entries(&examples().join(kind)) {
            if !objects.contains(&name) {
                faults.push(format!("examples/{kind}/{name}: there is no such object"));
            }
        }
    }
    let provider = examples().join("provider/provider.tf");
    faults.extend((!provider.exists()).then(|| format!("{}: missing", shown(&provider))));
    check("Every object has an example, and every example its object.", faults);
}

#[test]
fn imports_are_of_the_example() {
    let faults = objects("resources").into_iter().filter_map(|name| {
        let folder = examples().join("resources").join(&name);
        let (example, import) = (folder.join("resource.tf"), folder.join("import.sh"));
        if !example.exists() || !import.exists() {
            return None;
        }
        let import = read(&import);
        let command = format!("terraform import {name}.");
        let after = import.lines().find_map(|line| line.strip_prefix(&command));
        let Some((label, id)) = after.and_then(|after| after.split_once(' ')) else {
            return Some(format!("{name}: import.sh has no line `{command}LABEL ID`"));
        };
        let label = label.split('[').next().unwrap_or(label);
        let declared = read(&example).contains(&format!("resource \"{name}\" \"{label}\""));
        let fine = declared && !id.trim().is_empty();
        (!fine).then(|| format!("{name}: resource.tf declares no {label:?} to import"))
    });
    check("import.sh imports what resource.tf declares.", faults);
}

#[test]
fn examples_are_formatted() {
    let output = terraform(&root(), &["fmt", "-check", "-diff", "-recursive", "examples"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "Run: terraform fmt -recursive examples\n{said}");
}

/// All at once, each as a module: the plugin starts a single time.
#[test]
fn examples_are_valid() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut main = ANY.to_owned();
    for example in found() {
        let path = shown(&example).replacen("examples/", "", 1);
        let module = folder.path().join(&path);
        copy(&example, &module);
        complete(&module);
        let name = path.replace('/', "-");
        let _ = write!(main, "\nmodule {name:?} {{\n  source = \"./{path}\"\n");
        for variable in variables(&module) {
            let _ = writeln!(main, "  {variable} = var.any");
        }
        main.push_str("}\n");
    }
    write(&folder.path().join("main.tf"), &main);
    install(folder.path());
    let installed = terraform(folder.path(), &["get", "-no-color"]);
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    check("Every example is valid.", validate(folder.path()));
}

/// What an object needs may not exist yet.
#[test]
fn objects_are_valid_with_everything_unknown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let all = schemas();
    let resources = all.resources.iter().map(|(name, schema)| stub("resource", name, "x", schema));
    let data = all.data_sources.iter().map(|(name, schema)| stub("data", name, "x", schema));
    write(&folder.path().join("main.tf"), &resources.chain(data).collect::<String>());
    complete(folder.path());
    install(folder.path());
    check("Unknown arguments are valid.", validate(folder.path()));
}

/// The texts of all examples.
pub(crate) fn texts() -> Vec<String> {
    fn collect(folder: &Path, texts: &mut Vec<String>) {
        for path in entries(folder).iter().map(|name| folder.join(name)) {
            if path.is_dir() {
                collect(&path, texts);
            } else if path.extension().is_some_and(|extension| extension == "tf") {
                texts.push(read(&path));
            }
        }
    }
    let mut texts = Vec::new();
    collect(&examples(), &mut texts);
    texts
}

/// The objects of a kind.
fn objects(kind: &str) -> BTreeSet<String> {
    let all = schemas();
    match kind {
        "data-sources" => all.data_sources.keys().cloned().collect(),
        "ephemeral-resources" => all.ephemeral.keys().cloned().collect(),
        "functions" => all.functions.keys().cloned().collect(),
        _ => all.resources.keys().cloned().collect(),
    }
}

fn examples() -> PathBuf {
    root().join("examples")
}

/// A path from the repository's root.
fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// The folders of all examples.
fn found() -> Vec<PathBuf> {
    let mut folders = vec![examples().join("provider")];
    for kind in KINDS.iter().map(|(kind, _)| *kind).chain(["flows"]) {
        let inner = examples().join(kind);
        folders.extend(entries(&inner).iter().map(|name| inner.join(name)));
    }
    folders
}

/// Copies a folder, except blocks that only a root module may have.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the temporary folder is writable");
    for name in entries(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy(&from, &to);
        } else if !name.starts_with("import") {
            fs::copy(&from, &to).expect("an example can be copied");
        }
    }
}

/// Adds to an example what its reader has elsewhere: where the provider comes
/// from, and the objects that it refers to.
fn complete(module: &Path) {
    let text = configuration(module);
    let mut elsewhere = String::new();
    if !text.contains("required_providers") {
        let source = format!("{NAME} = {{\n      source = \"{NAME}/{NAME}\"\n    }}");
        let _ =
            write!(elsewhere, "terraform {{\n  required_providers {{\n    {source}\n  }}\n}}\n");
    }
    elsewhere.push_str(&stubs(&text));
    if elsewhere.contains("var.any") || text.contains("var.any") {
        elsewhere.push_str(ANY);
    }
    write(&module.join("elsewhere.tf"), &elsewhere);
}

/// Stubs of the objects that a configuration refers to and does not declare.
fn stubs(text: &str) -> String {
    static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = format!(r"(data\.)?\b({NAME}_[a-z0-9_]+)\.([A-Za-z_][A-Za-z0-9_-]*)");
        Regex::new(&pattern).expect("the pattern is sound")
    });
    let mut stubs = BTreeSet::new();
    for reference in REFERENCE.captures_iter(text) {
        let all = schemas();
        let (keyword, schemas) = match reference.get(1) {
            Some(_) => ("data", &all.data_sources),
            None => ("resource", &all.resources),
        };
        let (name, label) = (&reference[2], &reference[3]);
        let declared = text.contains(&format!("{keyword} \"{name}\" \"{label}\""));
        if let (false, Some(schema)) = (declared, schemas.get(name)) {
            stubs.insert(stub(keyword, name, label, schema));
        }
    }
    stubs.into_iter().collect()
}

/// An object with every argument unknown.
fn stub(keyword: &str, name: &str, label: &str, schema: &Schema) -> String {
    let mut text = format!("{keyword} {name:?} {label:?} {{\n");
    for attribute in schema.block.attributes.iter().filter(|one| one.required || one.optional) {
        let _ = writeln!(text, "  {} = var.any", attribute.name);
    }
    text + "}\n"
}

/// The variables that a module declares.
fn variables(module: &Path) -> Vec<String> {
    let text = configuration(module);
    let names = text.lines().filter_map(|line| line.strip_prefix("variable \""));
    names.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

/// The text of a module.
fn configuration(module: &Path) -> String {
    let files = entries(module).into_iter().filter(|name| name.ends_with(".tf"));
    files.map(|name| read(&module.join(name)) + "\n").collect()
}

/// Makes `terraform` in this folder use the built provider.
fn install(folder: &Path) {
    let programs = folder.join("program");
    fs::create_dir_all(&programs).expect("the temporary folder is writable");
    let program = programs.join(format!("terraform-provider-{NAME}"));
    let built = Path::new(env!("CARGO_BIN_EXE_terraform-provider-crossmesh"));
    fs::hard_link(built, &program)
        .or_else(|_| fs::copy(built, &program).map(drop))
        .expect("the provider can be copied");
    let overrides = format!("dev_overrides {{\n    \"{NAME}/{NAME}\" = {programs:?}\n  }}");
    let config = format!("provider_installation {{\n  {overrides}\n}}\n");
    write(&folder.join("terraform.rc"), &config);
}

/// What `terraform validate` finds wrong.
fn validate(folder: &Path) -> Vec<String> {
    let output = terraform(folder, &["validate", "-json"]);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let diagnostics = answer["diagnostics"].as_array().into_iter().flatten();
    let errors = diagnostics.filter(|diagnostic| diagnostic["severity"] == "error");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    errors
        .map(|error| {
            let range = &error["range"];
            let (file, line) = (text(&range["filename"]), &range["start"]["line"]);
            format!("{file}:{line}: {}: {}", text(&error["summary"]), text(&error["detail"]))
        })
        .collect()
}

/// Runs `terraform`, which must be there, without the person's own settings.
fn terraform(folder: &Path, arguments: &[&str]) -> Output {
    let program = std::env::var_os("CROSSMESH_TERRAFORM").unwrap_or_else(|| "terraform".into());
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let own = name.to_string_lossy();
        if ["TF_", "TENCENTCLOUD_"].iter().any(|prefix| own.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
        .args(arguments)
        .current_dir(folder)
        .env("TF_CLI_CONFIG_FILE", folder.join("terraform.rc"))
        .env("CHECKPOINT_DISABLE", "1")
        .output()
        .expect("`terraform` must be on PATH for this test: install version 1.8 or later")
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
}

#[test]
fn invalid_examples_are_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut resources = schemas().resources.iter();
    let (name, required) = resources
        .find_map(|(name, schema)| {
            let required = schema.block.attributes.iter().find(|attribute| attribute.required)?;
            Some((name, &required.name))
        })
        .expect("a resource has a required argument");
    let text = format!(
        "resource {name:?} \"a\" {{\n}}\noutput \"b\" {{\n  value = {name}.elsewhere.nonsense\n}}\n"
    );
    write(&folder.path().join("main.tf"), &text);
    complete(folder.path());
    install(folder.path());
    let found = validate(folder.path());
    let finds = |place: &str, word: &str| {
        assert!(
            found.iter().any(|fault| fault.starts_with(place) && fault.contains(word)),
            "{found:#?}"
        );
    };
    finds("main.tf:1:", required);
    finds("main.tf:4:", "nonsense");
}
