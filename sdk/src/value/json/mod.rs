//! The JSON form of values: what states and identities are stored in.
//!
//! The forms are those of msgpack, without unknown values; a `dynamic` value is
//! `{"type": …, "value": …}`. Numbers keep all their digits: serde_json hands
//! over each part as raw text, so that its feature `arbitrary_precision`, which
//! would change numbers for every other user of serde_json in the program, is
//! not needed.

mod free;
mod read;
mod ty;
mod write;

pub use self::free::{from_serde, infer, to_serde};
pub(crate) use self::ty::{read_type, write_type};
use crate::value::{DecodeError, Mismatch, Type, Value};

/// Reads a value of type `ty`. Attributes that are missing in an object are
/// null.
///
/// # Errors
///
/// The first part that is malformed, not of its type, or an attribute that the
/// type does not have.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    read::Reader { ignore_other_attributes: false }.value(text(bytes)?, ty, 0)
}

/// Reads a stored state. Attributes that the type does not have any more are
/// passed over; those that it has since got are null.
///
/// # Errors
///
/// The first part that is malformed or not of its type.
pub fn decode_state(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    read::Reader { ignore_other_attributes: true }.value(text(bytes)?, ty, 0)
}

/// Writes a value of type `ty`.
///
/// # Errors
///
/// The first part of the value that is unknown or not of its type.
pub fn encode(value: &Value, ty: &Type) -> Result<String, Mismatch> {
    let mut out = String::new();
    write::value(&mut out, value, ty)?;
    Ok(out)
}

fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeError::new("the JSON text is not UTF-8"))
}

#[cfg(test)]
mod tests;
