use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{
    Diagnostic, Diagnostics,
    engine::{
        ApplyResource, ApplyResponse, Operation, Server,
        testing::{
            Puppet, a_thing, apply, block_on, configured, engine, list, object, save, set, thing,
            with,
        },
    },
    value::{Refinement, Value},
};

fn applied(puppet: Puppet, request: ApplyResource) -> ApplyResponse {
    block_on(async { configured(puppet).await.apply_resource(request).await })
}

fn config() -> Value {
    a_thing([("name", "a".into())])
}

/// What is planned for a new thing.
fn plan() -> Value {
    with(
        &config(),
        [
            ("id", Value::unknown()),
            ("size", Value::unknown()),
            ("etag", Value::unknown()),
            ("port", 80.into()),
        ],
    )
}

/// What comes of it.
fn made() -> Value {
    with(&plan(), [("id", "thing-1".into()), ("size", 10.into()), ("etag", "v1".into())])
}

fn create() -> ApplyResource {
    apply(&Value::Null, &plan(), &config())
}

fn update() -> ApplyResource {
    let config = with(&config(), [("port", 8080.into())]);
    let open = [("port", 8080.into()), ("size", Value::unknown()), ("etag", Value::unknown())];
    apply(&made(), &with(&made(), open), &config)
}

fn delete() -> ApplyResource {
    apply(&made(), &Value::Null, &Value::Null)
}

fn fails<T>() -> Result<T, Diagnostics> {
    Err(Diagnostic::error("No", "It cannot be.").into())
}

#[test]
fn a_create_gives_what_was_planned_and_what_was_open() {
    let answer = applied(Puppet::new(thing()).create(|_, _| Ok(made())), create());
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
    assert_eq!(answer.state, Some(made()));
}

#[test]
fn the_provider_gets_write_only_values_and_none_is_kept() {
    let config = with(&config(), [("password", "s3cret".into())]);
    let puppet = Puppet::new(thing()).create(|_, plan| {
        assert_eq!(plan.entry("password"), Some(&"s3cret".into()));
        Ok(with(&made(), [("password", plan.entry("password").unwrap().clone())]))
    });
    let answer = applied(puppet, apply(&Value::Null, &plan(), &config));
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
    assert_eq!(answer.state, Some(made()));
}

#[test]
fn a_create_that_fails_before_anything_exists_keeps_nothing() {
    let answer = applied(Puppet::new(thing()).create(|_, _| fails()), create());
    assert_eq!(answer.state, None);
    assert_eq!(answer.diagnostics.to_string(), "No: It cannot be.");
}

#[test]
fn what_was_saved_before_an_error_is_kept_with_nulls_for_what_is_open() {
    let puppet = Puppet::new(thing()).identity(&["id"]).create(|cx, plan| {
        save(cx, with(&plan, [("id", "thing-1".into())]));
        fails()
    });
    let answer = applied(puppet, create());
    let expected = with(&made(), [("size", Value::Null), ("etag", Value::Null)]);
    assert_eq!(answer.state, Some(expected));
    assert_eq!(answer.identity, Some(object([("id", "thing-1".into())])));
    assert!(answer.diagnostics.has_errors());
}

#[test]
fn b11_a_panic_is_an_error_and_loses_nothing_that_was_saved() {
    let puppet = Puppet::new(thing()).create(|cx, plan| {
        save(cx, with(&plan, [("id", "thing-1".into())]));
        panic!("no entry found for key");
    });
    let answer = applied(puppet, create());
    assert_eq!(answer.state.unwrap().entry("id"), Some(&"thing-1".into()));
    let text = answer.diagnostics.to_string();
    assert!(text.contains("panicked while creating test_thing"), "{text}");
    assert!(text.contains("no entry found for key") && text.contains("tainted"), "{text}");

    let answer = applied(Puppet::new(thing()).create(|_, _| panic!("early")), create());
    assert_eq!(answer.state, None);
    let text = answer.diagnostics.to_string();
    assert!(text.contains("Nothing is kept in the state"), "{text}");

    let answer = applied(Puppet::new(thing()).update(|_, _| panic!("{}", "late")), update());
    assert_eq!(answer.state, Some(made()));
    let answer = applied(Puppet::new(thing()).delete(|_, _| panic!("x")), delete());
    assert_eq!(answer.state, Some(made()));
}

#[test]
fn b10_no_diagnostic_has_a_backtrace() {
    let puppet = Puppet::new(thing()).create(|_, _| panic!("once"));
    let text = applied(puppet, create()).diagnostics.to_string();
    assert!(!text.contains("panic.rs") && !text.contains("backtrace"), "{text}");
    assert!(!text.contains(".rs:"), "{text}");
}

#[test]
fn an_update_that_fails_keeps_what_was_or_what_was_saved() {
    let answer = applied(Puppet::new(thing()).update(|_, _| fails()), update());
    assert_eq!(answer.state, Some(made()));
    let puppet = Puppet::new(thing()).update(|cx, (prior, plan)| {
        assert_eq!(prior.entry("port"), Some(&80.into()));
        save(cx, plan);
        fails()
    });
    // What is open in the plan stays what it was.
    let answer = applied(puppet, update());
    assert_eq!(answer.state, Some(with(&made(), [("port", 8080.into())])));
}

#[test]
fn a_delete_leaves_nothing_and_a_failed_one_everything() {
    let answer = applied(Puppet::new(thing()), delete());
    assert_eq!(answer.state, Some(Value::Null));
    let answer = applied(Puppet::new(thing()).delete(|_, _| fails()), delete());
    assert_eq!(answer.state, Some(made()));
    assert!(answer.diagnostics.has_errors());
}

#[test]
fn a_value_left_unknown_is_a_bug_with_a_name_and_the_state_is_kept() {
    let puppet = Puppet::new(thing()).create(|_, plan| Ok(with(&plan, [("id", "thing-1".into())])));
    let answer = applied(puppet, create());
    let text = answer.diagnostics.to_string();
    assert!(text.contains("test_thing: size has no known value"), "{text}");
    assert!(text.contains("etag has no known value"), "{text}");
    let state = answer.state.unwrap();
    assert!(state.is_wholly_known());
    assert_eq!(state.entry("id"), Some(&"thing-1".into()));
}

#[test]
fn a_result_that_is_not_as_planned_is_a_bug_with_a_name_and_is_kept() {
    let puppet = Puppet::new(thing()).create(|_, _| Ok(with(&made(), [("port", 81.into())])));
    let answer = applied(puppet, create());
    let text = answer.diagnostics.to_string();
    assert!(text.contains("test_thing: port was planned as 80 but is 81 now"), "{text}");
    assert!(text.contains("bug in the provider") && text.contains("tainted"), "{text}");
    assert_eq!(answer.state.unwrap().entry("port"), Some(&81.into()));
    assert_eq!(answer.diagnostics.iter().next().unwrap().path, Some("port".into()));
}

#[test]
fn secrets_are_never_in_the_message() {
    let secret = |text: &str| [("secret", Value::from(text))];
    let puppet = Puppet::new(thing()).create(move |_, _| Ok(with(&made(), secret("other"))));
    let config = with(&config(), secret("s3cret"));
    let answer = applied(puppet, apply(&Value::Null, &with(&plan(), secret("s3cret")), &config));
    let text = answer.diagnostics.to_string();
    assert!(text.contains("secret has another value than was planned"), "{text}");
    assert!(!text.contains("s3cret") && !text.contains("other\""), "{text}");
}

#[test]
fn the_planned_spelling_is_kept() {
    let changes = [
        ("host", Value::from("A.example.com")),
        ("tags", object::<0>([])),
        ("aliases", Value::Null),
    ];
    let config = with(&config(), changes.clone());
    let puppet = Puppet::new(thing()).create(|_, _| {
        let answered =
            [("host", "a.example.com".into()), ("tags", Value::Null), ("aliases", set([]))];
        Ok(with(&made(), answered))
    });
    let answer = applied(puppet, apply(&Value::Null, &with(&plan(), changes.clone()), &config));
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
    assert_eq!(answer.state, Some(with(&made(), changes)));
}

#[test]
fn a_result_in_another_form_of_the_same_type_is_taken() {
    // "é" as a letter with an accent, which Terraform composes.
    let planned = with(&plan(), [("tags", object([("k", "\u{e9}".into())]))]);
    let puppet = Puppet::new(thing())
        .create(|_, _| Ok(with(&made(), [("tags", object([("k", "e\u{301}".into())]))])));
    let answer = applied(puppet, apply(&Value::Null, &planned, &config()));
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
}

#[test]
fn a_result_of_another_type_is_a_bug_with_a_name() {
    let puppet = Puppet::new(thing())
        .create(|_, _| Ok(with(&made(), [("size", "ten".into()), ("colour", "red".into())])));
    let answer = applied(puppet, create());
    let text = answer.diagnostics.to_string();
    assert!(text.contains("size must be a number, not a string"), "{text}");
    assert!(text.contains("colour is not in the schema"), "{text}");
    assert_eq!(answer.state.unwrap().entry("id"), Some(&"thing-1".into()));
}

#[test]
fn a_promise_about_an_unknown_value_must_be_kept() {
    let promise = Refinement { prefix: Some("thing-".to_owned()), ..Refinement::default() };
    let id = Value::Unknown(Some(Box::new(promise)));
    let request = || apply(&Value::Null, &with(&plan(), [("id", id.clone())]), &config());
    let good = applied(Puppet::new(thing()).create(|_, _| Ok(made())), request());
    assert!(good.diagnostics.is_empty(), "{}", good.diagnostics);
    let puppet = Puppet::new(thing()).create(|_, _| Ok(with(&made(), [("id", "x-1".into())])));
    let text = applied(puppet, request()).diagnostics.to_string();
    assert!(text.contains("id does not keep what the plan promised"), "{text}");
}

#[test]
fn an_object_without_its_identity_is_a_bug() {
    let puppet = Puppet::new(thing())
        .identity(&["id"])
        .create(|_, _| Ok(with(&made(), [("id", Value::Null)])));
    let answer = applied(puppet, create());
    let text = answer.diagnostics.to_string();
    assert!(text.contains("id identifies the object and has no value"), "{text}");
    assert_eq!(answer.identity, None);
}

#[test]
fn private_bytes_are_passed_through_and_can_be_changed() {
    let mut request = update();
    request.private = b"old".to_vec();
    let answer = applied(Puppet::new(thing()).update(|_, _| Ok(made_again())), request);
    assert_eq!(answer.private, b"old");
    let puppet = Puppet::new(thing()).create(|cx, _| {
        cx.set_private(b"new".to_vec());
        Ok(made())
    });
    assert_eq!(applied(puppet, create()).private, b"new");
}

fn made_again() -> Value {
    with(&made(), [("port", 8080.into())])
}

#[test]
fn warnings_come_with_the_result() {
    let puppet = Puppet::new(thing()).create(|cx, _| {
        cx.warn(Diagnostic::warning("Slow", "It took long."));
        Ok(made())
    });
    let answer = applied(puppet, create());
    assert_eq!(answer.diagnostics.to_string(), "Slow: It took long.");
    assert!(!answer.diagnostics.has_errors());
}

#[test]
fn an_error_without_a_reason_is_an_error_all_the_same() {
    let puppet = Puppet::new(thing()).create(|_, _| Err(Diagnostics::new()));
    let answer = applied(puppet, create());
    assert!(answer.diagnostics.has_errors());
}

const TIMES: &[(Operation, Duration)] =
    &[(Operation::Create, Duration::from_secs(60)), (Operation::Delete, Duration::from_secs(90))];

#[test]
fn each_operation_has_its_time() {
    let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
    let puppet = || {
        let (created, deleted, updated) = (seen.clone(), seen.clone(), seen.clone());
        Puppet::new(thing())
            .timeouts(TIMES)
            .create(move |cx, plan| {
                assert!(plan.entry("timeouts").is_none());
                created.lock().unwrap().push(cx.timeout().as_secs());
                Ok(made())
            })
            .update(move |cx, _| {
                updated.lock().unwrap().push(cx.timeout().as_secs());
                Ok(made_again())
            })
            .delete(move |cx, _| {
                deleted.lock().unwrap().push(cx.timeout().as_secs());
                Ok(())
            })
    };
    let times = [("timeouts", object([("create", "5m".into()), ("delete", Value::Null)]))];
    let mut request = create();
    request.planned = with(&request.planned, times.clone());
    let answer = applied(puppet(), request);
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
    assert_eq!(answer.state, Some(with(&made(), times)));
    let mut request = delete();
    request.prior = with(&request.prior, [("timeouts", object([("delete", "7s".into())]))]);
    applied(puppet(), request);
    applied(puppet(), delete());
    applied(puppet(), update());
    assert_eq!(*seen.lock().unwrap(), [300, 7, 90, 20 * 60]);
}

#[test]
fn another_time_to_wait_is_kept_without_an_update() {
    let puppet = Puppet::new(thing()).timeouts(TIMES).update(|_, _| panic!("there is no update"));
    let times = |time: &str| [("timeouts", object([("create", time.into())]))];
    let planned = with(&made(), times("2m"));
    let answer = applied(puppet, apply(&with(&made(), times("1m")), &planned, &config()));
    assert_eq!(answer.state, Some(planned));
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
}

#[test]
fn nothing_is_applied_before_the_provider_is_configured() {
    for (request, state) in [(create(), None), (update(), Some(made())), (delete(), Some(made()))] {
        let answer = block_on(engine(Puppet::new(thing())).apply_resource(request));
        assert_eq!(answer.state, state);
        let text = answer.diagnostics.to_string();
        assert!(text.contains("not configured"), "{text}");
    }
}

#[test]
fn members_of_a_set_are_matched_by_what_they_are() {
    let member = |weight: Value, address: Value| {
        object([("zone", "z".into()), ("weight", weight), ("address", address)])
    };
    let planned = with(
        &plan(),
        [(
            "members",
            set([member(1.into(), Value::unknown()), member(2.into(), Value::unknown())]),
        )],
    );
    let result = |address: &'static str| {
        move |_: &crate::engine::Cx<()>, _: Value| {
            let members = set([member(2.into(), "x".into()), member(1.into(), address.into())]);
            Ok(with(&made(), [("members", members)]))
        }
    };
    let good =
        applied(Puppet::new(thing()).create(result("y")), apply(&Value::Null, &planned, &config()));
    assert!(good.diagnostics.is_empty(), "{}", good.diagnostics);
    let puppet = Puppet::new(thing())
        .create(move |_, _| Ok(with(&made(), [("members", set([member(2.into(), "x".into())]))])));
    let text = applied(puppet, apply(&Value::Null, &planned, &config())).diagnostics.to_string();
    assert!(text.contains("members misses an element that was planned"), "{text}");
}

#[test]
fn write_only_values_of_list_elements_reach_the_provider() {
    use crate::{
        engine::testing::fitted,
        schema::{Attribute, Kind, Nesting, Object, Schema},
        value::Type,
    };
    let user = Object::new(
        "",
        [
            Attribute::new("name", Type::String).required(),
            Attribute::new("password", Type::String).optional().write_only(),
        ],
    );
    let schema =
        Schema::new("", [Attribute::new("users", Kind::Nested(Nesting::List, user)).optional()]);
    let users = |password: Value| list([object([("name", "a".into()), ("password", password)])]);
    let config = fitted(&schema, [("users", users("s3cret".into()))]);
    let planned = fitted(&schema, [("users", users(Value::Null))]);
    let puppet = Puppet::new(schema).create({
        let config = config.clone();
        move |_, plan| {
            assert_eq!(plan, config);
            Ok(plan)
        }
    });
    let answer = applied(puppet, apply(&Value::Null, &planned, &config));
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
    assert_eq!(answer.state, Some(planned));
}
