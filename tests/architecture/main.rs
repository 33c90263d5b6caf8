//! The architecture, held against the sources.
//!
//! `docs/development/architecture.md` says what must hold; each test here reads
//! the files and names every place where it does not: file, line and rule.

mod api;
mod dependencies;
mod layers;
mod paths;
mod source;
mod style;

use std::fmt;

/// A place that breaks a rule.
#[derive(Debug, Eq, PartialEq)]
struct Fault {
    file: String,
    /// From 1; 0 when the file as a whole is meant.
    line: usize,
    what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{}:{line}: {}", self.file, self.what),
        }
    }
}

/// Fails with every fault, under the rule that they break.
#[track_caller]
fn check(rule: &str, faults: impl IntoIterator<Item = Fault>) {
    let faults: Vec<String> = faults.into_iter().map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{rule}\n  {}\n", faults.join("\n  "));
}
