//! One view of everything that has a shape: blocks, nested attributes, types.

use std::collections::BTreeMap;

use crate::{
    schema::{Attribute, Block, Kind, NestedBlock, Nesting, Object},
    value::{Type, Value},
};

/// What stands where nothing stands.
pub(crate) static NULL: Value = Value::Null;
/// What stands inside a value that is unknown as a whole.
static UNKNOWN: Value = Value::unknown();

/// The entry `name` of an object: null in an absent object or where it is
/// missing, unknown in an unknown object.
pub(crate) fn entry<'a>(object: &'a Value, name: &str) -> &'a Value {
    match object {
        Value::Map(entries) => entries.get(name).unwrap_or(&NULL),
        Value::Unknown(_) => &UNKNOWN,
        _ => &NULL,
    }
}

/// Whether the configuration may set the attribute.
pub(crate) fn is_configurable(attribute: &Attribute) -> bool {
    attribute.required || attribute.optional
}

/// Attributes and blocks, whichever of a block or an object holds them.
#[derive(Clone, Copy)]
pub(crate) struct Shape<'a> {
    pub(crate) attributes: &'a [Attribute],
    pub(crate) blocks: &'a [NestedBlock],
}

impl<'a> From<&'a Block> for Shape<'a> {
    fn from(block: &'a Block) -> Self {
        Self { attributes: &block.attributes, blocks: &block.blocks }
    }
}

impl<'a> From<&'a Object> for Shape<'a> {
    fn from(object: &'a Object) -> Self {
        Self { attributes: &object.attributes, blocks: &[] }
    }
}

/// How a value is put together, whatever declares it.
#[derive(Clone, Copy)]
pub(crate) enum View<'a> {
    /// A boolean, a number, a string, or a value that brings its type.
    Leaf(&'a Type),
    /// Nested attributes or a block.
    Object(Shape<'a>),
    /// An object type.
    Struct(&'a BTreeMap<String, Type>),
    /// A tuple type.
    Tuple(&'a [Type]),
    /// A list.
    List(Element<'a>),
    /// A set.
    Set(Element<'a>),
    /// A map.
    Map(Element<'a>),
}

/// What a collection holds.
#[derive(Clone, Copy)]
pub(crate) enum Element<'a> {
    /// Values of a type.
    Type(&'a Type),
    /// Nested attributes or blocks.
    Object(Shape<'a>),
}

impl<'a> Element<'a> {
    /// One element.
    pub(crate) fn view(self) -> View<'a> {
        match self {
            Self::Type(ty) => View::of_type(ty),
            Self::Object(shape) => View::Object(shape),
        }
    }
}

impl<'a> View<'a> {
    /// An attribute's value.
    pub(crate) fn of_kind(kind: &'a Kind) -> Self {
        match kind {
            Kind::Type(ty) => Self::of_type(ty),
            Kind::Nested(nesting, object) => Self::nested(*nesting, object.into()),
        }
    }

    /// The value of all blocks of one name.
    pub(crate) fn of_block(block: &'a NestedBlock) -> Self {
        Self::nested(block.nesting, (&block.block).into())
    }

    /// A value of a type.
    pub(crate) fn of_type(ty: &'a Type) -> Self {
        match ty {
            Type::Bool | Type::Number | Type::String | Type::Dynamic => Self::Leaf(ty),
            Type::List(element) => Self::List(Element::Type(element)),
            Type::Set(element) => Self::Set(Element::Type(element)),
            Type::Map(element) => Self::Map(Element::Type(element)),
            Type::Object(attributes) => Self::Struct(attributes),
            Type::Tuple(elements) => Self::Tuple(elements),
        }
    }

    fn nested(nesting: Nesting, shape: Shape<'a>) -> Self {
        match nesting {
            Nesting::Single | Nesting::Group => Self::Object(shape),
            Nesting::List => Self::List(Element::Object(shape)),
            Nesting::Set => Self::Set(Element::Object(shape)),
            Nesting::Map => Self::Map(Element::Object(shape)),
        }
    }
}

/// `items` without those wholly known ones that are there already: unknown
/// ones may turn out to differ.
pub(crate) fn distinct(items: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::with_capacity(items.len());
    for item in items {
        if !item.is_wholly_known() || !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}
