//! The length of text.

use std::ops::RangeBounds;

use crate::{
    schema::{
        Validator,
        validators::{bounds::Bounds, text},
    },
    value::Number,
};

/// Text of so many characters: `length(1..=60)`.
pub fn length(range: impl RangeBounds<usize>) -> impl Validator {
    let bounds = Bounds::new(&range);
    text(format!("must have {bounds} characters"), move |value| {
        let length = value.chars().count();
        let within = u64::try_from(length).is_ok_and(|n| bounds.contains(&Number::from(n)));
        if within {
            Ok(())
        } else {
            Err(format!("must have {bounds} characters, and has {length}"))
        }
    })
}

/// Text of so many bytes in UTF-8: `bytes(1..=60)`.
pub fn bytes(range: impl RangeBounds<usize>) -> impl Validator {
    let bounds = Bounds::new(&range);
    text(format!("must have {bounds} bytes"), move |value| {
        let within = u64::try_from(value.len()).is_ok_and(|n| bounds.contains(&Number::from(n)));
        if within {
            Ok(())
        } else {
            Err(format!("must have {bounds} bytes in UTF-8, and has {}", value.len()))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validators::tests::said;

    #[test]
    fn characters_count_not_bytes() {
        let condition = length(1..=3);
        assert_eq!(condition.describe(), "must have between 1 and 3 characters");
        assert_eq!(said(&condition, "云联网"), "");
        assert_eq!(said(&condition, "abcd"), "x must have between 1 and 3 characters, and has 4");
        assert!(!said(&condition, "").is_empty());
    }

    #[test]
    fn bytes_count_not_characters() {
        let condition = bytes(1..=3);
        assert_eq!(said(&condition, "云"), "");
        assert_eq!(
            said(&condition, "云联"),
            "x must have between 1 and 3 bytes in UTF-8, and has 6"
        );
    }
}
