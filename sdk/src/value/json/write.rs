//! Values to JSON, directed by a type.

use std::fmt::Write;

use crate::value::{Mismatch, Step, Type, Value, normalized};

/// Writes one value of type `ty`.
pub(super) fn value(out: &mut String, value: &Value, ty: &Type) -> Result<(), Mismatch> {
    match (ty, value) {
        (_, Value::Null) => out.push_str("null"),
        (_, Value::Unknown(_)) => return Err(Mismatch::new("an unknown value cannot be stored")),
        (Type::Bool, Value::Bool(value)) => out.push_str(if *value { "true" } else { "false" }),
        // Writing into a string does not fail.
        (Type::Number, Value::Number(value)) => write!(out, "{value}").unwrap_or_default(),
        (Type::String, Value::String(value)) => text(out, value),
        (Type::List(element), Value::List(items)) => elements(out, items, |_| element)?,
        (Type::Tuple(types), Value::List(items)) if types.len() == items.len() => {
            elements(out, items, |i| &types[i])?;
        }
        (Type::Set(element), Value::Set(items)) => {
            separated(out, ['[', ']'], items, |out, item| {
                self::value(out, item, element).map_err(|error| error.within_element(item))
            })?;
        }
        (Type::Map(element), Value::Map(entries)) => {
            separated(out, ['{', '}'], entries, |out, (key, item)| {
                text(out, key);
                out.push(':');
                self::value(out, item, element)
                    .map_err(|error| error.within(Step::Key(key.clone())))
            })?;
        }
        (Type::Object(types), Value::Map(entries)) if types.keys().eq(entries.keys()) => {
            separated(out, ['{', '}'], types.iter().zip(entries.values()), |out, entry| {
                let ((name, ty), item) = entry;
                text(out, name);
                out.push(':');
                self::value(out, item, ty)
                    .map_err(|error| error.within(Step::Attribute(name.clone())))
            })?;
        }
        (Type::Dynamic, Value::Dynamic(inner)) => {
            let (ty, item) = inner.as_ref();
            out.push_str("{\"type\":");
            out.push_str(&ty.to_json());
            out.push_str(",\"value\":");
            self::value(out, item, ty)?;
            out.push('}');
        }
        _ => {
            // Says which attribute or element is too many or too few.
            ty.check(value)?;
            return Err(Mismatch::wanted(ty, value));
        }
    }
    Ok(())
}

/// Writes a JSON string in form C.
pub(super) fn text(out: &mut String, text: &str) {
    // A string slice always has a JSON form.
    out.push_str(&serde_json::to_string(&normalized(text)).unwrap_or_default());
}

fn elements<'t>(
    out: &mut String,
    items: &[Value],
    ty: impl Fn(usize) -> &'t Type,
) -> Result<(), Mismatch> {
    separated(out, ['[', ']'], items.iter().enumerate(), |out, (i, item)| {
        value(out, item, ty(i)).map_err(|error| error.within(Step::Index(i)))
    })
}

fn separated<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T) -> Result<(), Mismatch>,
) -> Result<(), Mismatch> {
    out.push(open);
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(out, item)?;
    }
    out.push(close);
    Ok(())
}
