//! Schemas and signatures, in an order that does not depend on how they were
//! made.

use crate::{
    engine::{IdentitySchema, Parameter, Signature},
    plugin::wire::tfplugin6::{self as wire, StringKind},
    schema::{Attribute, Block, Kind, NestedBlock, Nesting, Object, Schema},
    value::Type,
};

/// A schema.
pub(crate) fn schema(schema: &Schema) -> wire::Schema {
    wire::Schema { version: schema.version, block: Some(block(&schema.block)) }
}

fn block(content: &Block) -> wire::schema::Block {
    let mut block_types: Vec<_> = content.blocks.iter().map(nested_block).collect();
    block_types.sort_by(|a, b| a.type_name.cmp(&b.type_name));
    wire::schema::Block {
        attributes: attributes(&content.attributes),
        block_types,
        description: content.description.clone(),
        description_kind: StringKind::Markdown.into(),
        deprecated: content.deprecation.is_some(),
        deprecation_message: content.deprecation.clone().unwrap_or_default(),
        ..Default::default()
    }
}

fn nested_block(nested: &NestedBlock) -> wire::schema::NestedBlock {
    use wire::schema::nested_block::NestingMode;
    let nesting = match nested.nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
        Nesting::Group => NestingMode::Group,
    };
    wire::schema::NestedBlock {
        type_name: nested.name.clone(),
        block: Some(block(&nested.block)),
        nesting: nesting.into(),
        min_items: nested.min_items,
        max_items: nested.max_items,
    }
}

fn attributes(attributes: &[Attribute]) -> Vec<wire::schema::Attribute> {
    let mut attributes: Vec<_> = attributes.iter().map(attribute).collect();
    attributes.sort_by(|a, b| a.name.cmp(&b.name));
    attributes
}

/// Terraform refuses a whole provider for an attribute that has both a type
/// and nested attributes.
fn attribute(attribute: &Attribute) -> wire::schema::Attribute {
    let (ty, nested_type) = match &attribute.kind {
        Kind::Type(ty) => (type_json(ty), None),
        Kind::Nested(nesting, content) => (Default::default(), Some(object(*nesting, content))),
    };
    let description = match &attribute.kind {
        Kind::Nested(_, object) if attribute.description.is_empty() => &object.description,
        _ => &attribute.description,
    };
    let has_default = attribute.default.is_some();
    wire::schema::Attribute {
        name: attribute.name.clone(),
        r#type: ty,
        nested_type,
        description: description.clone(),
        description_kind: StringKind::Markdown.into(),
        required: attribute.required,
        optional: attribute.optional || has_default,
        computed: attribute.computed || has_default,
        sensitive: attribute.sensitive,
        write_only: attribute.write_only,
        deprecated: attribute.deprecation.is_some(),
        deprecation_message: attribute.deprecation.clone().unwrap_or_default(),
    }
}

fn object(nesting: Nesting, object: &Object) -> wire::schema::Object {
    use wire::schema::object::NestingMode;
    let nesting = match nesting {
        // Only a block can stand where it is not written.
        Nesting::Single | Nesting::Group => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    wire::schema::Object {
        attributes: attributes(&object.attributes),
        nesting: nesting.into(),
        ..Default::default()
    }
}

/// An identity's schema.
pub(crate) fn identity_schema(schema: &IdentitySchema) -> wire::ResourceIdentitySchema {
    use wire::resource_identity_schema::IdentityAttribute;
    let attributes = schema.attributes.iter().map(|attribute| IdentityAttribute {
        name: attribute.name.clone(),
        r#type: type_json(&attribute.ty),
        required_for_import: attribute.required_for_import,
        optional_for_import: !attribute.required_for_import,
        description: attribute.description.clone(),
    });
    wire::ResourceIdentitySchema {
        version: schema.version,
        identity_attributes: attributes.collect(),
    }
}

/// A function's signature.
pub(crate) fn function(signature: &Signature) -> wire::Function {
    wire::Function {
        parameters: signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: signature.variadic.as_ref().map(parameter),
        r#return: Some(wire::function::Return { r#type: type_json(&signature.result) }),
        summary: signature.summary.clone(),
        description: signature.description.clone(),
        description_kind: StringKind::Markdown.into(),
        deprecation_message: signature.deprecation.clone().unwrap_or_default(),
    }
}

fn parameter(parameter: &Parameter) -> wire::function::Parameter {
    wire::function::Parameter {
        name: parameter.name.clone(),
        r#type: type_json(&parameter.ty),
        allow_null_value: parameter.allow_null,
        allow_unknown_values: parameter.allow_unknown,
        description: parameter.description.clone(),
        description_kind: StringKind::Markdown.into(),
    }
}

fn type_json(ty: &Type) -> bytes::Bytes {
    ty.to_json().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{schema::PlanRule, value::Value};

    fn leaf(name: &str) -> Attribute {
        Attribute {
            name: name.to_owned(),
            kind: Kind::Type(Type::String),
            description: String::new(),
            required: false,
            optional: true,
            computed: false,
            sensitive: false,
            write_only: false,
            deprecation: None,
            default: None,
            validators: Vec::new(),
            plan: PlanRule::default(),
            inside: None,
        }
    }

    #[test]
    fn an_attribute_has_a_type_or_nested_attributes_never_both() {
        let plain = attribute(&leaf("a"));
        assert_eq!((&plain.r#type[..], &plain.nested_type), (&b"\"string\""[..], &None));
        let inner = Object::new("Inner.", [leaf("x")]);
        let nested = attribute(&Attribute { kind: Kind::Nested(Nesting::Set, inner), ..leaf("n") });
        assert!(nested.r#type.is_empty());
        assert_eq!(nested.description, "Inner.");
        let object = nested.nested_type.unwrap();
        assert_eq!(object.nesting(), wire::schema::object::NestingMode::Set);
        assert_eq!(object.attributes[0].name, "x");
    }

    #[test]
    fn a_default_makes_an_attribute_computed() {
        let with = attribute(&Attribute { default: Some(Value::from("x")), ..leaf("a") });
        assert!(with.optional && with.computed && !with.required);
        let without = attribute(&leaf("a"));
        assert!(without.optional && !without.computed);
    }

    #[test]
    fn the_order_is_by_name() {
        let content = Block {
            attributes: ["b", "c", "a"].map(leaf).into(),
            blocks: ["z", "y"]
                .map(|name| NestedBlock {
                    name: name.to_owned(),
                    nesting: Nesting::List,
                    block: Block::default(),
                    min_items: 0,
                    max_items: 0,
                })
                .into(),
            ..Block::default()
        };
        let block = block(&content);
        let names: Vec<_> = block.attributes.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let names: Vec<_> = block.block_types.iter().map(|b| b.type_name.as_str()).collect();
        assert_eq!(names, ["y", "z"]);
        assert_eq!(block.block_types[0].max_items, 0);
    }

    #[test]
    fn deprecation_is_said_twice() {
        let old = attribute(&Attribute { deprecation: Some("Use b.".to_owned()), ..leaf("a") });
        assert!(old.deprecated);
        assert_eq!(old.deprecation_message, "Use b.");
    }
}
