//! The msgpack form of values: what crosses the plugin protocol.
//!
//! Both directions are directed by a type, since the bytes alone do not tell a
//! set from a list or a number from its decimal text. The forms are those that
//! Terraform itself writes and accepts; text is normalised to form C. Malformed
//! bytes give an error: nothing panics, reserves memory for more than there is,
//! or recurses deeper than 128 levels.

mod read;
mod token;
mod unknown;
mod write;

use crate::value::{DecodeError, Mismatch, Type, Value};

/// Reads a value of type `ty`. No bytes at all are null.
///
/// # Errors
///
/// The first part that is malformed or not of its type.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let mut tokens = token::Tokens::new(bytes);
    let value = read::value(&mut tokens, ty, 0)?;
    if tokens.rest() == 0 {
        Ok(value)
    } else {
        Err(DecodeError::new(format!("{} bytes after the value", tokens.rest())))
    }
}

/// Writes a value of type `ty`.
///
/// # Errors
///
/// The first part of the value that is not of its type.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, Mismatch> {
    let mut out = Vec::new();
    write::value(&mut out, value, ty)?;
    Ok(out)
}

#[cfg(test)]
mod tests;
