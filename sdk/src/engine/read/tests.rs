use crate::{
    Diagnostic,
    engine::{
        ReadResponse, Server,
        testing::{Puppet, a_thing, block_on, configured, engine, object, read, set, thing, with},
    },
    value::Value,
};

fn refreshed(state: &Value, found: Value) -> ReadResponse {
    let puppet = Puppet::new(thing()).identity(&["id"]).read(move |_, _| Ok(Some(found.clone())));
    block_on(async { configured(puppet).await.read_resource(read(state)).await })
}

fn state() -> Value {
    a_thing([("id", "thing-1".into()), ("name", "a".into()), ("port", 80.into())])
}

#[test]
fn drift_is_read() {
    let found = with(&state(), [("port", 81.into())]);
    let answer = refreshed(&state(), found.clone());
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
    assert_eq!(answer.state, Some(found));
    assert_eq!(answer.identity, Some(object([("id", "thing-1".into())])));
}

#[test]
fn an_object_that_is_gone_is_null() {
    let puppet = Puppet::new(thing()).read(|_, _| Ok(None));
    let answer = block_on(async { configured(puppet).await.read_resource(read(&state())).await });
    assert_eq!(answer.state, Some(Value::Null));
    assert!(answer.diagnostics.is_empty());
}

#[test]
fn an_error_is_never_taken_for_absence() {
    let puppet =
        Puppet::new(thing()).read(|_, _| Err(Diagnostic::error("Denied", "Ask for it.").into()));
    let answer = block_on(async { configured(puppet).await.read_resource(read(&state())).await });
    assert_eq!(answer.state, None);
    assert!(answer.diagnostics.has_errors());
    let puppet = Puppet::new(thing()).read(|_, _| panic!("oh"));
    let answer = block_on(async { configured(puppet).await.read_resource(read(&state())).await });
    assert_eq!(answer.state, None);
    let text = answer.diagnostics.to_string();
    assert!(text.contains("panicked while reading test_thing"), "{text}");
}

#[test]
fn the_spelling_of_the_state_stays_where_it_means_the_same() {
    let known = with(&state(), [("host", "A.example.com".into())]);
    let found = with(&state(), [("host", "a.EXAMPLE.com".into())]);
    assert_eq!(refreshed(&known, found).state, Some(known.clone()));
    let found = with(&state(), [("host", "b.example.com".into())]);
    assert_eq!(refreshed(&known, found.clone()).state, Some(found));
}

#[test]
fn absent_and_empty_are_the_same_where_a_configuration_may_set_them() {
    let absent = [("tags", Value::Null), ("aliases", Value::Null), ("host", Value::Null)];
    let empty = [("tags", object::<0>([])), ("aliases", set([])), ("host", "".into())];
    let (absent, empty) = (with(&state(), absent), with(&state(), empty));
    assert_eq!(refreshed(&absent, empty.clone()).state, Some(absent.clone()));
    assert_eq!(refreshed(&empty, absent).state, Some(empty));
    // What only the provider sets is as the provider says.
    let found = with(&state(), [("etag", "".into())]);
    assert_eq!(refreshed(&state(), found.clone()).state, Some(found));
}

#[test]
fn a_secret_that_is_not_shown_stays() {
    let known = with(&state(), [("secret", "s3cret".into())]);
    assert_eq!(refreshed(&known, state()).state, Some(known.clone()));
    let changed = with(&state(), [("secret", "other".into())]);
    assert_eq!(refreshed(&known, changed.clone()).state, Some(changed));
}

#[test]
fn members_of_sets_keep_their_spelling_whatever_their_order() {
    use crate::{
        engine::testing::{dice::same_letters, fitted},
        schema::{Attribute, Kind, Nesting, Object, Schema},
        value::Type,
    };
    let member = Object::new(
        "",
        [
            Attribute::new("host", Type::String).required().equivalent(same_letters),
            Attribute::new("note", Type::String).optional(),
        ],
    );
    let schema =
        Schema::new("", [Attribute::new("members", Kind::Nested(Nesting::Set, member)).optional()]);
    let members = |hosts: [(&str, Value); 2]| {
        let one = |(host, note): (&str, Value)| object([("host", host.into()), ("note", note)]);
        fitted(&schema, [("members", set(hosts.map(one)))])
    };
    let known = members([("A", Value::Null), ("B", "x".into())]);
    let found = members([("b", "x".into()), ("a", "".into())]);
    let puppet = Puppet::new(schema.clone()).read(move |_, _| Ok(Some(found.clone())));
    let answer = block_on(async { configured(puppet).await.read_resource(read(&known)).await });
    assert_eq!(answer.state, Some(known));
}

#[test]
fn write_only_values_are_never_stored() {
    let found = with(&state(), [("password", "s3cret".into())]);
    assert_eq!(refreshed(&state(), found).state, Some(state()));
}

#[test]
fn an_unknown_value_is_a_bug_with_a_name() {
    let answer = refreshed(&state(), with(&state(), [("etag", Value::unknown())]));
    assert_eq!(answer.state, None);
    let text = answer.diagnostics.to_string();
    assert!(text.contains("test_thing: etag has no known value"), "{text}");
}

#[test]
fn an_object_with_another_identity_is_another_object() {
    let answer = refreshed(&state(), with(&state(), [("id", "thing-2".into())]));
    assert_eq!(answer.state, None);
    let text = answer.diagnostics.to_string();
    assert!(text.contains("id identifies the object and must not change"), "{text}");
}

#[test]
fn private_bytes_and_times_to_wait_stay() {
    use crate::engine::Operation::Create;
    const TIMES: &[(crate::engine::Operation, std::time::Duration)] =
        &[(Create, std::time::Duration::from_secs(60))];
    let known = with(&state(), [("timeouts", object([("create", "9m".into())]))]);
    let puppet = Puppet::new(thing()).timeouts(TIMES).read(|_, state| {
        assert!(state.entry("timeouts").is_none());
        Ok(Some(state))
    });
    let mut request = read(&known);
    request.private = b"kept".to_vec();
    let answer = block_on(async { configured(puppet).await.read_resource(request).await });
    assert_eq!(answer.state, Some(known));
    assert_eq!(answer.private, b"kept");
}

#[test]
fn nothing_is_read_before_the_provider_is_configured() {
    let answer = block_on(engine(Puppet::new(thing())).read_resource(read(&state())));
    assert_eq!(answer.state, None);
    let text = answer.diagnostics.to_string();
    assert!(text.contains("asked for reading test_thing before"), "{text}");
}
