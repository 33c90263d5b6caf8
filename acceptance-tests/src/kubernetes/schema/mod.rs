//! Shapes of objects: what fields a kind has, how its lists and maps merge, and
//! what is filled in when a field is left out.
//!
//! One model serves the built-in kinds ([`builtin`], from a table) and custom
//! resources ([`structural`], from the `openAPIV3Schema` of a definition).

pub(crate) mod builtin;
pub(crate) mod decode;
pub(crate) mod defaults;
pub(crate) mod prune;
pub(crate) mod quantity;
pub(crate) mod structural;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::kubernetes::cel::Rule;

/// What values a field takes, and how two managers share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    pub(crate) shape: Shape,
    /// Whether an explicit null is kept.
    pub(crate) nullable: bool,
    /// The value of an absent field.
    pub(crate) default: Option<Value>,
    /// Value rules of a custom resource's schema.
    pub(crate) checks: Option<Box<Checks>>,
}

/// The structure of a value.
#[derive(Debug, Clone, Default)]
pub(crate) enum Shape {
    /// Anything: maps merge key by key, lists are replaced whole.
    #[default]
    Any,
    Scalar(Scalar),
    Map(MapShape),
    List(Box<Schema>, ListKind),
    /// A type of the built-in table.
    Named(&'static str),
}

/// Scalars, by what is accepted for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    String,
    Bytes,
    Integer,
    Number,
    Boolean,
    Quantity,
    IntOrString,
    Time,
}

/// A struct (declared fields), a map (open keys), or both.
#[derive(Debug, Clone, Default)]
pub(crate) struct MapShape {
    pub(crate) fields: BTreeMap<String, Field>,
    pub(crate) rest: Rest,
    /// Replaced and owned as one value.
    pub(crate) atomic: bool,
}

/// A declared field.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) schema: Schema,
    pub(crate) required: bool,
}

/// What becomes of keys that are not declared.
#[derive(Debug, Clone, Default)]
pub(crate) enum Rest {
    /// They are unknown: pruned on write, refused in an apply.
    #[default]
    Closed,
    /// Each takes a value of this schema.
    Open(Box<Schema>),
    /// They are kept as they are.
    Preserved,
}

/// How a list is merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListKind {
    Atomic,
    Set,
    Map(Vec<String>),
}

/// Value rules of OpenAPI v3, as far as structural schemas allow them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checks {
    pub(crate) enumeration: Vec<Value>,
    pub(crate) pattern: Option<String>,
    pub(crate) format: Option<String>,
    pub(crate) minimum: Option<f64>,
    pub(crate) exclusive_minimum: bool,
    pub(crate) maximum: Option<f64>,
    pub(crate) exclusive_maximum: bool,
    pub(crate) multiple_of: Option<f64>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) min_items: Option<u64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) min_properties: Option<u64>,
    pub(crate) max_properties: Option<u64>,
    pub(crate) all_of: Vec<Value>,
    pub(crate) any_of: Vec<Value>,
    pub(crate) one_of: Vec<Value>,
    pub(crate) not: Option<Value>,
    /// `x-kubernetes-validations`.
    pub(crate) rules: Vec<Rule>,
}

/// The schema of one key of a map.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Child<'a> {
    /// A declared field of a struct.
    Field(&'a Schema),
    /// A key of a map whose keys are data.
    Entry(&'a Schema),
    /// Neither.
    Unknown,
}

static ANY: LazyLock<Schema> = LazyLock::new(Schema::default);

impl Schema {
    pub(crate) fn of(shape: Shape) -> Self {
        Self { shape, ..Self::default() }
    }

    /// The schema that takes anything.
    pub(crate) fn any() -> &'static Self {
        &ANY
    }

    /// A schema that stands for a type of the built-in table.
    pub(crate) fn named(name: &'static str) -> Self {
        Self::of(Shape::Named(name))
    }

    /// The structure, with a name of the built-in table followed.
    pub(crate) fn shape(&self) -> &Shape {
        match &self.shape {
            Shape::Named(name) => &builtin::schema(name).shape,
            shape => shape,
        }
    }

    /// The schema of a key, if this describes a map.
    pub(crate) fn child(&self, key: &str) -> Child<'_> {
        match self.shape() {
            Shape::Map(map) => match (map.fields.get(key), &map.rest) {
                (Some(field), _) => Child::Field(&field.schema),
                (None, Rest::Open(schema)) => Child::Entry(schema),
                (None, Rest::Preserved) => Child::Entry(Self::any()),
                (None, Rest::Closed) => Child::Unknown,
            },
            Shape::Any => Child::Entry(Self::any()),
            _ => Child::Unknown,
        }
    }

    /// The schema of a key or, for what is not declared, of anything.
    pub(crate) fn child_or_any(&self, key: &str) -> &Self {
        match self.child(key) {
            Child::Field(schema) | Child::Entry(schema) => schema,
            Child::Unknown => Self::any(),
        }
    }

    /// The schema of a list's items and how the list merges.
    pub(crate) fn items(&self) -> (&Self, &ListKind) {
        match self.shape() {
            Shape::List(items, kind) => (items, kind),
            _ => (Self::any(), &ListKind::Atomic),
        }
    }

    /// Whether a map of this schema is owned as one value.
    pub(crate) fn is_atomic_map(&self) -> bool {
        matches!(self.shape(), Shape::Map(map) if map.atomic)
    }

    /// The default of a key field of an associative list's items.
    pub(crate) fn key_default(&self, key: &str) -> Option<&Value> {
        match self.child(key) {
            Child::Field(schema) => schema.default.as_ref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_names_of_the_table() {
        let pod = Schema::named("Pod");
        let containers = pod.child_or_any("spec").child_or_any("containers");
        let (container, kind) = containers.items();
        assert_eq!(*kind, ListKind::Map(vec!["name".into()]));
        let (port, kind) = container.child_or_any("ports").items();
        assert_eq!(*kind, ListKind::Map(vec!["containerPort".into(), "protocol".into()]));
        assert_eq!(port.key_default("protocol"), Some(&Value::from("TCP")));
        assert!(matches!(container.child("nothing"), Child::Unknown));
    }
}
