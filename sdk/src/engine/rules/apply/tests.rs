use super::check_applied;
use crate::{
    engine::testing::{a_thing, list, object, set, thing, with},
    schema::{Attribute, Block, NestedBlock, Nesting, Object, Schema},
    value::{Bound, Refinement, Type, Value},
};

fn faults(schema: &Schema, planned: &Value, actual: &Value) -> Vec<String> {
    check_applied(schema, planned, actual)
        .into_iter()
        .map(|violation| format!("{} {}", violation.path, violation.problem))
        .collect()
}

/// The faults of one attribute's value.
fn of(name: &str, planned: Value, actual: Value) -> Vec<String> {
    faults(&thing(), &a_thing([(name, planned)]), &a_thing([(name, actual)]))
}

const NONE: [&str; 0] = [];

#[test]
fn known_values_are_as_planned() {
    assert_eq!(of("host", "a".into(), "a".into()), NONE);
    assert_eq!(of("host", "a".into(), "b".into()), ["host was planned as \"a\" but is \"b\" now"]);
    assert_eq!(of("host", "a".into(), Value::Null), ["host was planned as \"a\" but is null now"]);
    assert_eq!(of("host", Value::Null, "".into()), ["host was planned as null but is \"\" now"]);
    assert_eq!(
        of("host", "a".into(), Value::unknown()),
        ["host was known in the plan but is unknown now"]
    );
    let number = |text: &str| Value::Number(text.parse().unwrap());
    assert_eq!(of("size", number("0.1"), number("1e-1")), NONE);
    assert_eq!(of("size", number("0.3"), number("0.30000000000000001")).len(), 1);
}

#[test]
fn unknown_values_become_anything_of_their_type() {
    for actual in [Value::Null, "a".into(), Value::unknown()] {
        assert_eq!(of("host", Value::unknown(), actual), NONE);
    }
}

#[test]
fn promises_are_kept() {
    let bound = |value: i64, inclusive| Some(Bound { value: value.into(), inclusive });
    let promised = |promise: Refinement| Value::Unknown(Some(Box::new(promise)));
    let not_null = || Refinement { not_null: true, ..Refinement::default() };
    let prefix = Refinement { prefix: Some("ab".to_owned()), ..Refinement::default() };
    let range = Refinement { lower: bound(1, true), upper: bound(5, false), ..not_null() };
    let length = Refinement { min_length: Some(1), max_length: Some(2), ..Refinement::default() };
    for (name, promise, actual, kept) in [
        ("host", not_null(), "a".into(), true),
        ("host", not_null(), Value::Null, false),
        ("host", prefix.clone(), "abc".into(), true),
        ("host", prefix.clone(), "ba".into(), false),
        ("host", prefix, Value::Null, true),
        ("size", range.clone(), 1.into(), true),
        ("size", range.clone(), 5.into(), false),
        ("size", range, 0.into(), false),
        ("tags", length.clone(), object([("a", "b".into())]), true),
        ("aliases", length.clone(), set([]), false),
        ("aliases", length, set(["a".into(), "b".into(), "c".into()]), false),
    ] {
        let found = of(name, promised(promise), actual.clone());
        assert_eq!(found.is_empty(), kept, "{name} {actual:?}: {found:?}");
    }
}

#[test]
fn secrets_stay_out_of_the_problem() {
    assert_eq!(
        of("secret", "s3cret".into(), "other".into()),
        ["secret has another value than was planned"]
    );
}

#[test]
fn elements_neither_vanish_nor_appear() {
    let tags = |key: &str| object([(key, "v".into())]);
    assert_eq!(
        of("tags", tags("k"), tags("l")),
        ["tags[\"k\"] has vanished", "tags[\"l\"] has appeared"]
    );
    let rule = |name: &str| object([("name", name.into())]);
    assert_eq!(
        of("rules", list([rule("a")]), list([rule("a"), rule("b")])),
        ["rules[1] has appeared"]
    );
    assert_eq!(of("rules", list([rule("a")]), list([])), ["rules[0] has vanished"]);
    assert_eq!(of("rules", list([]), Value::Null).len(), 1);
    assert_eq!(
        of("rules", list([rule("a")]), list([rule("b")])),
        ["rules[0].name was planned as \"a\" but is \"b\" now"]
    );
}

#[test]
fn elements_of_sets_fit_one_another_and_never_become_more() {
    let (open, a, b) = (Value::unknown, Value::from("a"), Value::from("b"));
    let check = |planned, actual| of("aliases", planned, actual);
    assert_eq!(check(set([a.clone(), open()]), set([b.clone(), a.clone()])), NONE);
    // Unknown elements may turn out equal to others.
    assert_eq!(check(set([a.clone(), open()]), set([a.clone()])), NONE);
    assert_eq!(
        check(set([a.clone()]), set([b.clone()])),
        ["aliases misses an element that was planned"]
    );
    assert_eq!(
        check(set([a.clone()]), set([a.clone(), b.clone()])),
        ["aliases has an element that was not planned"]
    );
    assert_eq!(
        check(set([open()]), set([a, b])),
        ["aliases was planned with 1 elements but has 2 now"]
    );
}

#[test]
fn dynamic_values_keep_their_type() {
    let of_type = |ty: Type, value: Value| Value::Dynamic(Box::new((ty, value)));
    let text = || of_type(Type::String, "1".into());
    let number = || of_type(Type::Number, 1.into());
    assert_eq!(of("extra", text(), text()), NONE);
    assert_eq!(of("extra", text(), number()), ["extra has another type than was planned"]);
    assert_eq!(of("extra", Value::unknown(), number()), NONE);
    assert_eq!(of("extra", of_type(Type::String, Value::unknown()), text()), NONE);
}

fn blocks(nesting: Nesting) -> Schema {
    let attributes = [Attribute::new("a", Type::String).optional().computed()];
    let block = Block::from(Object::new("", attributes));
    Schema::default().block(NestedBlock::new("x", nesting, block))
}

fn block(a: Value) -> Value {
    object([("a", a)])
}

#[test]
fn blocks_are_those_that_were_planned() {
    let (one, two) = (block("1".into()), block("2".into()));
    let open = block(Value::unknown());
    let in_list = |items: &[&Value]| {
        object([("x", Value::List(items.iter().map(|item| (*item).clone()).collect()))])
    };
    let list = blocks(Nesting::List);
    assert_eq!(faults(&list, &in_list(&[&open]), &in_list(&[&one])), NONE);
    assert_eq!(
        faults(&list, &in_list(&[&one]), &in_list(&[&one, &two])),
        ["x was planned with 1 elements but has 2 now"]
    );
    assert_eq!(
        faults(&list, &in_list(&[&one]), &in_list(&[&two])),
        ["x[0].a was planned as \"1\" but is \"2\" now"]
    );
    let unknown = object([("x", Value::unknown())]);
    assert_eq!(faults(&list, &unknown, &in_list(&[&one, &two])), NONE);

    let in_set = |items: &[&Value]| {
        object([("x", Value::Set(items.iter().map(|item| (*item).clone()).collect()))])
    };
    let sets = blocks(Nesting::Set);
    assert_eq!(faults(&sets, &in_set(&[&one, &open]), &in_set(&[&two, &one])), NONE);
    assert_eq!(faults(&sets, &in_set(&[&open]), &in_set(&[&two, &one])).len(), 1);

    let single = blocks(Nesting::Single);
    let there = object([("x", one)]);
    let absent = object([("x", Value::Null)]);
    assert_eq!(faults(&single, &there, &absent), ["x was planned to be there but is absent now"]);
    assert_eq!(faults(&single, &absent, &there), ["x was planned to be absent but is there now"]);
}

#[test]
fn the_object_itself_is_there_or_not() {
    let thing_1 = a_thing([("id", "1".into())]);
    assert_eq!(faults(&thing(), &Value::Null, &Value::Null), NONE);
    assert_eq!(faults(&thing(), &thing_1, &Value::Null).len(), 1);
    assert_eq!(faults(&thing(), &Value::Null, &thing_1).len(), 1);
    assert_eq!(faults(&thing(), &with(&thing_1, [("etag", Value::unknown())]), &thing_1), NONE);
}
