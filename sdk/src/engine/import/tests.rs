use crate::{
    Diagnostic,
    engine::{
        ImportBy, ImportResource, ImportResponse, MoveSource, Server,
        testing::{
            CLIENT, Puppet, THING, a_thing, block_on, configured, engine, object, thing, with,
        },
    },
    value::Value,
};

fn imported(puppet: Puppet, by: ImportBy) -> ImportResponse {
    let request = ImportResource { type_name: THING.to_owned(), by, client: CLIENT };
    block_on(async { configured(puppet).await.import_resource(request).await })
}

fn by_id(id: &str) -> ImportBy {
    ImportBy::Id(id.to_owned())
}

fn puppet() -> Puppet {
    Puppet::new(thing()).identity(&["id", "name"])
}

#[test]
fn an_id_gives_what_a_read_needs() {
    let answer = imported(puppet(), by_id("thing-1"));
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
    assert_eq!(answer.state, Some(a_thing([("id", "thing-1".into())])));
    // The name is not known before the object is read.
    assert_eq!(answer.identity, None);
}

#[test]
fn a_wrong_id_is_explained() {
    let puppet = puppet().import(|_, id| {
        Err(Diagnostic::error("Invalid id", format!("{id:?} is not of the form x#y.")).into())
    });
    let answer = imported(puppet, by_id("thing"));
    assert_eq!(answer.state, None);
    assert_eq!(answer.diagnostics.to_string(), "Invalid id: \"thing\" is not of the form x#y.");
}

#[test]
fn an_identity_gives_the_attributes_that_it_names() {
    let identity = object([("id", "thing-1".into()), ("name", "a".into())]);
    let answer = imported(puppet(), ImportBy::Identity(identity.clone()));
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
    assert_eq!(answer.state, Some(a_thing([("id", "thing-1".into()), ("name", "a".into())])));
    assert_eq!(answer.identity, Some(identity));
}

#[test]
fn an_incomplete_identity_is_refused_by_name() {
    let identity = object([("id", "thing-1".into()), ("name", Value::Null)]);
    let text = imported(puppet(), ImportBy::Identity(identity)).diagnostics.to_string();
    assert!(text.contains("The identity lacks name"), "{text}");
    let none = imported(Puppet::new(thing()), ImportBy::Identity(object::<0>([])));
    let text = none.diagnostics.to_string();
    assert!(text.contains("has no identity"), "{text}");
}

#[test]
fn an_invalid_import_is_a_bug_with_a_name() {
    let puppet = puppet().import(|_, _| Ok(object([("id", 7.into()), ("etag", Value::unknown())])));
    let answer = imported(puppet, by_id("x"));
    assert_eq!(answer.state, None);
    let text = answer.diagnostics.to_string();
    assert!(text.contains("id must be a string") && text.contains("etag has no known"), "{text}");
}

fn source() -> MoveSource {
    MoveSource {
        provider: "registry.terraform.io/hashicorp/null".to_owned(),
        type_name: "null_resource".to_owned(),
        schema_version: 0,
        state: serde_json::json!({ "id": "1" }),
    }
}

#[test]
fn a_state_of_another_type_is_taken_over() {
    let puppet = Puppet::new(thing()).identity(&["id"]).moved_from(|source| {
        assert_eq!(source.type_name, "null_resource");
        let id = source.state["id"].as_str().unwrap();
        Ok(Some(object([("id", id.into()), ("password", "never stored".into())])))
    });
    let answer = block_on(engine(puppet).move_resource(THING.to_owned(), source()));
    assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
    assert_eq!(answer.state, Some(with(&a_thing([]), [("id", "1".into())])));
    assert_eq!(answer.identity, Some(object([("id", "1".into())])));
}

#[test]
fn a_state_that_cannot_be_taken_over_is_refused_with_a_way_out() {
    let answer = block_on(engine(Puppet::new(thing())).move_resource(THING.to_owned(), source()));
    assert_eq!(answer.state, None);
    let text = answer.diagnostics.to_string();
    assert!(text.contains("null_resource") && text.contains("import"), "{text}");
}
