//! Takes over what a resource's own plan changed, and nothing else.

use crate::value::Value;

/// `planned` with the differences between `before` and `after`, which are what
/// the resource's model could hold of it. A model knows less than a value:
/// an unknown element makes its whole list unknown there. What the resource left
/// alone therefore stays as it was in `planned`.
pub(crate) fn merge(planned: &Value, before: &Value, after: &Value) -> Value {
    if before == after {
        return planned.clone();
    }
    match (planned, before, after) {
        (Value::Map(planned), Value::Map(old), Value::Map(new)) if old.keys().eq(new.keys()) => {
            let mut merged = planned.clone();
            for (name, after) in new {
                let value = match planned.get(name) {
                    Some(planned) => merge(planned, &old[name], after),
                    None => after.clone(),
                };
                merged.insert(name.clone(), value);
            }
            Value::Map(merged)
        }
        (Value::List(planned), Value::List(old), Value::List(new))
            if old.len() == new.len() && planned.len() == new.len() =>
        {
            let parts = planned.iter().zip(old).zip(new);
            Value::List(parts.map(|((planned, old), new)| merge(planned, old, new)).collect())
        }
        _ => after.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_taken_over() {
        let partly = Value::List(vec![Value::unknown(), "a".into()]);
        let planned = Value::from([("id", Value::unknown()), ("names", partly.clone())]);
        let before = Value::from([("id", Value::unknown()), ("names", Value::unknown())]);
        let after = Value::from([("id", "x".into()), ("names", Value::unknown())]);
        let merged = merge(&planned, &before, &after);
        assert_eq!(merged, Value::from([("id", "x".into()), ("names", partly)]));
    }

    #[test]
    fn an_element_of_a_list_changes_alone() {
        let rule = |id: Value, name: Value| Value::from([("id", id), ("name", name)]);
        let promised = Value::Unknown(Some(Box::default()));
        let planned =
            Value::List(vec![rule(Value::unknown(), "a".into()), rule(Value::unknown(), promised)]);
        let before = planned.clone();
        let after =
            Value::List(vec![rule(1.into(), "a".into()), rule(Value::unknown(), Value::unknown())]);
        let Value::List(merged) = merge(&planned, &before, &after) else { panic!("not a list") };
        assert_eq!(merged[0], rule(1.into(), "a".into()));
        let kept = merged[1].entry("name").unwrap();
        assert!(matches!(kept, Value::Unknown(Some(_))), "the promise is lost: {kept:?}");
    }

    #[test]
    fn what_the_model_does_not_have_stays() {
        let planned = Value::from([("a", Value::Null), ("timeouts", "t".into())]);
        let before = Value::from([("a", Value::Null)]);
        let after = Value::from([("a", Value::from(1))]);
        let merged = merge(&planned, &before, &after);
        assert_eq!(merged, Value::from([("a", Value::from(1)), ("timeouts", "t".into())]));
    }
}
