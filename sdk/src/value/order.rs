//! Equality and order of values.

use std::cmp::Ordering;

use crate::value::Value;

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    /// An arbitrary total order that agrees with equality: sets compare
    /// regardless of their elements' order, unknown values are all equal.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) => a.cmp(b),
            (Self::Set(a), Self::Set(b)) => sets(a, b),
            (Self::Map(a), Self::Map(b)) => a.cmp(b),
            (Self::Dynamic(a), Self::Dynamic(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

fn sets(a: &[Value], b: &[Value]) -> Ordering {
    // The common case: the same elements in the same order.
    if a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b) {
        return Ordering::Equal;
    }
    sorted(a).cmp(&sorted(b))
}

fn sorted(elements: &[Value]) -> Vec<&Value> {
    let mut sorted: Vec<&Value> = elements.iter().collect();
    sorted.sort_unstable();
    sorted
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Unknown(_) => 1,
        Value::Bool(_) => 2,
        Value::Number(_) => 3,
        Value::String(_) => 4,
        Value::List(_) => 5,
        Value::Set(_) => 6,
        Value::Map(_) => 7,
        Value::Dynamic(_) => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Refinement;

    #[test]
    fn sets_are_equal_in_any_order_and_count_matters() {
        let set = |items: &[i64]| Value::Set(items.iter().map(|i| Value::from(*i)).collect());
        assert_eq!(set(&[1, 2, 3]), set(&[3, 1, 2]));
        assert_ne!(set(&[1, 1, 2]), set(&[1, 2, 2]));
        let nested = |a, b| Value::Set(vec![set(a), set(b)]);
        assert_eq!(nested(&[1, 2], &[3, 4]), nested(&[4, 3], &[2, 1]));
    }

    #[test]
    fn unknown_elements_count() {
        let two = Value::Set(vec![Value::unknown(), Value::unknown()]);
        assert_ne!(two, Value::Set(vec![Value::unknown()]));
        assert_eq!(two, two.clone());
    }

    #[test]
    fn unknown_values_are_equal_whatever_is_promised() {
        let promised =
            Value::Unknown(Some(Box::new(Refinement { not_null: true, ..Refinement::default() })));
        assert_eq!(promised, Value::unknown());
        assert_ne!(promised, Value::Null);
    }

    #[test]
    fn lists_sets_and_maps_are_never_equal_to_each_other() {
        assert_ne!(Value::List(vec![]), Value::Set(vec![]));
        assert_ne!(Value::List(vec![]), Value::Map(Default::default()));
    }
}
