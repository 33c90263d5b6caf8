//! The types that schemas imply: what crosses the wire.

use std::collections::BTreeMap;

use crate::{
    schema::{Attribute, Block, Kind, NestedBlock, Nesting, Object, Schema},
    value::Type,
};

impl Schema {
    /// The type of the object's configuration, plan and state.
    pub fn ty(&self) -> Type {
        self.block.ty()
    }
}

impl Block {
    /// The object type of the attributes and nested blocks.
    pub fn ty(&self) -> Type {
        let mut types = attribute_types(&self.attributes);
        types.extend(self.blocks.iter().map(|block| (block.name.clone(), block.ty())));
        Type::Object(types)
    }
}

impl Object {
    /// The object type of the attributes.
    pub fn ty(&self) -> Type {
        Type::Object(attribute_types(&self.attributes))
    }
}

impl Attribute {
    /// The type of the attribute's value.
    pub fn ty(&self) -> Type {
        self.kind.ty()
    }
}

impl Kind {
    /// The type, or the one that the nested attributes imply.
    pub fn ty(&self) -> Type {
        match self {
            Self::Type(ty) => ty.clone(),
            Self::Nested(nesting, object) => nested(*nesting, object.ty()),
        }
    }
}

impl NestedBlock {
    /// The type of the blocks together. Blocks with an attribute of type
    /// `dynamic` may differ in type, so that a list or a map of them is
    /// `dynamic` as a whole.
    pub fn ty(&self) -> Type {
        let ty = self.block.ty();
        match self.nesting {
            Nesting::List | Nesting::Map if ty.has_dynamic() => Type::Dynamic,
            nesting => nested(nesting, ty),
        }
    }
}

fn attribute_types(attributes: &[Attribute]) -> BTreeMap<String, Type> {
    attributes.iter().map(|attribute| (attribute.name.clone(), attribute.ty())).collect()
}

fn nested(nesting: Nesting, object: Type) -> Type {
    match nesting {
        Nesting::Single | Nesting::Group => object,
        Nesting::List => Type::list(object),
        Nesting::Set => Type::set(object),
        Nesting::Map => Type::map(object),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_makes_the_type() {
        let inner = || Object::new("", [Attribute::new("a", Type::Bool).optional()]);
        let attribute =
            |name: &str, nesting| Attribute::new(name, Kind::Nested(nesting, inner())).optional();
        let schema = Schema::new(
            "",
            [
                attribute("one", Nesting::Single),
                attribute("l", Nesting::List),
                attribute("m", Nesting::Map),
                attribute("s", Nesting::Set),
            ],
        )
        .block(NestedBlock::new("g", Nesting::Group, inner()));
        assert_eq!(
            schema.ty().to_string(),
            "object({ g = object({ a = bool }), l = list(object({ a = bool })), \
             m = map(object({ a = bool })), one = object({ a = bool }), \
             s = set(object({ a = bool })) })"
        );
    }

    #[test]
    fn blocks_of_different_types_are_dynamic() {
        let object = || Object::new("", [Attribute::new("a", Type::Dynamic).optional()]);
        let ty = |nesting| NestedBlock::new("b", nesting, object()).ty();
        assert_eq!(ty(Nesting::List), Type::Dynamic);
        assert_eq!(ty(Nesting::Map), Type::Dynamic);
        assert_eq!(ty(Nesting::Single), Type::object([("a", Type::Dynamic)]));
        let attribute = Attribute::new("b", Kind::Nested(Nesting::List, object()));
        assert_eq!(attribute.ty(), Type::list(Type::object([("a", Type::Dynamic)])));
    }
}
