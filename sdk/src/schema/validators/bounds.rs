//! Ranges of numbers in words.

use std::{fmt, ops};

use crate::value::{Bound, Number};

/// A number that limits a range: an integer or a finite float.
pub trait Limit: Copy {
    /// The number; `None` is no limit.
    fn number(self) -> Option<Number>;
}

macro_rules! integer_limits {
    ($($ty:ty),*) => {$(
        impl Limit for $ty {
            fn number(self) -> Option<Number> {
                Some(self.into())
            }
        }
    )*};
}

integer_limits!(i32, i64, u16, u32, u64);

impl Limit for usize {
    fn number(self) -> Option<Number> {
        u64::try_from(self).ok().map(Number::from)
    }
}

impl Limit for f64 {
    fn number(self) -> Option<Number> {
        Number::from_f64(self)
    }
}

/// A range of numbers.
pub(super) struct Bounds {
    lower: Option<Bound>,
    upper: Option<Bound>,
}

impl Bounds {
    pub(super) fn new<N: Limit>(range: &impl ops::RangeBounds<N>) -> Self {
        let bound = |bound: ops::Bound<&N>| match bound {
            ops::Bound::Included(limit) => {
                limit.number().map(|value| Bound { value, inclusive: true })
            }
            ops::Bound::Excluded(limit) => {
                limit.number().map(|value| Bound { value, inclusive: false })
            }
            ops::Bound::Unbounded => None,
        };
        Self { lower: bound(range.start_bound()), upper: bound(range.end_bound()) }
    }

    pub(super) fn contains(&self, number: &Number) -> bool {
        self.allows_above(number) && self.allows_below(number)
    }

    /// Whether `number` is not below the range.
    pub(super) fn allows_above(&self, number: &Number) -> bool {
        self.lower.as_ref().is_none_or(|bound| {
            *number > bound.value || (bound.inclusive && *number == bound.value)
        })
    }

    /// Whether `number` is not above the range.
    pub(super) fn allows_below(&self, number: &Number) -> bool {
        self.upper.as_ref().is_none_or(|bound| {
            *number < bound.value || (bound.inclusive && *number == bound.value)
        })
    }
}

impl fmt::Display for Bounds {
    /// `between 1 and 60`, `at least 1`, `exactly 2`, `more than 0 and at most 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lower = |bound: &Bound| {
            format!("{} {}", if bound.inclusive { "at least" } else { "more than" }, bound.value)
        };
        let upper = |bound: &Bound| {
            format!("{} {}", if bound.inclusive { "at most" } else { "less than" }, bound.value)
        };
        match (&self.lower, &self.upper) {
            (None, None) => f.write_str("any number of"),
            (Some(bound), None) => f.write_str(&lower(bound)),
            (None, Some(bound)) => f.write_str(&upper(bound)),
            (Some(a), Some(b)) if a.inclusive && b.inclusive && a.value == b.value => {
                write!(f, "exactly {}", a.value)
            }
            (Some(a), Some(b)) if a.inclusive && b.inclusive => {
                write!(f, "between {} and {}", a.value, b.value)
            }
            (Some(a), Some(b)) => write!(f, "{} and {}", lower(a), upper(b)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_put_in_words() {
        let words = |bounds: Bounds| bounds.to_string();
        assert_eq!(words(Bounds::new(&(1..=60))), "between 1 and 60");
        assert_eq!(words(Bounds::new(&(1_usize..))), "at least 1");
        assert_eq!(words(Bounds::new(&(..5_u64))), "less than 5");
        assert_eq!(words(Bounds::new(&(2..=2))), "exactly 2");
        assert_eq!(words(Bounds::new(&(0.5..1.0))), "at least 0.5 and less than 1");
        assert_eq!(words(Bounds::new(&(f64::NEG_INFINITY..=1.0))), "at most 1");
    }

    #[test]
    fn ends_belong_to_the_range_or_not() {
        let bounds = Bounds::new(&(1..3));
        let contains = |text: &str| bounds.contains(&text.parse().unwrap());
        assert!(contains("1") && contains("2.999"));
        assert!(!contains("0.999") && !contains("3"));
    }
}
