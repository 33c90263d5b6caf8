//! Registry pages from schemas and examples.
//!
//! The pages have the form that `tfplugindocs generate` gives them, so that the
//! registry and its readers find what they know. [`pages`] makes them in
//! memory; [`write()`] and [`stale`] hold them against a folder.

mod attributes;
mod page;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::engine::Schemas;

/// Where pages come from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The provider's name, as in `crossmesh`.
    pub name: &'a str,
    /// What it offers.
    pub schemas: &'a Schemas,
    /// The folder of examples: `provider/provider.tf`,
    /// `resources/<type>/resource.tf` and `import.sh`,
    /// `data-sources/<type>/data-source.tf`, `functions/<name>/function.tf`, ….
    pub examples: &'a Path,
    /// The heading under which the registry lists a type.
    pub subcategory: fn(&str) -> &'static str,
}

/// All pages, by their path below `docs/`.
///
/// # Errors
///
/// An example exists and cannot be read.
pub fn pages(source: &Source<'_>) -> io::Result<BTreeMap<PathBuf, String>> {
    let mut pages = BTreeMap::new();
    pages.insert(PathBuf::from("index.md"), page::index(source)?);
    let kinds = [
        (page::Kind::Resource, &source.schemas.resources),
        (page::Kind::DataSource, &source.schemas.data_sources),
        (page::Kind::Ephemeral, &source.schemas.ephemeral),
    ];
    for (kind, schemas) in kinds {
        for (type_name, schema) in schemas {
            let text = page::object(source, kind, type_name, schema)?;
            pages.insert(path(kind.folder(), short(source, type_name)), text);
        }
    }
    for (name, signature) in &source.schemas.functions {
        pages.insert(path("functions", name), page::function(source, name, signature)?);
    }
    Ok(pages)
}

/// Writes the pages below `docs`, and removes pages of objects that are no
/// more.
///
/// # Errors
///
/// A file cannot be read, written or removed.
pub fn write(source: &Source<'_>, docs: &Path) -> io::Result<()> {
    let pages = pages(source)?;
    for extra in extra(&pages, docs)? {
        fs::remove_file(docs.join(extra))?;
    }
    for (path, text) in &pages {
        let path = docs.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        if fs::read_to_string(&path).ok().as_deref() != Some(text) {
            fs::write(&path, text)?;
        }
    }
    Ok(())
}

/// The pages below `docs` that are missing, differ, or should not be there.
///
/// # Errors
///
/// A file cannot be read.
pub fn stale(source: &Source<'_>, docs: &Path) -> io::Result<Vec<PathBuf>> {
    let pages = pages(source)?;
    let mut stale = extra(&pages, docs)?;
    for (path, text) in &pages {
        if fs::read_to_string(docs.join(path)).ok().as_deref() != Some(text) {
            stale.push(path.clone());
        }
    }
    Ok(stale)
}

/// Generated folders' files that belong to no page.
fn extra(pages: &BTreeMap<PathBuf, String>, docs: &Path) -> io::Result<Vec<PathBuf>> {
    let mut extra = Vec::new();
    for folder in ["resources", "data-sources", "ephemeral-resources", "functions"] {
        let entries = match fs::read_dir(docs.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let path = Path::new(folder).join(entry?.file_name());
            if !pages.contains_key(&path) {
                extra.push(path);
            }
        }
    }
    Ok(extra)
}

fn path(folder: &str, name: &str) -> PathBuf {
    Path::new(folder).join(format!("{name}.md"))
}

/// A type's name without the provider's.
fn short<'a>(source: &Source<'_>, type_name: &'a str) -> &'a str {
    type_name.strip_prefix(source.name).map_or(type_name, |rest| rest.trim_start_matches('_'))
}
