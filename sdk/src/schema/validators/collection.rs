//! Conditions on collections as a whole.

use std::ops::RangeBounds;

use crate::{
    schema::{
        Validator,
        validators::{bounds::Bounds, misplaced, satisfies},
    },
    value::{Number, Value},
};

/// A collection of so many elements: `count(1..=10)`.
pub fn count(range: impl RangeBounds<usize>) -> impl Validator {
    let bounds = Bounds::new(&range);
    satisfies(format!("must have {bounds} elements"), move |value| {
        let (least, most) = size(value).ok_or_else(|| misplaced("collections", value))?;
        let as_number = |n: usize| u64::try_from(n).map(Number::from).unwrap_or_default();
        // Elements of a set that are not known yet may turn out to be equal.
        if bounds.allows_above(&as_number(most)) && bounds.allows_below(&as_number(least)) {
            Ok(())
        } else {
            Err(format!("must have {bounds} elements, and has {most}"))
        }
    })
}

/// Text or a collection that is not empty.
pub fn not_empty() -> impl Validator {
    satisfies("must not be empty", |value| {
        let is_empty = match value.content() {
            Value::String(text) => text.is_empty(),
            other => size(other).ok_or_else(|| misplaced("text and collections", other))?.1 == 0,
        };
        if is_empty { Err("must not be empty".to_owned()) } else { Ok(()) }
    })
}

/// A list no two elements of which are equal.
pub fn unique() -> impl Validator {
    satisfies("must not have equal elements", |value| {
        let items = value.elements().ok_or_else(|| misplaced("lists", value))?;
        let mut known: Vec<(usize, &Value)> =
            items.iter().enumerate().filter(|(_, item)| item.is_wholly_known()).collect();
        known.sort_by_key(|(_, item)| *item);
        match known.windows(2).find(|pair| pair[0].1 == pair[1].1) {
            Some(pair) => Err(format!(
                "must not have equal elements, and the ones at {} and {} are",
                pair[0].0, pair[1].0
            )),
            None => Ok(()),
        }
    })
}

/// The least and the most elements that a collection can turn out to have.
fn size(value: &Value) -> Option<(usize, usize)> {
    match value.content() {
        Value::List(items) => Some((items.len(), items.len())),
        Value::Map(entries) => Some((entries.len(), entries.len())),
        Value::Set(items) => {
            let known = items.iter().filter(|item| item.is_wholly_known()).count();
            Some((known.max(items.len().min(1)), items.len()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validators::tests::said;

    fn list(items: &[i64]) -> Value {
        Value::from(items.to_vec())
    }

    #[test]
    fn elements_are_counted() {
        let condition = count(1..=2);
        assert_eq!(said(&condition, list(&[1, 2])), "");
        assert_eq!(
            said(&condition, list(&[1, 2, 3])),
            "x must have between 1 and 2 elements, and has 3"
        );
        assert!(!said(&condition, Value::Map(Default::default())).is_empty());
    }

    #[test]
    fn unknown_elements_of_a_set_may_be_equal() {
        let set = Value::Set(vec![Value::unknown(), Value::unknown(), Value::unknown()]);
        assert_eq!(said(&count(1..=1), set.clone()), "");
        assert_eq!(said(&count(3..), set.clone()), "");
        assert!(!said(&count(4..), set.clone()).is_empty());
        assert!(!said(&count(..1), set).is_empty());
    }

    #[test]
    fn emptiness_is_that_of_text_and_collections() {
        assert_eq!(said(&not_empty(), "a"), "");
        assert_eq!(said(&not_empty(), ""), "x must not be empty");
        assert_eq!(said(&not_empty(), list(&[])), "x must not be empty");
        assert_eq!(said(&not_empty(), list(&[1])), "");
    }

    #[test]
    fn equal_elements_are_named() {
        assert_eq!(said(&unique(), list(&[1, 2, 3])), "");
        assert_eq!(
            said(&unique(), list(&[7, 2, 7])),
            "x must not have equal elements, and the ones at 0 and 2 are"
        );
        let unknown = Value::List(vec![Value::unknown(), Value::unknown()]);
        assert_eq!(said(&unique(), unknown), "");
    }
}
