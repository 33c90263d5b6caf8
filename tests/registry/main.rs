//! Everything that the provider offers, held to the conventions of Terraform
//! and of its registry: schemas, examples, documentation pages.
//!
//! Nothing here names an object: what is added to a service's list is checked.

mod examples;
mod pages;
mod schemas;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use crossmesh::provider::Crossmesh;
use tfsdk::engine::{Engine, Schemas, Server as _};

/// The provider's name.
const NAME: &str = "crossmesh";

/// Everything that the provider offers.
fn schemas() -> &'static Schemas {
    static SCHEMAS: LazyLock<Arc<Schemas>> = LazyLock::new(|| {
        let engine = Engine::new(Crossmesh);
        engine.unwrap_or_else(|problems| panic!("the schemas are not sound: {problems}")).schemas()
    });
    &SCHEMAS
}

/// Fails with every fault, under the rule that they break.
#[track_caller]
fn check(rule: &str, faults: impl IntoIterator<Item = impl fmt::Display>) {
    let faults: Vec<String> = faults.into_iter().map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{rule}\n  {}\n", faults.join("\n  "));
}

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The names in a folder, in order; none if there is no such folder.
fn entries(folder: &Path) -> Vec<String> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => panic!("{folder:?}: {error}"),
    };
    let names = entries.map(|entry| entry.expect("a folder's entries are readable").file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The text of a file that must be there.
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}
