//! Values from JSON, directed by a type.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::value::{
    DecodeError, MAX_DEPTH, Number, Step, Type, Value, article, mismatch::kind_of_type, normalized,
};

/// How to read.
pub(super) struct Reader {
    /// Whether attributes that the type does not have are passed over.
    pub(super) ignore_other_attributes: bool,
}

/// One JSON value whose parts are not read yet.
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    /// As written.
    Number(&'a str),
    String(String),
    Array(Vec<&'a RawValue>),
    Object(BTreeMap<String, &'a RawValue>),
}

impl<'a> Json<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, DecodeError> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        let parsed = match text.as_bytes().first() {
            Some(b'[') => serde_json::from_str(text).map(Self::Array),
            Some(b'{') => serde_json::from_str(text).map(Self::Object),
            Some(b'"') => serde_json::from_str(text).map(Self::String),
            Some(b't' | b'f') => serde_json::from_str(text).map(Self::Bool),
            Some(b'n') => serde_json::from_str::<()>(text).map(|()| Self::Null),
            _ => serde_json::from_str::<&RawValue>(text).map(|raw| Self::Number(raw.get())),
        };
        parsed.map_err(|error| DecodeError::new(format!("malformed JSON: {error}")))
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "sequence",
            Self::Object(_) => "mapping",
        }
    }
}

impl Reader {
    /// Reads one value of type `ty`, which is itself `depth` levels down.
    pub(super) fn value(&self, text: &str, ty: &Type, depth: usize) -> Result<Value, DecodeError> {
        if depth > MAX_DEPTH {
            return Err(DecodeError::new("the value nests too deep"));
        }
        match (ty, Json::parse(text)?) {
            (_, Json::Null) => Ok(Value::Null),
            (Type::Dynamic, Json::Object(parts)) => self.dynamic(&parts, depth),
            (Type::List(element), Json::Array(items)) => {
                Ok(Value::List(self.elements(&items, |_| element, depth)?))
            }
            (Type::Set(element), Json::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(i, item)| {
                    self.value(item.get(), element, depth + 1).map_err(|error| error.within_set(i))
                })
                .collect::<Result<_, _>>()
                .map(Value::Set),
            (Type::Tuple(types), Json::Array(items)) if types.len() == items.len() => {
                Ok(Value::List(self.elements(&items, |i| &types[i], depth)?))
            }
            (Type::Map(element), Json::Object(items)) => items
                .into_iter()
                .map(|(key, item)| {
                    let key = normalized(&key).into_owned();
                    let value = self
                        .value(item.get(), element, depth + 1)
                        .map_err(|error| error.within(Step::Key(key.clone())))?;
                    Ok((key, value))
                })
                .collect::<Result<_, _>>()
                .map(Value::Map),
            (Type::Object(types), Json::Object(items)) => self.object(&items, types, depth),
            (_, json) => scalar(ty, &json),
        }
    }

    fn elements<'t>(
        &self,
        items: &[&RawValue],
        ty: impl Fn(usize) -> &'t Type,
        depth: usize,
    ) -> Result<Vec<Value>, DecodeError> {
        items
            .iter()
            .enumerate()
            .map(|(i, item)| {
                self.value(item.get(), ty(i), depth + 1)
                    .map_err(|error| error.within(Step::Index(i)))
            })
            .collect()
    }

    fn object(
        &self,
        items: &BTreeMap<String, &RawValue>,
        types: &BTreeMap<String, Type>,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        if !self.ignore_other_attributes
            && let Some(name) = items.keys().find(|name| !types.contains_key(*name))
        {
            return Err(DecodeError::new(format!("there is no attribute {name:?}")));
        }
        types
            .iter()
            .map(|(name, ty)| {
                let value = match items.get(name) {
                    Some(item) => self
                        .value(item.get(), ty, depth + 1)
                        .map_err(|error| error.within(Step::Attribute(name.clone())))?,
                    None => Value::Null,
                };
                Ok((name.clone(), value))
            })
            .collect::<Result<_, _>>()
            .map(Value::Map)
    }

    fn dynamic(
        &self,
        parts: &BTreeMap<String, &RawValue>,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let (Some(ty), Some(value), 2) = (parts.get("type"), parts.get("value"), parts.len())
        else {
            return Err(DecodeError::new("a dynamic value needs \"type\" and \"value\""));
        };
        let ty = Type::from_json(ty.get())?;
        let inner = self.value(value.get(), &ty, depth + 1)?;
        Ok(match ty {
            // Says no more than the bare value.
            Type::Dynamic => inner,
            ty => Value::Dynamic(Box::new((ty, inner))),
        })
    }
}

/// Reads a scalar. As Terraform does, takes one scalar type for another where
/// the text allows it: an attribute may have changed its type since.
fn scalar(ty: &Type, json: &Json<'_>) -> Result<Value, DecodeError> {
    let number = |text: &str| {
        text.parse::<Number>()
            .map(Value::Number)
            .map_err(|error| DecodeError::new(error.to_string()))
    };
    match (ty, json) {
        (Type::Bool, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (Type::Bool, Json::String(text)) if text == "true" || text == "1" => Ok(Value::Bool(true)),
        (Type::Bool, Json::String(text)) if text == "false" || text == "0" => {
            Ok(Value::Bool(false))
        }
        (Type::Number, Json::Number(text)) => number(text),
        (Type::Number, Json::String(text)) => number(text),
        (Type::String, Json::String(text)) => Ok(text.as_str().into()),
        (Type::String, Json::Bool(value)) => Ok(value.to_string().into()),
        (Type::String, Json::Number(text)) => Ok((*text).into()),
        (Type::Tuple(types), Json::Array(items)) => {
            Err(DecodeError::new(format!("{} elements in a tuple of {}", items.len(), types.len())))
        }
        _ => Err(DecodeError::new(format!(
            "{} is needed, not {}",
            article(kind_of_type(ty)),
            article(json.kind())
        ))),
    }
}
