//! Ready-made conditions on values.
//!
//! Each is a function that makes a [`Validator`], for
//! `#[attr(validate(length(1..=60)))]` or [`Attribute::validate`]. Their texts
//! read as the end of the sentence "The value …".
//!
//! Conditions skip parts that are unknown, and so do not fail on what may turn
//! out to be right.
//!
//! [`Attribute::validate`]: crate::schema::Attribute::validate

mod bounds;
mod cidr;
mod collection;
mod duration;
mod each;
mod ip;
mod length;
mod one_of;
mod pattern;
mod range;
mod together;
mod url;

pub use self::{
    bounds::Limit,
    cidr::{cidr, ipv4_cidr},
    collection::{count, not_empty, unique},
    duration::{duration, parse_duration},
    each::{each, keys},
    ip::{ip, ipv4, ipv6},
    length::{bytes, length},
    one_of::one_of,
    pattern::matches,
    range::range,
    together::{Together, at_least_one_of, at_most_one_of, exactly_one_of, required_with},
    url::{url, url_with_scheme},
};
use crate::{
    schema::Validator,
    value::{Path, Value},
};

/// Any condition: a description and a function.
pub fn satisfies(
    description: impl Into<String>,
    check: impl Fn(&Value) -> Result<(), String> + Send + Sync + 'static,
) -> impl Validator {
    Condition { description: description.into(), check }
}

/// A condition on text.
fn text(
    description: impl Into<String>,
    check: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
) -> impl Validator {
    satisfies(description, move |value| match value.content() {
        Value::String(text) => check(text),
        other => Err(misplaced("text", other)),
    })
}

/// The condition is on a type that the attribute does not have.
fn misplaced(wanted: &str, value: &Value) -> String {
    format!(
        "is a {}, and its condition is one on {wanted}. This is a fault of the provider.",
        value.kind()
    )
}

struct Condition<F> {
    description: String,
    check: F,
}

impl<F: Fn(&Value) -> Result<(), String> + Send + Sync> Validator for Condition<F> {
    fn describe(&self) -> String {
        self.description.clone()
    }

    fn check(&self, value: &Value, _path: &Path) -> Result<(), String> {
        (self.check)(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a condition says of a value at `x`; empty if it holds.
    pub(super) fn said(validator: &impl Validator, value: impl Into<Value>) -> String {
        let problems = validator.problems(&value.into(), &Path::from("x"));
        let lines: Vec<String> =
            problems.into_iter().map(|(path, problem)| format!("{path} {problem}")).collect();
        lines.join("\n")
    }

    #[test]
    fn any_function_is_a_condition() {
        let even = satisfies("must be even", |value| {
            match value.as_number().and_then(crate::value::Number::to_i64) {
                Some(number) if number % 2 == 0 => Ok(()),
                _ => Err("must be even".to_owned()),
            }
        });
        assert_eq!(even.describe(), "must be even");
        assert_eq!(said(&even, 2), "");
        assert_eq!(said(&even, 3), "x must be even");
    }

    #[test]
    fn a_condition_on_another_type_is_a_fault_and_never_holds() {
        assert!(said(&duration(), 3).contains("fault of the provider"));
    }
}
