//! Terraform's values.
//!
//! A [`Value`] is what Terraform holds in configuration, plan and state: it
//! may be null or unknown anywhere. It does not carry its [`Type`]; codecs and
//! checks are directed by a type or a schema.

#[cfg(test)]
pub(crate) mod arbitrary;
pub mod json;
mod mismatch;
pub mod msgpack;
mod number;
mod order;
mod path;
mod refinement;
mod set;
mod tf;
mod ty;

use std::{borrow::Cow, collections::BTreeMap};

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

pub(crate) use self::{mismatch::article, ty::MAX_DEPTH};
pub use self::{
    mismatch::{DecodeError, Mismatch},
    number::{Number, NumberError},
    path::{Path, Step},
    refinement::{Bound, Refinement},
    set::Set,
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
    List(Vec<Self>),
    /// A set. The order means nothing.
    Set(Vec<Self>),
    /// A map, an object, or a nested block.
    Map(BTreeMap<String, Self>),
    /// A value of an attribute whose type is `dynamic`, with its actual type.
    Dynamic(Box<(Type, Self)>),
}

impl Value {
    /// An unknown value about which nothing is promised.
    pub const fn unknown() -> Self {
        Self::Unknown(None)
    }

    /// Data without a schema, as an attribute of type `dynamic` holds it: with
    /// the type that it shows by itself (see [`Type::of`]). Null and unknown
    /// stay as they are.
    #[must_use]
    pub fn dynamic(value: Self) -> Self {
        match value {
            Self::Null | Self::Unknown(_) | Self::Dynamic(_) => value,
            _ => Self::Dynamic(Box::new((Type::of(&value), value))),
        }
    }

    /// Whether this value itself is null, also as a null of a certain type in
    /// an attribute of type `dynamic`.
    pub fn is_null(&self) -> bool {
        matches!(self.content(), Self::Null)
    }

    /// Whether this value itself is unknown; parts of it may be all the same.
    pub fn is_unknown(&self) -> bool {
        matches!(self.content(), Self::Unknown(_))
    }

    /// The value without the type that an attribute of type `dynamic` adds.
    pub fn content(&self) -> &Self {
        match self {
            Self::Dynamic(inner) => inner.1.content(),
            _ => self,
        }
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
        match self.content() {
            Self::Map(entries) => entries.get(name),
            _ => None,
        }
    }

    /// The text of a known string.
    pub fn as_str(&self) -> Option<&str> {
        match self.content() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// A known boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self.content() {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A known number.
    pub fn as_number(&self) -> Option<&Number> {
        match self.content() {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The elements of a known list, tuple or set.
    pub fn elements(&self) -> Option<&[Self]> {
        match self.content() {
            Self::List(items) | Self::Set(items) => Some(items),
            _ => None,
        }
    }

    /// A map's key as Terraform holds it.
    pub(crate) fn key(text: &str) -> String {
        normalized(text).into_owned()
    }

    /// The word for what it is: `string`, `list`, `unknown value`, ….
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown(_) => "unknown value",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Map(_) => "map or object",
            Self::Dynamic(_) => "value with its type",
        }
    }

    /// The part at `path`; `None` if there is no such part, or if a value on
    /// the way is null or unknown. Types of `dynamic` values are looked through.
    pub fn at(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, |value, step| match (value.content(), step) {
            (Self::Map(entries), Step::Attribute(name) | Step::Key(name)) => entries.get(name),
            (Self::List(items), Step::Index(index)) => items.get(*index),
            (Self::Set(items), Step::Element(element)) => {
                items.iter().find(|item| *item == element.as_ref())
            }
            _ => None,
        })
    }

    /// The part at `path`, to be changed. A value of type `dynamic` is changed
    /// only as a whole, since its type must change with it.
    pub fn at_mut(&mut self, path: &Path) -> Option<&mut Self> {
        path.steps().iter().try_fold(self, |value, step| match (value, step) {
            (Self::Map(entries), Step::Attribute(name) | Step::Key(name)) => entries.get_mut(name),
            (Self::List(items), Step::Index(index)) => items.get_mut(*index),
            (Self::Set(items), Step::Element(element)) => {
                items.iter_mut().find(|item| *item == element.as_ref())
            }
            _ => None,
        })
    }

    /// Puts `value` at `path`. The last step may name an entry that a map or an
    /// object does not have yet; everything before it must exist.
    ///
    /// # Errors
    ///
    /// The value again, if there is no such place.
    pub fn set_at(&mut self, path: &Path, value: Self) -> Result<(), Self> {
        if let Some(part) = self.at_mut(path) {
            *part = value;
            return Ok(());
        }
        let parent = path.parent().and_then(|parent| self.at_mut(&parent));
        match (parent, path.steps().last()) {
            (Some(Self::Map(entries)), Some(Step::Attribute(name) | Step::Key(name))) => {
                entries.insert(name.clone(), value);
                Ok(())
            }
            _ => Err(value),
        }
    }

    /// Every unknown part made null: the most that may be stored of a value
    /// that was not determined.
    #[must_use]
    pub fn with_unknown_as_null(self) -> Self {
        let all = |items: Vec<Self>| items.into_iter().map(Self::with_unknown_as_null).collect();
        match self {
            Self::Unknown(_) => Self::Null,
            Self::List(items) => Self::List(all(items)),
            Self::Set(items) => Self::Set(all(items)),
            Self::Map(entries) => {
                Self::Map(entries.into_iter().map(|(k, v)| (k, v.with_unknown_as_null())).collect())
            }
            Self::Dynamic(inner) => {
                Self::Dynamic(Box::new((inner.0, inner.1.with_unknown_as_null())))
            }
            other => other,
        }
    }
}

/// `text` in Unicode normalisation form C, in which Terraform holds all text.
pub(crate) fn normalized(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        IsNormalized::No | IsNormalized::Maybe => Cow::Owned(text.nfc().collect()),
    }
}

impl From<&str> for Value {
    /// Normalises the text.
    fn from(text: &str) -> Self {
        Self::String(normalized(text).into_owned())
    }
}

impl From<String> for Value {
    /// Normalises the text.
    fn from(text: String) -> Self {
        match normalized(&text) {
            Cow::Borrowed(_) => Self::String(text),
            Cow::Owned(text) => Self::String(text),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    /// `None` is null.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    /// A list.
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<K: Into<String>, V: Into<Self>, const N: usize> From<[(K, V); N]> for Value {
    /// A map or an object.
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: Into<String>, V: Into<Self>> FromIterator<(K, V)> for Value {
    /// A map or an object.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entry = |(k, v): (K, V)| (Self::key(&k.into()), v.into());
        Self::Map(entries.into_iter().map(entry).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        Value::from([
            ("name", Value::from("web")),
            ("ports", Value::from(vec![80_i64, 443])),
            ("tags", Value::Set(vec!["a".into(), Value::from([("k", "v")])])),
            ("any", Value::dynamic(Value::from([("x", 1_i64)]))),
        ])
    }

    #[test]
    fn parts_are_found_by_path() {
        let value = sample();
        let root = Path::root();
        assert_eq!(value.at(&root), Some(&value));
        assert_eq!(value.at(&root.attribute("ports").index(1)), Some(&Value::from(443)));
        assert_eq!(value.at(&root.attribute("any").key("x")), Some(&Value::from(1)));
        let element = root.attribute("tags").element(Value::from([("k", "v")]));
        assert_eq!(value.at(&element.attribute("k")), Some(&Value::from("v")));
        assert_eq!(value.at(&root.attribute("ports").index(2)), None);
        assert_eq!(value.at(&root.attribute("name").attribute("x")), None);
    }

    #[test]
    fn parts_are_set_by_path() {
        let mut value = sample();
        let root = Path::root();
        assert_eq!(value.set_at(&root.attribute("ports").index(0), 8080.into()), Ok(()));
        assert_eq!(value.set_at(&root.attribute("new"), true.into()), Ok(()));
        assert_eq!(value.at(&root.attribute("ports").index(0)), Some(&8080.into()));
        assert_eq!(value.at(&root.attribute("new")), Some(&true.into()));
        assert_eq!(value.set_at(&root.attribute("any").key("x"), 2.into()), Err(2.into()));
        assert_eq!(value.set_at(&root.attribute("ports").index(9), 1.into()), Err(1.into()));
        assert_eq!(value.set_at(&root.attribute("name").key("x"), 1.into()), Err(1.into()));
    }

    #[test]
    fn text_is_normalised() {
        assert_eq!(Value::from("e\u{301}"), Value::from("\u{e9}"));
        assert_eq!(Value::from("e\u{301}".to_owned()).as_str(), Some("\u{e9}"));
    }

    #[test]
    fn null_and_unknown_show_through_dynamic() {
        let null = Value::Dynamic(Box::new((Type::Bool, Value::Null)));
        assert!(null.is_null() && !null.is_unknown());
        let unknown = Value::Dynamic(Box::new((Type::Bool, Value::unknown())));
        assert!(unknown.is_unknown() && !unknown.is_wholly_known());
        assert_ne!(null, Value::Null, "Terraform tells them apart");
    }

    #[test]
    fn unknown_parts_become_null() {
        let value = Value::from([("a", Value::Set(vec![Value::unknown(), 1.into()]))]);
        let stored = Value::from([("a", Value::Set(vec![Value::Null, 1.into()]))]);
        assert_eq!(value.with_unknown_as_null(), stored);
    }
}
