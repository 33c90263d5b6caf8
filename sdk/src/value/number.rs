//! Exact decimal numbers.

use std::{cmp::Ordering, fmt, str::FromStr};

/// The most significant digits that a number may have. Terraform itself keeps
/// 512 bits, which is 155 digits.
const MAX_DIGITS: usize = 10_000;

/// The largest power of ten of the first digit, up or down.
const MAX_EXPONENT: i64 = 1_000_000;

/// The most zeros that are written out before the exponent form takes over.
const MAX_PADDING: i32 = 40;

/// A number as Terraform holds it: exact, of any size that a configuration
/// reasonably writes.
///
/// Equal numbers are equal whatever their spelling (`1.50` and `15e-1`).
/// A number has at most 10,000 significant digits and a power of ten of at
/// most a million, so that no text can make it grow beyond its own length.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Number {
    negative: bool,
    /// Decimal digits without leading or trailing zeros; empty for zero.
    digits: String,
    /// The value is `0.digits × 10^exponent`; 0 for zero.
    exponent: i32,
}

impl Number {
    /// The decimal with the fewest digits that reads back as this float, or
    /// `None` if the float is infinite or not a number.
    pub fn from_f64(value: f64) -> Option<Self> {
        // Rust prints floats in the shortest form that round-trips.
        if value.is_finite() { format!("{value:e}").parse().ok() } else { None }
    }

    /// Whether there is nothing behind the decimal point.
    pub fn is_integer(&self) -> bool {
        usize::try_from(self.exponent).is_ok_and(|exponent| exponent >= self.digits.len())
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The same integer, if it is one and fits.
    pub fn to_i64(&self) -> Option<i64> {
        self.integer_text()?.parse().ok()
    }

    /// The same integer, if it is one and fits.
    pub fn to_u64(&self) -> Option<u64> {
        self.integer_text()?.parse().ok()
    }

    /// The nearest float, or `None` beyond the range of floats. Digits may get
    /// lost: [`from_f64`](Self::from_f64) of the result shows whether they did.
    pub fn to_f64(&self) -> Option<f64> {
        self.to_string().parse().ok().filter(|float: &f64| float.is_finite())
    }

    /// The integer in plain digits; `None` if it has a fraction or is far
    /// beyond 64 bits.
    fn integer_text(&self) -> Option<String> {
        (self.is_integer() && self.exponent <= 20).then(|| self.to_string())
    }

    fn magnitude_cmp(&self, other: &Self) -> Ordering {
        // Without trailing zeros, digits order as text does.
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => {
                self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits))
            }
        }
    }
}

impl FromStr for Number {
    type Err = NumberError;

    /// Reads a sign, digits, a fraction and a power of ten: `-12.5`, `.5`,
    /// `1e9`, `6.02E+23`.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, power) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let malformed = || NumberError::new(text, "is not a decimal number");
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let power_digits = power.strip_prefix(['-', '+']).unwrap_or(power);
        if whole.len() + fraction.len() == 0
            || !is_digits(whole)
            || !is_digits(fraction)
            || power_digits.is_empty()
            || !is_digits(power_digits)
        {
            return Err(malformed());
        }
        let mut digits = String::with_capacity(whole.len() + fraction.len());
        digits.push_str(whole);
        digits.push_str(fraction);
        let leading = digits.len() - digits.trim_start_matches('0').len();
        digits.drain(..leading);
        digits.truncate(digits.trim_end_matches('0').len());
        if digits.is_empty() {
            return Ok(Self::default());
        }
        let too_large = || NumberError::new(text, "is beyond the range of numbers");
        let exponent = power
            .parse::<i64>()
            .ok()
            .and_then(|power| power.checked_add(i64::try_from(whole.len()).ok()?))
            .and_then(|power| power.checked_sub(i64::try_from(leading).ok()?))
            .filter(|power| (power - 1).abs() <= MAX_EXPONENT)
            .and_then(|power| i32::try_from(power).ok())
            .ok_or_else(too_large)?;
        if digits.len() > MAX_DIGITS {
            return Err(NumberError::new(text, "has too many digits"));
        }
        Ok(Self { negative: text.starts_with('-'), digits, exponent })
    }
}

impl fmt::Display for Number {
    /// Plain decimal; the exponent form (`1e100`) where that would be a long
    /// row of zeros. Both are JSON numbers and read back as the same number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (digits, exponent) = (self.digits.as_str(), self.exponent);
        if digits.is_empty() {
            return f.write_str("0");
        }
        if self.negative {
            f.write_str("-")?;
        }
        // At most MAX_DIGITS, which fits.
        let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
        if (count..=count + MAX_PADDING).contains(&exponent) {
            f.write_str(digits)?;
            zeros(f, exponent - count)
        } else if (1..count).contains(&exponent) {
            let (whole, fraction) = digits.split_at(usize::try_from(exponent).unwrap_or(0));
            write!(f, "{whole}.{fraction}")
        } else if (-MAX_PADDING..=0).contains(&exponent) {
            f.write_str("0.")?;
            zeros(f, -exponent)?;
            f.write_str(digits)
        } else {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            write!(f, "{first}{point}{rest}e{}", exponent - 1)
        }
    }
}

fn zeros(f: &mut fmt::Formatter<'_>, count: i32) -> fmt::Result {
    (0..count).try_for_each(|_| f.write_str("0"))
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude_cmp(other),
            (true, true) => other.magnitude_cmp(self),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        let mut digits = value.to_string();
        // At most 20 digits.
        let exponent = if value == 0 { 0 } else { i32::try_from(digits.len()).unwrap_or(0) };
        digits.truncate(digits.trim_end_matches('0').len());
        Self { negative: false, digits, exponent }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self { negative: value < 0, ..value.unsigned_abs().into() }
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Self {
        i64::from(value).into()
    }
}

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        u64::from(value).into()
    }
}

impl From<u16> for Number {
    fn from(value: u16) -> Self {
        u64::from(value).into()
    }
}

impl TryFrom<f64> for Number {
    type Error = NumberError;

    /// See [`Number::from_f64`].
    fn try_from(value: f64) -> Result<Self, NumberError> {
        Self::from_f64(value)
            .ok_or_else(|| NumberError::new(&value.to_string(), "is not a finite number"))
    }
}

/// Why a text is not a [`Number`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NumberError {
    /// The text, cut where it is long.
    text: String,
    reason: &'static str,
}

impl NumberError {
    fn new(text: &str, reason: &'static str) -> Self {
        let mut shown: String = text.chars().take(40).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Self { text: shown, reason }
    }
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.text, self.reason)
    }
}

impl std::error::Error for NumberError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::arbitrary;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn spellings_of_one_number_are_equal() {
        for (a, b) in [
            ("1.50", "15e-1"),
            ("0", "-0.000"),
            ("00012", "12"),
            ("+7", "7."),
            (".5", "0.5"),
            ("1e3", "1000"),
            ("123.456E2", "12345.6"),
        ] {
            assert_eq!(number(a), number(b), "{a} {b}");
        }
        assert_ne!(number("0.3"), number("0.30000000000000001"));
    }

    #[test]
    fn shows_plain_decimals() {
        for (text, shown) in [
            ("0", "0"),
            ("-12.50", "-12.5"),
            ("0.30000000000000001", "0.30000000000000001"),
            ("9223372036854775808", "9223372036854775808"),
            ("1e20", "100000000000000000000"),
            ("1e-7", "0.0000001"),
            ("1e100", "1e100"),
            ("-1.25e-100", "-1.25e-100"),
        ] {
            assert_eq!(number(text).to_string(), shown);
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "", "-", ".", "e1", "1e", "1e+", "1.2.3", "0x10", "1_000", "NaN", "inf", " 1", "١",
            "--1",
        ] {
            assert!(text.parse::<Number>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn hostile_texts_cost_no_more_than_their_length() {
        for text in ["1e1000001", "1e-99999999999999999999", "1e9223372036854775807"] {
            let error = text.parse::<Number>().unwrap_err().to_string();
            assert!(error.contains("beyond the range"), "{error}");
        }
        let long = "7".repeat(MAX_DIGITS + 1);
        let error = long.parse::<Number>().unwrap_err().to_string();
        assert!(error.contains("too many digits") && error.len() < 200, "{error}");
        assert_eq!(number("1e1000000").to_string().len(), "1e1000000".len());
        assert_eq!(number(&format!("{}1", "0".repeat(MAX_DIGITS * 2))), number("1"));
    }

    #[test]
    fn converts_to_integers_only_exactly() {
        assert_eq!(number("9223372036854775807").to_i64(), Some(i64::MAX));
        assert_eq!(number("-9223372036854775808").to_i64(), Some(i64::MIN));
        assert_eq!(number("9223372036854775808").to_i64(), None);
        assert_eq!(number("18446744073709551615").to_u64(), Some(u64::MAX));
        assert_eq!(number("-1").to_u64(), None);
        assert_eq!(number("1.5").to_i64(), None);
        assert_eq!(number("2e1").to_i64(), Some(20));
        assert_eq!(number("1e1000000").to_i64(), None);
        assert_eq!(number("0").to_i64(), Some(0));
    }

    #[test]
    fn converts_to_floats_within_their_range() {
        assert_eq!(number("0.1").to_f64(), Some(0.1));
        assert_eq!(number("1e1000").to_f64(), None);
        assert_eq!(number("1e-1000").to_f64(), Some(0.0));
        assert!(Number::try_from(f64::NAN).is_err());
        assert!(Number::try_from(f64::INFINITY).is_err());
        assert_eq!(Number::from_f64(-0.0), Some(Number::default()));
        assert_eq!(Number::from_f64(0.1), Some(number("0.1")));
    }

    proptest! {
        #![proptest_config(arbitrary::config())]

        #[test]
        fn integers_survive(value: i64, unsigned: u64) {
            prop_assert_eq!(Number::from(value).to_i64(), Some(value));
            prop_assert_eq!(Number::from(value), number(&value.to_string()));
            prop_assert_eq!(Number::from(unsigned).to_u64(), Some(unsigned));
        }

        #[test]
        fn floats_survive(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            prop_assert_eq!(Number::from_f64(value).unwrap().to_f64(), Some(value));
        }

        #[test]
        fn texts_survive(text in "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,4})?") {
            let value = number(&text);
            prop_assert_eq!(number(&value.to_string()), value);
        }

        #[test]
        fn order_is_that_of_floats(a in -1e9..1e9, b in -1e9..1e9) {
            let (x, y) = (Number::from_f64(a).unwrap(), Number::from_f64(b).unwrap());
            prop_assert_eq!(x.cmp(&y), a.partial_cmp(&b).unwrap());
        }

        #[test]
        fn order_is_that_of_integers(a: i64, b: i64) {
            prop_assert_eq!(Number::from(a).cmp(&Number::from(b)), a.cmp(&b));
        }
    }
}
