//! Rust types as schemas.

use crate::{
    Diagnostics,
    schema::{Kind, Object, Schema},
    value::{Path, Value},
};

/// A Rust type that can stand in an attribute.
///
/// Implemented for `bool`, integers, `f64`, [`Number`](crate::value::Number),
/// `String`, [`Value`] (dynamic), `Vec<T>`, `BTreeSet<T>` and
/// `BTreeMap<String, T>` of such types, and for every [`Model`] (a single
/// nested object; in a `Vec`, a list of nested objects, …).
pub trait Field: Sized {
    /// The attribute's type or nested attributes.
    fn kind() -> Kind;

    /// Reads a known, non-null value.
    ///
    /// # Errors
    ///
    /// Names `path` and says what the value should have been.
    fn decode(value: &Value, path: &Path) -> Result<Self, Diagnostics>;

    /// The value as Terraform's.
    fn encode(&self) -> Value;
}

/// A struct that is a schema: its fields are the attributes, its doc comments
/// the documentation.
pub trait Model: Clone + Send + Sync + 'static {
    /// The attributes, for nesting it in another model.
    fn object() -> Object;

    /// The schema, for a resource, a data source, …
    fn schema() -> Schema;

    /// Reads an object; `value` must be neither null nor unknown itself.
    ///
    /// # Errors
    ///
    /// Names the attribute and says what its value should have been.
    fn decode(value: &Value, path: &Path) -> Result<Self, Diagnostics>;

    /// The object as Terraform's value, every attribute present.
    fn encode(&self) -> Value;

    /// An object of which nothing is set: what an import starts from.
    fn empty() -> Self;
}
