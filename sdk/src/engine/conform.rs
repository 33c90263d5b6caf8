//! Makes what provider code returns fit the schema.

use std::collections::BTreeMap;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::{
    engine::{
        rules::Violation,
        shape::{Element, Shape, View, distinct},
    },
    schema::Nesting,
    value::{Path, Type, Value},
};

/// `value` in the exact form that Terraform asks for: every attribute present,
/// nested blocks empty rather than null, sets without equal elements, text in
/// normalisation form C. What cannot be made to fit becomes null and is noted
/// in `misfits`.
pub(crate) fn conform(
    view: View<'_>,
    value: Value,
    path: &Path,
    misfits: &mut Vec<Violation>,
) -> Value {
    match (view, value) {
        (View::Object(shape), Value::Map(entries)) => object(shape, entries, path, misfits),
        (_, value @ (Value::Null | Value::Unknown(_))) => value,
        (View::Leaf(ty), value) => leaf(ty, value, path, misfits),
        (View::Struct(types), Value::Map(entries)) => structure(types, entries, path, misfits),
        (View::Tuple(types), Value::List(items)) if items.len() == types.len() => {
            let fit = |(i, (ty, item))| conform(View::of_type(ty), item, &path.index(i), misfits);
            Value::List(types.iter().zip(items).enumerate().map(fit).collect())
        }
        (View::List(element), Value::List(items) | Value::Set(items)) => {
            let fit = |(i, item)| conform(element.view(), item, &path.index(i), misfits);
            Value::List(items.into_iter().enumerate().map(fit).collect())
        }
        (View::Set(element), Value::Set(items) | Value::List(items)) => {
            let inside = path.element(Value::Null);
            let fit = |item| conform(element.view(), item, &inside, misfits);
            Value::Set(distinct(items.into_iter().map(fit).collect()))
        }
        (View::Map(element), Value::Map(entries)) => {
            let mut fitted = BTreeMap::new();
            for (key, item) in entries {
                let item = conform(element.view(), item, &path.key(&key), misfits);
                fitted.insert(composed(key), item);
            }
            Value::Map(fitted)
        }
        (view, value) => misfit(view, &value, path, misfits),
    }
}

fn object(
    shape: Shape<'_>,
    mut entries: BTreeMap<String, Value>,
    path: &Path,
    misfits: &mut Vec<Violation>,
) -> Value {
    let mut fitted = BTreeMap::new();
    for attribute in shape.attributes {
        let value = entries.remove(&attribute.name).unwrap_or_default();
        let path = path.attribute(&attribute.name);
        let value = conform(View::of_kind(&attribute.kind), value, &path, misfits);
        fitted.insert(attribute.name.clone(), value);
    }
    for block in shape.blocks {
        let view = View::of_block(block);
        let value = match entries.remove(&block.name).unwrap_or_default() {
            Value::Null => no_blocks(block.nesting, view),
            value => value,
        };
        let value = conform(view, value, &path.attribute(&block.name), misfits);
        fitted.insert(block.name.clone(), value);
    }
    for name in entries.keys() {
        misfits.push(Violation::new(&path.attribute(name), "is not in the schema"));
    }
    Value::Map(fitted)
}

/// How Terraform writes that there are no blocks of a name.
fn no_blocks(nesting: Nesting, view: View<'_>) -> Value {
    match view {
        View::List(_) => Value::List(Vec::new()),
        View::Set(_) => Value::Set(Vec::new()),
        View::Map(_) => Value::Map(BTreeMap::new()),
        _ if nesting == Nesting::Group => Value::Map(BTreeMap::new()),
        _ => Value::Null,
    }
}

fn structure(
    types: &BTreeMap<String, Type>,
    mut entries: BTreeMap<String, Value>,
    path: &Path,
    misfits: &mut Vec<Violation>,
) -> Value {
    let mut fitted = BTreeMap::new();
    for (name, ty) in types {
        let value = entries.remove(name).unwrap_or_default();
        let value = conform(View::of_type(ty), value, &path.attribute(name), misfits);
        fitted.insert(name.clone(), value);
    }
    for name in entries.keys() {
        misfits.push(Violation::new(&path.attribute(name), "is not in the schema"));
    }
    Value::Map(fitted)
}

fn leaf(ty: &Type, value: Value, path: &Path, misfits: &mut Vec<Violation>) -> Value {
    match (ty, value) {
        (Type::String, Value::String(text)) => Value::String(composed(text)),
        (Type::Bool, value @ Value::Bool(_)) | (Type::Number, value @ Value::Number(_)) => value,
        (Type::Dynamic, value) => match Value::dynamic(value) {
            Value::Dynamic(inner) => {
                let (ty, value) = *inner;
                let value = conform(View::of_type(&ty), value, path, misfits);
                Value::Dynamic(Box::new((ty, value)))
            }
            value => value,
        },
        (ty, value) => misfit(View::Leaf(ty), &value, path, misfits),
    }
}

fn misfit(view: View<'_>, value: &Value, path: &Path, misfits: &mut Vec<Violation>) -> Value {
    let wanted = match view {
        View::Leaf(Type::Bool) => "a bool",
        View::Leaf(Type::Number) => "a number",
        View::Leaf(Type::String) => "a string",
        View::Leaf(_) => "a value with its type",
        View::Object(_) | View::Struct(_) => "an object",
        View::Tuple(_) => "a tuple of another length",
        View::List(Element::Object(_)) => "a list of objects",
        View::Set(Element::Object(_)) => "a set of objects",
        View::Map(Element::Object(_)) => "a map of objects",
        View::List(_) => "a list",
        View::Set(_) => "a set",
        View::Map(_) => "a map",
    };
    misfits.push(Violation::new(path, format!("must be {wanted}, not a {}", value.kind())));
    Value::Null
}

fn composed(text: String) -> String {
    if is_nfc(&text) { text } else { text.nfc().collect() }
}
