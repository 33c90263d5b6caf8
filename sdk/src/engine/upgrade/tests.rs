use crate::{
    Diagnostic, Diagnostics,
    engine::{
        Server, UpgradeState,
        testing::{Puppet, THING, a_thing, block_on, engine, object, thing, with},
    },
    schema::Schema,
    value::Value,
};

fn request(version: i64, json: &str) -> UpgradeState {
    UpgradeState { type_name: THING.to_owned(), version, json: Some(json.as_bytes().to_vec()) }
}

fn upgraded(puppet: Puppet, request: UpgradeState) -> (Option<Value>, Diagnostics) {
    block_on(engine(puppet).upgrade_state(request))
}

fn version_2() -> Schema {
    thing().version(2)
}

#[test]
fn a_state_of_the_same_version_loses_old_attributes_and_gains_new_ones() {
    let json = r#"{"id":"1","name":"a","size":12345678901234567890.5,"colour":"red",
        "rules":[{"name":"r","weight":1,"shade":"dark"}]}"#;
    let (state, found) = upgraded(Puppet::new(thing()), request(0, json));
    assert!(found.is_empty(), "{found}");
    let state = state.unwrap();
    assert_eq!(
        state.entry("size").unwrap().as_number().unwrap().to_string(),
        "12345678901234567890.5"
    );
    assert_eq!(state.entry("tags"), Some(&Value::Null));
    assert_eq!(state.entry("colour"), None);
    let rule = state.entry("rules").unwrap().elements().unwrap()[0].clone();
    assert_eq!(rule.entry("note"), Some(&Value::Null));
    assert_eq!(rule.entry("shade"), None);
}

#[test]
fn b6_an_older_state_is_upgraded_by_the_resource() {
    let puppet = Puppet::new(version_2()).upgrade(|from, state| {
        assert_eq!(from, 1);
        let title = state["title"].as_str().unwrap_or_default();
        Ok(object([("id", "1".into()), ("name", title.into()), ("password", "x".into())]))
    });
    let (state, found) = upgraded(puppet, request(1, r#"{"title":"a"}"#));
    assert!(found.is_empty(), "{found}");
    let expected = with(&a_thing([]), [("id", "1".into()), ("name", "a".into())]);
    assert_eq!(state, Some(expected));
}

#[test]
fn times_to_wait_outlive_an_upgrade() {
    use crate::engine::Operation::Create;
    const TIMES: &[(crate::engine::Operation, std::time::Duration)] =
        &[(Create, std::time::Duration::from_secs(60))];
    let puppet =
        Puppet::new(version_2()).timeouts(TIMES).upgrade(|_, _| Ok(object([("id", "1".into())])));
    let json = r#"{"title":"a","timeouts":{"create":"9m"}}"#;
    let (state, _) = upgraded(puppet, request(1, json));
    assert_eq!(state.unwrap().entry("timeouts"), Some(&object([("create", "9m".into())])));
}

#[test]
fn an_upgrade_that_fails_says_why() {
    let puppet = Puppet::new(version_2())
        .upgrade(|_, _| Err(Diagnostic::error("Too old", "Use version 3 first.").into()));
    let (state, found) = upgraded(puppet, request(1, "{}"));
    assert_eq!((state, found.to_string()), (None, "Too old: Use version 3 first.".to_owned()));
    let puppet = Puppet::new(version_2()).upgrade(|_, _| panic!("oh"));
    let (_, found) = upgraded(puppet, request(1, "{}"));
    assert!(found.to_string().contains("panicked while upgrading test_thing"), "{found}");
    let puppet = Puppet::new(version_2()).upgrade(|_, _| Ok(object([("nmae", "a".into())])));
    let (_, found) = upgraded(puppet, request(1, "{}"));
    assert!(found.to_string().contains("nmae is not in the schema"), "{found}");
}

#[test]
fn a_state_of_a_newer_provider_is_refused_with_a_way_out() {
    let (state, found) = upgraded(Puppet::new(version_2()), request(3, "{}"));
    assert_eq!(state, None);
    let text = found.to_string();
    assert!(text.contains("schema version 3") && text.contains("knows up to 2"), "{text}");
}

#[test]
fn states_of_ancient_terraform_are_refused_with_a_way_out() {
    let request = UpgradeState { type_name: THING.to_owned(), version: 0, json: None };
    let (state, found) = upgraded(Puppet::new(thing()), request);
    assert_eq!(state, None);
    assert!(found.to_string().contains("Terraform 0.11"), "{found}");
}

#[test]
fn a_broken_state_is_an_error_at_its_place() {
    for (json, part) in [(r#"{"size":"ten"}"#, "size"), ("{", "JSON"), ("[]", "object")] {
        let (state, found) = upgraded(Puppet::new(thing()), request(0, json));
        assert_eq!(state, None, "{json}");
        assert!(found.to_string().contains(part), "{json}: {found}");
    }
}

#[test]
fn identities_are_read_by_their_schema() {
    let upgrade = |version, json| {
        let puppet = Puppet::new(thing()).identity(&["id"]);
        block_on(engine(puppet).upgrade_identity(request(version, json)))
    };
    let (identity, found) = upgrade(0, r#"{"id":"1"}"#);
    assert!(found.is_empty(), "{found}");
    assert_eq!(identity, Some(object([("id", "1".into())])));
    let (identity, found) = upgrade(1, r#"{"id":"1"}"#);
    assert_eq!(identity, None);
    assert!(found.to_string().contains("newer version of the provider"), "{found}");
}
