//! Values in messages.

use crate::value::Value;

/// Longer values are cut: a message is to be read.
const LIMIT: usize = 160;

/// A value as a person writes it, cut to a readable length. Never for a
/// sensitive one.
pub(crate) fn show(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    if text.len() > LIMIT {
        let end = (0..=LIMIT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

fn write(value: &Value, text: &mut String) {
    if text.len() > LIMIT {
        return;
    }
    match value {
        Value::Null => text.push_str("null"),
        Value::Unknown(_) => text.push_str("(known after apply)"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(value) => text.push_str(&format!("{value:?}")),
        Value::List(items) | Value::Set(items) => {
            text.push('[');
            separated(items.iter(), text, write);
            text.push(']');
        }
        Value::Map(entries) => {
            text.push_str("{ ");
            separated(entries.iter(), text, |(key, value), text| {
                text.push_str(key);
                text.push_str(" = ");
                write(value, text);
            });
            text.push_str(" }");
        }
        Value::Dynamic(inner) => write(&inner.1, text),
    }
}

fn separated<T>(
    items: impl Iterator<Item = T>,
    text: &mut String,
    mut one: impl FnMut(T, &mut String),
) {
    for (i, item) in items.enumerate() {
        if i > 0 {
            text.push_str(", ");
        }
        one(item, text);
    }
}
