//! What a provider's objects look like: attributes, nesting, rules.
//!
//! A schema is written as a struct that derives [`Model`]; the types here are
//! what the derive makes, and what code that is not struct-shaped builds by
//! hand.

mod build;
mod field;
mod model;
mod rule;
mod sound;
mod ty;
pub mod validators;
mod walk;

use std::{fmt, sync::Arc};

pub use self::{
    field::Field,
    model::{Model, ObjectReader, ObjectWriter},
    rule::{Check, Equivalence, PlanRule, Validator},
    walk::Part,
};
use crate::value::{Type, Value};

/// The shape of a provider's configuration, a resource, a data source, …
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Raised when a state of the version before needs an upgrade.
    pub version: i64,
    /// The content.
    pub block: Block,
}

/// Attributes and nested blocks.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// In the order in which documentation shows them.
    pub attributes: Vec<Attribute>,
    /// Nested blocks, for shapes that must be written without `=`.
    pub blocks: Vec<NestedBlock>,
    /// Markdown.
    pub description: String,
    /// Why not to use it any more, and what instead.
    pub deprecation: Option<String>,
    /// Conditions on the attributes together. They get the object, parts of
    /// which may be unknown.
    pub validators: Vec<Arc<dyn Validator>>,
}

/// One attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// `lower_snake_case`.
    pub name: String,
    /// The type, or the attributes nested in it.
    pub kind: Kind,
    /// Markdown.
    pub description: String,
    /// Must be set.
    pub required: bool,
    /// May be set.
    pub optional: bool,
    /// The provider may set it where the configuration does not. See
    /// [`is_computed`](Attribute::is_computed) for what Terraform is told.
    pub computed: bool,
    /// Never shown.
    pub sensitive: bool,
    /// Never stored: reaches the provider only in configuration.
    pub write_only: bool,
    /// Why not to use it any more, and what instead.
    pub deprecation: Option<String>,
    /// Planned where the configuration says nothing. Makes the attribute
    /// computed on the wire.
    pub default: Option<Value>,
    /// Checked at validation wherever the value is known and not null.
    pub validators: Vec<Arc<dyn Validator>>,
    /// How a change of it is planned.
    pub plan: PlanRule,
    /// The attributes within a value of type `dynamic`, for documentation: the
    /// resource itself checks them. See [`described_by`](Self::described_by).
    pub inside: Option<Box<(Nesting, Object)>>,
}

/// What an attribute holds.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A value of a type.
    Type(Type),
    /// Attributes of its own.
    Nested(Nesting, Object),
}

/// Attributes that are nested in an attribute.
#[derive(Clone, Debug, Default)]
pub struct Object {
    /// In the order in which documentation shows them.
    pub attributes: Vec<Attribute>,
    /// Markdown, about the object itself.
    pub description: String,
    /// Conditions on the attributes together. They get the object, parts of
    /// which may be unknown.
    pub validators: Vec<Arc<dyn Validator>>,
}

/// How often nested attributes or blocks stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Nesting {
    /// One object.
    Single,
    /// A list of objects.
    List,
    /// A set of objects.
    Set,
    /// A map of objects.
    Map,
    /// Blocks only: one object that is never null.
    Group,
}

/// Blocks that are nested in a block.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    /// The block's name.
    pub name: String,
    /// How often it stands.
    pub nesting: Nesting,
    /// The content.
    pub block: Block,
    /// At least so many; 0 says nothing.
    pub min_items: i64,
    /// At most so many; 0 says nothing.
    pub max_items: i64,
}

impl fmt::Debug for dyn Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}
