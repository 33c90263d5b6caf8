//! Values without a schema: free-form HCL and JSON documents.

use std::collections::BTreeMap;

use crate::value::{DecodeError, Mismatch, Number, Step, Value};

/// Reads any JSON document as what an attribute of type `dynamic` holds, with
/// the object and tuple types that it shows. Numbers keep all their digits.
///
/// # Errors
///
/// The text is not JSON, or nests deeper than 128 levels.
pub fn infer(text: &str) -> Result<Value, DecodeError> {
    Ok(Value::dynamic(untyped(text, 0)?))
}

/// Takes over a JSON document as what an attribute of type `dynamic` holds,
/// with the object and tuple types that it shows.
pub fn from_serde(json: &serde_json::Value) -> Value {
    Value::dynamic(bare(json))
}

/// The JSON document that a value is, without its types: maps and objects
/// alike, lists and sets alike.
///
/// Integers of 64 bits and floats stay what they are; serde_json holds any
/// other number as the nearest float.
///
/// # Errors
///
/// The first part that is unknown, or a number beyond the range of floats.
pub fn to_serde(value: &Value) -> Result<serde_json::Value, Mismatch> {
    use serde_json::Value as Json;
    match value {
        Value::Null => Ok(Json::Null),
        Value::Unknown(_) => Err(Mismatch::new("the value is not known yet")),
        Value::Bool(value) => Ok(Json::Bool(*value)),
        Value::Number(value) => serde_number(value)
            .map(Json::Number)
            .ok_or_else(|| Mismatch::new(format!("{value} is beyond the range of floats"))),
        Value::String(text) => Ok(Json::String(text.clone())),
        Value::List(items) => items
            .iter()
            .enumerate()
            .map(|(i, item)| to_serde(item).map_err(|error| error.within(Step::Index(i))))
            .collect::<Result<_, _>>()
            .map(Json::Array),
        Value::Set(items) => items
            .iter()
            .map(|item| to_serde(item).map_err(|error| error.within_element(item)))
            .collect::<Result<_, _>>()
            .map(Json::Array),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, item)| {
                let item = to_serde(item).map_err(|error| error.within(Step::Key(key.clone())))?;
                Ok((key.clone(), item))
            })
            .collect::<Result<_, _>>()
            .map(Json::Object),
        Value::Dynamic(inner) => to_serde(&inner.1),
    }
}

fn serde_number(number: &Number) -> Option<serde_json::Number> {
    if let Some(integer) = number.to_i64() {
        Some(integer.into())
    } else if let Some(integer) = number.to_u64() {
        Some(integer.into())
    } else {
        number.to_f64().and_then(serde_json::Number::from_f64)
    }
}

fn bare(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        // The text of a serde_json number is always a decimal in range.
        Json::Number(number) => Value::Number(number.to_string().parse().unwrap_or_default()),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => Value::List(items.iter().map(bare).collect()),
        Json::Object(entries) => entries.iter().map(|(k, v)| (Value::key(k), bare(v))).collect(),
    }
}

fn untyped(text: &str, depth: usize) -> Result<Value, DecodeError> {
    use crate::value::{MAX_DEPTH, json::read::Json};
    if depth > MAX_DEPTH {
        return Err(DecodeError::new("the document nests too deep"));
    }
    Ok(match Json::parse(text)? {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(text) => {
            Value::Number(text.parse::<Number>().map_err(|e| DecodeError::new(e.to_string()))?)
        }
        Json::String(text) => text.into(),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, item)| {
                untyped(item.get(), depth + 1).map_err(|error| error.within(Step::Index(i)))
            })
            .collect::<Result<_, _>>()
            .map(Value::List)?,
        Json::Object(entries) => entries
            .into_iter()
            .map(|(key, item)| {
                let item = untyped(item.get(), depth + 1)
                    .map_err(|error| error.within(Step::Key(key.clone())))?;
                Ok((Value::key(&key), item))
            })
            .collect::<Result<BTreeMap<_, _>, _>>()
            .map(Value::Map)?,
    })
}
