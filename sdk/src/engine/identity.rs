//! Resource identity: the attributes by which Terraform can find the object
//! again.

use std::collections::BTreeMap;

use crate::{
    engine::{IdentityAttribute, IdentitySchema, rules::Violation, shape::entry},
    schema::{Block, Kind},
    value::{Type, Value},
};

/// The identity schema of a resource; `None` if it has no identity.
pub(crate) fn schema(block: &Block, names: &[&str]) -> Option<IdentitySchema> {
    if names.is_empty() {
        return None;
    }
    let attributes = names
        .iter()
        .filter_map(|name| block.attributes.iter().find(|a| a.name == *name))
        .filter_map(|a| match &a.kind {
            Kind::Type(ty) => Some(IdentityAttribute {
                name: a.name.clone(),
                ty: ty.clone(),
                required_for_import: !a.optional,
                description: a.description.clone(),
            }),
            Kind::Nested(..) => None,
        })
        .collect();
    Some(IdentitySchema { version: 0, attributes })
}

/// The identity in a state; `None` if the resource has none or an attribute
/// that it cannot do without is not known.
pub(crate) fn of_state(schema: Option<&IdentitySchema>, state: &Value) -> Option<Value> {
    let schema = schema?;
    let complete = schema.attributes.iter().all(|a| {
        let value = entry(state, &a.name);
        value.is_wholly_known() && !(a.required_for_import && value.is_null())
    });
    (complete && !state.is_null()).then(|| project(schema, state))
}

/// The identity of a planned object: what is not known yet of it stays what it
/// was, and is unknown for a new object.
pub(crate) fn of_plan(
    schema: Option<&IdentitySchema>,
    planned: &Value,
    prior: &Value,
) -> Option<Value> {
    let Value::Map(mut entries) = project(schema?, planned) else {
        return None;
    };
    for (name, value) in &mut entries {
        if value.is_unknown() && !prior.is_null() {
            *value = entry(prior, name).clone();
        }
    }
    Some(Value::Map(entries))
}

/// The identity attributes that an object had and that are others now: it would
/// be another object.
pub(crate) fn changed(
    schema: Option<&IdentitySchema>,
    before: &Value,
    after: &Value,
) -> Vec<Violation> {
    let attributes = schema.map(|schema| schema.attributes.as_slice()).unwrap_or_default();
    let is_other = |a: &&IdentityAttribute| {
        let (before, after) = (entry(before, &a.name), entry(after, &a.name));
        !before.is_null() && !after.is_unknown() && before != after
    };
    let problem = "identifies the object and must not change with it";
    attributes
        .iter()
        .filter(is_other)
        .map(|a| Violation::new(&a.name.as_str().into(), problem))
        .collect()
}

/// The identity attributes that an object lacks.
pub(crate) fn missing<'a>(schema: &'a IdentitySchema, state: &Value) -> Vec<&'a str> {
    let lacks = |a: &&IdentityAttribute| a.required_for_import && entry(state, &a.name).is_null();
    schema.attributes.iter().filter(lacks).map(|a| a.name.as_str()).collect()
}

/// The type of an identity as a value.
pub(crate) fn ty(schema: &IdentitySchema) -> Type {
    Type::object(schema.attributes.iter().map(|a| (a.name.clone(), a.ty.clone())))
}

fn project(schema: &IdentitySchema, object: &Value) -> Value {
    let entries: BTreeMap<String, Value> = schema
        .attributes
        .iter()
        .map(|a| (a.name.clone(), entry(object, &a.name).clone()))
        .collect();
    Value::Map(entries)
}
