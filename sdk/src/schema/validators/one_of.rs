//! Enumerations.

use crate::{
    schema::{Validator, validators::satisfies},
    value::Value,
};

/// One of these values: `one_of(["POSTPAID", "PREPAID"])`.
pub fn one_of<T: Into<Value>>(values: impl IntoIterator<Item = T>) -> impl Validator {
    let values: Vec<Value> = values.into_iter().map(Into::into).collect();
    let shown: Vec<String> = values.iter().map(show).collect();
    let description = match shown.as_slice() {
        [one] => format!("must be {one}"),
        [most @ .., last] => format!("must be one of {} or {last}", most.join(", ")),
        [] => "must not be set".to_owned(),
    };
    satisfies(description.clone(), move |value| {
        if values.contains(value.content()) {
            Ok(())
        } else {
            Err(format!("{description}, and is {}", show(value.content())))
        }
    })
}

fn show(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        other => format!("a {}", other.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validators::tests::said;

    #[test]
    fn values_are_listed() {
        let mode = one_of(["A", "B", "C"]);
        assert_eq!(mode.describe(), "must be one of \"A\", \"B\" or \"C\"");
        assert_eq!(said(&mode, "B"), "");
        assert_eq!(said(&mode, "b"), "x must be one of \"A\", \"B\" or \"C\", and is \"b\"");
        assert_eq!(one_of([1]).describe(), "must be 1");
        assert_eq!(said(&one_of([1, 2]), 2), "");
    }
}
