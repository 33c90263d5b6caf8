use crate::{
    Diagnostic,
    engine::{
        PlanResponse, Server,
        testing::{
            Puppet, a_thing, block_on, configured, engine, fitted, list, object, plan, set, thing,
            with,
        },
    },
    schema::{Attribute, Schema},
    value::{Path, Refinement, Type, Value},
};

fn planned_by(puppet: Puppet, prior: &Value, config: &Value) -> PlanResponse {
    block_on(engine(puppet).plan_resource(plan(prior, config)))
}

fn planned(prior: &Value, config: &Value) -> Value {
    let answer = planned_by(Puppet::new(thing()), prior, config);
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
    answer.planned.unwrap()
}

fn replaced(prior: &Value, config: &Value) -> Vec<String> {
    let answer = planned_by(Puppet::new(thing()), prior, config);
    answer.replace.iter().map(Path::to_string).collect()
}

/// The state of a thing that was applied.
fn state() -> Value {
    a_thing([
        ("id", "thing-1".into()),
        ("name", "a".into()),
        ("host", "a.example.com".into()),
        ("size", 10.into()),
        ("port", 80.into()),
        ("etag", "v1".into()),
    ])
}

/// The configuration that made it.
fn config() -> Value {
    a_thing([("name", "a".into()), ("host", "a.example.com".into())])
}

#[test]
fn a_create_knows_what_is_configured_and_defaulted() {
    let planned = planned(&Value::Null, &config());
    let expected = with(
        &config(),
        [
            ("id", Value::unknown()),
            ("size", Value::unknown()),
            ("etag", Value::unknown()),
            ("port", 80.into()),
        ],
    );
    assert_eq!(planned, expected);
}

#[test]
fn no_change_leaves_everything_known() {
    assert_eq!(planned(&state(), &config()), state());
}

#[test]
fn a_change_makes_open_attributes_unknown_except_stable_ones() {
    let planned = planned(&state(), &with(&config(), [("port", 8080.into())]));
    let expected = with(
        &state(),
        [("port", 8080.into()), ("size", Value::unknown()), ("etag", Value::unknown())],
    );
    assert_eq!(planned, expected);
}

#[test]
fn another_spelling_of_the_same_is_no_change() {
    let config = with(&config(), [("host", "A.EXAMPLE.com".into())]);
    assert_eq!(planned(&state(), &config), state());
}

#[test]
fn an_unknown_setting_is_a_change_until_it_is_known() {
    let open = with(&config(), [("host", Value::unknown())]);
    let first = planned(&state(), &open);
    assert!(first.entry("host").unwrap().is_unknown());
    assert!(first.entry("etag").unwrap().is_unknown());
    assert_eq!(planned(&state(), &config()), state());
}

#[test]
fn what_is_promised_about_an_unknown_setting_reaches_the_plan() {
    let promise = Refinement { prefix: Some("a.".to_owned()), ..Refinement::default() };
    let host = Value::Unknown(Some(Box::new(promise)));
    let planned = planned(&Value::Null, &with(&config(), [("host", host)]));
    assert!(
        matches!(planned.entry("host"), Some(Value::Unknown(Some(p))) if p.prefix.is_some()),
        "{planned:?}"
    );
}

#[test]
fn write_only_values_are_not_planned() {
    let planned = planned(&state(), &with(&config(), [("password", "s3cret".into())]));
    assert_eq!(planned, state());
}

#[test]
fn a_change_of_what_cannot_change_in_place_replaces() {
    assert_eq!(replaced(&state(), &with(&config(), [("name", "b".into())])), ["name"]);
    assert_eq!(replaced(&state(), &with(&config(), [("name", Value::unknown())])), ["name"]);
    assert!(replaced(&state(), &with(&config(), [("port", 1.into())])).is_empty());
    assert!(replaced(&Value::Null, &config()).is_empty());
}

#[test]
fn what_needs_a_new_object_to_change_stays_when_it_is_left_open() {
    let schema = Schema::new(
        "",
        [
            Attribute::new("zone", Type::String).optional().computed().replace(),
            Attribute::new("size", Type::Number).optional(),
        ],
    );
    let prior = fitted(&schema, [("zone", "z1".into()), ("size", 1.into())]);
    let config = fitted(&schema, [("size", 2.into())]);
    let answer = planned_by(Puppet::new(schema), &prior, &config);
    assert_eq!(answer.planned, Some(with(&prior, [("size", 2.into())])));
    assert!(answer.replace.is_empty());
}

#[test]
fn elements_of_lists_keep_what_is_stable_only_if_nothing_else_changed_in_them() {
    let rule = |name: &str| object([("name", name.into())]);
    let made = |name: &str, id: &str| {
        object([
            ("name", name.into()),
            ("weight", 1.into()),
            ("id", id.into()),
            ("note", "n".into()),
        ])
    };
    let prior = with(&state(), [("rules", list([made("a", "id-a"), made("b", "id-b")]))]);
    let config =
        |rules| a_thing([("name", "a".into()), ("host", "a.example.com".into()), ("rules", rules)]);
    let ids = |planned: &Value| {
        let rules = planned.entry("rules").unwrap().elements().unwrap().to_vec();
        rules.iter().map(|rule| rule.entry("id").unwrap().clone()).collect::<Vec<_>>()
    };
    let same = planned(&prior, &config(list([rule("a"), rule("b")])));
    assert_eq!(same, prior);
    let swapped = planned(&prior, &config(list([rule("b"), rule("a")])));
    assert_eq!(ids(&swapped), [Value::unknown(), Value::unknown()]);
    let longer = planned(&prior, &config(list([rule("a"), rule("b"), rule("c")])));
    assert_eq!(ids(&longer), ["id-a".into(), "id-b".into(), Value::unknown()]);
}

#[test]
fn b5_unknown_elements_of_sets_are_never_merged() {
    let aliases = set([Value::unknown(), Value::unknown(), "a".into()]);
    let zone = || object([("zone", Value::unknown())]);
    let config = a_thing([
        ("name", "a".into()),
        ("aliases", aliases.clone()),
        ("members", set([zone(), zone()])),
    ]);
    let planned = planned(&Value::Null, &config);
    assert_eq!(planned.entry("aliases"), Some(&aliases));
    assert_eq!(planned.entry("members").unwrap().elements().unwrap().len(), 2);
}

#[test]
fn members_of_sets_keep_what_is_theirs() {
    let made = |zone: &str, address: &str| {
        object([("zone", zone.into()), ("weight", 5.into()), ("address", address.into())])
    };
    let member = |zone: &str| object([("zone", zone.into())]);
    let prior = with(&state(), [("members", set([made("z1", "1"), made("z2", "2")]))]);
    let config = with(&config(), [("members", Value::Null)]);
    let same = with(&config, [("members", set([member("z2"), member("z1")]))]);
    assert_eq!(planned(&prior, &fit(&same)), prior);

    let other = with(&config, [("members", set([member("z2"), member("z3")]))]);
    let planned = planned(&prior, &fit(&other));
    let address = |zone: &str| {
        let members = planned.entry("members").unwrap().elements().unwrap();
        let found = members.iter().find(|m| m.entry("zone").unwrap().as_str() == Some(zone));
        found.unwrap().entry("address").unwrap().clone()
    };
    assert_eq!(address("z2"), "2".into());
    assert!(address("z3").is_unknown());
}

fn fit(value: &Value) -> Value {
    let Value::Map(entries) = value else { panic!("not an object") };
    let mut fitted = a_thing([]);
    for (name, value) in entries {
        fitted = with(&fitted, [(name.as_str(), value.clone())]);
    }
    let mut misfits = Vec::new();
    let schema = thing();
    let view = crate::engine::shape::View::Object((&schema.block).into());
    crate::engine::conform::conform(view, fitted, &Path::root(), &mut misfits)
}

#[test]
fn elements_that_defaults_make_the_same_are_refused_by_name() {
    let schema = Schema::new(
        "",
        [Attribute::new(
            "members",
            crate::schema::Kind::Nested(
                crate::schema::Nesting::Set,
                crate::schema::Object::new(
                    "",
                    [Attribute::new("weight", Type::Number).optional().default(1)],
                ),
            ),
        )
        .optional()],
    );
    let members = set([object([("weight", Value::Null)]), object([("weight", 1.into())])]);
    let config = fitted(&schema, [("members", members)]);
    let answer = planned_by(Puppet::new(schema), &Value::Null, &config);
    assert_eq!(answer.planned, None);
    let text = answer.diagnostics.to_string();
    assert!(text.contains("Duplicate element in a set (members)"), "{text}");
}

#[test]
fn a_resource_may_know_more_than_its_schema() {
    let puppet = Puppet::new(thing()).plan(|_, change| {
        assert!(change.is_create());
        change.planned = with(&change.planned, [("id", "thing-7".into())]);
        Ok(())
    });
    let answer = planned_by(puppet, &Value::Null, &config());
    assert_eq!(answer.planned.unwrap().entry("id"), Some(&"thing-7".into()));
}

#[test]
fn what_the_resource_leaves_alone_keeps_its_unknown_parts() {
    // A model may know a list with an unknown element only as unknown.
    let puppet = Puppet::new(thing()).plan(|_, change| {
        change.planned = with(&change.planned, [("etag", "v9".into())]);
        Ok(())
    });
    let tags = object([("a", "b".into()), ("c", Value::unknown())]);
    let config = with(&config(), [("tags", tags.clone())]);
    let planned = planned_by(puppet, &Value::Null, &config).planned.unwrap();
    assert_eq!(planned.entry("tags"), Some(&tags));
    assert_eq!(planned.entry("etag"), Some(&"v9".into()));
}

#[test]
fn a_change_that_only_the_resource_knows_opens_the_rest_too() {
    let puppet = Puppet::new(thing()).plan(|_, change| {
        change.planned = with(&change.planned, [("size", 11.into())]);
        Ok(())
    });
    let planned = planned_by(puppet, &state(), &config()).planned.unwrap();
    assert_eq!(planned, with(&state(), [("size", 11.into()), ("etag", Value::unknown())]));
}

#[test]
fn a_resource_asks_for_a_new_object_by_path() {
    let puppet = Puppet::new(thing()).plan(|_, change| {
        change.replace("port");
        Ok(())
    });
    let answer = planned_by(puppet, &state(), &with(&config(), [("port", 1.into())]));
    assert_eq!(answer.replace, [Path::from("port")]);
}

#[test]
fn b16_a_replacement_of_what_does_not_exist_is_a_bug_with_a_name() {
    let puppet = Puppet::new(thing()).plan(|_, change| {
        change.replace(Path::from("rules").index(3));
        Ok(())
    });
    let answer = planned_by(puppet, &state(), &with(&config(), [("port", 1.into())]));
    let text = answer.diagnostics.to_string();
    assert!(answer.planned.is_none() && text.contains("test_thing: rules[3]"), "{text}");
}

#[test]
fn an_impossible_plan_is_a_bug_of_the_provider_with_a_name() {
    let puppet = Puppet::new(thing()).plan(|_, change| {
        change.planned = with(&change.planned, [("port", 1.into()), ("secret", "x".into())]);
        Ok(())
    });
    let config = with(&config(), [("port", 8080.into()), ("secret", "s3cret".into())]);
    let answer = planned_by(puppet, &Value::Null, &config);
    let text = answer.diagnostics.to_string();
    assert!(text.contains("port is planned as 1 although 8080 is configured"), "{text}");
    assert!(text.contains("bug in the provider") && text.contains("test_thing"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    let paths: Vec<_> = answer.diagnostics.iter().map(|d| d.path.clone()).collect();
    assert_eq!(paths, [Some("port".into()), Some("secret".into())]);
}

#[test]
fn errors_and_warnings_of_the_resource_reach_the_person() {
    let puppet = Puppet::new(thing()).plan(|cx, _| {
        cx.warn(Diagnostic::warning("Careful", "It is slippery."));
        Err(Diagnostic::error("Too large", "At most 9.").at("size").into())
    });
    let answer = planned_by(puppet, &Value::Null, &config());
    assert_eq!(answer.planned, None);
    assert_eq!(
        answer.diagnostics.to_string(),
        "Careful: It is slippery.\nToo large (size): At most 9."
    );
}

#[test]
fn a_panic_in_the_plan_becomes_an_error() {
    let puppet = Puppet::new(thing()).plan(|_, _| panic!("index out of bounds"));
    let text = planned_by(puppet, &Value::Null, &config()).diagnostics.to_string();
    assert!(text.contains("panicked while planning test_thing"), "{text}");
    assert!(text.contains("index out of bounds") && text.contains("Nothing was changed"), "{text}");
}

#[test]
fn a_destroy_plans_nothing() {
    let mut request = plan(&state(), &Value::Null);
    request.private = b"kept".to_vec();
    let answer = block_on(engine(Puppet::new(thing())).plan_resource(request));
    assert_eq!(answer.planned, Some(Value::Null));
    assert_eq!(answer.private, b"kept");
    assert!(answer.diagnostics.is_empty());
}

#[test]
fn planning_has_a_client_only_when_configured() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let puppet = |seen: &std::sync::Arc<std::sync::Mutex<Vec<bool>>>| {
        let seen = seen.clone();
        Puppet::new(thing()).plan(move |cx, _| {
            seen.lock().unwrap().push(cx.client().is_some());
            Ok(())
        })
    };
    block_on(async {
        let request = || plan(&Value::Null, &config());
        engine(puppet(&seen)).plan_resource(request()).await;
        configured(puppet(&seen)).await.plan_resource(request()).await;
    });
    assert_eq!(*seen.lock().unwrap(), [false, true]);
}

#[test]
fn private_bytes_belong_to_one_object() {
    let mut request = plan(&state(), &with(&config(), [("name", "b".into())]));
    request.private = b"of the old one".to_vec();
    let first = block_on(engine(Puppet::new(thing())).plan_resource(request));
    assert_eq!(first.private, b"of the old one");
    let mut request = plan(&Value::Null, &with(&config(), [("name", "b".into())]));
    request.private = first.private;
    let second = block_on(engine(Puppet::new(thing())).plan_resource(request));
    assert_eq!(second.private, b"");
}

#[test]
fn an_identity_is_known_unless_the_object_is_new() {
    let puppet = || Puppet::new(thing()).identity(&["id", "name"]);
    let id = |id: Value| Some(object([("id", id), ("name", "a".into())]));
    assert_eq!(planned_by(puppet(), &Value::Null, &config()).identity, id(Value::unknown()));
    let change = with(&config(), [("port", 1.into())]);
    assert_eq!(planned_by(puppet(), &state(), &change).identity, id("thing-1".into()));
}

#[test]
fn an_identity_does_not_change_with_its_object() {
    let puppet = Puppet::new(thing()).identity(&["port"]);
    let answer = planned_by(puppet, &state(), &with(&config(), [("port", 1.into())]));
    let text = answer.diagnostics.to_string();
    assert!(text.contains("port identifies the object and must not change"), "{text}");
    // With a new object it may.
    let puppet = Puppet::new(thing()).identity(&["name"]);
    let answer = planned_by(puppet, &state(), &with(&config(), [("name", "b".into())]));
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
}

#[test]
fn ignored_changes_do_not_pin_what_only_the_provider_sets() {
    // What Terraform makes of `ignore_changes = [etag, size]`.
    let config = with(&config(), [("etag", "v1".into()), ("size", 10.into()), ("port", 1.into())]);
    let planned = planned(&state(), &config);
    assert_eq!(planned, with(&state(), [("port", 1.into()), ("etag", Value::unknown())]));
}

#[test]
fn another_time_to_wait_is_no_change_of_the_object() {
    use crate::engine::Operation::Create;
    const TIMES: &[(crate::engine::Operation, std::time::Duration)] =
        &[(Create, std::time::Duration::from_secs(60))];
    let times = |time: &str| object([("create", time.into())]);
    let prior = with(&state(), [("timeouts", times("1m"))]);
    let config = with(&config(), [("timeouts", times("2m"))]);
    let answer = planned_by(Puppet::new(thing()).timeouts(TIMES), &prior, &config);
    assert_eq!(answer.planned, Some(with(&state(), [("timeouts", times("2m"))])));
}
