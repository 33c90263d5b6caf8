//! Finds and removes what is still unknown.

use crate::{
    engine::shape::{Element, Shape, View, distinct, entry},
    value::{Path, Value},
};

/// The attributes of which some part is unknown, as deep as the schema goes.
pub(crate) fn unknown_paths(shape: Shape<'_>, object: &Value, path: &Path) -> Vec<Path> {
    let mut found = Vec::new();
    collect(shape, object, path, &mut found);
    found
}

/// `value` with null instead of all that is unknown; `instead` gives the
/// object's values that are better than null.
pub(crate) fn without_unknowns(value: Value, instead: &Value) -> Value {
    match value {
        Value::Unknown(_) if instead.is_wholly_known() => instead.clone(),
        Value::Unknown(_) => Value::Null,
        Value::List(items) => Value::List(nulled(items)),
        Value::Set(items) => Value::Set(distinct(nulled(items))),
        Value::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(name, value)| {
                    let value = without_unknowns(value, entry(instead, &name));
                    (name, value)
                })
                .collect(),
        ),
        Value::Dynamic(inner) => {
            let (ty, value) = *inner;
            Value::Dynamic(Box::new((ty, without_unknowns(value, &Value::Null))))
        }
        value => value,
    }
}

fn nulled(items: Vec<Value>) -> Vec<Value> {
    items.into_iter().map(|item| without_unknowns(item, &Value::Null)).collect()
}

fn collect(shape: Shape<'_>, object: &Value, path: &Path, found: &mut Vec<Path>) {
    for attribute in shape.attributes {
        let value = entry(object, &attribute.name);
        part(View::of_kind(&attribute.kind), value, path.attribute(&attribute.name), found);
    }
    for block in shape.blocks {
        let value = entry(object, &block.name);
        part(View::of_block(block), value, path.attribute(&block.name), found);
    }
}

fn part(view: View<'_>, value: &Value, path: Path, found: &mut Vec<Path>) {
    match (view, value) {
        (_, value) if value.is_wholly_known() => {}
        (View::Object(shape), Value::Map(_)) => collect(shape, value, &path, found),
        (View::List(Element::Object(shape)), Value::List(items)) => {
            for (i, item) in items.iter().enumerate() {
                part(View::Object(shape), item, path.index(i), found);
            }
        }
        (View::Map(Element::Object(shape)), Value::Map(entries)) => {
            for (key, item) in entries {
                part(View::Object(shape), item, path.key(key), found);
            }
        }
        _ => found.push(path),
    }
}
