//! Rust structs as schemas.

use std::collections::BTreeMap;

use crate::{
    Diagnostics,
    schema::{Field, Object, Schema, field::wrong_type},
    value::{Path, Tf, Value},
};

/// A struct that is a schema: its fields are the attributes, its doc comments
/// the documentation.
///
/// [`derive(Model)`](derive@crate::Model) implements it. Shapes that no struct
/// can express implement it by hand, with [`ObjectReader`] and [`ObjectWriter`].
pub trait Model: Clone + Send + Sync + 'static {
    /// The attributes, for nesting it in another model.
    fn object() -> Object;

    /// The schema, for a resource, a data source, …
    fn schema() -> Schema {
        Self::object().into()
    }

    /// Reads an object; `value` must be neither null nor unknown itself. An
    /// attribute that it lacks is null, others than the model's are left out.
    ///
    /// # Errors
    ///
    /// Every attribute whose value is wrong, and what it should have been.
    fn decode(value: &Value, path: &Path) -> Result<Self, Diagnostics>;

    /// The object as Terraform's value, every attribute present.
    fn encode(&self) -> Value;

    /// An object of which nothing is set: what an import starts from.
    fn empty() -> Self;
}

/// Reads the attributes of an object one by one and keeps every problem.
pub struct ObjectReader<'v> {
    value: &'v Value,
    path: &'v Path,
    problems: Diagnostics,
}

impl<'v> ObjectReader<'v> {
    /// Reads `value`, which is at `path`.
    pub fn new(value: &'v Value, path: &'v Path) -> Self {
        let mut problems = Diagnostics::new();
        if !matches!(value.content(), Value::Map(_)) {
            problems.extend(wrong_type("object", value, path));
        }
        Self { value, path, problems }
    }

    /// The attribute `name`; null if it is missing or wrong.
    pub fn attribute<T: Field>(&mut self, name: &str) -> Tf<T> {
        let value = self.value.entry(name).unwrap_or(&Value::Null);
        T::decode(value, &self.path.attribute(name)).unwrap_or_else(|problems| {
            self.problems.extend(problems);
            Tf::Null
        })
    }

    /// A model whose attributes stand among the others.
    pub fn flattened<M: Model>(&mut self) -> M {
        M::decode(self.value, self.path).unwrap_or_else(|problems| {
            self.problems.extend(problems);
            M::empty()
        })
    }

    /// `model`, if every attribute was right.
    ///
    /// # Errors
    ///
    /// Every problem that was found.
    pub fn finish<M>(self, model: M) -> Result<M, Diagnostics> {
        self.problems.into_result().map(|_| model)
    }
}

/// Writes the attributes of an object one by one.
#[derive(Default)]
pub struct ObjectWriter(BTreeMap<String, Value>);

impl ObjectWriter {
    /// No attribute yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute<T: Field>(mut self, name: &str, value: &Tf<T>) -> Self {
        self.0.insert(name.to_owned(), value.encode());
        self
    }

    /// Adds the attributes of a model that stand among the others.
    #[must_use]
    pub fn flattened<M: Model>(mut self, model: &M) -> Self {
        if let Value::Map(entries) = Model::encode(model) {
            self.0.extend(entries);
        }
        self
    }

    /// The object.
    pub fn finish(self) -> Value {
        Value::Map(self.0)
    }
}
