//! Kubernetes quantities: `500m`, `1.5Gi`, `1e3`.

use serde_json::Value;

/// Whether two values are the same amount, however spelled: `1000m` and `1`,
/// `1024Mi` and `1Gi`, the number 2 and the text `2`.
pub fn same_quantity(one: &Value, other: &Value) -> bool {
    match (amount(one), amount(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

fn amount(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => nano_units(text),
        Value::Number(number) => nano_units(&number.to_string()),
        _ => None,
    }
}

/// The amount in billionths, rounded up as the API server does; `None` if the
/// text is no quantity or is out of range.
fn nano_units(text: &str) -> Option<i128> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = unsigned.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let (factor, power) = scale(suffix)?;
    let power = power + 9 - i32::try_from(fraction.len()).ok()?;
    let scaled = digits.checked_mul(factor)?;
    let ten = |power: i32| 10_i128.checked_pow(u32::try_from(power).ok()?);
    let nano = if power >= 0 {
        scaled.checked_mul(ten(power)?)?
    } else {
        let divisor = ten(-power)?;
        scaled.checked_add(divisor - 1)? / divisor
    };
    Some(sign * nano)
}

/// Binary factor and decimal exponent of a suffix.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    Some(match suffix {
        "" => (1, 0),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        _ => (1, suffix.strip_prefix(['e', 'E'])?.parse().ok().filter(|it: &i32| it.abs() < 30)?),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spelling_does_not_matter() {
        for (one, other) in [
            (json!("1000m"), json!("1")),
            (json!("1024Mi"), json!("1Gi")),
            (json!("0.5"), json!("500m")),
            (json!(2), json!("2")),
            (json!("1e3"), json!("1k")),
            (json!("1.5Gi"), json!("1536Mi")),
            (json!("-1"), json!("-1000m")),
            (json!("5E"), json!("5e18")),
        ] {
            assert!(same_quantity(&one, &other), "{one} {other}");
        }
    }

    #[test]
    fn amounts_and_other_texts_are_told_apart() {
        for (one, other) in [
            (json!("1"), json!("2")),
            (json!("1Gi"), json!("1G")),
            (json!("web"), json!("web2")),
            (json!(""), json!("0")),
            (json!("1.2.3"), json!("1.2.3")),
            (json!("1x"), json!("1x")),
            (json!("99999999999999999999999999999999999999999"), json!("1")),
        ] {
            assert!(!same_quantity(&one, &other), "{one} {other}");
        }
    }
}
