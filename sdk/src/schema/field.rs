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
mod tests {
    use super::*;

    fn read<T: Field>(value: impl Into<Value>) -> Result<Tf<T>, String> {
        T::from_value(&value.into(), &Path::from("x")).map_err(|problems| problems.to_string())
    }

    fn text(text: &str) -> Value {
        Value::Number(text.parse().unwrap())
    }

    #[test]
    fn scalars_go_both_ways() {
        assert_eq!(read::<bool>(true), Ok(Tf::Known(true)));
        assert_eq!(read::<String>("a"), Ok(Tf::Known("a".to_owned())));
        assert_eq!(read::<i64>(-5), Ok(Tf::Known(-5)));
        assert_eq!(read::<u16>(65535), Ok(Tf::Known(65535)));
        assert_eq!(read::<f64>(text("0.1")), Ok(Tf::Known(0.1)));
        assert_eq!(0.1.to_value(), text("0.1"));
        assert_eq!(f64::NAN.to_value(), Value::Null);
        assert_eq!(u64::MAX.to_value(), text("18446744073709551615"));
        assert_eq!(read::<i64>(Value::Null), Ok(Tf::Null));
        assert_eq!(read::<i64>(Value::unknown()), Ok(Tf::Unknown));
    }

    #[test]
    fn numbers_that_do_not_fit_are_errors() {
        for (problem, wanted) in [
            (read::<i64>(text("1.5")).unwrap_err(), "not 1.5"),
            (read::<u16>(65536).unwrap_err(), "between 0 and 65535"),
            (read::<u64>(-1).unwrap_err(), "not -1"),
            (read::<i32>(1_i64 << 31).unwrap_err(), "between -2147483648 and 2147483647"),
            (read::<f64>(text("0.30000000000000001")).unwrap_err(), "more digits"),
            (read::<f64>(text("9007199254740993")).unwrap_err(), "more digits"),
            (read::<f64>(text("1e400")).unwrap_err(), "more digits"),
            (read::<bool>("true").unwrap_err(), "A bool is needed, not a string."),
        ] {
            assert!(problem.starts_with("Invalid value (x): "), "{problem}");
            assert!(problem.contains(wanted), "{problem}");
        }
    }

    #[test]
    fn an_unknown_element_makes_the_collection_unknown() {
        let items = vec![Value::from("a"), Value::unknown()];
        assert_eq!(read::<Vec<String>>(Value::List(items.clone())), Ok(Tf::Unknown));
        assert_eq!(read::<BTreeSet<String>>(Value::Set(items.clone())), Ok(Tf::Unknown));
        assert_eq!(
            read::<BTreeMap<String, String>>(Value::from([("k", Value::unknown())])),
            Ok(Tf::Unknown)
        );
        assert_eq!(
            read::<Vec<Tf<String>>>(Value::List(items)),
            Ok(Tf::Known(vec!["a".into(), Tf::Unknown]))
        );
        let nested = Value::List(vec![Value::List(vec![Value::unknown()])]);
        assert_eq!(read::<Vec<Vec<String>>>(nested), Ok(Tf::Unknown));
    }

    #[test]
    fn a_null_element_is_an_error_at_its_place() {
        let list = Value::List(vec!["a".into(), Value::Null]);
        let problem = read::<Vec<String>>(list.clone()).unwrap_err();
        assert_eq!(problem, "Invalid value (x[1]): An element must not be null.");
        let map = Value::from([("k", Value::Null)]);
        let problem = read::<BTreeMap<String, i64>>(map).unwrap_err();
        assert!(problem.contains("(x[\"k\"])"), "{problem}");
        assert_eq!(read::<Vec<Tf<String>>>(list), Ok(Tf::Known(vec!["a".into(), Tf::Null])));
    }

    #[test]
    fn several_unknown_elements_of_a_set_stay_several() {
        let set = Value::Set(vec![Value::unknown(), Value::unknown()]);
        let read =
            Set::<Tf<String>>::from_value(&set, &Path::root()).unwrap().into_known().unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read.to_value(), set);
    }

    #[test]
    fn dynamic_values_keep_their_type() {
        let list = Value::Dynamic(Box::new((Type::list(Type::Bool), Value::List(vec![]))));
        let read_back = read::<Value>(list.clone()).unwrap().into_known().unwrap();
        assert_eq!(read_back.to_value(), list);
        let null = Value::Dynamic(Box::new((Type::Bool, Value::Null)));
        assert_eq!(read::<Value>(null.clone()).unwrap().into_known().unwrap().to_value(), null);
        assert_eq!(Value::from("x").to_value(), Value::dynamic("x".into()));
    }

    #[test]
    fn text_is_written_in_form_c() {
        assert_eq!("e\u{301}".to_owned().to_value(), Value::from("\u{e9}"));
    }

    #[test]
    fn kinds_follow_the_types() {
        let ty = |kind: Kind| kind.ty().to_string();
        assert_eq!(ty(<Vec<BTreeMap<String, u32>>>::kind()), "list(map(number))");
        assert_eq!(ty(<BTreeSet<String>>::kind()), "set(string)");
        assert_eq!(ty(<Set<Tf<bool>>>::kind()), "set(bool)");
        assert_eq!(ty(<Value as Field>::kind()), "any");
    }
}
