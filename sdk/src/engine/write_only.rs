//! Write-only attributes: in no plan and no state, but in what the provider gets.

use crate::{
    engine::shape::{NULL, Shape, entry},
    schema::{Kind, Nesting},
    value::Value,
};

/// The planned object with the write-only values of the configuration: what the
/// provider is to bring about.
pub(crate) fn with_write_only(shape: Shape<'_>, planned: &Value, config: &Value) -> Value {
    let Value::Map(entries) = planned else {
        return planned.clone();
    };
    let mut full = entries.clone();
    for a in shape.attributes {
        let from = entry(config, &a.name);
        let Some(value) = full.get_mut(&a.name) else { continue };
        if a.write_only {
            *value = from.clone();
        } else if let Kind::Nested(nesting, object) = &a.kind {
            *value = nested_write_only(*nesting, object.into(), value, from);
        }
    }
    for b in shape.blocks {
        let from = entry(config, &b.name);
        if let Some(value) = full.get_mut(&b.name) {
            *value = nested_write_only(b.nesting, (&b.block).into(), value, from);
        }
    }
    Value::Map(full)
}

/// Sets hold no write-only attributes.
fn nested_write_only(nesting: Nesting, shape: Shape<'_>, planned: &Value, config: &Value) -> Value {
    match (nesting, planned) {
        (Nesting::Single | Nesting::Group, _) => with_write_only(shape, planned, config),
        (Nesting::List, Value::List(items)) => {
            let from = config.elements().unwrap_or_default();
            let one = |(i, item)| with_write_only(shape, item, from.get(i).unwrap_or(&NULL));
            Value::List(items.iter().enumerate().map(one).collect())
        }
        (Nesting::Map, Value::Map(entries)) => {
            let one = |(key, item): (&String, &Value)| {
                (key.clone(), with_write_only(shape, item, entry(config, key)))
            };
            Value::Map(entries.iter().map(one).collect())
        }
        _ => planned.clone(),
    }
}
