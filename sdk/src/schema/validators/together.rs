//! Conditions on which attributes are set together.
//!
//! `#[model(exactly_one_of("a", "b"))]` attaches them to an object.

use crate::{
    schema::Validator,
    value::{Path, Value},
};

/// Exactly one of these attributes is set.
pub fn exactly_one_of<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Together {
    Together::new(Rule::ExactlyOne, names)
}

/// At most one of these attributes is set: they conflict.
pub fn at_most_one_of<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Together {
    Together::new(Rule::AtMostOne, names)
}

/// At least one of these attributes is set.
pub fn at_least_one_of<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Together {
    Together::new(Rule::AtLeastOne, names)
}

/// Where the first attribute is set, all the others are too.
pub fn required_with<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Together {
    Together::new(Rule::Needs, names)
}

/// A condition on which attributes of an object are set together. An attribute
/// that is not known yet may turn out either way.
pub struct Together {
    rule: Rule,
    names: Vec<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Rule {
    ExactlyOne,
    AtMostOne,
    AtLeastOne,
    /// The first needs the others.
    Needs,
}

impl Together {
    fn new<S: Into<String>>(rule: Rule, names: impl IntoIterator<Item = S>) -> Self {
        Self { rule, names: names.into_iter().map(Into::into).collect() }
    }

    fn list(&self, names: &[&str]) -> String {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        match quoted.as_slice() {
            [most @ .., last] if !most.is_empty() => format!("{} and {last}", most.join(", ")),
            _ => quoted.concat(),
        }
    }

    /// The attributes that the first one lacks.
    fn lacking<'s>(&'s self, value: &Value) -> Vec<&'s str> {
        let is_set = |name: &String| value.entry(name).is_some_and(|v| !v.is_null());
        let first_is_known = |name: &String| value.entry(name).is_some_and(|v| !v.is_unknown());
        match self.names.split_first() {
            Some((first, others)) if is_set(first) && first_is_known(first) => {
                others.iter().filter(|name| !is_set(name)).map(String::as_str).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Validator for Together {
    fn describe(&self) -> String {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        match (self.rule, names.as_slice()) {
            (Rule::ExactlyOne, names) => format!("exactly one of {} must be set", self.list(names)),
            (Rule::AtMostOne, names) => format!("at most one of {} may be set", self.list(names)),
            (Rule::AtLeastOne, names) => {
                format!("at least one of {} must be set", self.list(names))
            }
            (Rule::Needs, [first, others @ ..]) => {
                format!("where `{first}` is set, {} must be set too", self.list(others))
            }
            (Rule::Needs, []) => "holds".to_owned(),
        }
    }

    fn check(&self, value: &Value, path: &Path) -> Result<(), String> {
        self.problems(value, path).into_iter().next().map_or(Ok(()), |(_, problem)| Err(problem))
    }

    fn problems(&self, value: &Value, path: &Path) -> Vec<(Path, String)> {
        let (mut set, mut unknown) = (Vec::new(), 0);
        for name in &self.names {
            match value.entry(name) {
                Some(value) if value.is_unknown() => unknown += 1,
                Some(value) if !value.is_null() => set.push(name.as_str()),
                _ => {}
            }
        }
        let too_many = matches!(self.rule, Rule::ExactlyOne | Rule::AtMostOne) && set.len() > 1;
        let too_few = matches!(self.rule, Rule::ExactlyOne | Rule::AtLeastOne)
            && set.is_empty()
            && unknown == 0;
        let lacking = if self.rule == Rule::Needs { self.lacking(value) } else { Vec::new() };
        if too_many {
            // The first may stay.
            set.iter()
                .skip(1)
                .map(|name| {
                    (
                        path.attribute(*name),
                        format!("{}, and {} are", self.describe(), self.list(&set)),
                    )
                })
                .collect()
        } else if too_few {
            vec![(path.clone(), format!("{}, and none is", self.describe()))]
        } else if !lacking.is_empty() {
            let first = self.names.first().map_or("", String::as_str);
            let problem = format!("`{first}` needs {} to be set too", self.list(&lacking));
            vec![(path.attribute(first), problem)]
        } else {
            Vec::new()
        }
    }

    fn attributes(&self) -> &[String] {
        &self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validators::tests::said;

    fn object(a: Value, b: Value) -> Value {
        Value::from([("a", a), ("b", b), ("c", Value::Null)])
    }

    #[test]
    fn attributes_exclude_each_other() {
        let one = exactly_one_of(["a", "b", "c"]);
        assert_eq!(one.describe(), "exactly one of `a`, `b` and `c` must be set");
        assert_eq!(said(&one, object(1.into(), Value::Null)), "");
        assert_eq!(
            said(&one, object(1.into(), 2.into())),
            "x.b exactly one of `a`, `b` and `c` must be set, and `a` and `b` are"
        );
        assert_eq!(
            said(&one, object(Value::Null, Value::Null)),
            "x exactly one of `a`, `b` and `c` must be set, and none is"
        );
        let most = at_most_one_of(["a", "b"]);
        assert_eq!(said(&most, object(Value::Null, Value::Null)), "");
        assert!(!said(&most, object(1.into(), 2.into())).is_empty());
        let least = at_least_one_of(["a", "b"]);
        assert_eq!(said(&least, object(1.into(), 2.into())), "");
        assert!(!said(&least, object(Value::Null, Value::Null)).is_empty());
    }

    #[test]
    fn attributes_need_each_other() {
        let needs = required_with(["a", "b", "c"]);
        assert_eq!(needs.describe(), "where `a` is set, `b` and `c` must be set too");
        assert_eq!(said(&needs, object(Value::Null, 1.into())), "");
        assert_eq!(said(&needs, object(1.into(), 2.into())), "x.a `a` needs `c` to be set too");
        assert_eq!(
            said(&needs, object(1.into(), Value::Null)),
            "x.a `a` needs `b` and `c` to be set too"
        );
    }

    #[test]
    fn what_is_unknown_may_turn_out_right() {
        for value in
            [object(Value::unknown(), Value::unknown()), object(1.into(), Value::unknown())]
        {
            assert_eq!(said(&exactly_one_of(["a", "b"]), value.clone()), "");
            assert_eq!(said(&at_most_one_of(["a", "b"]), value.clone()), "");
            assert_eq!(said(&at_least_one_of(["a", "b"]), value.clone()), "");
            assert_eq!(said(&required_with(["a", "b"]), value), "");
        }
        assert_eq!(said(&required_with(["a", "b"]), object(Value::unknown(), Value::Null)), "");
    }
}
