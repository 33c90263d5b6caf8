//! The attribute `timeouts`, which the engine adds and models never see.

use std::{sync::Arc, time::Duration};

use crate::{
    engine::{Operation, shape::entry},
    schema::{Attribute, Kind, Nesting, Object, PlanRule, Validator},
    value::{Path, Type, Value},
};

/// The attribute's name.
pub(crate) const TIMEOUTS: &str = "timeouts";

/// The timeout of an operation for which the type declares none.
pub(crate) const DEFAULT: Duration = Duration::from_secs(20 * 60);

/// The operations of a type that wait, with their default timeouts.
pub(crate) type Defaults<'a> = &'a [(Operation, Duration)];

/// `timeouts = { create = "20m", … }`, with the operations that wait.
pub(crate) fn attribute(defaults: Defaults<'_>) -> Attribute {
    let attributes: Vec<_> =
        defaults.iter().map(|(operation, default)| one(*operation, *default)).collect();
    let description = "How long to wait for slow operations, as a number with a unit: `30s`, \
                       `20m`, `1h30m`.";
    Attribute {
        kind: Kind::Nested(Nesting::Single, Object::new(description, attributes)),
        ..optional(TIMEOUTS, description.to_owned())
    }
}

/// The timeout that an object sets for an operation, or else the default.
pub(crate) fn timeout(object: &Value, operation: Operation, defaults: Defaults<'_>) -> Duration {
    let set = entry(entry(object, TIMEOUTS), name(operation)).as_str();
    set.and_then(|text| parse(text).ok())
        .or_else(|| defaults.iter().find(|(own, _)| *own == operation).map(|(_, time)| *time))
        .unwrap_or(DEFAULT)
}

/// The object as its model knows it.
pub(crate) fn strip(object: &Value, defaults: Defaults<'_>) -> Value {
    let mut object = object.clone();
    if let (Value::Map(entries), false) = (&mut object, defaults.is_empty()) {
        entries.remove(TIMEOUTS);
    }
    object
}

/// `object` with the timeouts of `from`.
pub(crate) fn restore(mut object: Value, from: &Value, defaults: Defaults<'_>) -> Value {
    if let (Value::Map(entries), false) = (&mut object, defaults.is_empty()) {
        entries.insert(TIMEOUTS.to_owned(), entry(from, TIMEOUTS).clone());
    }
    object
}

/// Reads a duration in Go's notation, such as `1h30m`, `1.5h` or `90s`. It must
/// be longer than nothing.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!(
            "{text:?} is not a duration. Write a number with a unit, such as \"30s\", \"20m\" or \"1h30m\"."
        )
    };
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let number: f64 = number.parse().map_err(|_| wrong())?;
        let part = Duration::try_from_secs_f64(number * seconds(unit).ok_or_else(wrong)?);
        total = part.ok().and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
        rest = tail;
    }
    if total.is_zero() {
        return Err(format!(
            "{text:?} is no time to wait. Write a positive duration, such as \"20m\"."
        ));
    }
    Ok(total)
}

/// A duration in the same notation.
pub(crate) fn show(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [(seconds / 3600, "h"), (seconds % 3600 / 60, "m"), (seconds % 60, "s")];
    let text: String =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { format!("{}ms", duration.as_millis()) } else { text }
}

fn one(operation: Operation, default: Duration) -> Attribute {
    let default = show(default);
    let description = match operation {
        Operation::Create => format!("Time for creating. Default `{default}`."),
        Operation::Read => format!("Time for reading. Default `{default}`."),
        Operation::Update => format!("Time for updating. Default `{default}`."),
        Operation::Delete => format!(
            "Time for deleting. Default `{default}`. Deleting uses what is in the state: a \
             change of this value must be applied before the destroy that is to use it."
        ),
    };
    Attribute { validators: vec![Arc::new(IsDuration)], ..optional(name(operation), description) }
}

fn optional(name: &str, description: String) -> Attribute {
    Attribute {
        name: name.to_owned(),
        kind: Kind::Type(Type::String),
        description,
        required: false,
        optional: true,
        computed: false,
        sensitive: false,
        write_only: false,
        deprecation: None,
        default: None,
        validators: Vec::new(),
        plan: PlanRule::default(),
    }
}

fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "create",
        Operation::Read => "read",
        Operation::Update => "update",
        Operation::Delete => "delete",
    }
}

fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

struct IsDuration;

impl Validator for IsDuration {
    fn describe(&self) -> String {
        "must be a duration such as `30s`, `20m` or `1h30m`".to_owned()
    }

    fn check(&self, value: &Value, _path: &Path) -> Result<(), String> {
        parse(value.as_str().unwrap_or_default()).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations_as_go_writes_them() {
        for (text, seconds) in [
            ("30s", 30.0),
            ("20m", 1200.0),
            ("1h30m", 5400.0),
            ("1.5h", 5400.0),
            (".5m", 30.0),
            ("1h0m1s", 3601.0),
            ("250ms", 0.25),
            ("+2us", 0.000_002),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time_to_wait() {
        for text in ["", "0s", "20", "20 m", "-5m", "m", "1d", "1..5s", "1h-3m", "1e3s", "9e999h"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shows_defaults_in_the_same_notation() {
        assert_eq!(show(Duration::from_secs(1200)), "20m");
        assert_eq!(show(Duration::from_secs(5430)), "1h30m30s");
        assert_eq!(show(Duration::from_millis(500)), "500ms");
    }

    #[test]
    fn the_own_timeout_comes_before_the_default() {
        let defaults: Defaults<'_> = &[(Operation::Create, Duration::from_secs(60))];
        let object = Value::from([("timeouts", Value::from([("create", "5s")]))]);
        assert_eq!(timeout(&object, Operation::Create, defaults), Duration::from_secs(5));
        assert_eq!(timeout(&Value::Null, Operation::Create, defaults), Duration::from_secs(60));
        assert_eq!(timeout(&object, Operation::Read, defaults), DEFAULT);
    }
}
