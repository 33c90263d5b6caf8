//! Type constraints.

use std::{collections::BTreeMap, fmt};

use crate::value::{DecodeError, Mismatch, Step, Value, json};

/// How deep types and values may nest. Far beyond what anyone writes, and
/// shallow enough for any thread's stack.
pub(crate) const MAX_DEPTH: usize = 128;

/// The type of a value, as schemas and functions declare it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Type {
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// `string`
    String,
    /// Any type; the value says which.
    Dynamic,
    /// `list(T)`
    List(Box<Self>),
    /// `set(T)`
    Set(Box<Self>),
    /// `map(T)`
    Map(Box<Self>),
    /// `object({ name = T, … })`
    Object(BTreeMap<String, Self>),
    /// `tuple([T, …])`
    Tuple(Vec<Self>),
}

impl Type {
    /// `list(element)`
    pub fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    /// `set(element)`
    pub fn set(element: Self) -> Self {
        Self::Set(Box::new(element))
    }

    /// `map(element)`
    pub fn map(element: Self) -> Self {
        Self::Map(Box::new(element))
    }

    /// `object(attributes)`
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect())
    }

    /// Whether the type is `dynamic` or has a `dynamic` part.
    pub fn has_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::Bool | Self::Number | Self::String => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_dynamic(),
            Self::Object(attributes) => attributes.values().any(Self::has_dynamic),
            Self::Tuple(elements) => elements.iter().any(Self::has_dynamic),
        }
    }

    /// The plugin protocol's JSON form, such as `["list","string"]`.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        json::write_type(self, &mut out);
        out
    }

    /// Reads the plugin protocol's JSON form.
    ///
    /// # Errors
    ///
    /// Says what is malformed, or that the type nests deeper than 128 levels.
    pub fn from_json(text: &str) -> Result<Self, DecodeError> {
        json::read_type(text, 0)
    }

    /// Whether `value` is of this type: every part of the right kind, objects
    /// with exactly the declared attributes, tuples of the declared length.
    /// Null and unknown are of every type.
    ///
    /// # Errors
    ///
    /// The first part that is not, and what it should have been.
    pub fn check(&self, value: &Value) -> Result<(), Mismatch> {
        let each = |items: &[Value], ty: &Self| {
            items.iter().enumerate().try_for_each(|(i, item)| {
                ty.check(item).map_err(|error| error.within(Step::Index(i)))
            })
        };
        match (self, value) {
            (_, Value::Null | Value::Unknown(_))
            | (Self::Bool, Value::Bool(_))
            | (Self::Number, Value::Number(_))
            | (Self::String, Value::String(_)) => Ok(()),
            (Self::Dynamic, Value::Dynamic(inner)) => inner.0.check(&inner.1),
            (Self::List(element), Value::List(items)) => each(items, element),
            (Self::Set(element), Value::Set(items)) => items.iter().try_for_each(|item| {
                element.check(item).map_err(|error| error.within_element(item))
            }),
            (Self::Tuple(types), Value::List(items)) => {
                if types.len() != items.len() {
                    return Err(Mismatch::new(format!(
                        "a tuple of {} elements is needed, and there are {}",
                        types.len(),
                        items.len()
                    )));
                }
                types.iter().zip(items).enumerate().try_for_each(|(i, (ty, item))| {
                    ty.check(item).map_err(|error| error.within(Step::Index(i)))
                })
            }
            (Self::Map(element), Value::Map(entries)) => {
                entries.iter().try_for_each(|(key, item)| {
                    element.check(item).map_err(|error| error.within(Step::Key(key.clone())))
                })
            }
            (Self::Object(types), Value::Map(entries)) => {
                if let Some(name) = entries.keys().find(|name| !types.contains_key(*name)) {
                    return Err(Mismatch::new(format!("there is no attribute {name:?}")));
                }
                types.iter().try_for_each(|(name, ty)| match entries.get(name) {
                    Some(item) => {
                        ty.check(item).map_err(|error| error.within(Step::Attribute(name.clone())))
                    }
                    None => Err(Mismatch::new(format!("the attribute {name:?} is missing"))),
                })
            }
            _ => Err(Mismatch::wanted(self, value)),
        }
    }

    /// The type that a value shows by itself: what [`Value::Dynamic`] carries
    /// for data that has no schema. Sequences are tuples and mappings are
    /// objects; null and unknown are `dynamic`.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null | Value::Unknown(_) | Value::Dynamic(_) => Self::Dynamic,
            Value::Bool(_) => Self::Bool,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::List(items) => Self::Tuple(items.iter().map(Self::of).collect()),
            Value::Set(items) => {
                let mut types = items.iter().map(Self::of);
                let first = types.next().unwrap_or(Self::Dynamic);
                Self::set(if types.all(|ty| ty == first) { first } else { Self::Dynamic })
            }
            Value::Map(entries) => Self::Object(
                entries.iter().map(|(name, value)| (name.clone(), Self::of(value))).collect(),
            ),
        }
    }
}

impl fmt::Display for Type {
    /// As Terraform's documentation writes types: `map(list(string))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Number => f.write_str("number"),
            Self::String => f.write_str("string"),
            Self::Dynamic => f.write_str("any"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Set(element) => write!(f, "set({element})"),
            Self::Map(element) => write!(f, "map({element})"),
            Self::Object(attributes) => {
                f.write_str("object({")?;
                for (i, (name, ty)) in attributes.iter().enumerate() {
                    write!(f, "{} {name} = {ty}", if i == 0 { "" } else { "," })?;
                }
                f.write_str(" })")
            }
            Self::Tuple(elements) => {
                f.write_str("tuple([")?;
                for (i, ty) in elements.iter().enumerate() {
                    write!(f, "{}{ty}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("])")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_types_as_documentation_does() {
        let ty = Type::map(Type::object([("a", Type::list(Type::String)), ("b", Type::Dynamic)]));
        assert_eq!(ty.to_string(), "map(object({ a = list(string), b = any }))");
        assert_eq!(
            Type::Tuple(vec![Type::Bool, Type::Number]).to_string(),
            "tuple([bool, number])"
        );
    }

    #[test]
    fn json_form_is_that_of_the_protocol() {
        let ty = Type::object([
            ("n", Type::Number),
            ("l", Type::list(Type::String)),
            ("s", Type::set(Type::Bool)),
            ("m", Type::map(Type::Dynamic)),
            ("t", Type::Tuple(vec![Type::String, Type::Bool])),
        ]);
        let json = r#"["object",{"l":["list","string"],"m":["map","dynamic"],"n":"number","s":["set","bool"],"t":["tuple",["string","bool"]]}]"#;
        assert_eq!(ty.to_json(), json);
        assert_eq!(Type::from_json(json), Ok(ty));
    }

    #[test]
    fn malformed_types_are_errors() {
        for text in [
            "",
            "null",
            "\"text\"",
            "[]",
            "[\"list\"]",
            "[\"list\",\"string\",1]",
            "[\"object\",[]]",
            "[\"tuple\",{}]",
            "{\"a\":1}",
            "\"string\" x",
        ] {
            assert!(Type::from_json(text).is_err(), "{text}");
        }
        let deep = format!("{}\"string\"{}", "[\"list\",".repeat(100_000), "]".repeat(100_000));
        assert!(Type::from_json(&deep).unwrap_err().reason.contains("deep"));
    }

    #[test]
    fn check_names_the_part_that_does_not_fit() {
        let ty = Type::object([("a", Type::list(Type::Number))]);
        let fits = Value::from([("a", Value::List(vec![1.into(), Value::Null, Value::unknown()]))]);
        assert_eq!(ty.check(&fits), Ok(()));

        let error = ty.check(&Value::from([("a", Value::List(vec![true.into()]))])).unwrap_err();
        assert_eq!(error.to_string(), "a[0]: a number is needed, not a bool");

        assert!(ty.check(&Value::from([("b", true)])).is_err());
        assert!(ty.check(&Value::Map(BTreeMap::new())).is_err());
        assert!(Type::Tuple(vec![Type::Bool]).check(&Value::List(vec![])).is_err());
    }

    #[test]
    fn the_type_of_free_data_is_inferred() {
        let data = Value::from([("a", Value::List(vec![1.into(), "x".into(), Value::Null]))]);
        let ty = Type::of(&data);
        assert_eq!(ty.to_string(), "object({ a = tuple([number, string, any]) })");
        assert_eq!(ty.check(&data), Ok(()));
    }
}
