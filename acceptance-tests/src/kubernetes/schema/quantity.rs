//! Resource quantities (`500m`, `1Gi`, `1e3`) and their canonical spelling.

/// The canonical spelling of a quantity: the largest suffix of its family that
/// leaves no fraction, at nano precision. `None` if it is no quantity.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && "+-".contains(*c))))
        .map_or(text.len(), |(at, _)| at);
    let (number, suffix) = text.split_at(end);
    let (negative, digits) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let mantissa = nano(digits)?;
    let (nanos, family) = scale(mantissa, suffix)?;
    let spelled = match family {
        Family::Binary => binary(nanos),
        Family::Decimal => decimal(nanos, &DECIMAL),
        Family::Exponent => decimal(nanos, &EXPONENT),
    };
    Some(if negative && nanos != 0 { format!("-{spelled}") } else { spelled })
}

const NANO: i128 = 1_000_000_000;
const BINARY: [(&str, u32); 6] =
    [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
/// Suffixes by power of ten above nano, largest first.
const DECIMAL: [(&str, u32); 10] = [
    ("E", 27),
    ("P", 24),
    ("T", 21),
    ("G", 18),
    ("M", 15),
    ("k", 12),
    ("", 9),
    ("m", 6),
    ("u", 3),
    ("n", 0),
];
const EXPONENT: [(&str, u32); 10] = [
    ("e18", 27),
    ("e15", 24),
    ("e12", 21),
    ("e9", 18),
    ("e6", 15),
    ("e3", 12),
    ("", 9),
    ("e-3", 6),
    ("e-6", 3),
    ("e-9", 0),
];

enum Family {
    Binary,
    Decimal,
    Exponent,
}

/// A decimal number in billionths, rounded up.
fn nano(digits: &str) -> Option<i128> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() || whole.len() > 20 {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let padded: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let kept: i128 = padded.parse().ok()?;
    let lost = fraction.chars().skip(9).any(|c| c != '0');
    Some(whole.checked_mul(NANO)? + kept + i128::from(lost))
}

fn scale(nanos: i128, suffix: &str) -> Option<(i128, Family)> {
    if let Some((_, bits)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some((nanos.checked_mul(1 << bits)?, Family::Binary));
    }
    if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((shift(nanos, i64::from(*power) - 9)?, Family::Decimal));
    }
    let exponent: i64 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    (exponent.abs() <= 18).then_some(())?;
    Some((shift(nanos, exponent)?, Family::Exponent))
}

fn shift(nanos: i128, power: i64) -> Option<i128> {
    let factor = 10_i128.checked_pow(u32::try_from(power.unsigned_abs()).ok()?)?;
    if power >= 0 {
        return nanos.checked_mul(factor);
    }
    Some((nanos + factor - 1) / factor)
}

fn binary(nanos: i128) -> String {
    if nanos % NANO != 0 {
        return decimal(nanos, &DECIMAL);
    }
    let units = nanos / NANO;
    for (name, bits) in BINARY.iter().rev() {
        if units != 0 && units % (1 << bits) == 0 {
            return format!("{}{name}", units >> bits);
        }
    }
    units.to_string()
}

fn decimal(nanos: i128, suffixes: &[(&str, u32); 10]) -> String {
    if nanos == 0 {
        return "0".to_owned();
    }
    suffixes.iter().find(|(_, power)| nanos % 10_i128.pow(*power) == 0).map_or_else(
        || nanos.to_string(),
        |(name, power)| format!("{}{name}", nanos / 10_i128.pow(*power)),
    )
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn spells_the_way_the_api_server_does() {
        for (given, spelled) in [
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("100", "100"),
            ("1000", "1k"),
            ("1500", "1500"),
            ("128974848", "128974848"),
            ("1e3", "1e3"),
            ("0", "0"),
            ("-250m", "-250m"),
            ("0.1Ki", "102400m"),
        ] {
            assert_eq!(canonical(given).as_deref(), Some(spelled), "{given}");
        }
    }

    #[test]
    fn refuses_what_is_no_quantity() {
        for given in ["", "abc", "1 Gi", "1gi", "--1", "."] {
            assert_eq!(canonical(given), None, "{given}");
        }
    }
}
