//! Conditions on the elements and keys of collections.

use crate::{
    schema::{Validator, validators::misplaced},
    value::{Path, Value},
};

/// Every element of a list, set or map meets a condition. Elements that are
/// null or unknown are passed over.
pub fn each(condition: impl Validator) -> impl Validator {
    Each(condition)
}

/// Every key of a map meets a condition on text.
pub fn keys(condition: impl Validator) -> impl Validator {
    Keys(condition)
}

struct Each<V>(V);

impl<V: Validator> Validator for Each<V> {
    fn describe(&self) -> String {
        format!("each element {}", self.0.describe())
    }

    fn check(&self, value: &Value, path: &Path) -> Result<(), String> {
        self.problems(value, path).into_iter().next().map_or(Ok(()), |(_, problem)| Err(problem))
    }

    fn problems(&self, value: &Value, path: &Path) -> Vec<(Path, String)> {
        let elements: Vec<(Path, &Value)> = match value.content() {
            Value::List(items) => {
                items.iter().enumerate().map(|(i, item)| (path.index(i), item)).collect()
            }
            Value::Set(items) => {
                items.iter().map(|item| (path.element(item.clone()), item)).collect()
            }
            Value::Map(entries) => {
                entries.iter().map(|(key, item)| (path.key(key), item)).collect()
            }
            other => return vec![(path.clone(), misplaced("collections", other))],
        };
        let known = elements.into_iter().filter(|(_, item)| !item.is_null() && !item.is_unknown());
        known.flat_map(|(path, item)| self.0.problems(item, &path)).collect()
    }
}

struct Keys<V>(V);

impl<V: Validator> Validator for Keys<V> {
    fn describe(&self) -> String {
        format!("each key {}", self.0.describe())
    }

    fn check(&self, value: &Value, path: &Path) -> Result<(), String> {
        self.problems(value, path).into_iter().next().map_or(Ok(()), |(_, problem)| Err(problem))
    }

    fn problems(&self, value: &Value, path: &Path) -> Vec<(Path, String)> {
        let Value::Map(entries) = value.content() else {
            return vec![(path.clone(), misplaced("maps", value))];
        };
        entries
            .keys()
            .flat_map(|key| {
                let place = path.key(key);
                self.0.problems(&key.as_str().into(), &place)
            })
            .map(|(path, problem)| (path, format!("has a key that is wrong: it {problem}")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validators::{length, range, tests::said};

    #[test]
    fn problems_are_at_the_element() {
        let ports = each(range(1..=9));
        assert_eq!(ports.describe(), "each element must be between 1 and 9");
        assert_eq!(said(&ports, vec![1_i64, 9]), "");
        let list = Value::List(vec![0.into(), Value::unknown(), Value::Null, 10.into()]);
        assert_eq!(
            said(&ports, list),
            "x[0] must be between 1 and 9, and is 0\nx[3] must be between 1 and 9, and is 10"
        );
        let map = Value::from([("a", 0_i64)]);
        assert!(said(&ports, map).starts_with("x[\"a\"] must be"));
        assert!(ports.check(&Value::Set(vec![0.into()]), &Path::root()).is_err());
    }

    #[test]
    fn problems_are_at_the_key() {
        let names = keys(length(..=3));
        assert_eq!(said(&names, Value::from([("abc", 1_i64)])), "");
        assert!(
            said(&names, Value::from([("abcd", 1_i64)]))
                .starts_with("x[\"abcd\"] has a key that is wrong: it must have at most 3")
        );
    }
}
