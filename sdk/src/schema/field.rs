//! Rust types that stand in attributes.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Diagnostic, Diagnostics,
    schema::{Kind, Model, Nesting},
    value::{Number, Path, Set, Tf, Type, Value, article},
};

/// A Rust type that can stand in an attribute.
///
/// Implemented for
///
/// * `bool`, `String`, [`Number`] (exact), `i32`, `i64`, `u16`, `u32`, `u64`,
///   and `f64` (which refuses numbers that it cannot hold exactly);
/// * [`Value`]: any type, checked by nobody;
/// * `Vec<T>`, [`Set<T>`], `BTreeSet<T>` and `BTreeMap<String, T>`;
/// * every [`Model`]: a single nested object, or in a collection a list, set or
///   map of nested objects;
/// * [`Tf<T>`] as the element of a collection, where single elements may be
///   null or unknown. Without it an unknown element makes the whole collection
///   unknown, and a null element is an error.
pub trait Field: Sized {
    /// The attribute's type or nested attributes.
    fn kind() -> Kind;

    /// Reads any value. It is null or unknown where the value is.
    ///
    /// # Errors
    ///
    /// Names the place, at or below `path`, and says what the value should have
    /// been.
    fn from_value(value: &Value, path: &Path) -> Result<Tf<Self>, Diagnostics>;

    /// The value as Terraform's.
    fn to_value(&self) -> Value;
}

impl<T: Field> Field for Tf<T> {
    fn kind() -> Kind {
        T::kind()
    }

    /// Always known: as an element it is itself null or unknown.
    fn from_value(value: &Value, path: &Path) -> Result<Tf<Self>, Diagnostics> {
        T::from_value(value, path).map(Tf::Known)
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Known(value) => value.to_value(),
            Self::Null => Value::Null,
            Self::Unknown => Value::unknown(),
        }
    }
}

impl<M: Model> Field for M {
    fn kind() -> Kind {
        Kind::Nested(Nesting::Single, M::object())
    }

    fn from_value(value: &Value, path: &Path) -> Result<Tf<Self>, Diagnostics> {
        known(value, |value| M::decode(value, path).map(Tf::Known))
    }

    fn to_value(&self) -> Value {
        Model::encode(self)
    }
}

impl Field for bool {
    fn kind() -> Kind {
        Type::Bool.into()
    }

    fn from_value(value: &Value, path: &Path) -> Result<Tf<Self>, Diagnostics> {
        known(value, |value| match value {
            Value::Bool(value) => Ok(Tf::Known(*value)),
            other => Err(wrong_type("bool", other, path)),
        })
    }

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Field for String {
    fn kind() -> Kind {
        Type::String.into()
    }

    fn from_value(value: &Value, path: &Path) -> Result<Tf<Self>, Diagnostics> {
        known(value, |value| match value {
            Value::String(text) => Ok(Tf::Known(text.clone())),
            other => Err(wrong_type("string", other, path)),
        })
    }

    fn to_value(&self) -> Value {
        self.as_str().into()
    }
}

impl Field for Number {
    fn kind() -> Kind {
        Type::Number.into()
    }

    fn from_value(value: &Value, path: &Path) -> Result<Tf<Self>, Diagnostics> {
        known(value, |value| match value {
            Value::Number(number) => Ok(Tf::Known(number.clone())),
            other => Err(wrong_type("number", other, path)),
        })
    }

    fn to_value(&self) -> Value {
        Value::Number(self.clone())
    }
}

/// Integers: whole numbers within the type's range.
macro_rules! integer {
    ($($ty:ty: $convert:ident),*) => {$(
        impl Field for $ty {
            fn kind() -> Kind {
                Type::Number.into()
            }

            fn from_value(value: &Value, path: &Path) -> Result<Tf<Self>, Diagnostics> {
                number(value, path, |number| {
                    number.$convert().and_then(|integer| integer.try_into().ok()).ok_or_else(|| {
                        format!(
                            "A whole number between {} and {} is needed, not {number}.",
                            Self::MIN,
                            Self::MAX
                        )
                    })
                })
            }

            fn to_value(&self) -> Value {
                Value::Number((*self).into())
            }
        }
    )*};
}

integer!(i32: to_i64, i64: to_i64, u16: to_u64, u32: to_u64, u64: to_u64);

impl Field for f64 {
    fn kind() -> Kind {
        Type::Number.into()
    }

    fn from_value(value: &Value, path: &Path) -> Result<Tf<Self>, Diagnostics> {
        number(value, path, |number| {
            // What cannot be given back exactly would break Terraform's rules.
            number
                .to_f64()
                .filter(|float| Number::from_f64(*float).as_ref() == Some(number))
                .ok_or_else(|| {
                    format!("{number} has more digits than can be kept. Write at most 15 digits.")
                })
        })
    }

    /// Infinity, and what is not a number, is null.
    fn to_value(&self) -> Value {
        Number::from_f64(*self).map_or(Value::Null, Value::Number)
    }
}

impl Field for Value {
    fn kind() -> Kind {
        Type::Dynamic.into()
    }

    /// Takes the value with its type. A null of a certain type is known, since
    /// Terraform tells it from a bare null: ask [`Value::is_null`].
    fn from_value(value: &Value, _path: &Path) -> Result<Tf<Self>, Diagnostics> {
        Ok(match value {
            Self::Null => Tf::Null,
            Self::Unknown(_) => Tf::Unknown,
            known => Tf::Known(known.clone()),
        })
    }

    fn to_value(&self) -> Value {
        Self::dynamic(self.clone())
    }
}

impl<T: Field> Field for Vec<T> {
    fn kind() -> Kind {
        collection(T::kind(), Nesting::List, Type::list)
    }

    fn from_value(value: &Value, path: &Path) -> Result<Tf<Self>, Diagnostics> {
        known(value, |value| {
            let items = value.elements().ok_or_else(|| wrong_type("list", value, path))?;
            elements(items.iter().enumerate().map(|(i, item)| (path.index(i), (), item)))
                .map(|items| items.map(|items| items.into_iter().map(|((), item)| item).collect()))
        })
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }
}

impl<T: Field> Field for Set<T> {
    fn kind() -> Kind {
        collection(T::kind(), Nesting::Set, Type::set)
    }

    fn from_value(value: &Value, path: &Path) -> Result<Tf<Self>, Diagnostics> {
        set_elements(value, path).map(|set| set.map(Self::from))
    }

    fn to_value(&self) -> Value {
        Value::Set(self.iter().map(T::to_value).collect())
    }
}

impl<T: Field + Ord> Field for BTreeSet<T> {
    fn kind() -> Kind {
        collection(T::kind(), Nesting::Set, Type::set)
    }

    fn from_value(value: &Value, path: &Path) -> Result<Tf<Self>, Diagnostics> {
        set_elements(value, path).map(|set| set.map(|items| items.into_iter().collect()))
    }

    fn to_value(&self) -> Value {
        Value::Set(self.iter().map(T::to_value).collect())
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    fn kind() -> Kind {
        collection(T::kind(), Nesting::Map, Type::map)
    }

    fn from_value(value: &Value, path: &Path) -> Result<Tf<Self>, Diagnostics> {
        known(value, |value| match value {
            Value::Map(entries) => {
                elements(entries.iter().map(|(key, item)| (path.key(key), key.clone(), item)))
                    .map(|entries| entries.map(|entries| entries.into_iter().collect()))
            }
            other => Err(wrong_type("map", other, path)),
        })
    }

    fn to_value(&self) -> Value {
        self.iter().map(|(key, item)| (Value::key(key), item.to_value())).collect()
    }
}

/// Null and unknown as they are, anything else by `read`.
fn known<T>(
    value: &Value,
    read: impl FnOnce(&Value) -> Result<Tf<T>, Diagnostics>,
) -> Result<Tf<T>, Diagnostics> {
    match value.content() {
        Value::Null => Ok(Tf::Null),
        Value::Unknown(_) => Ok(Tf::Unknown),
        known => read(known),
    }
}

fn number<T>(
    value: &Value,
    path: &Path,
    convert: impl FnOnce(&Number) -> Result<T, String>,
) -> Result<Tf<T>, Diagnostics> {
    known(value, |value| match value {
        Value::Number(number) => convert(number).map(Tf::Known).map_err(|text| wrong(path, text)),
        other => Err(wrong_type("number", other, path)),
    })
}

fn set_elements<T: Field>(value: &Value, path: &Path) -> Result<Tf<Vec<T>>, Diagnostics> {
    known(value, |value| {
        let items = value.elements().ok_or_else(|| wrong_type("set", value, path))?;
        elements(items.iter().map(|item| (path.element(item.clone()), (), item)))
            .map(|items| items.map(|items| items.into_iter().map(|((), item)| item).collect()))
    })
}

/// Reads the elements of a collection: unknown if any of them is, an error
/// where one is null.
fn elements<'v, K, T: Field>(
    items: impl Iterator<Item = (Path, K, &'v Value)>,
) -> Result<Tf<Vec<(K, T)>>, Diagnostics> {
    let (mut read, mut unknown, mut problems) = (Vec::new(), false, Diagnostics::new());
    for (path, key, item) in items {
        match T::from_value(item, &path) {
            Ok(Tf::Known(item)) => read.push((key, item)),
            Ok(Tf::Unknown) => unknown = true,
            Ok(Tf::Null) => problems.extend(wrong(&path, "An element must not be null.")),
            Err(found) => problems.extend(found),
        }
    }
    problems.into_result()?;
    Ok(if unknown { Tf::Unknown } else { Tf::Known(read) })
}

/// A collection of elements of a kind. Collections of collections of nested
/// attributes cannot be nested attributes themselves; they are a type.
fn collection(element: Kind, nesting: Nesting, ty: fn(Type) -> Type) -> Kind {
    match element {
        Kind::Nested(Nesting::Single, object) => Kind::Nested(nesting, object),
        other => Kind::Type(ty(other.ty())),
    }
}

/// `value` is of another type than the attribute.
pub(crate) fn wrong_type(wanted: &str, value: &Value, path: &Path) -> Diagnostics {
    let (wanted, found) = (article(wanted), article(value.kind()));
    let wanted = wanted.replacen('a', "A", 1);
    wrong(path, format!("{wanted} is needed, not {found}."))
}

fn wrong(path: &Path, detail: impl Into<String>) -> Diagnostics {
    Diagnostic::error("Invalid value", detail).at(path).into()
}

#[cfg(test)]
mod tests;
