//! Keeps the spelling that Terraform knows where the remote side says the same
//! thing differently.

use std::collections::BTreeMap;

use crate::{
    engine::{
        rules,
        shape::{NULL, Shape, View, entry, is_configurable},
    },
    schema::{Attribute, Kind, NestedBlock, Nesting},
    value::Value,
};

/// `actual` in the spelling of `known`: the planned object for an applied one,
/// the prior state for a read one, the configuration for a data source.
///
/// * Write-only attributes are null.
/// * An equivalent value (see [`PlanRule`](crate::schema::PlanRule)) is the
///   known one.
/// * In attributes that a configuration may set, absent and empty (`null`, `""`,
///   `[]`, `{}`) mean the same to most APIs: whichever of them is known stays.
/// * When reading, a sensitive attribute that a configuration may set and that
///   the remote side does not show is the known one.
///
/// Elements of lists are matched by index, of maps by key, of sets by being
/// the same once settled.
pub(crate) fn settle(shape: Shape<'_>, known: &Value, actual: Value, reading: bool) -> Value {
    let Value::Map(mut entries) = actual else {
        return actual;
    };
    let mut settled = BTreeMap::new();
    for a in shape.attributes {
        let value = entries.remove(&a.name).unwrap_or_default();
        settled.insert(a.name.clone(), attribute(a, entry(known, &a.name), value, reading));
    }
    for b in shape.blocks {
        let value = entries.remove(&b.name).unwrap_or_default();
        settled.insert(b.name.clone(), block(b, entry(known, &b.name), value, reading));
    }
    settled.extend(entries);
    Value::Map(settled)
}

fn attribute(attribute: &Attribute, known: &Value, actual: Value, reading: bool) -> Value {
    if attribute.write_only {
        return Value::Null;
    }
    if known.is_unknown() || actual.is_unknown() || *known == actual {
        return actual;
    }
    let configurable = is_configurable(attribute);
    let unseen = reading && attribute.sensitive && configurable && actual.is_null();
    if unseen
        || (configurable && is_blank(known) && is_blank(&actual))
        || are_equivalent(attribute, known, &actual)
    {
        return known.clone();
    }
    match &attribute.kind {
        Kind::Nested(nesting, object) => nested(*nesting, object.into(), known, actual, reading),
        Kind::Type(_) => actual,
    }
}

fn block(block: &NestedBlock, known: &Value, actual: Value, reading: bool) -> Value {
    nested(block.nesting, (&block.block).into(), known, actual, reading)
}

fn nested(
    nesting: Nesting,
    shape: Shape<'_>,
    known: &Value,
    actual: Value,
    reading: bool,
) -> Value {
    match (nesting, known, actual) {
        (Nesting::Single | Nesting::Group, known, actual) => settle(shape, known, actual, reading),
        (Nesting::List, known, Value::List(items)) => {
            let known = known.elements().unwrap_or_default();
            let one = |(i, item)| settle(shape, known.get(i).unwrap_or(&NULL), item, reading);
            Value::List(items.into_iter().enumerate().map(one).collect())
        }
        (Nesting::Map, known, Value::Map(entries)) => Value::Map(
            entries
                .into_iter()
                .map(|(key, item)| {
                    let item = settle(shape, entry(known, &key), item, reading);
                    (key, item)
                })
                .collect(),
        ),
        (Nesting::Set, known, Value::Set(items)) => {
            Value::Set(set(shape, known.elements().unwrap_or_default(), items, reading))
        }
        (_, _, actual) => actual,
    }
}

/// An element that completes a known one as it is stays so. Any other takes the
/// spelling of the first known element that it then completes and that no other
/// does.
fn set(shape: Shape<'_>, known: &[Value], items: Vec<Value>, reading: bool) -> Vec<Value> {
    let view = View::Object(shape);
    let mut taken = vec![false; known.len()];
    let mut fits = Vec::with_capacity(items.len());
    for item in &items {
        let fitting = |i: &usize| rules::compatible(view, &known[*i], item);
        let found: Vec<usize> = (0..known.len()).filter(fitting).collect();
        if let Some(i) = found.iter().find(|i| !taken[**i]) {
            taken[*i] = true;
        }
        fits.push(!found.is_empty());
    }
    let respell = |(item, fits): (Value, bool)| {
        if fits {
            return item;
        }
        for (known, taken) in known.iter().zip(&mut taken) {
            let settled = settle(shape, known, item.clone(), reading);
            if !*taken && rules::compatible(view, known, &settled) {
                *taken = true;
                return settled;
            }
        }
        settle(shape, &NULL, item, reading)
    };
    items.into_iter().zip(fits).map(respell).collect()
}

/// Whether the attribute's own rule holds two values for the same.
pub(crate) fn are_equivalent(attribute: &Attribute, a: &Value, b: &Value) -> bool {
    attribute.plan.equivalent.is_some_and(|equivalent| {
        a.is_wholly_known()
            && b.is_wholly_known()
            && !a.is_null()
            && !b.is_null()
            && equivalent(a, b)
    })
}

fn is_blank(value: &Value) -> bool {
    match value.content() {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::List(items) | Value::Set(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        _ => false,
    }
}
