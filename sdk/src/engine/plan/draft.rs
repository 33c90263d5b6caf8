//! The planned object, as far as the schema alone determines it.

use std::collections::BTreeMap;

use crate::{
    engine::{
        plan::correlate::{continues, correlate},
        settle::are_equivalent,
        shape::{NULL, Shape, entry, is_configurable},
    },
    schema::{Attribute, Kind, NestedBlock, Nesting},
    value::Value,
};

/// What becomes of computed attributes that the configuration leaves open.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Open {
    /// They stay what they were: to see whether anything else changes.
    Kept,
    /// They become unknown, except those that stay by their own rule.
    Unknown,
}

/// The object as it is, as far as a place in the plan continues it.
#[derive(Clone, Copy)]
pub(crate) struct Prior<'a> {
    value: &'a Value,
    /// Whether it is certainly the same thing. An element of a list at the same
    /// index with other settings may be another thing that moved there.
    same: bool,
}

impl<'a> Prior<'a> {
    /// The whole object; null when it is to be created.
    pub(crate) fn root(value: &'a Value) -> Self {
        Self { value, same: !value.is_null() }
    }

    fn of(self, value: &'a Value) -> Self {
        Self { value, same: self.same && !value.is_null() }
    }

    /// The element of a set that an element continues, if any.
    fn element(self, value: Option<&'a Value>) -> Self {
        let same = self.same && value.is_some();
        Self { value: value.unwrap_or(&NULL), same }
    }
}

/// The plan that leads from `prior` to `config`: the configuration with
/// defaults filled in, write-only attributes null, spelling kept where it means
/// the same, and open computed attributes as `open` says.
///
/// The result depends on nothing else and only gets more known as the
/// configuration does.
pub(crate) fn draft(shape: Shape<'_>, prior: Prior<'_>, config: &Value, open: Open) -> Value {
    let Value::Map(_) = config else {
        return config.clone();
    };
    let mut planned = BTreeMap::new();
    for a in shape.attributes {
        let own = entry(prior.value, &a.name);
        // Unlike those of an element, the attributes of an object exist with it.
        let prior = Prior { value: own, ..prior };
        planned.insert(a.name.clone(), attribute(a, prior, entry(config, &a.name), open));
    }
    for b in shape.blocks {
        let prior = prior.of(entry(prior.value, &b.name));
        planned.insert(b.name.clone(), block(b, prior, entry(config, &b.name), open));
    }
    Value::Map(planned)
}

fn attribute(attribute: &Attribute, prior: Prior<'_>, config: &Value, open: Open) -> Value {
    if attribute.write_only {
        return Value::Null;
    }
    // `ignore_changes` puts prior values into the configuration, also of
    // attributes that only the provider sets: those it decides all the same.
    let config = if is_configurable(attribute) { config } else { &NULL };
    if config.is_null() {
        return absent(attribute, prior, config, open);
    }
    if config.is_unknown() {
        return config.clone();
    }
    if are_equivalent(attribute, prior.value, config) {
        return prior.value.clone();
    }
    match &attribute.kind {
        Kind::Nested(nesting, object) => {
            let prior = prior.of(prior.value);
            nested(*nesting, object.into(), prior, config, open)
        }
        Kind::Type(_) => config.clone(),
    }
}

/// An attribute about which the configuration says nothing. One that needs a
/// new object to change cannot change by itself.
fn absent(attribute: &Attribute, prior: Prior<'_>, config: &Value, open: Open) -> Value {
    if let Some(default) = &attribute.default {
        return default.clone();
    }
    if !attribute.is_computed() {
        // A null of a certain type, where the attribute is dynamic.
        return config.clone();
    }
    let stays = prior.same && (attribute.plan.stable || attribute.plan.replace);
    if open == Open::Kept || stays { prior.value.clone() } else { Value::unknown() }
}

fn block(block: &NestedBlock, prior: Prior<'_>, config: &Value, open: Open) -> Value {
    nested(block.nesting, (&block.block).into(), prior, config, open)
}

fn nested(
    nesting: Nesting,
    shape: Shape<'_>,
    prior: Prior<'_>,
    config: &Value,
    open: Open,
) -> Value {
    match (nesting, config) {
        (Nesting::Single | Nesting::Group, config) => draft(shape, prior, config, open),
        (Nesting::List, Value::List(items)) => {
            let before = prior.value.elements().unwrap_or_default();
            let one = |(i, config): (usize, &Value)| {
                let value = before.get(i).unwrap_or(&NULL);
                let same = prior.same && continues(shape, value, config);
                draft(shape, Prior { value, same }, config, open)
            };
            Value::List(items.iter().enumerate().map(one).collect())
        }
        (Nesting::Map, Value::Map(entries)) => Value::Map(
            entries
                .iter()
                .map(|(key, config)| {
                    let prior = prior.of(entry(prior.value, key));
                    (key.clone(), draft(shape, prior, config, open))
                })
                .collect(),
        ),
        (Nesting::Set, Value::Set(items)) => {
            let before = correlate(shape, prior.value.elements().unwrap_or_default(), items);
            let one = |(config, before): (&Value, Option<&Value>)| {
                draft(shape, prior.element(before), config, open)
            };
            Value::Set(items.iter().zip(before).map(one).collect())
        }
        (_, config) => config.clone(),
    }
}
