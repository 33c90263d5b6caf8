//! The attribute `timeouts`, which the engine adds and models never see.

use std::time::Duration;

use crate::{
    engine::{Operation, shape::entry},
    schema::{Attribute, Kind, Nesting, Object, Validator, validators::parse_duration},
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
    let object = Object::new(description, attributes);
    Attribute::new(TIMEOUTS, Kind::Nested(Nesting::Single, object)).optional().doc(description)
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

/// Reads a duration in Go's notation, such as `1h30m`. It must be longer than
/// nothing.
fn parse(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if duration.is_zero() {
        return Err(format!("must be longer than nothing, and is {text:?}"));
    }
    Ok(duration)
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
    Attribute::new(name(operation), Type::String).optional().doc(description).validate(IsDuration)
}

fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "create",
        Operation::Read => "read",
        Operation::Update => "update",
        Operation::Delete => "delete",
    }
}

struct IsDuration;

impl Validator for IsDuration {
    fn describe(&self) -> String {
        "must be a duration such as \"90s\" or \"1h30m\"".to_owned()
    }

    fn check(&self, value: &Value, _path: &Path) -> Result<(), String> {
        parse(value.as_str().unwrap_or_default()).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_wait_is_a_duration_longer_than_nothing() {
        assert_eq!(parse("1h30m"), Ok(Duration::from_secs(5400)));
        for text in ["", "0", "0s", "20", "-5m", "1d"] {
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
