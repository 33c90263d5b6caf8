//! The pages under `docs/`: fresh, and as the registry wants them. The rules
//! are those of `tfplugindocs validate`, and some of our own.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

use crossmesh::provider::subcategory;
use tfsdk::docs::{Source, stale};

use crate::{NAME, check, entries, examples, read, root, schemas};

/// The folders under `docs/` that the registry knows.
const KNOWN: [&str; 8] = [
    "actions",
    "data-sources",
    "ephemeral-resources",
    "functions",
    "guides",
    "list-resources",
    "resources",
    "state-stores",
];

/// The headings under which the registry lists our objects.
const SUBCATEGORIES: [&str; 8] =
    ["CCN", "DNS", "Istio", "Kubernetes", "Mesh", "TDCC", "TKE", "Traffic"];

/// The registry cuts longer pages.
const MOST_BYTES: usize = 500_000;

/// A file below `docs/`.
#[derive(Clone, Debug)]
struct Page {
    /// Below `docs/`, with `/`.
    path: String,
    text: String,
}

#[test]
fn pages_are_fresh() {
    let examples = root().join("examples");
    let source = Source { name: NAME, schemas: schemas(), examples: &examples, subcategory };
    let stale = stale(&source, &root().join("docs")).expect("pages and examples are readable");
    let stale = stale.iter().map(|page| format!("docs/{}", page.display()));
    check("The pages are stale. Run: cargo run --bin docs", stale);
}

#[test]
fn pages_are_as_the_registry_wants_them() {
    assert!(!root().join("website").exists(), "website/docs is the legacy layout: use docs/ alone");
    let (pages, folders) = pages();
    let nested = folders.iter().filter(|path| path.contains('/') && is_known(path));
    check("The registry knows no folders within docs/<kind>/.", nested);
    let faults = pages.iter().filter(|page| is_index(page) || is_known(&page.path));
    check("A page has the form that the registry reads.", faults.flat_map(faults_of));
}

#[test]
fn every_object_has_its_page() {
    check("Pages and objects belong together.", mismatches(&pages().0));
}

#[test]
fn terraform_in_guides_comes_from_examples() {
    let examples = examples::texts();
    let (pages, _) = pages();
    let guides = pages.iter().filter(|page| page.path.contains("guides/"));
    let blocks = guides.flat_map(|page| {
        fenced(&page.text, "terraform").into_iter().map(|block| (page.path.as_str(), block))
    });
    let strange =
        blocks.filter(|(_, block)| !examples.iter().any(|example| example.contains(block.trim())));
    let faults = strange.map(|(path, block)| format!("docs/{path}: {block:?}"));
    check("Every terraform block of a guide is part of a file under examples/.", faults);
}

#[test]
fn links_resolve() {
    let mut files = Vec::new();
    markdown(&root(), &mut files);
    assert!(files.len() > 5, "the repository's markdown: {files:?}");
    let mut faults = Vec::new();
    for file in files {
        let folder = file.parent().unwrap_or(&file).to_owned();
        for link in links(&read(&file)) {
            let target = link.split('#').next().unwrap_or_default();
            if !target.is_empty() && !normal(&folder.join(target)).exists() {
                faults.push(format!("{}: {link}", file.display()));
            }
        }
    }
    check("Links within the repository lead somewhere.", faults);
}

/// Every file below `docs/`, and every folder.
fn pages() -> (Vec<Page>, Vec<String>) {
    fn collect(folder: &Path, below: &str, pages: &mut Vec<Page>, folders: &mut Vec<String>) {
        for name in entries(folder) {
            let (inner, path) = (folder.join(&name), format!("{below}{name}"));
            if inner.is_dir() {
                collect(&inner, &format!("{path}/"), pages, folders);
                folders.push(path);
            } else {
                pages.push(Page { path, text: read(&inner) });
            }
        }
    }
    let (mut pages, mut folders) = (Vec::new(), Vec::new());
    collect(&root().join("docs"), "", &mut pages, &mut folders);
    (pages, folders)
}

/// Whether a path stands in a folder that the registry knows.
fn is_known(path: &str) -> bool {
    path.split('/').next().is_some_and(|folder| KNOWN.contains(&folder))
}

fn is_index(page: &Page) -> bool {
    page.path.starts_with("index.")
}

/// What is wrong with a page that the registry reads.
fn faults_of(page: &Page) -> Vec<String> {
    let mut faults = Vec::new();
    if !page.path.ends_with(".md") {
        faults.push("file does not end with a valid extension, valid extensions: [.md]".to_owned());
    }
    if page.text.len() >= MOST_BYTES {
        faults.push(format!("exceeded maximum ({MOST_BYTES}) size of documentation file"));
    }
    match front_matter(&page.text) {
        Ok(fields) => faults.extend(field_faults(page, &fields)),
        Err(fault) => faults.push(fault),
    }
    faults.into_iter().map(|fault| format!("docs/{}: {fault}", page.path)).collect()
}

/// What is wrong with a page's front matter.
fn field_faults(page: &Page, fields: &BTreeMap<String, String>) -> Vec<String> {
    let mut faults = Vec::new();
    for legacy in ["layout", "sidebar_current"] {
        if fields.contains_key(legacy) {
            faults.push(format!("YAML frontmatter should not contain {legacy}"));
        }
    }
    let subcategory = fields.get("subcategory");
    if is_index(page) && subcategory.is_some() {
        faults.push("YAML frontmatter should not contain subcategory".to_owned());
    }
    if !fields.contains_key("page_title") {
        faults.push("YAML frontmatter missing required page_title".to_owned());
    }
    let listed = ["resources/", "data-sources/", "ephemeral-resources/"];
    if listed.iter().any(|kind| page.path.starts_with(kind))
        && !subcategory.is_some_and(|name| SUBCATEGORIES.contains(&name.as_str()))
    {
        faults.push(format!("the subcategory {subcategory:?} is not in the allowed list"));
    }
    let description = fields.get("description").map_or("", |text| text.trim());
    let function = page.path.starts_with("functions/");
    if description.is_empty() || !(function || description.ends_with('.')) {
        faults.push(format!("the description is no sentence: {description:?}"));
    }
    faults
}

/// Pages without an object, and objects without a page.
fn mismatches(pages: &[Page]) -> Vec<String> {
    let all = schemas();
    let mut faults = Vec::new();
    let kinds: [(&str, BTreeSet<String>); 7] = [
        ("resources", all.resources.keys().map(|name| short(name)).collect()),
        ("data-sources", all.data_sources.keys().map(|name| short(name)).collect()),
        ("ephemeral-resources", all.ephemeral.keys().map(|name| short(name)).collect()),
        ("functions", all.functions.keys().cloned().collect()),
        ("list-resources", BTreeSet::new()),
        ("actions", BTreeSet::new()),
        ("state-stores", BTreeSet::new()),
    ];
    for (folder, objects) in kinds {
        let files =
            pages.iter().filter_map(|page| page.path.strip_prefix(folder)?.strip_prefix('/'));
        let stems: BTreeSet<String> =
            files.map(|file| file.split('.').next().unwrap_or(file).to_owned()).collect();
        for extra in stems.difference(&objects) {
            faults.push(format!(
                "docs/{folder}/{extra}.md: matching object for documentation file not found, file \
                 is extraneous or incorrectly named"
            ));
        }
        for missing in objects.difference(&stems) {
            faults.push(format!("docs/{folder}/{missing}.md: missing documentation file"));
        }
    }
    faults
}

/// A type without the provider's name.
fn short(name: &str) -> String {
    name.strip_prefix(NAME).unwrap_or(name).trim_start_matches('_').to_owned()
}

/// The fields between the page's first two `---`.
fn front_matter(text: &str) -> Result<BTreeMap<String, String>, String> {
    let inner = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    let (yaml, _) = inner.ok_or("no frontmatter found")?;
    serde_saphyr::from_str(yaml).map_err(|error| format!("error parsing YAML frontmatter: {error}"))
}

/// The blocks of a language.
fn fenced(text: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let blocks = text.split(&opening).skip(1);
    blocks.filter_map(|rest| rest.split_once("```")).map(|(block, _)| block.to_owned()).collect()
}

/// The targets of links and pictures, except those on other hosts.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let targets = targets.map(|(target, _)| target);
    let own =
        targets.filter(|target| !target.contains("://") && !target.contains([' ', '`', '\n']));
    own.map(str::to_owned).collect()
}

/// The repository's markdown.
fn markdown(folder: &Path, files: &mut Vec<PathBuf>) {
    for name in entries(folder) {
        let path = folder.join(&name);
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            markdown(&path, files);
        } else if name.ends_with(".md") {
            files.push(path);
        }
    }
}

/// A path without `..`.
fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
        path
    })
}

#[test]
fn pages_that_the_registry_refuses_are_found() {
    #[track_caller]
    fn refused(path: &str, text: &str, expected: &str) {
        let page = Page { path: path.to_owned(), text: text.to_owned() };
        let found = faults_of(&page).join("\n");
        assert!(found.contains(expected), "{path}: {found:?} does not say {expected:?}");
    }
    let front = "---\npage_title: \"t\"\nsubcategory: \"CCN\"\ndescription: |-\n  A b.\n---\n";
    let fine = Page { path: "resources/x.md".to_owned(), text: front.to_owned() };
    assert_eq!(faults_of(&fine), [""; 0]);
    refused("resources/x.txt", front, "valid extension");
    refused("resources/x.md", &format!("{front}{}", " ".repeat(MOST_BYTES)), "exceeded maximum");
    refused("resources/x.md", "# x\n", "no frontmatter found");
    refused("resources/x.md", "---\na: [\n---\n", "error parsing YAML");
    refused("guides/x.md", &front.replace("page_title", "layout"), "should not contain layout");
    refused("guides/x.md", &front.replace("page_title", "a"), "missing required page_title");
    refused("guides/x.md", &front.replace("page_title", "sidebar_current"), "sidebar_current");
    refused("index.md", front, "should not contain subcategory");
    refused("resources/x.md", &front.replace("CCN", "Other"), "not in the allowed list");
    refused("resources/x.md", &front.replace("A b.", "A b"), "no sentence");

    let found = mismatches(&[Page { path: "resources/nothing.md".to_owned(), ..fine }]);
    let (extra, missing): (Vec<_>, Vec<_>) =
        found.iter().partition(|fault| fault.starts_with("docs/resources/nothing.md"));
    assert!(extra.len() == 1 && extra[0].contains("extraneous"), "{found:?}");
    assert!(missing.len() > schemas().resources.len(), "{found:?}");

    assert_eq!(links("[a](b.md#c) ![d](https://e/f) [g](../h) `x[1](2 3)`"), ["b.md#c", "../h"]);
    assert_eq!(fenced("a\n```terraform\nb\n```\n```sh\nc\n```\n", "terraform"), ["b\n"]);
}
