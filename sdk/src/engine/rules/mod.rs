//! Terraform's own rules for what a provider answers, as executable checks.
//!
//! They are written from what Terraform enforces and know nothing of how the
//! engine plans or applies: the engine holds each of its answers against them,
//! and so do the property tests.

mod apply;
mod plan;

pub use self::{apply::check_applied, plan::check_plan};
pub(crate) use self::{
    apply::compatible,
    plan::{check_replace, check_result},
};
use crate::value::Path;

/// One breach of a rule: a bug in the provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// The attribute at fault.
    pub path: Path,
    /// What is wrong with it, as in "is planned as 1 although 2 is configured".
    /// Values of sensitive attributes are left out.
    pub problem: String,
}

impl Violation {
    pub(crate) fn new(path: &Path, problem: impl Into<String>) -> Self {
        Self { path: path.clone(), problem: problem.into() }
    }
}
