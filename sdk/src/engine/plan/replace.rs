//! Which changes need a new object.

use std::collections::BTreeSet;

use crate::{
    engine::shape::{NULL, Shape, entry},
    schema::{Attribute, Kind, Nesting},
    value::{Path, Value},
};

/// The attributes that differ between the object as it is and the planned one
/// and whose rule is that a change needs a new object.
pub(crate) fn replacements(
    shape: Shape<'_>,
    prior: &Value,
    planned: &Value,
    path: &Path,
) -> Vec<Path> {
    let mut found = Vec::new();
    collect(shape, prior, planned, path, &mut found);
    found
}

fn collect(shape: Shape<'_>, prior: &Value, planned: &Value, path: &Path, found: &mut Vec<Path>) {
    for a in shape.attributes {
        let (prior, planned) = (entry(prior, &a.name), entry(planned, &a.name));
        if prior == planned {
            continue;
        }
        let path = path.attribute(&a.name);
        match &a.kind {
            _ if a.plan.replace => found.push(path),
            Kind::Nested(nesting, object) => {
                nested(*nesting, object.into(), prior, planned, &path, found);
            }
            Kind::Type(_) => {}
        }
    }
    for b in shape.blocks {
        let (prior, planned) = (entry(prior, &b.name), entry(planned, &b.name));
        let path = path.attribute(&b.name);
        nested(b.nesting, (&b.block).into(), prior, planned, &path, found);
    }
}

fn nested(
    nesting: Nesting,
    shape: Shape<'_>,
    prior: &Value,
    planned: &Value,
    path: &Path,
    found: &mut Vec<Path>,
) {
    if prior == planned || planned.is_unknown() {
        return;
    }
    match nesting {
        Nesting::Single | Nesting::Group => collect(shape, prior, planned, path, found),
        Nesting::List => {
            let (before, after) = (prior.elements(), planned.elements());
            let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
            for i in 0..before.len().max(after.len()) {
                let before = before.get(i).unwrap_or(&NULL);
                let after = after.get(i).unwrap_or(&NULL);
                collect(shape, before, after, &path.index(i), found);
            }
        }
        Nesting::Map => {
            for key in keys(prior).chain(keys(planned)).collect::<BTreeSet<_>>() {
                collect(shape, entry(prior, key), entry(planned, key), &path.key(key), found);
            }
        }
        Nesting::Set => {
            // Elements have no addresses: the set as a whole is at fault.
            if has_fixed(shape) && fixed_parts(shape, prior) != fixed_parts(shape, planned) {
                found.push(path.clone());
            }
        }
    }
}

fn keys(value: &Value) -> impl Iterator<Item = &String> {
    let entries = match value {
        Value::Map(entries) => Some(entries),
        _ => None,
    };
    entries.into_iter().flat_map(|entries| entries.keys())
}

/// Whether anything in the shape cannot change in place.
fn has_fixed(shape: Shape<'_>) -> bool {
    shape.attributes.iter().any(|a| {
        a.plan.replace || matches!(&a.kind, Kind::Nested(_, object) if has_fixed(object.into()))
    }) || shape.blocks.iter().any(|b| has_fixed((&b.block).into()))
}

/// A set's elements reduced to what cannot change in place.
fn fixed_parts(shape: Shape<'_>, set: &Value) -> Value {
    let elements = set.elements().unwrap_or_default();
    Value::Set(elements.iter().map(|element| fixed_part(shape, element)).collect())
}

fn fixed_part(shape: Shape<'_>, object: &Value) -> Value {
    let part = |a: &Attribute| {
        let value = entry(object, &a.name);
        let fixed = match &a.kind {
            _ if a.plan.replace => value.clone(),
            Kind::Nested(nesting, object) if has_fixed(object.into()) => {
                fixed_nested(*nesting, object.into(), value)
            }
            _ => return None,
        };
        Some((a.name.clone(), fixed))
    };
    let attributes = shape.attributes.iter().filter_map(part);
    let blocks = shape.blocks.iter().filter(|b| has_fixed((&b.block).into())).map(|b| {
        let fixed = fixed_nested(b.nesting, (&b.block).into(), entry(object, &b.name));
        (b.name.clone(), fixed)
    });
    Value::Map(attributes.chain(blocks).collect())
}

fn fixed_nested(nesting: Nesting, shape: Shape<'_>, value: &Value) -> Value {
    match (nesting, value) {
        (Nesting::Single | Nesting::Group, Value::Map(_)) => fixed_part(shape, value),
        (Nesting::List, Value::List(items)) => {
            Value::List(items.iter().map(|item| fixed_part(shape, item)).collect())
        }
        (Nesting::Map, Value::Map(entries)) => Value::Map(
            entries.iter().map(|(key, item)| (key.clone(), fixed_part(shape, item))).collect(),
        ),
        (Nesting::Set, Value::Set(_)) => fixed_parts(shape, value),
        _ => Value::Null,
    }
}
