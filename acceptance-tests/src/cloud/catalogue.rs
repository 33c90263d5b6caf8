//! The published shape of every action, kept as data, and the checks against it.
//!
//! Requests are held against it as the cloud's gateway does, so that a
//! client's misspelt field fails; answers are held against it so that a
//! mistake of the simulator fails too.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::service::ApiError;

/// Actions of one product.
#[derive(Clone, Debug)]
pub struct Catalogue {
    service: String,
    version: String,
    actions: BTreeMap<String, Action>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    service: String,
    version: String,
    #[serde(default = "published", rename = "published")]
    _published: bool,
    actions: BTreeMap<String, Names>,
    types: Types,
}

type Types = BTreeMap<String, BTreeMap<String, Field>>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    request: String,
    response: String,
}

/// Types are per file: two files of a product may use one name for two shapes.
#[derive(Clone, Debug)]
struct Action {
    request: String,
    response: String,
    types: std::sync::Arc<Types>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    of: Option<String>,
    #[serde(default)]
    required: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    String,
    Integer,
    Unsigned,
    Float,
    Boolean,
    List,
    Object,
}

impl Catalogue {
    /// Reads a product's catalogue files.
    ///
    /// # Errors
    /// A file is no catalogue, the files disagree, or a type is missing.
    pub fn parse(files: &[&str]) -> Result<Self, String> {
        let mut merged: Option<Self> = None;
        for text in files {
            let file: File = serde_json::from_str(text).map_err(|e| e.to_string())?;
            let whole = merged.get_or_insert_with(|| Self {
                service: file.service.clone(),
                version: file.version.clone(),
                actions: BTreeMap::new(),
            });
            if (&whole.service, &whole.version) != (&file.service, &file.version) {
                return Err(format!("{} {} is another product", file.service, file.version));
            }
            let types = std::sync::Arc::new(file.types);
            for (name, Names { request, response }) in file.actions {
                let action = Action { request, response, types: types.clone() };
                action.check_types(&action.request)?;
                action.check_types(&action.response)?;
                if whole.actions.insert(name.clone(), action).is_some() {
                    return Err(format!("action {name} of {} is there twice", whole.service));
                }
            }
        }
        merged.ok_or_else(|| "a product without a catalogue file".to_owned())
    }

    /// Short name of the product.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// API version, `2017-03-12`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Names of all actions.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.keys().map(String::as_str)
    }

    /// Whether there is an action of this name.
    pub fn has(&self, action: &str) -> bool {
        self.actions.contains_key(action)
    }

    /// Checks the parameters of a request.
    ///
    /// # Errors
    /// `InvalidAction`, `UnknownParameter`, `MissingParameter`, or
    /// `InvalidParameter` for a wrong type, each with the parameter's path.
    pub fn check_request(&self, action: &str, params: &Map<String, Value>) -> Result<(), ApiError> {
        let known = self.actions.get(action).ok_or_else(|| {
            let text = format!("The parameter `Action` ({action}) of {} is invalid.", self.service);
            ApiError::new("InvalidAction", text)
        })?;
        known.check_object(&known.request, params, "", Side::Request)
    }

    /// Checks the fields of an answer (without `RequestId`).
    ///
    /// # Errors
    /// What is wrong, with the field's path: a mistake of the simulator.
    pub fn check_response(&self, action: &str, fields: &Map<String, Value>) -> Result<(), String> {
        let known = self.actions.get(action).ok_or_else(|| format!("no action {action}"))?;
        known
            .check_object(&known.response, fields, "", Side::Response)
            .map_err(|error| format!("{}:{action}: {}", self.service, error.message))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Request,
    Response,
}

impl Action {
    fn check_types(&self, root: &str) -> Result<(), String> {
        let mut open = vec![root];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name) {
                continue;
            }
            let fields = self.types.get(name).ok_or_else(|| format!("type {name} is missing"))?;
            for (field, Field { kind, of, .. }) in fields {
                match (kind, of.as_deref()) {
                    (Kind::List, Some(of)) if scalar(of).is_some() => {}
                    (Kind::List | Kind::Object, Some(of)) => open.push(of),
                    (Kind::List | Kind::Object, None) => {
                        return Err(format!("{name}.{field} does not say of what"));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn check_object(
        &self,
        name: &str,
        object: &Map<String, Value>,
        path: &str,
        side: Side,
    ) -> Result<(), ApiError> {
        let Some(fields) = self.types.get(name) else {
            return Err(ApiError::new("InternalError", format!("type {name} is missing")));
        };
        for (key, value) in object {
            let path = join(path, key);
            let Some(field) = fields.get(key) else {
                let text = format!("The parameter `{path}` is not recognized.");
                return Err(ApiError::new("UnknownParameter", text));
            };
            if !value.is_null() {
                self.check_value(field, value, &path, side)?;
            }
        }
        if side == Side::Request {
            let given = |key: &str| object.get(key).is_some_and(|value| !value.is_null());
            if let Some((key, _)) = fields.iter().find(|(key, f)| f.required && !given(key)) {
                return Err(ApiError::missing(&join(path, key)));
            }
        }
        Ok(())
    }

    fn check_value(
        &self,
        field: &Field,
        value: &Value,
        path: &str,
        side: Side,
    ) -> Result<(), ApiError> {
        match (field.kind, value) {
            (Kind::List, Value::Array(items)) => {
                let of = field.of.as_deref().unwrap_or_default();
                for (index, item) in items.iter().enumerate() {
                    let path = join(path, &index.to_string());
                    match (scalar(of), item) {
                        (Some(kind), _) => check_scalar(kind, item, &path)?,
                        (None, Value::Object(object)) => {
                            self.check_object(of, object, &path, side)?;
                        }
                        (None, _) => return Err(wrong_type(&path, "Object")),
                    }
                }
                Ok(())
            }
            (Kind::List, _) => Err(wrong_type(path, "Array")),
            (Kind::Object, Value::Object(object)) => {
                self.check_object(field.of.as_deref().unwrap_or_default(), object, path, side)
            }
            (Kind::Object, _) => Err(wrong_type(path, "Object")),
            (kind, _) => check_scalar(kind, value, path),
        }
    }
}

fn scalar(name: &str) -> Option<Kind> {
    match name {
        "string" => Some(Kind::String),
        "integer" => Some(Kind::Integer),
        "unsigned" => Some(Kind::Unsigned),
        "float" => Some(Kind::Float),
        "boolean" => Some(Kind::Boolean),
        _ => None,
    }
}

fn check_scalar(kind: Kind, value: &Value, path: &str) -> Result<(), ApiError> {
    let (fits, name) = match kind {
        Kind::String => (value.is_string(), "String"),
        Kind::Integer => (value.is_i64() || value.is_u64(), "Integer"),
        Kind::Unsigned => (value.is_u64(), "Unsigned Integer"),
        Kind::Float => (value.is_number(), "Float"),
        Kind::Boolean => (value.is_boolean(), "Boolean"),
        Kind::List | Kind::Object => (false, "Object"),
    };
    if fits { Ok(()) } else { Err(wrong_type(path, name)) }
}

fn wrong_type(path: &str, wanted: &str) -> ApiError {
    let text = format!("The value type of parameter `{path}` is not valid: it must be {wanted}.");
    ApiError::new("InvalidParameter", text)
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn published() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SAMPLE: &str = r#"{
        "service": "vpc", "version": "2017-03-12", "published": true,
        "actions": {"AttachCcn": {"request": "Req", "response": "Resp"}},
        "types": {
            "Req": {
                "CcnId": {"type": "string", "required": true},
                "Limit": {"type": "integer"},
                "Names": {"type": "list", "of": "string"},
                "Instances": {"type": "list", "of": "Instance"}
            },
            "Instance": {"Id": {"type": "string", "required": true}, "On": {"type": "boolean"}},
            "Resp": {"Total": {"type": "integer"}, "One": {"type": "object", "of": "Instance"}}
        }
    }"#;

    fn refused(params: Value) -> (String, String) {
        let catalogue = Catalogue::parse(&[SAMPLE]).unwrap();
        let params = params.as_object().unwrap();
        let error = catalogue.check_request("AttachCcn", params).unwrap_err();
        (error.code.into_owned(), error.message)
    }

    #[test]
    fn right_request_passes() {
        let catalogue = Catalogue::parse(&[SAMPLE]).unwrap();
        let params = json!({
            "CcnId": "c", "Limit": 3, "Names": ["a"], "Instances": [{"Id": "i", "On": true}],
        });
        catalogue.check_request("AttachCcn", params.as_object().unwrap()).unwrap();
    }

    #[test]
    fn each_mistake_has_its_code_and_path() {
        let cases = [
            (json!({"CcnId": "c", "Ccn": 1}), "UnknownParameter", "`Ccn`"),
            (json!({}), "MissingParameter", "`CcnId`"),
            (json!({"CcnId": null}), "MissingParameter", "`CcnId`"),
            (json!({"CcnId": 5}), "InvalidParameter", "`CcnId`"),
            (json!({"CcnId": "c", "Limit": "3"}), "InvalidParameter", "`Limit`"),
            (json!({"CcnId": "c", "Names": "a"}), "InvalidParameter", "`Names`"),
            (json!({"CcnId": "c", "Names": [1]}), "InvalidParameter", "`Names.0`"),
            (
                json!({"CcnId": "c", "Instances": [{"id": "i"}]}),
                "UnknownParameter",
                "`Instances.0.id`",
            ),
            (json!({"CcnId": "c", "Instances": [{}]}), "MissingParameter", "`Instances.0.Id`"),
            (json!({"CcnId": "c", "Instances": ["i"]}), "InvalidParameter", "`Instances.0`"),
        ];
        for (params, code, path) in cases {
            let (got, message) = refused(params.clone());
            assert_eq!(got, code, "{params}");
            assert!(message.contains(path), "{params}: {message}");
        }
    }

    #[test]
    fn wrong_answer_is_named() {
        let catalogue = Catalogue::parse(&[SAMPLE]).unwrap();
        let check =
            |value: Value| catalogue.check_response("AttachCcn", value.as_object().unwrap());
        check(json!({"Total": 1, "One": {}})).unwrap();
        assert!(check(json!({"One": {"Idd": "x"}})).unwrap_err().contains("`One.Idd`"));
    }

    #[test]
    fn unknown_action_and_missing_type() {
        let catalogue = Catalogue::parse(&[SAMPLE]).unwrap();
        let error = catalogue.check_request("Nope", &Map::new()).unwrap_err();
        assert_eq!(error.code, "InvalidAction");
        let broken = SAMPLE.replace("\"of\": \"Instance\"}\n", "\"of\": \"Gone\"}\n");
        assert!(Catalogue::parse(&[&broken]).unwrap_err().contains("Gone"));
    }

    #[test]
    fn files_of_one_product_are_joined() {
        let other = r#"{"service": "vpc", "version": "2017-03-12", "published": false,
            "actions": {"Hidden": {"request": "Req", "response": "Req"}},
            "types": {"Req": {"X": {"type": "float"}}}}"#;
        let both = Catalogue::parse(&[SAMPLE, other]).unwrap();
        assert_eq!(both.actions().collect::<Vec<_>>(), ["AttachCcn", "Hidden"]);
        let error = both.check_request("Hidden", json!({"CcnId": "x"}).as_object().unwrap());
        assert_eq!(error.unwrap_err().code, "UnknownParameter");
    }
}
