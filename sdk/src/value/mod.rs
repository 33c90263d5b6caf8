//! Terraform's values.
//!
//! A [`Value`] is what Terraform holds in configuration, plan and state: it
//! may be null or unknown anywhere. It does not carry its [`Type`]; codecs and
//! checks are directed by a type or a schema.

mod number;
mod path;
mod refinement;
mod tf;
mod ty;

use std::collections::BTreeMap;

pub use self::{
    number::{Number, NumberError},
    path::{Path, Step},
    refinement::{Bound, Refinement},
    tf::Tf,
    ty::Type,
};

/// One Terraform value of any type.
///
/// Equality is structural. Sets compare regardless of order; two unknown
/// values are equal here although Terraform never holds them for the same.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Absent. Every type has it.
    #[default]
    Null,
    /// Not known before apply, with what is promised about it.
    Unknown(Option<Box<Refinement>>),
    /// A boolean.
    Bool(bool),
    /// An exact decimal number.
    Number(Number),
    /// Unicode text, in normalisation form C.
    String(String),
    /// A list or a tuple.
    List(Vec<Value>),
    /// A set. The order means nothing.
    Set(Vec<Value>),
    /// A map, an object, or a nested block.
    Map(BTreeMap<String, Value>),
    /// A value of an attribute whose type is `dynamic`, with its actual type.
    Dynamic(Box<(Type, Value)>),
}

impl Value {
    /// An unknown value about which nothing is promised.
    pub const fn unknown() -> Self {
        Self::Unknown(None)
    }

    /// Whether this value itself is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether this value itself is unknown; parts of it may be all the same.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Whether neither this value nor any part of it is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::List(items) | Self::Set(items) => items.iter().all(Self::is_wholly_known),
            Self::Map(entries) => entries.values().all(Self::is_wholly_known),
            Self::Dynamic(inner) => inner.1.is_wholly_known(),
            _ => true,
        }
    }

    /// The entry `name` of a map or an object; `None` for anything else.
    pub fn entry(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.get(name),
            _ => None,
        }
    }

    /// The text of a known string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) | (Self::Unknown(_), Self::Unknown(_)) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Set(a), Self::Set(b)) => same_elements(a, b),
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Dynamic(a), Self::Dynamic(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

/// Whether two sets hold the same elements, each as often.
fn same_elements(a: &[Value], b: &[Value]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut rest: Vec<&Value> = b.iter().collect();
    a.iter().all(|value| match rest.iter().position(|other| *other == value) {
        Some(i) => {
            rest.swap_remove(i);
            true
        }
        None => false,
    })
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl<K: Into<String>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Value {
    fn from(entries: [(K, V); N]) -> Self {
        Self::Map(entries.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }
}
