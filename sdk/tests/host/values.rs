//! Values of the fake provider's types, as Terraform sends them.

use std::collections::BTreeMap;

use tfsdk::{
    plugin::wire::tfplugin6::{
        Diagnostic, DynamicValue, RawState, ResourceIdentityData, attribute_path,
    },
    value::{Type, Value, msgpack},
};

/// The type of `fake_thing`.
pub(crate) fn thing_type() -> Type {
    let rule = Type::object([("port", Type::Number), ("note", Type::String)]);
    let limit = Type::object([("most", Type::Number)]);
    Type::object([
        ("name", Type::String),
        ("id", Type::String),
        ("payload", Type::String),
        ("delay_ms", Type::Number),
        ("behave", Type::String),
        ("tags", Type::set(Type::String)),
        ("anything", Type::Dynamic),
        ("rules", Type::list(rule)),
        ("secret_wo", Type::String),
        ("limit", Type::list(limit)),
    ])
}

/// A `fake_thing` of which the given attributes are set.
pub(crate) fn thing(set: &[(&str, Value)]) -> Value {
    let Type::Object(attributes) = thing_type() else { unreachable!("it is an object") };
    let mut object: BTreeMap<String, Value> =
        attributes.into_keys().map(|name| (name, Value::Null)).collect();
    object.insert("limit".to_owned(), Value::List(Vec::new()));
    object.extend(set.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::Map(object)
}

pub(crate) fn thing_bytes(set: &[(&str, Value)]) -> Option<DynamicValue> {
    encode(&thing(set), &thing_type())
}

pub(crate) fn null() -> Option<DynamicValue> {
    encode(&Value::Null, &thing_type())
}

pub(crate) fn encode(value: &Value, ty: &Type) -> Option<DynamicValue> {
    let msgpack = msgpack::encode(value, ty).expect("a value of its type").into();
    Some(DynamicValue { msgpack, ..DynamicValue::default() })
}

pub(crate) fn decode(value: Option<DynamicValue>, ty: &Type) -> Value {
    msgpack::decode(&value.expect("a value").msgpack, ty).expect("msgpack of the type")
}

pub(crate) fn decode_thing(value: Option<DynamicValue>) -> Value {
    decode(value, &thing_type())
}

pub(crate) fn provider_config(set: &[(&'static str, &str)]) -> Option<DynamicValue> {
    let ty = Type::object([("journal", Type::String), ("secret", Type::String)]);
    let get = |name: &str| {
        let found = set.iter().find(|(n, _)| *n == name);
        found.map_or(Value::Null, |(_, value)| (*value).into())
    };
    encode(&Value::from([("journal", get("journal")), ("secret", get("secret"))]), &ty)
}

pub(crate) fn identity(id: &str) -> Option<ResourceIdentityData> {
    let identity_data = encode(&Value::from([("id", id)]), &identity_type());
    Some(ResourceIdentityData { identity_data })
}

pub(crate) fn decode_identity(identity: Option<ResourceIdentityData>) -> String {
    let value = decode(identity.expect("an identity").identity_data, &identity_type());
    value.entry("id").and_then(Value::as_str).expect("an id").to_owned()
}

fn identity_type() -> Type {
    Type::object([("id", Type::String)])
}

pub(crate) fn raw(json: &serde_json::Value) -> Option<RawState> {
    Some(RawState { json: json.to_string().into(), ..RawState::default() })
}

pub(crate) fn text(object: &Value, name: &str) -> String {
    object.entry(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A diagnostic's path, as text.
pub(crate) fn path(diagnostic: &Diagnostic) -> Vec<String> {
    use attribute_path::step::Selector;
    let steps = diagnostic.attribute.iter().flat_map(|path| &path.steps);
    steps
        .filter_map(|step| step.selector.as_ref())
        .map(|selector| match selector {
            Selector::AttributeName(name) => name.clone(),
            Selector::ElementKeyString(key) => format!("{key:?}"),
            Selector::ElementKeyInt(index) => index.to_string(),
        })
        .collect()
}
