//! Durations as Go and Terraform write them.

use std::time::Duration;

use crate::schema::{Validator, validators::text};

/// A duration such as `"90s"` or `"1h30m"`.
pub fn duration() -> impl Validator {
    text("must be a duration such as \"90s\" or \"1h30m\"", |value| {
        parse_duration(value).map(|_| ())
    })
}

/// Reads a duration as Go writes it: decimal numbers, each with a unit of
/// `ns`, `us`, `µs`, `ms`, `s`, `m` or `h`. Only zero may lack a unit.
///
/// # Errors
///
/// A sentence's end that says what the text should have been.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let malformed = || format!("must be a duration such as \"90s\" or \"1h30m\", and is {text:?}");
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut nanoseconds: u64 = 0;
    while !rest.is_empty() {
        let number_end =
            rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(malformed)?;
        let (number, after) = rest.split_at(number_end);
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        nanoseconds = unit_nanoseconds(unit)
            .and_then(|unit| in_nanoseconds(number, unit))
            .and_then(|more| nanoseconds.checked_add(more))
            .ok_or_else(malformed)?;
        rest = after;
    }
    if text.is_empty() { Err(malformed()) } else { Ok(Duration::from_nanos(nanoseconds)) }
}

fn unit_nanoseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // Go accepts both the micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// `number`, a decimal, times `unit`; `None` if it is malformed or too large.
fn in_nanoseconds(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || fraction.contains('.') {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // Digits below a nanosecond do not count.
    let (mut part, mut scale) = (0, unit);
    for digit in fraction.bytes() {
        scale /= 10;
        part += u64::from(digit - b'0') * scale;
    }
    whole.checked_mul(unit)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validators::tests::said;

    #[test]
    fn durations_are_those_of_go() {
        for (text, milliseconds) in [
            ("0", 0),
            ("0s", 0),
            ("90s", 90_000),
            ("1h30m", 5_400_000),
            ("1.5h", 5_400_000),
            (".5s", 500),
            ("250ms", 250),
            ("1m0.25s", 60_250),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        assert_eq!(parse_duration("1µs2ns"), Ok(Duration::from_nanos(1002)));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "5", "s", "1x", "1 s", "-1s", "1d", "1.2.3s", ".s", "99999999999h", "1m5", "一s"]
        {
            assert!(parse_duration(text).unwrap_err().contains("\"1h30m\""), "{text}");
        }
        assert!(said(&duration(), "soon").contains("and is \"soon\""));
    }
}
