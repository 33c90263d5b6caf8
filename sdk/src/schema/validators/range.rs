//! Ranges of numbers.

use std::ops::RangeBounds;

use crate::{
    schema::{
        Validator,
        validators::{
            bounds::{Bounds, Limit},
            misplaced, satisfies,
        },
    },
    value::Value,
};

/// A number within a range: `range(1..=65535)`, `range(0.0..1.0)`.
pub fn range<N: Limit>(range: impl RangeBounds<N>) -> impl Validator {
    let bounds = Bounds::new(&range);
    satisfies(format!("must be {bounds}"), move |value| match value.content() {
        Value::Number(number) if bounds.contains(number) => Ok(()),
        Value::Number(number) => Err(format!("must be {bounds}, and is {number}")),
        other => Err(misplaced("numbers", other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validators::tests::said;

    #[test]
    fn numbers_are_held_against_the_range() {
        let port = range(1..=65535);
        assert_eq!(port.describe(), "must be between 1 and 65535");
        assert_eq!(said(&port, 443), "");
        assert_eq!(said(&port, 0), "x must be between 1 and 65535, and is 0");
        let share = range(0.0..1.0);
        assert_eq!(said(&share, Value::Number("0.9999999999999999999".parse().unwrap())), "");
        assert!(!said(&share, 1).is_empty());
    }
}
