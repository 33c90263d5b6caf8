//! Rules that attributes carry: validation and planning.

use std::fmt;

use crate::value::{Path, Value};

/// Whether two values of an attribute mean the same to the remote side, as
/// `a.example.com` and `a.example.com.` do.
pub type Equivalence = fn(&Value, &Value) -> bool;

/// A condition on one attribute's value, or on an object as a whole.
///
/// [`validators`](crate::schema::validators) has the usual ones.
pub trait Validator: Send + Sync {
    /// What the condition is, for documentation: "must be between 1 and 60
    /// characters long". Also all that is said of a sensitive value, since
    /// [`check`](Self::check) may quote it.
    fn describe(&self) -> String;

    /// Checks a value that is itself known and not null. Parts of it may be
    /// unknown: what depends on them holds.
    ///
    /// # Errors
    ///
    /// Says what is wrong and what would be right; the engine adds the path.
    fn check(&self, value: &Value, path: &Path) -> Result<(), String>;

    /// Every problem, each at its own place. What [`check`](Self::check) says,
    /// at `path`, for conditions that do not look at parts.
    fn problems(&self, value: &Value, path: &Path) -> Vec<(Path, String)> {
        match self.check(value, path) {
            Ok(()) => Vec::new(),
            Err(problem) => vec![(path.clone(), problem)],
        }
    }

    /// The attributes that a condition on an object speaks of.
    fn attributes(&self) -> &[String] {
        &[]
    }
}

/// A [`Validator`] made of a description and a function.
///
/// [`satisfies`](crate::schema::validators::satisfies) takes closures.
pub struct Check {
    /// See [`Validator::describe`].
    pub description: String,
    /// See [`Validator::check`].
    pub check: fn(&Value) -> Result<(), String>,
}

impl Validator for Check {
    fn describe(&self) -> String {
        self.description.clone()
    }

    fn check(&self, value: &Value, _path: &Path) -> Result<(), String> {
        (self.check)(value)
    }
}

/// How a change of an attribute is planned.
#[derive(Clone, Copy, Default)]
pub struct PlanRule {
    /// A computed value stays what it was when something else is updated;
    /// without this it becomes unknown at each update.
    pub stable: bool,
    /// A change replaces the object.
    pub replace: bool,
    /// A configured value that is equivalent to the one in the state is
    /// planned as the one in the state: no change.
    pub equivalent: Option<Equivalence>,
    /// Absent and empty differ, here and in everything below: what is read is
    /// taken as it is.
    pub literal: bool,
}

impl fmt::Debug for PlanRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanRule")
            .field("stable", &self.stable)
            .field("replace", &self.replace)
            .field("equivalent", &self.equivalent.is_some())
            .field("literal", &self.literal)
            .finish()
    }
}
