//! What the fake provider offers.

use tfsdk::{
    engine::{IdentityAttribute, IdentitySchema, Parameter, Schemas, Signature},
    schema::{Attribute, Block, Kind, NestedBlock, Nesting, Object, PlanRule, Schema},
    value::{Type, Value},
};

/// How an attribute is set.
#[derive(Clone, Copy)]
enum Use {
    Required,
    Optional,
    Computed,
}

/// Every schema.
pub(crate) fn schemas() -> Schemas {
    Schemas {
        provider: schema(
            "The provider.",
            vec![
                text("journal", Use::Optional),
                Attribute { sensitive: true, ..text("secret", Use::Optional) },
            ],
        ),
        resources: [("fake_thing".to_owned(), thing())].into(),
        identities: [("fake_thing".to_owned(), thing_identity())].into(),
        data_sources: [(
            "fake_thing".to_owned(),
            schema(
                "Reads a thing.",
                vec![text("name", Use::Required), text("shout", Use::Computed)],
            ),
        )]
        .into(),
        ephemeral: [(
            "fake_token".to_owned(),
            schema(
                "Opens a token.",
                vec![text("name", Use::Required), text("token", Use::Computed)],
            ),
        )]
        .into(),
        functions: [("join".to_owned(), join())].into(),
    }
}

fn thing() -> Schema {
    let rule = Object {
        attributes: vec![
            attribute("port", Kind::Type(Type::Number), Use::Required),
            Attribute { default: Some(Value::from("none")), ..text("note", Use::Optional) },
        ],
        description: "A rule.".to_owned(),
        ..Object::default()
    };
    let mut schema = schema(
        "A thing.",
        vec![
            text("name", Use::Required),
            text("id", Use::Computed),
            text("payload", Use::Optional),
            attribute("delay_ms", Kind::Type(Type::Number), Use::Optional),
            text("behave", Use::Optional),
            attribute("tags", Kind::Type(Type::set(Type::String)), Use::Optional),
            attribute("anything", Kind::Type(Type::Dynamic), Use::Optional),
            attribute("rules", Kind::Nested(Nesting::List, rule), Use::Optional),
            Attribute { write_only: true, ..text("secret_wo", Use::Optional) },
        ],
    );
    schema.version = 3;
    schema.block.blocks = vec![NestedBlock {
        name: "limit".to_owned(),
        nesting: Nesting::List,
        block: Block {
            attributes: vec![attribute("most", Kind::Type(Type::Number), Use::Required)],
            ..Block::default()
        },
        min_items: 0,
        max_items: 2,
    }];
    schema
}

fn thing_identity() -> IdentitySchema {
    let id = IdentityAttribute {
        name: "id".to_owned(),
        ty: Type::String,
        required_for_import: true,
        description: "The id.".to_owned(),
    };
    IdentitySchema { version: 1, attributes: vec![id] }
}

fn join() -> Signature {
    let parameter = |name: &str| Parameter {
        name: name.to_owned(),
        ty: Type::String,
        description: String::new(),
        allow_null: false,
        allow_unknown: false,
    };
    Signature {
        summary: "Joins texts.".to_owned(),
        description: "Joins texts with a separator.".to_owned(),
        parameters: vec![parameter("separator")],
        variadic: Some(parameter("texts")),
        result: Type::String,
        deprecation: None,
    }
}

fn schema(description: &str, attributes: Vec<Attribute>) -> Schema {
    let block = Block { attributes, description: description.to_owned(), ..Block::default() };
    Schema { version: 0, block }
}

fn text(name: &str, how: Use) -> Attribute {
    attribute(name, Kind::Type(Type::String), how)
}

fn attribute(name: &str, kind: Kind, how: Use) -> Attribute {
    Attribute {
        name: name.to_owned(),
        kind,
        description: format!("The {name}."),
        required: matches!(how, Use::Required),
        optional: matches!(how, Use::Optional),
        computed: matches!(how, Use::Computed),
        sensitive: false,
        write_only: false,
        deprecation: None,
        default: None,
        validators: Vec::new(),
        plan: PlanRule::default(),
        inside: None,
    }
}
