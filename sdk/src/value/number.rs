//! Exact decimal numbers.

use std::fmt;

/// A number as Terraform holds it: exact, of any size that a configuration
/// reasonably writes.
///
/// Equal numbers are equal whatever their spelling (`1.50` and `15e-1`).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Number {
    negative: bool,
    /// Decimal digits without leading or trailing zeros; empty for zero.
    digits: String,
    /// The value is `0.digits × 10^exponent`; 0 for zero.
    exponent: i32,
}

/// Why a text is not a [`Number`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NumberError(String);

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a decimal number", self.0)
    }
}

impl std::error::Error for NumberError {}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        let text = value.unsigned_abs().to_string();
        let exponent = if value == 0 { 0 } else { i32::try_from(text.len()).unwrap_or(0) };
        let digits = text.trim_end_matches('0').to_owned();
        Self { negative: value < 0, digits, exponent }
    }
}
