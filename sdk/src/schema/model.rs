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
/// [`derive(Model)`](derive@crate::Model) implements it and lists what its
/// attributes mean. Shapes that no struct can express implement it by hand, with
/// [`ObjectReader`] and [`ObjectWriter`].
///
/// # Example
///
/// ```
/// use std::collections::BTreeMap;
///
/// use tfsdk::{
///     Model,
///     schema::{Kind, Nesting, validators::{cidr, each, length, one_of, range}},
///     value::{Path, Set, Tf, Value},
/// };
///
/// /// A load balancer that takes traffic in.
/// #[derive(Clone, Model)]
/// #[model(version = 1, at_most_one_of("subnet_id", "address"))]
/// struct Balancer {
///     /// The id that the cloud gave.
///     #[attr(computed, stable)]
///     id: Tf<String>,
///     /// The name, unique within the region.
///     #[attr(required, validate(length(1..=60)))]
///     name: Tf<String>,
///     /// The network type.
///     #[attr(optional, default = "OPEN", replace, validate(one_of(["OPEN", "INTERNAL"])))]
///     r#type: Tf<String>,
///     /// The subnet that the address is taken from.
///     #[attr(optional, replace)]
///     subnet_id: Tf<String>,
///     /// The address. Chosen by the cloud where it is not set.
///     #[attr(optional, computed, stable)]
///     address: Tf<String>,
///     /// Who may connect.
///     #[attr(optional, validate(each(cidr())))]
///     allowed: Tf<Set<String>>,
///     /// What is listened on.
///     #[attr(required)]
///     listeners: Tf<Vec<Listener>>,
///     /// Free-form labels.
///     #[attr(optional)]
///     tags: Tf<BTreeMap<String, String>>,
///     /// The key for the metrics endpoint.
///     #[attr(optional, sensitive)]
///     metrics_key: Tf<String>,
///     #[attr(flatten)]
///     place: Place,
/// }
///
/// /// One port of a [`Balancer`].
/// #[derive(Clone, Model)]
/// struct Listener {
///     /// The port.
///     #[attr(required, validate(range(1..=65535)))]
///     port: Tf<u16>,
///     /// The certificate's private key, which is never stored.
///     #[attr(optional, write_only, sensitive)]
///     private_key: Tf<String>,
/// }
///
/// /// Where an object is.
/// #[derive(Clone, Model)]
/// struct Place {
///     /// The region.
///     #[attr(optional, computed, replace, stable)]
///     region: Tf<String>,
/// }
///
/// let schema = Balancer::schema();
/// assert!(schema.validate().is_ok());
/// assert_eq!(schema.version, 1);
/// assert_eq!(schema.block.description, "A load balancer that takes traffic in.");
///
/// let listeners = &schema.block.attributes[6];
/// assert!(matches!(listeners.kind, Kind::Nested(Nesting::List, _)));
/// let names: Vec<&str> = schema.block.attributes.iter().map(|a| a.name.as_str()).collect();
/// assert!(names.contains(&"type") && names.contains(&"region"));
///
/// // A value as Terraform sends it. What is not known yet is `Tf::Unknown`.
/// let value = Value::from([
///     ("name", Value::from("edge")),
///     ("subnet_id", Value::unknown()),
///     ("metrics_key", Value::from("k3y")),
///     ("listeners", Value::List(vec![Value::from([("port", 443)])])),
/// ]);
/// let balancer = Balancer::decode(&value, &Path::root())?;
/// assert_eq!(balancer.name.text(), "edge");
/// assert!(balancer.subnet_id.is_unknown() && balancer.tags.is_null());
/// assert_eq!(balancer.listeners.known().unwrap()[0].port, Tf::Known(443));
///
/// // Written back, every attribute is there, and of the schema's type.
/// assert!(schema.ty().check(&balancer.encode()).is_ok());
///
/// // Secrets are never printed.
/// assert!(!format!("{balancer:?}").contains("k3y"));
///
/// // All problems come at once, each at its attribute.
/// let wrong = Value::from([
///     ("name", Value::from(7)),
///     ("listeners", Value::List(vec![Value::from([("port", 70_000)])])),
/// ]);
/// let problems = Balancer::decode(&wrong, &Path::root()).unwrap_err().to_string();
/// assert_eq!(
///     problems,
///     "Invalid value (name): A string is needed, not a number.\n\
///      Invalid value (listeners[0].port): A whole number between 0 and 65535 is needed, not 70000."
/// );
/// # Ok::<(), tfsdk::Diagnostics>(())
/// ```
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
        T::from_value(value, &self.path.attribute(name)).unwrap_or_else(|problems| {
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
        self.0.insert(name.to_owned(), value.to_value());
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

#[cfg(test)]
mod tests;
