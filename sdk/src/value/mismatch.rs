//! Values and bytes that are not of the type that they should be.

use std::fmt;

use crate::value::{Path, Step, Type, Value};

/// Why bytes are not a value of the type that was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DecodeError {
    /// The part at fault; it ends before the first element of a set.
    pub path: Path,
    /// What is wrong.
    pub reason: String,
}

/// Why a value is not of the type that it should be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mismatch {
    /// The part at fault.
    pub path: Path,
    /// What is wrong.
    pub reason: String,
}

impl DecodeError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { path: Path::root(), reason: reason.into() }
    }

    /// The same error, seen from one step outside.
    #[must_use]
    pub(crate) fn within(mut self, step: Step) -> Self {
        self.path.prepend(step);
        self
    }

    /// The same error in the `index`-th element of a set, which has no path.
    #[must_use]
    pub(crate) fn within_set(self, index: usize) -> Self {
        let place = match self.path.is_root() {
            true => String::new(),
            false => format!(" at {}", self.path),
        };
        Self::new(format!("element {index} of the set{place}: {}", self.reason))
    }
}

impl Mismatch {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { path: Path::root(), reason: reason.into() }
    }

    /// `value` is of another type than `ty`.
    pub(crate) fn wanted(ty: &Type, value: &Value) -> Self {
        Self::new(format!("{} is needed, not {}", article(kind_of_type(ty)), article(value.kind())))
    }

    /// The same error, seen from one step outside.
    #[must_use]
    pub(crate) fn within(mut self, step: Step) -> Self {
        self.path.prepend(step);
        self
    }

    /// The same error in an element of a set.
    #[must_use]
    pub(crate) fn within_element(self, element: &Value) -> Self {
        self.within(Step::Element(Box::new(element.clone())))
    }
}

/// The word for a type's outermost constructor.
pub(crate) fn kind_of_type(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "bool",
        Type::Number => "number",
        Type::String => "string",
        Type::Dynamic => "value with its type",
        Type::List(_) => "list",
        Type::Set(_) => "set",
        Type::Map(_) => "map",
        Type::Object(_) => "object",
        Type::Tuple(_) => "tuple",
    }
}

/// `a number`, `an object`.
pub(crate) fn article(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {word}")
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &self.path, &self.reason)
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &self.path, &self.reason)
    }
}

fn show(f: &mut fmt::Formatter<'_>, path: &Path, reason: &str) -> fmt::Result {
    if path.is_root() { f.write_str(reason) } else { write!(f, "{path}: {reason}") }
}

impl std::error::Error for DecodeError {}
impl std::error::Error for Mismatch {}
