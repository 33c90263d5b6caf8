//! The repository's files.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use proc_macro2::{TokenStream, TokenTree};

/// What lies in a checkout and is not the project's: build products, editors'
/// and tools' folders.
const FOREIGN: [&str; 6] = [".git", ".idea", ".terraform", ".venv", "__pycache__", "target"];

/// A text file of the repository.
pub(crate) struct Source {
    /// Below the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every text file, in order of paths.
pub(crate) fn all() -> &'static [Source] {
    static ALL: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let mut sources = Vec::new();
        collect(&root(), &root(), &mut sources);
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        sources
    });
    &ALL
}

/// Every file of Rust that people write.
pub(crate) fn rust() -> impl Iterator<Item = &'static Source> {
    all().iter().filter(|source| source.is_rust() && !source.path.contains("/generated/"))
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file that must be there.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

impl Source {
    /// A made-up file, for tests of the rules.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the whole file is tests or what only tests use.
    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "tests" | "testing" | "tests.rs"))
    }

    /// Whether the file is a program, or a part of one, that talks to a person.
    pub(crate) fn is_program(&self) -> bool {
        self.path.ends_with("/main.rs")
            || self.path.split('/').any(|part| matches!(part, "benches" | "bin" | "demo"))
    }

    /// The file as tokens, without comments.
    pub(crate) fn tokens(&self) -> Vec<TokenTree> {
        let stream: TokenStream =
            self.text.parse().unwrap_or_else(|error| panic!("{}: {error}", self.path));
        stream.into_iter().collect()
    }

    /// Lines with their numbers.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    for entry in entries {
        let path = entry.expect("a folder's entries are readable").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if FOREIGN.contains(&&*name) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, sources);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let below = path.strip_prefix(root).unwrap_or(&path);
            let path = below.to_string_lossy().replace('\\', "/");
            sources.push(Source { path, text });
        }
    }
}
