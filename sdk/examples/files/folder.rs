//! The client: what resources and data sources talk to the remote side with.
//! Here the remote side is a folder.

use std::{io, path::PathBuf};

use tfsdk::Diagnostic;

/// A folder with files in it.
pub(crate) struct Folder {
    /// `None` while it is not known.
    root: Option<PathBuf>,
}

impl Folder {
    /// The folder `root`.
    pub(crate) fn new(root: Option<String>) -> Self {
        Self { root: root.map(PathBuf::from) }
    }

    /// Where the file `path` is.
    ///
    /// # Errors
    ///
    /// Names the provider's argument that is not known yet.
    pub(crate) fn file(&self, path: &str) -> Result<PathBuf, Diagnostic> {
        let root = self.root.as_ref().ok_or_else(|| {
            Diagnostic::error(
                "Unknown folder",
                "The provider's argument \"root\" is not known yet, so that no file can be \
                 reached. Apply what it depends on first, with -target.",
            )
        })?;
        std::path::absolute(root.join(path)).map_err(|error| failure("find", path, &error))
    }
}

/// What the person is told when the file system refuses.
pub(crate) fn failure(what: &str, path: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::error(
        format!("Unable to {what} a file"),
        format!("{path}: {error}. Check the path and its permissions, and apply again."),
    )
}
