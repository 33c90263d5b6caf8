//! Values to msgpack.

use rmp::encode;

use crate::value::{Mismatch, Number, Step, Type, Value, msgpack::unknown, normalized};

/// Writes one value of type `ty`.
pub(super) fn value(out: &mut Vec<u8>, value: &Value, ty: &Type) -> Result<(), Mismatch> {
    match (ty, value) {
        (_, Value::Null) => out.push(0xc0),
        (_, Value::Unknown(refinement)) => unknown::write(out, refinement.as_deref(), ty),
        (Type::Bool, Value::Bool(value)) => done(encode::write_bool(out, *value)),
        (Type::Number, Value::Number(value)) => number(out, value),
        (Type::String, Value::String(value)) => text(out, value),
        (Type::List(element), Value::List(items)) => elements(out, items, |_| element)?,
        (Type::Set(element), Value::Set(items)) => {
            done(encode::write_array_len(out, count(items.len())?));
            for item in items {
                self::value(out, item, element).map_err(|error| error.within_element(item))?;
            }
        }
        (Type::Tuple(types), Value::List(items)) if types.len() == items.len() => {
            elements(out, items, |i| &types[i])?;
        }
        (Type::Map(element), Value::Map(entries)) => {
            done(encode::write_map_len(out, count(entries.len())?));
            for (key, item) in entries {
                text(out, key);
                self::value(out, item, element)
                    .map_err(|error| error.within(Step::Key(key.clone())))?;
            }
        }
        (Type::Object(types), Value::Map(entries)) if types.keys().eq(entries.keys()) => {
            done(encode::write_map_len(out, count(entries.len())?));
            for ((name, item), ty) in entries.iter().zip(types.values()) {
                text(out, name);
                self::value(out, item, ty)
                    .map_err(|error| error.within(Step::Attribute(name.clone())))?;
            }
        }
        (Type::Dynamic, Value::Dynamic(inner)) => {
            let (ty, item) = inner.as_ref();
            done(encode::write_array_len(out, 2));
            done(encode::write_bin(out, ty.to_json().as_bytes()));
            self::value(out, item, ty)?;
        }
        _ => {
            // Says which attribute or element is too many or too few.
            ty.check(value)?;
            return Err(Mismatch::wanted(ty, value));
        }
    }
    Ok(())
}

/// Writes an integer of 64 bits as such and every other number as its decimal
/// text, which is exact.
pub(super) fn number(out: &mut Vec<u8>, number: &Number) {
    match number.to_i64() {
        Some(value) => done(encode::write_sint(out, value)),
        None => done(encode::write_str(out, &number.to_string())),
    }
}

/// The result of writing into memory, which cannot fail.
pub(super) fn done<T, E>(result: Result<T, E>) {
    debug_assert!(result.is_ok(), "writing into memory cannot fail");
}

fn text(out: &mut Vec<u8>, text: &str) {
    done(encode::write_str(out, &normalized(text)));
}

fn elements<'t>(
    out: &mut Vec<u8>,
    items: &[Value],
    ty: impl Fn(usize) -> &'t Type,
) -> Result<(), Mismatch> {
    done(encode::write_array_len(out, count(items.len())?));
    items.iter().enumerate().try_for_each(|(i, item)| {
        value(out, item, ty(i)).map_err(|error| error.within(Step::Index(i)))
    })
}

fn count(length: usize) -> Result<u32, Mismatch> {
    u32::try_from(length).map_err(|_| Mismatch::new("more than 4,294,967,295 elements"))
}
