use super::{check_plan, check_replace, check_result};
use crate::{
    engine::testing::{a_thing, fitted, list, object, set, thing, with},
    schema::{Attribute, Block, Kind, NestedBlock, Nesting, Object, Schema},
    value::{Path, Refinement, Type, Value},
};

fn faults(schema: &Schema, prior: &Value, config: &Value, planned: &Value) -> Vec<String> {
    check_plan(schema, prior, config, planned)
        .into_iter()
        .map(|violation| format!("{} {}", violation.path, violation.problem))
        .collect()
}

/// The faults of a plan for a new thing.
fn new<const N: usize, const M: usize>(
    config: [(&str, Value); N],
    planned: [(&str, Value); M],
) -> Vec<String> {
    faults(&thing(), &Value::Null, &a_thing(config), &a_thing(planned))
}

const NONE: [&str; 0] = [];

#[test]
fn what_is_configured_is_planned() {
    assert_eq!(new([("host", "a".into())], [("host", "a".into())]), NONE);
    assert_eq!(
        new([("host", "a".into())], [("host", "b".into())]),
        ["host is planned as \"b\" although \"a\" is configured"]
    );
    assert_eq!(
        new([("host", "a".into())], []),
        ["host is planned as null although \"a\" is configured"]
    );
    let unknown = || [("host", Value::unknown())];
    assert_eq!(new([("host", "a".into())], unknown()).len(), 1);
    assert_eq!(new(unknown(), [("host", "a".into())]).len(), 1);
    let promise = Refinement { not_null: true, ..Refinement::default() };
    let refined = [("host", Value::Unknown(Some(Box::new(promise))))];
    assert_eq!(new(unknown(), refined), NONE);
}

#[test]
fn the_value_it_has_may_stay_where_one_is_configured() {
    let state = |host: &str| a_thing([("host", host.into())]);
    assert_eq!(faults(&thing(), &state("a"), &state("A"), &state("a")), NONE);
    let found = faults(&thing(), &state("a"), &state("A"), &state("b"));
    assert_eq!(found, ["host is planned as \"b\" although \"A\" is configured and was \"a\""]);
    // It may not stay where none is.
    assert_eq!(faults(&thing(), &state("a"), &a_thing([]), &state("a")).len(), 1);
}

#[test]
fn only_computed_attributes_may_be_planned_where_nothing_is_configured() {
    let open = [
        ("id", Value::from("x")),
        ("size", 1.into()),
        ("port", Value::unknown()),
        ("etag", Value::unknown()),
    ];
    assert_eq!(new([], open), NONE);
    assert_eq!(
        new([], [("host", "a".into()), ("secret", "s3cret".into())]),
        [
            "host is planned as \"a\" although it is not computed",
            "secret is planned as a value although it is not computed"
        ]
    );
    // What only the provider sets it may plan at will.
    assert_eq!(new([("id", "x".into())], [("id", "y".into())]), NONE);
}

#[test]
fn secrets_stay_out_of_the_problem() {
    let found = new([("secret", "s3cret".into())], [("secret", "other".into())]);
    assert_eq!(found, ["secret is planned as neither the configured value nor the one it has"]);
}

#[test]
fn write_only_attributes_are_planned_as_null() {
    let password = || [("password", Value::from("x"))];
    assert_eq!(new(password(), []), NONE);
    assert_eq!(
        new(password(), password()),
        ["password is planned with a value although it is write-only"]
    );
}

#[test]
fn nested_attributes_are_as_many_as_configured_and_known_themselves() {
    let rules = |names: &[&str]| {
        let rules = names.iter().map(|name| object([("name", (*name).into())])).collect();
        [("rules", Value::List(rules))]
    };
    assert_eq!(new(rules(&["a"]), rules(&["a"])), NONE);
    assert_eq!(
        new(rules(&["a"]), rules(&["a", "b"])),
        ["rules is planned with 2 elements although 1 are configured"]
    );
    assert_eq!(
        new(rules(&["a"]), rules(&["b"])),
        ["rules[0].name is planned as \"b\" although \"a\" is configured"]
    );
    assert_eq!(
        new(rules(&["a"]), [("rules", Value::unknown())]),
        ["rules is planned as unknown although it is configured"]
    );
    assert_eq!(new(rules(&["a"]), []), ["rules is planned to be absent although it is configured"]);
    assert_eq!(
        new([("rules", Value::unknown())], rules(&["a"])),
        ["rules is planned with a value although its configuration is unknown"]
    );
    assert_eq!(
        new([("rules", list([Value::unknown()]))], [("rules", list([Value::unknown()]))]),
        NONE
    );
}

#[test]
fn the_rules_hold_within_nested_attributes() {
    let rule =
        |weight: Value| [("rules", list([object([("name", "a".into()), ("weight", weight)])]))];
    assert_eq!(new(rule(Value::Null), rule(1.into())), NONE);
    assert_eq!(new(rule(2.into()), rule(1.into())).len(), 1);
}

#[test]
fn of_sets_only_the_number_counts() {
    let members = |zones: &[&str]| {
        let members = zones.iter().map(|zone| object([("zone", (*zone).into())])).collect();
        [("members", Value::Set(members))]
    };
    assert_eq!(new(members(&["a", "b"]), members(&["c", "d"])), NONE);
    assert_eq!(new(members(&["a", "b"]), members(&["a"])).len(), 1);
    assert_eq!(new(members(&["a", "b"]), members(&["c", "c"])).len(), 1);
    let open = |n: usize| {
        let open = object([("zone", Value::unknown())]);
        [("members", Value::Set(vec![open; n]))]
    };
    // Unknown elements may turn out equal.
    assert_eq!(new(members(&["a"]), open(2)), NONE);
    assert_eq!(new(members(&["a", "b"]), open(1)).len(), 1);
    assert_eq!(new(open(2), members(&["a"])), NONE);
}

fn with_keys(keys: &[&str]) -> (Schema, Value) {
    let part = Object::new("", [Attribute::new("a", Type::String).optional()]);
    let schema =
        Schema::new("", [Attribute::new("m", Kind::Nested(Nesting::Map, part)).optional()]);
    let entries = keys.iter().map(|key| ((*key).to_owned(), object([("a", "x".into())]))).collect();
    let value = fitted(&schema, [("m", entries)]);
    (schema, value)
}

#[test]
fn maps_have_the_configured_keys() {
    let (schema, config) = with_keys(&["k", "l"]);
    let (_, planned) = with_keys(&["k", "m"]);
    assert_eq!(faults(&schema, &Value::Null, &config, &config), NONE);
    assert_eq!(
        faults(&schema, &Value::Null, &config, &planned),
        [
            "m is planned with the key \"m\", which is not configured",
            "m is planned without the configured key \"l\""
        ]
    );
}

fn blocks(nesting: Nesting) -> Schema {
    let attributes = [
        Attribute::new("a", Type::String).optional(),
        Attribute::new("b", Type::String).computed(),
    ];
    let block = Block::from(Object::new("", attributes));
    Schema::default().block(NestedBlock::new("x", nesting, block))
}

fn block(a: &str, b: Value) -> Value {
    object([("a", a.into()), ("b", b)])
}

#[test]
fn blocks_are_as_configured_and_never_null_or_unknown() {
    for nesting in [Nesting::List, Nesting::Set] {
        let schema = blocks(nesting);
        let of = |items: Vec<Value>| {
            object([(
                "x",
                if nesting == Nesting::Set { Value::Set(items) } else { Value::List(items) },
            )])
        };
        let check =
            |config: &Value, planned: &Value| faults(&schema, &Value::Null, config, planned);
        let config = of(vec![block("1", Value::Null)]);
        assert_eq!(check(&config, &of(vec![block("1", Value::unknown())])), NONE);
        let null = object([("x", Value::Null)]);
        assert_eq!(
            check(&of(vec![]), &null),
            ["x stands for nested blocks and must be empty instead of null"]
        );
        let unknown = object([("x", Value::unknown())]);
        assert_eq!(
            check(&config, &unknown),
            ["x stands for nested blocks and must not be unknown itself"]
        );
        assert_eq!(check(&unknown, &unknown), NONE);
        assert_eq!(
            check(&unknown, &config),
            ["x is planned with a value although its blocks are unknown"]
        );
        assert_eq!(check(&config, &of(vec![Value::unknown()])).len(), 1);
    }
}

#[test]
fn blocks_of_a_list_are_counted_and_looked_into() {
    let schema = blocks(Nesting::List);
    let of = |items: &[&str]| {
        let blocks = items.iter().map(|a| block(a, Value::Null)).collect();
        object([("x", Value::List(blocks))])
    };
    let check = |config, planned| faults(&schema, &Value::Null, &config, &planned);
    assert_eq!(
        check(of(&["1"]), of(&["1", "2"])),
        ["x is planned with 2 elements although 1 are configured"]
    );
    assert_eq!(
        check(of(&["1"]), of(&["2"])),
        ["x[0].a is planned as \"2\" although \"1\" is configured"]
    );
}

#[test]
fn a_single_block_is_there_if_it_is_configured() {
    let schema = blocks(Nesting::Single);
    let (none, one) = (object([("x", Value::Null)]), object([("x", block("1", Value::Null))]));
    let check = |config, planned| faults(&schema, &Value::Null, config, planned);
    assert_eq!(check(&none, &none), NONE);
    assert_eq!(check(&one, &none), ["x is planned to be absent although it is configured"]);
    assert_eq!(check(&none, &one), ["x is planned to be there although it is not configured"]);
}

#[test]
fn a_destroy_plans_nothing() {
    let state = a_thing([("id", "1".into())]);
    assert_eq!(faults(&thing(), &state, &Value::Null, &Value::Null), NONE);
    assert_eq!(faults(&thing(), &state, &Value::Null, &state).len(), 1);
}

#[test]
fn a_data_source_returns_what_is_configured() {
    let config = a_thing([("host", "a".into())]);
    let found = check_result(&thing(), &config, &with(&config, [("host", "b".into())]));
    assert_eq!(found[0].problem, "is returned as \"b\" although \"a\" is configured");
}

#[test]
fn paths_to_replace_lead_somewhere() {
    let rules = list([object([("name", "a".into())])]);
    let prior = a_thing([("rules", rules)]);
    let planned = a_thing([("tags", object([("k", "v".into())])), ("members", set([]))]);
    let rule = |i| Path::from("rules").index(i).attribute("name");
    for (path, found) in [
        (rule(0), 0),
        (rule(1), 1),
        (Path::from("tags").key("k"), 0),
        (Path::from("tags").key("l"), 1),
        (Path::from("members").element(Value::Null).attribute("zone"), 0),
        (Path::from("nothing"), 1),
        (Path::from("port"), 0),
    ] {
        assert_eq!(
            check_replace(&prior, &planned, std::slice::from_ref(&path)).len(),
            found,
            "{path}"
        );
    }
}
