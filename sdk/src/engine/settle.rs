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
///   `[]`, `{}`) mean the same to most APIs: whichever of them is known stays,
///   except in what is [literal](crate::schema::PlanRule::literal).
/// * When reading, a sensitive attribute that a configuration may set and that
///   the remote side does not show is the known one.
///
/// Elements of lists are matched by index, of maps by key, of sets by being
/// the same once settled.
pub(crate) fn settle(shape: Shape<'_>, known: &Value, actual: Value, reading: bool) -> Value {
    object(shape, known, actual, Manner { reading, literal: false })
}

/// How values are held for the same.
#[derive(Clone, Copy)]
struct Manner {
    /// They are read, not applied.
    reading: bool,
    /// Absent and empty differ.
    literal: bool,
}

fn object(shape: Shape<'_>, known: &Value, actual: Value, manner: Manner) -> Value {
    let Value::Map(mut entries) = actual else {
        return actual;
    };
    let mut settled = BTreeMap::new();
    for a in shape.attributes {
        let value = entries.remove(&a.name).unwrap_or_default();
        settled.insert(a.name.clone(), attribute(a, entry(known, &a.name), value, manner));
    }
    for b in shape.blocks {
        let value = entries.remove(&b.name).unwrap_or_default();
        settled.insert(b.name.clone(), block(b, entry(known, &b.name), value, manner));
    }
    settled.extend(entries);
    Value::Map(settled)
}

fn attribute(attribute: &Attribute, known: &Value, actual: Value, manner: Manner) -> Value {
    if attribute.write_only {
        return Value::Null;
    }
    if known.is_unknown() || actual.is_unknown() || *known == actual {
        return actual;
    }
    let literal = manner.literal || attribute.plan.literal;
    let manner = Manner { literal, ..manner };
    let configurable = is_configurable(attribute);
    let unseen = manner.reading && attribute.sensitive && configurable && actual.is_null();
    if unseen
        || (configurable && !literal && is_blank(known) && is_blank(&actual))
        || are_equivalent(attribute, known, &actual)
    {
        return known.clone();
    }
    match &attribute.kind {
        Kind::Nested(nesting, inner) => nested(*nesting, inner.into(), known, actual, manner),
        Kind::Type(_) => actual,
    }
}

fn block(block: &NestedBlock, known: &Value, actual: Value, manner: Manner) -> Value {
    nested(block.nesting, (&block.block).into(), known, actual, manner)
}

fn nested(
    nesting: Nesting,
    shape: Shape<'_>,
    known: &Value,
    actual: Value,
    manner: Manner,
) -> Value {
    match (nesting, known, actual) {
        (Nesting::Single | Nesting::Group, known, actual) => object(shape, known, actual, manner),
        (Nesting::List, known, Value::List(items)) => {
            let known = known.elements().unwrap_or_default();
            let one = |(i, item)| object(shape, known.get(i).unwrap_or(&NULL), item, manner);
            Value::List(items.into_iter().enumerate().map(one).collect())
        }
        (Nesting::Map, known, Value::Map(entries)) => Value::Map(
            entries
                .into_iter()
                .map(|(key, item)| {
                    let item = object(shape, entry(known, &key), item, manner);
                    (key, item)
                })
                .collect(),
        ),
        (Nesting::Set, known, Value::Set(items)) => {
            Value::Set(set(shape, known.elements().unwrap_or_default(), items, manner))
        }
        (_, _, actual) => actual,
    }
}

/// An element that completes a known one as it is stays so. Any other takes the
/// spelling of the first known element that it then completes and that no other
/// does.
fn set(shape: Shape<'_>, known: &[Value], items: Vec<Value>, manner: Manner) -> Vec<Value> {
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
            let settled = object(shape, known, item.clone(), manner);
            if !*taken && rules::compatible(view, known, &settled) {
                *taken = true;
                return settled;
            }
        }
        object(shape, &NULL, item, manner)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{schema::Object, value::Type};

    #[test]
    fn what_is_literal_stays_as_it_is_read() {
        let inner = || {
            let names = Attribute::new("names", Type::list(Type::String)).optional();
            Kind::Nested(Nesting::Single, Object::new("", [names]))
        };
        let loose = Attribute::new("loose", inner()).optional();
        let exact = Attribute::new("exact", inner()).optional().literal();
        let schema = Object::new("", [loose, exact]);
        let value = |loose: &Value, exact: &Value| {
            let names = |names: &Value| Value::from([("names", names.clone())]);
            Value::from([("loose", names(loose)), ("exact", names(exact))])
        };
        let (absent, empty) = (Value::Null, Value::List(Vec::new()));
        let read = |known: &Value, found: &Value| {
            settle((&schema).into(), &value(known, known), value(found, found), true)
        };
        assert_eq!(read(&absent, &empty), value(&absent, &empty));
        assert_eq!(read(&empty, &absent), value(&empty, &absent));
    }
}
