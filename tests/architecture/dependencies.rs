//! Every dependency has a reason.

use std::collections::BTreeSet;

use crate::{
    Fault, check,
    paths::mentions,
    source::{self, Source},
};

const PAGE: &str = "docs/development/dependencies.md";
/// Dependencies that are there for another one's sake.
const NAMED_BY_NO_CODE: [&str; 1] = ["k8s-openapi"];

#[test]
fn every_dependency_has_its_line() {
    let manifests = source::all().iter().filter(|source| source.path.ends_with("Cargo.toml"));
    let used: BTreeSet<String> = manifests.clone().flat_map(direct).collect();
    assert!(used.len() > 10, "the manifests name {used:?}");
    let page = source::read(PAGE);
    let explained: BTreeSet<String> = reasons(&page).collect();
    let missing = used.difference(&explained).map(|name| (name, "has no line that says why"));
    let surplus = explained.difference(&used).map(|name| (name, "is used by no package"));
    let faults = missing.chain(surplus).map(|(name, what)| Fault {
        file: PAGE.to_owned(),
        line: 0,
        what: format!("`{name}` {what}"),
    });
    check("The page explains every direct dependency, and no other.", faults);
}

#[test]
fn versions_stand_in_one_place() {
    let manifests = source::all().iter().filter(|source| source.path.ends_with("Cargo.toml"));
    let faults = manifests.flat_map(|source| {
        let own = entries(&source.text, |section| section.ends_with("dependencies")).filter(
            |(section, _, entry)| {
                *section != "workspace.dependencies" && { !entry.contains("workspace = true") }
            },
        );
        let faults = own.map(|(_, line, entry)| Fault {
            file: source.path.clone(),
            line,
            what: entry.to_owned(),
        });
        faults.collect::<Vec<_>>()
    });
    check("Packages take their dependencies from the workspace: `name.workspace = true`.", faults);
}

#[test]
fn what_the_workspace_offers_is_used() {
    let manifests = || source::all().iter().filter(|source| source.path.ends_with("Cargo.toml"));
    let used: BTreeSet<String> = manifests().flat_map(direct).collect();
    let root = manifests().find(|source| source.path == "Cargo.toml").expect("the root's");
    let offered = entries(&root.text, |section| section == "workspace.dependencies");
    let faults = offered.filter(|(_, _, entry)| !entry.contains("path = "));
    let faults = faults.filter(|(_, _, entry)| !used.contains(name(entry)));
    check(
        "The workspace names no dependency that nobody uses.",
        faults.map(|(_, line, entry)| Fault {
            file: root.path.clone(),
            line,
            what: entry.to_owned(),
        }),
    );
}

#[test]
fn every_dependency_is_used() {
    let manifests = source::all().iter().filter(|source| source.path.ends_with("Cargo.toml"));
    let faults = manifests.flat_map(|manifest| {
        let folder = manifest.path.trim_end_matches("Cargo.toml");
        let named = named(folder);
        let unused = direct(manifest).into_iter().filter(move |name| {
            !NAMED_BY_NO_CODE.contains(&name.as_str()) && !named.contains(&name.replace('-', "_"))
        });
        unused.map(|name| Fault {
            file: manifest.path.clone(),
            line: 0,
            what: format!("no code of the package names `{name}`"),
        })
    });
    check("A package depends on what its code names.", faults);
}

/// The first parts of all paths in a package.
fn named(folder: &str) -> BTreeSet<String> {
    let rooms = ["src/", "tests/", "benches/", "examples/"].map(|room| format!("{folder}{room}"));
    let sources = source::all().iter().filter(|source| {
        source.is_rust() && rooms.iter().any(|room| source.path.starts_with(room))
    });
    sources
        .flat_map(|source| mentions(source, &["own"]))
        .map(|mention| mention.path[0].clone())
        .collect()
}

/// The names of a package's dependencies, of every kind.
fn direct(manifest: &Source) -> Vec<String> {
    let sections = entries(&manifest.text, |section| {
        section.ends_with("dependencies") && section != "workspace.dependencies"
    });
    sections.map(|(_, _, entry)| name(entry).to_owned()).collect()
}

/// The entries of a manifest's sections: section, line, text.
fn entries(
    manifest: &str,
    wanted: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (&str, usize, &str)> {
    let mut section = "";
    let lines = manifest.lines().enumerate().filter_map(move |(index, line)| {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
            return None;
        }
        (!line.is_empty() && !line.starts_with('#')).then_some((section, index + 1, line))
    });
    lines.filter(move |(section, _, _)| wanted(section))
}

/// `serde` of `serde.workspace = true`.
fn name(entry: &str) -> &str {
    entry.split(['.', '=', ' ']).next().unwrap_or(entry)
}

/// The names that start the page's lines: ``* `serde` – …``
fn reasons(page: &str) -> impl Iterator<Item = String> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("* "));
    lines.flat_map(|line| {
        let (names, _) = line.split_once(" – ").unwrap_or(("", ""));
        names
            .split(", ")
            .filter_map(|name| Some(name.strip_prefix('`')?.strip_suffix('`')?.to_owned()))
    })
}

#[test]
fn manifests_and_reasons_are_read() {
    let text = "[package]\nname = \"x\"\n\n[dependencies]\n# Why.\nserde.workspace = true\n\
                tokio = { version = \"1\" }\n[lints]\nworkspace = true\n";
    let manifest = Source::new("Cargo.toml", text);
    assert_eq!(direct(&manifest), ["serde", "tokio"]);
    let page = "# Title\n\n* `serde`, `serde_json` – why. `other` – no.\n* nothing\n";
    assert_eq!(reasons(page).collect::<Vec<_>>(), ["serde", "serde_json"]);
}
