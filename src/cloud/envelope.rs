//! The JSON around requests and answers of API 3.0.
//!
//! Requests leave out what is not set; answers may leave out, or set to `null`, whatever they like. Both
//! are settled here once, so that the typed calls are plain structs.

use std::fmt;

use serde::{
    Serialize,
    de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use super::error::{Error, Kind};

/// Most values that an answer may hold: some hundred times the largest real one, and a bound for the
/// memory that a broken server can take.
const MAX_VALUES: usize = 1 << 20;

/// The bytes of a request; members that are `None` are left out.
///
/// # Errors
/// [`Kind::Invalid`] if the request has no JSON form.
pub(super) fn encode(request: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut value = serde_json::to_value(request).map_err(unencodable)?;
    drop_nulls(&mut value);
    if value.is_null() {
        value = Value::Object(Map::new());
    }
    serde_json::to_vec(&value).map_err(unencodable)
}

fn unencodable(error: serde_json::Error) -> Error {
    Error::new(Kind::Invalid, format!("the request cannot be written as JSON: {error}"))
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// The `Response` object of an answer of `service`, without its `null` members.
///
/// # Errors
/// The API's own error, classified; [`Kind::Malformed`] if the body is not an API 3.0 answer.
pub(super) fn open(service: &str, body: &[u8]) -> Result<Value, Error> {
    let mut budget = MAX_VALUES;
    let mut reader = serde_json::Deserializer::from_slice(body);
    let parsed = Lean(&mut budget).deserialize(&mut reader).and_then(|value| {
        reader.end()?;
        Ok(value)
    });
    let mut answer = parsed.map_err(|error| {
        Error::new(Kind::Malformed, format!("the answer is not readable JSON: {error}"))
    })?;
    let Some(response) = answer.get_mut("Response").map(Value::take).filter(Value::is_object)
    else {
        return Err(Error::new(Kind::Malformed, "the answer has no Response object"));
    };
    match response.get("Error") {
        None => Ok(response),
        Some(error) => Err(Error::answered(
            service,
            text(error.get("Code")),
            text(error.get("Message")),
            text(response.get("RequestId")),
        )),
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// The typed form of a `Response` object.
///
/// # Errors
/// [`Kind::Malformed`] if a member has another type than the API documents.
pub(super) fn decode<T: DeserializeOwned>(response: Value) -> Result<T, Error> {
    serde_json::from_value(response).map_err(|error| {
        Error::new(
            Kind::Malformed,
            format!("the answer does not fit the documented shape: {error}"),
        )
    })
}

/// Reads JSON without `null` members, and no more values than its budget.
struct Lean<'a>(&'a mut usize);

impl<'de> DeserializeSeed<'de> for Lean<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        *self.0 = self.0.checked_sub(1).ok_or_else(|| de::Error::custom("too many values"))?;
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Lean<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Lean(self.0))? {
            if !item.is_null() {
                items.push(item);
            }
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let member = map.next_value_seed(Lean(self.0))?;
            if !member.is_null() {
                members.insert(name, member);
            }
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Ask {
        ccn_id: Option<String>,
        names: Vec<String>,
        inner: Option<Box<Self>>,
    }

    #[derive(Debug, PartialEq, Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Told {
        ccn_set: Vec<String>,
        total_count: Option<u64>,
        name: String,
    }

    fn told(body: &str) -> Result<Told, Error> {
        open("vpc", body.as_bytes()).and_then(decode)
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        let ask = Ask {
            ccn_id: None,
            names: vec![],
            inner: Some(Box::new(Ask { ccn_id: Some("ccn-1".into()), names: vec![], inner: None })),
        };
        let bytes = encode(&ask).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&bytes).unwrap(),
            json!({"Names": [], "Inner": {"CcnId": "ccn-1", "Names": []}})
        );
        assert_eq!(encode(&()).unwrap(), b"{}");
    }

    #[test]
    fn nulls_and_unknown_members_do_no_harm() {
        let body = r#"{"Response":{"CcnSet":null,"TotalCount":null,"Name":null,"New":[{}],"RequestId":"r"}}"#;
        assert_eq!(told(body).unwrap(), Told::default());
        let body = r#"{"Response":{"CcnSet":["a",null],"TotalCount":1,"RequestId":"r"}}"#;
        assert_eq!(
            told(body).unwrap(),
            Told { ccn_set: vec!["a".into()], total_count: Some(1), ..Told::default() }
        );
    }

    #[test]
    fn errors_of_the_api_are_classified() {
        let body = r#"{"Response":{"Error":{"Code":"ResourceNotFound","Message":"gone"},"RequestId":"r-1"}}"#;
        let error = told(body).unwrap_err();
        assert_eq!(
            (error.kind(), error.code(), error.request_id(), error.message()),
            (Kind::NotFound, Some("ResourceNotFound"), Some("r-1"), "gone")
        );
    }

    #[test]
    fn what_is_no_answer_is_malformed() {
        let deep = "[".repeat(10_000);
        for body in ["", "<html>", "{}", r#"{"Response":1}"#, r#"{"Response":{}} x"#, &deep] {
            assert_eq!(told(body).unwrap_err().kind(), Kind::Malformed, "{body:.20}");
        }
        let wrong_type = r#"{"Response":{"CcnSet":{}}}"#;
        assert_eq!(told(wrong_type).unwrap_err().kind(), Kind::Malformed);
    }

    #[test]
    fn the_number_of_values_is_bounded() {
        let body = format!(r#"{{"Response":{{"X":[{}0]}}}}"#, "0,".repeat(MAX_VALUES));
        let error = told(&body).unwrap_err();
        assert!(error.message().contains("too many values"), "{error}");
    }
}
