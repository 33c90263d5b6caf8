//! The typed calls, one module per service.
//!
//! Functions that look for one object return an `Option`: `None` means that it does not exist, and is the
//! single truth for reads, waiters and destroy checks. "Forbidden" is always an error.
//!
//! In requests, a member that is `None` is not sent. In answers, a member that is missing or `null` is
//! `None`, empty, zero or `false`. States stay strings in the API's words: the cloud adds new ones, and
//! does not always keep their case, so compare with [`is`].

pub mod ccn;
pub mod clb;
pub mod dnspod;
pub mod sts;
pub mod tag;
pub mod tcm;
pub mod tdcc;
pub mod tke;
pub mod vpc;

use serde::{Deserialize, Serialize};

/// A tag of a cloud object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Tag {
    /// Key, unique on one object.
    pub key: String,
    /// Value.
    pub value: String,
}

/// A condition of a list call: the field `name` has one of `values`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Filter {
    /// Field, in the spelling of the action's document.
    pub name: String,
    /// Values, any of which will do.
    pub values: Vec<String>,
}

impl Filter {
    /// The field `name` is `value`.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), values: vec![value.into()] }
    }
}

/// Whether a state that the API answered is `known`, whatever its case.
pub fn is(state: &str, known: &str) -> bool {
    state.trim().eq_ignore_ascii_case(known)
}

/// Whether a state that the API answered is one of `known`, whatever its case.
pub fn is_any(state: &str, known: &[&str]) -> bool {
    known.iter().any(|one| is(state, one))
}
