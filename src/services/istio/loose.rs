//! Free-form values, and lists of nested attributes that hold some.
//!
//! Terraform gives the elements of a list one type, which free-form parts do
//! not have: to it, such a list is of type `dynamic` as a whole. So its nested
//! attributes are checked here. Values without a schema are the same if they
//! say the same: a map as an object, a list as a tuple, a null entry as none.

use tfsdk::{
    Diagnostics,
    schema::{Attribute, Equivalence, Kind, Nesting, Object, Validator, validators},
    value::{Path, Type, Value},
};

const SAME: Equivalence = |one, other| bare(one) == bare(other);

/// A condition on a free-form value: it has entries by name.
pub(super) fn is_object() -> impl Validator {
    validators::satisfies("must be an object", |value| match value.content() {
        Value::Map(_) => Ok(()),
        _ => Err("must be an object, such as `{ name = \"value\" }`".to_owned()),
    })
}

/// Whether Terraform cannot give nested attributes of this kind a type.
pub(super) fn is_loose(kind: &Kind) -> bool {
    match kind {
        Kind::Nested(Nesting::List | Nesting::Set | Nesting::Map, object) => {
            object.ty().has_dynamic()
        }
        _ => false,
    }
}

/// The attributes as Terraform can hold them.
pub(super) fn loosened(mut object: Object) -> Object {
    object.attributes = object.attributes.into_iter().map(loosened_attribute).collect();
    object
}

fn loosened_attribute(mut attribute: Attribute) -> Attribute {
    let loose = is_loose(&attribute.kind);
    match attribute.kind {
        Kind::Nested(nesting, inner) if loose => {
            attribute.kind = Kind::Type(Type::Dynamic);
            attribute.equivalent(SAME).described_by(nesting, inner)
        }
        Kind::Nested(nesting, inner) => {
            attribute.kind = Kind::Nested(nesting, loosened(inner));
            attribute
        }
        Kind::Type(Type::Dynamic) => attribute.equivalent(SAME),
        Kind::Type(_) => attribute,
    }
}

/// The data alone: without types, and without entries that are null.
pub(super) fn bare(value: &Value) -> Value {
    match value.content() {
        Value::Map(entries) => {
            let set = entries.iter().filter(|(_, value)| !value.is_null());
            set.map(|(name, value)| (name.clone(), bare(value))).collect()
        }
        Value::List(items) | Value::Set(items) => Value::List(items.iter().map(bare).collect()),
        plain => plain.clone(),
    }
}

/// Checks what is nested in lists of type `dynamic`, as the engine does
/// elsewhere. The values are of the right types already.
pub(super) fn check(object: &Object, value: &Value, path: &Path, found: &mut Diagnostics) {
    for attribute in &object.attributes {
        let Some(value) = value.entry(&attribute.name) else { continue };
        let path = path.attribute(&attribute.name);
        match &attribute.kind {
            Kind::Nested(_, inner) if is_loose(&attribute.kind) => {
                for (path, item) in parts(value, &path) {
                    check_object(inner, item, &path, found);
                }
            }
            Kind::Nested(Nesting::Single, inner) => check(inner, value, &path, found),
            _ => {}
        }
    }
}

fn check_object(object: &Object, value: &Value, path: &Path, found: &mut Diagnostics) {
    let Value::Map(entries) = value.content() else { return };
    let names: Vec<&str> = object.attributes.iter().map(|it| it.name.as_str()).collect();
    for name in entries.keys().filter(|name| !names.contains(&name.as_str())) {
        let detail = format!("There is no argument {name:?} here. It takes {}.", names.join(", "));
        found.error_at(path, "Unsupported argument", detail);
    }
    for (path, problem) in object.validators.iter().flat_map(|it| it.problems(value, path)) {
        found.error_at(path, "Invalid combination of arguments", sentence(&problem));
    }
    for attribute in &object.attributes {
        let path = path.attribute(&attribute.name);
        match entries.get(&attribute.name).map(Value::content) {
            None | Some(Value::Null) if attribute.required => {
                found.error_at(path, "Missing argument", "It is required here.");
            }
            None | Some(Value::Null | Value::Unknown(_)) => {}
            Some(value) => check_attribute(attribute, value, &path, found),
        }
    }
}

fn check_attribute(attribute: &Attribute, value: &Value, path: &Path, found: &mut Diagnostics) {
    if let Some(advice) = &attribute.deprecation {
        found.warn_at(path, "Deprecated argument", advice);
    }
    for (path, problem) in attribute.validators.iter().flat_map(|it| it.problems(value, path)) {
        found.error_at(path, "Invalid value", format!("It {problem}."));
    }
    match &attribute.kind {
        Kind::Nested(Nesting::Single, inner) => check_object(inner, value, path, found),
        Kind::Nested(_, inner) => {
            for (path, item) in parts(value, path) {
                check_object(inner, item, &path, found);
            }
        }
        Kind::Type(_) => {}
    }
}

fn sentence(problem: &str) -> String {
    let mut letters = problem.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// The elements of a list, a set or a map, each with its path.
fn parts<'v>(value: &'v Value, path: &Path) -> Vec<(Path, &'v Value)> {
    match value.content() {
        Value::List(items) | Value::Set(items) => {
            items.iter().enumerate().map(|(i, item)| (path.index(i), item)).collect()
        }
        Value::Map(entries) => entries.iter().map(|(key, item)| (path.key(key), item)).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patches() -> Object {
        let patch = Object::new(
            "",
            [
                Attribute::new("to", Type::String).required().validate(validators::not_empty()),
                Attribute::new("port", Type::Number).optional().validate(validators::range(1..=9)),
                Attribute::new("value", Type::Dynamic).optional().validate(is_object()),
            ],
        );
        let spec = Object::new(
            "",
            [
                Attribute::new("patches", Kind::Nested(Nesting::List, patch)).optional(),
                Attribute::new("config", Type::Dynamic).optional(),
            ],
        );
        Object::new("", [Attribute::new("spec", Kind::Nested(Nesting::Single, spec)).required()])
    }

    fn patch(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
        let entries = entries.into_iter().map(|(name, value)| (name.to_owned(), value));
        let list = Value::dynamic(Value::List(vec![entries.collect()]));
        Value::from([("spec", Value::from([("patches", list)]))])
    }

    #[test]
    fn lists_with_free_form_parts_are_dynamic_and_documented() {
        let object = loosened(patches());
        tfsdk::schema::Schema::from(object.clone()).validate().unwrap();
        let Kind::Nested(_, spec) = &object.attributes[0].kind else { panic!("it is nested") };
        let [patches, config] = &spec.attributes[..] else { panic!("both are there") };
        assert!(matches!(patches.kind, Kind::Type(Type::Dynamic)));
        assert_eq!(patches.inside.as_ref().map(|inside| inside.1.attributes.len()), Some(3));
        assert!(patches.plan.equivalent.is_some() && config.plan.equivalent.is_some());
    }

    #[test]
    fn what_is_nested_is_checked() {
        let said = |value: &Value| {
            let mut found = Diagnostics::new();
            check(&patches(), value, &Path::root(), &mut found);
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let free = Value::dynamic(Value::from([("a", Value::Null)]));
        assert_eq!(said(&patch([("to", "x".into()), ("value", free)])), [""; 0]);
        assert_eq!(said(&patch([("to", Value::unknown())])), [""; 0]);
        let wrong = patch([("port", 10.into()), ("value", "x".into()), ("tow", "x".into())]);
        let found = said(&wrong);
        assert_eq!(found.len(), 4, "{found:#?}");
        for (found, expected) in found.iter().zip([
            "(spec.patches[0]): There is no argument \"tow\" here. It takes to, port, value.",
            "(spec.patches[0].to): It is required here.",
            "(spec.patches[0].port): It must be between 1 and 9, and is 10.",
            "(spec.patches[0].value): It must be an object",
        ]) {
            assert!(found.contains(expected), "{found:?} lacks {expected:?}");
        }
    }

    #[test]
    fn data_is_the_same_whatever_its_types() {
        let map = Value::Dynamic(Box::new((
            Type::map(Type::String),
            Value::from([("a", "1".into()), ("b", Value::Null)]),
        )));
        let object = Value::dynamic(Value::from([("a", Value::from("1"))]));
        assert!(SAME(&map, &object));
        let other = Value::dynamic(Value::from([("a", Value::from(1))]));
        assert!(!SAME(&map, &other), "a text is no number");
        let set = Value::Dynamic(Box::new((Type::set(Type::Bool), Value::Set(vec![true.into()]))));
        assert!(SAME(&set, &Value::dynamic(Value::List(vec![true.into()]))));
        let null = Value::dynamic(Value::List(vec![Value::Null]));
        assert!(!SAME(&null, &Value::dynamic(Value::List(vec![]))), "an element counts");
    }
}
