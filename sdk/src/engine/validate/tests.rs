use std::collections::BTreeMap;

use super::validate;
use crate::{
    Severity,
    engine::testing::{a_thing, fitted, list, object, set, thing, with},
    schema::{
        Attribute, Block, Kind, NestedBlock, Nesting, Object, Schema,
        validators::{exactly_one_of, length, range},
    },
    value::{Path, Type, Value},
};

fn problems(schema: &Schema, config: &Value) -> Vec<String> {
    validate(&schema.block, config, true).iter().map(ToString::to_string).collect()
}

fn config() -> Value {
    a_thing([("name", "a".into())])
}

#[test]
fn a_right_configuration_has_no_problems() {
    assert_eq!(problems(&thing(), &config()), [""; 0]);
}

#[test]
fn b9_what_only_the_provider_sets_must_not_be_configured() {
    let found = validate(&thing().block, &with(&config(), [("id", "mine".into())]), true);
    let found: Vec<_> = found.iter().collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Error);
    assert_eq!(found[0].path, Some("id".into()));
    assert!(found[0].detail.contains("Remove it"), "{}", found[0].detail);
    // Also where it is nested, and where its value is not known yet.
    let rule = object([("name", "r".into()), ("id", Value::unknown())]);
    let found = problems(&thing(), &with(&config(), [("rules", list([rule]))]));
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("(rules[0].id)"), "{found:?}");
}

#[test]
fn required_arguments_must_be_set_at_any_depth() {
    let rules = list([object([("name", "r".into())]), object([("name", Value::Null)])]);
    let found = problems(&thing(), &a_thing([("rules", rules)]));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("(name)") && found[1].contains("(rules[1].name)"), "{found:?}");
}

#[test]
fn write_only_arguments_need_a_terraform_that_knows_them() {
    let config = with(&config(), [("password", "s3cret".into())]);
    assert!(validate(&thing().block, &config, true).is_empty());
    let found = validate(&thing().block, &config, false).to_string();
    assert!(found.contains("(password)") && found.contains("Terraform 1.11"), "{found}");
    assert!(!found.contains("s3cret"));
}

#[test]
fn unknown_values_are_passed_over_wherever_they_stand() {
    let unknown = Value::unknown;
    for rules in [unknown(), list([unknown()]), list([object([("name", unknown())])])] {
        let rules = match rules {
            Value::List(items) => Value::List(
                items
                    .into_iter()
                    .map(|item| if item.is_unknown() { item } else { rule(&item) })
                    .collect(),
            ),
            other => other,
        };
        let config = with(&a_thing([("name", unknown())]), [("rules", rules)]);
        assert_eq!(problems(&thing(), &config), [""; 0]);
    }
}

fn rule(rule: &Value) -> Value {
    let nulls = ["weight", "id", "note"].map(|name| (name, Value::Null));
    with(&Value::from(nulls), [("name", rule.entry("name").unwrap().clone())])
}

fn checked() -> Schema {
    let part = Object::new(
        "",
        [
            Attribute::new("zone", Type::String).required().validate(length(1..=3)),
            Attribute::new("by_id", Type::String).optional(),
            Attribute::new("by_name", Type::String).optional(),
        ],
    )
    .validate(exactly_one_of(["by_id", "by_name"]));
    let nested =
        |name: &str, nesting| Attribute::new(name, Kind::Nested(nesting, part.clone())).optional();
    Schema::new(
        "",
        [
            Attribute::new("weight", Type::Number).optional().validate(range(1..=10)),
            Attribute::new("token", Type::String).optional().sensitive().validate(length(8..=8)),
            Attribute::new("old", Type::String).optional().deprecated("Use weight."),
            nested("parts", Nesting::Set),
            nested("by_key", Nesting::Map),
        ],
    )
}

#[test]
fn all_problems_are_found_at_once_each_at_its_place() {
    let part = |zone: &str| {
        object([("zone", zone.into()), ("by_id", "x".into()), ("by_name", Value::Null)])
    };
    let both = with(&part("z1"), [("by_name", "y".into())]);
    let config = fitted(
        &checked(),
        [
            ("weight", 11.into()),
            ("parts", set([part("too long")])),
            ("by_key", object([("k", both)])),
        ],
    );
    let found = validate(&checked().block, &config, true);
    let paths: Vec<String> = found.iter().map(|d| d.path.clone().unwrap().to_string()).collect();
    assert_eq!(paths, ["weight", "parts[…].zone", "by_key[\"k\"].by_name"]);
    let first = found.iter().next().unwrap();
    assert_eq!(first.summary, "Invalid value for weight");
    assert!(first.detail.starts_with("The value must be "), "{}", first.detail);
    assert!(first.detail.ends_with('.'), "{}", first.detail);
}

#[test]
fn of_a_secret_only_the_condition_is_shown() {
    let config = fitted(&checked(), [("token", "s3cret".into())]);
    let found = problems(&checked(), &config);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("(token)") && !found[0].contains("s3cret"), "{found:?}");
}

#[test]
fn deprecated_arguments_are_warned_about_where_they_are_used() {
    let config = fitted(&checked(), [("old", Value::unknown())]);
    let found = validate(&checked().block, &config, true);
    assert!(!found.has_errors());
    assert_eq!(found.to_string(), "Deprecated argument (old): Use weight.");
}

#[test]
fn blocks_are_looked_into() {
    let part = Object::new("", [Attribute::new("zone", Type::String).required()]);
    let mut block = Block::from(part);
    block.deprecation = Some("Use zones.".to_owned());
    let schema = Schema::default().block(NestedBlock::new("part", Nesting::List, block));
    let part = object([("zone", Value::Null)]);
    let found = problems(&schema, &object([("part", list([part]))]));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("Deprecated block (part)"), "{found:?}");
    assert!(found[1].contains("(part[0].zone)"), "{found:?}");
    assert_eq!(problems(&schema, &object([("part", list([]))])), [""; 0]);
    assert_eq!(problems(&schema, &object([("part", Value::unknown())])), [""; 0]);
}

#[test]
fn an_element_must_not_be_null() {
    let config = with(&config(), [("rules", list([Value::Null]))]);
    let found = validate(&thing().block, &config, true);
    assert_eq!(found.iter().next().unwrap().path, Some(Path::from("rules").index(0)));
}

#[test]
fn maps_of_plain_values_are_left_to_validators() {
    let config =
        with(&config(), [("tags", Value::Map(BTreeMap::from([("k".into(), Value::Null)])))]);
    assert_eq!(problems(&thing(), &config), [""; 0]);
}
