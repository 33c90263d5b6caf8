//! A resource whose behaviour tests write down, in a provider of its own.

pub(crate) mod dice;
mod properties;
mod provider;
mod puppet;
mod volume;

pub(crate) use self::{
    provider::{Settings, TestProvider, configure, configured, engine},
    puppet::{Puppet, save},
    volume::{Volume, VolumeData, VolumeKey, Volumes},
};
use crate::{
    engine::{
        ApplyResource, ClientCapabilities, PlanResource, ReadResource, conform::conform,
        shape::View,
    },
    schema::{Attribute, Kind, Nesting, Object, Schema},
    value::{Path, Type, Value},
};

/// The type name of every [`Puppet`].
pub(crate) const THING: &str = "test_thing";

/// Runs a future on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(future)
}

/// What Terraform 1.11 and later can do.
pub(crate) const CLIENT: ClientCapabilities =
    ClientCapabilities { deferral_allowed: false, write_only_attributes_allowed: true };

/// An object or a map.
pub(crate) fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::from(entries)
}

pub(crate) fn plan(prior: &Value, config: &Value) -> PlanResource {
    PlanResource {
        type_name: THING.to_owned(),
        prior: prior.clone(),
        proposed: config.clone(),
        config: config.clone(),
        private: Vec::new(),
        identity: None,
        client: CLIENT,
    }
}

pub(crate) fn apply(prior: &Value, planned: &Value, config: &Value) -> ApplyResource {
    ApplyResource {
        type_name: THING.to_owned(),
        prior: prior.clone(),
        planned: planned.clone(),
        config: config.clone(),
        private: Vec::new(),
        identity: None,
    }
}

pub(crate) fn read(state: &Value) -> ReadResource {
    ReadResource {
        type_name: THING.to_owned(),
        state: state.clone(),
        private: Vec::new(),
        identity: None,
        client: CLIENT,
    }
}

/// A schema with one attribute of each kind.
pub(crate) fn thing() -> Schema {
    let text = |name: &str| Attribute::new(name, Type::String);
    let number = |name: &str| Attribute::new(name, Type::Number);
    let rule = [
        text("name").required(),
        number("weight").optional().default(1),
        text("id").computed().stable(),
        text("note").computed(),
    ];
    let member = [
        text("zone").required(),
        number("weight").optional().computed(),
        text("address").computed().stable(),
    ];
    let nested = |name: &str, nesting, object| Attribute::new(name, Kind::Nested(nesting, object));
    Schema::new(
        "A thing.",
        [
            text("id").computed().stable(),
            text("name").required().replace(),
            text("host").optional().equivalent(dice::same_letters),
            number("size").optional().computed(),
            number("port").optional().default(80),
            text("etag").computed(),
            Attribute::new("tags", Type::map(Type::String)).optional(),
            Attribute::new("aliases", Type::set(Type::String)).optional(),
            text("secret").optional().sensitive(),
            text("password").optional().write_only(),
            Attribute::new("extra", Type::Dynamic).optional(),
            nested("rules", Nesting::List, Object::new("", rule)).optional(),
            nested("members", Nesting::Set, Object::new("", member)).optional(),
        ],
    )
}

/// A value of [`thing`]'s schema: the given attributes, all others null.
pub(crate) fn a_thing<const N: usize>(entries: [(&str, Value); N]) -> Value {
    fitted(&thing(), entries)
}

/// A value of a schema: the given attributes, all others null.
pub(crate) fn fitted<const N: usize>(schema: &Schema, entries: [(&str, Value); N]) -> Value {
    let mut misfits = Vec::new();
    let view = View::Object((&schema.block).into());
    let value = conform(view, Value::from(entries), &Path::root(), &mut misfits);
    assert!(misfits.is_empty(), "{misfits:?}");
    value
}

/// `value` with some attributes changed.
pub(crate) fn with<const N: usize>(value: &Value, entries: [(&str, Value); N]) -> Value {
    let Value::Map(mut all) = value.clone() else { panic!("not an object: {value:?}") };
    all.extend(entries.map(|(name, value)| (name.to_owned(), value)));
    Value::Map(all)
}

/// A list.
pub(crate) fn list<const N: usize>(items: [Value; N]) -> Value {
    Value::List(items.into())
}

/// A set.
pub(crate) fn set<const N: usize>(items: [Value; N]) -> Value {
    Value::Set(items.into())
}
