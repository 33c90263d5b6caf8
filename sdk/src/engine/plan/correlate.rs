//! Which element of a set continues which.

use crate::{
    engine::{
        settle::are_equivalent,
        shape::{Shape, entry, is_computed},
    },
    schema::{Attribute, Kind, Nesting},
    value::Value,
};

/// For each configured element the prior one that it continues: one with the
/// same settings, each at most once. Elements that leave less open choose
/// first, so that no two elements end up the same.
pub(crate) fn correlate<'a>(
    shape: Shape<'_>,
    prior: &'a [Value],
    config: &[Value],
) -> Vec<Option<&'a Value>> {
    let mut order: Vec<usize> = (0..config.len()).collect();
    order.sort_by_key(|i| open_attributes(shape, &config[*i]));
    let mut found = vec![None; config.len()];
    let mut taken = vec![false; prior.len()];
    for i in order {
        let free = |j: &usize| !taken[*j] && continues(shape, &prior[*j], &config[i]);
        if let Some(j) = (0..prior.len()).find(free) {
            taken[j] = true;
            found[i] = Some(&prior[j]);
        }
    }
    found
}

/// Whether an object has the settings that are configured; what the
/// configuration leaves to the provider may be anything.
pub(crate) fn continues(shape: Shape<'_>, prior: &Value, config: &Value) -> bool {
    let (Value::Map(_), Value::Map(_)) = (prior, config) else {
        return false;
    };
    shape.attributes.iter().all(|a| {
        let (prior, config) = (entry(prior, &a.name), entry(config, &a.name));
        attribute_continues(a, prior, config)
    }) && shape.blocks.iter().all(|block| {
        let (prior, config) = (entry(prior, &block.name), entry(config, &block.name));
        nested_continues(block.nesting, (&block.block).into(), prior, config)
    })
}

fn attribute_continues(attribute: &Attribute, prior: &Value, config: &Value) -> bool {
    if attribute.write_only {
        return true;
    }
    if config.is_null() {
        return match &attribute.default {
            Some(default) => default == prior,
            None => is_computed(attribute) || prior.is_null(),
        };
    }
    if !config.is_unknown() && (prior == config || are_equivalent(attribute, prior, config)) {
        return true;
    }
    match &attribute.kind {
        Kind::Nested(nesting, object) => nested_continues(*nesting, object.into(), prior, config),
        Kind::Type(_) => false,
    }
}

fn nested_continues(nesting: Nesting, shape: Shape<'_>, prior: &Value, config: &Value) -> bool {
    match (nesting, prior, config) {
        (_, Value::Null, Value::Null) => true,
        (Nesting::Single | Nesting::Group, ..) => continues(shape, prior, config),
        (Nesting::List, Value::List(before), Value::List(items)) => {
            before.len() == items.len()
                && before.iter().zip(items).all(|(before, item)| continues(shape, before, item))
        }
        (Nesting::Map, Value::Map(before), Value::Map(entries)) => {
            before.keys().eq(entries.keys())
                && before.values().zip(entries.values()).all(|(a, b)| continues(shape, a, b))
        }
        (Nesting::Set, Value::Set(before), Value::Set(items)) => {
            before.len() == items.len()
                && correlate(shape, before, items).iter().all(Option::is_some)
        }
        _ => false,
    }
}

/// How many attributes of an element the configuration leaves to the provider.
fn open_attributes(shape: Shape<'_>, config: &Value) -> usize {
    let open = |a: &&Attribute| is_computed(a) && entry(config, &a.name).is_null();
    shape.attributes.iter().filter(open).count()
}
