use std::{sync::Arc, time::Duration};

use crate::{
    engine::{
        Engine, Operation, Registry,
        testing::{Puppet, TestProvider, Volumes, thing},
    },
    schema::{Attribute, Kind, NestedBlock, Nesting, Object, Schema},
    value::Type,
};

fn problems(puppet: Puppet) -> String {
    let mut registry = Registry::new();
    registry.resources.push(Arc::new(puppet));
    match Engine::new(TestProvider::new(registry)) {
        Ok(_) => String::new(),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn a_sound_provider_has_no_problems() {
    assert_eq!(problems(Puppet::new(thing()).identity(&["id", "size"])), "");
    let Ok(engine) = Engine::new(TestProvider::new(Registry::new().resource(Volumes))) else {
        panic!("the provider is sound");
    };
    assert!(engine.check().is_empty());
}

#[test]
fn problems_of_schemas_name_type_and_attribute() {
    let schema = Schema::new(
        "",
        [
            Attribute::new("count", Type::Number).optional(),
            Attribute::new("both", Type::Number).required().computed(),
        ],
    );
    let text = problems(Puppet::new(schema));
    assert!(text.contains("test_thing: count: "), "{text}");
    assert!(text.contains("test_thing: both: "), "{text}");
}

#[test]
fn blocks_that_repeat_hold_nothing_dynamic() {
    let object = Object::new("", [Attribute::new("any", Type::Dynamic).optional()]);
    let block = NestedBlock::new("part", Nesting::List, object);
    let text = problems(Puppet::new(Schema::default().block(block)));
    assert!(text.contains("part: blocks that repeat cannot hold dynamic"), "{text}");
}

#[test]
fn an_identity_is_made_of_plain_attributes_that_exist() {
    let text = problems(Puppet::new(thing()).identity(&["id", "nmae"]));
    assert!(text.contains("test_thing: the identity attribute nmae does not exist"), "{text}");
    let text = problems(Puppet::new(thing()).identity(&["rules", "tags"]));
    assert!(text.contains("rules must be") && text.contains("tags must be"), "{text}");
    let text = problems(Puppet::new(thing()).identity(&["secret", "password"]));
    assert!(text.contains("secret must not") && text.contains("password must not"), "{text}");
}

#[test]
fn a_model_does_not_bring_timeouts_of_its_own() {
    const TIMES: &[(Operation, Duration)] = &[(Operation::Create, Duration::from_secs(1))];
    let kind = Kind::Nested(Nesting::Single, Object::new("", []));
    let schema = Schema::new("", [Attribute::new("timeouts", kind).optional()]);
    let text = problems(Puppet::new(schema).timeouts(TIMES));
    assert!(text.contains("timeouts is added by itself"), "{text}");
}
