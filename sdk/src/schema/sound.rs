//! Whether a schema is one that Terraform accepts.

use std::collections::BTreeSet;

use crate::{
    Diagnostic, Diagnostics,
    schema::{Attribute, Block, Kind, NestedBlock, Nesting, Object, Schema, Validator},
    value::{Path, Type},
};

/// Names that Terraform keeps for itself at the top of a resource or a data
/// source.
const RESERVED: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

/// Names that Terraform keeps for itself at the top of a provider block.
const RESERVED_FOR_PROVIDERS: [&str; 2] = ["alias", "version"];

impl Schema {
    /// Checks the schema of a resource, a data source or an ephemeral resource
    /// by Terraform's rules, which otherwise make the whole provider unusable,
    /// and by what Terraform assumes without checking.
    ///
    /// # Errors
    ///
    /// Every fault, each at its attribute.
    pub fn validate(&self) -> Result<(), Diagnostics> {
        self.validate_with(&RESERVED)
    }

    /// Checks the schema of a provider block.
    ///
    /// # Errors
    ///
    /// Every fault, each at its attribute.
    pub fn validate_as_provider(&self) -> Result<(), Diagnostics> {
        self.validate_with(&RESERVED_FOR_PROVIDERS)
    }

    fn validate_with(&self, reserved: &[&str]) -> Result<(), Diagnostics> {
        let mut faults = Faults::default();
        let names = self.block.attributes.iter().map(|attribute| &attribute.name);
        for name in names.chain(self.block.blocks.iter().map(|block| &block.name)) {
            if reserved.contains(&name.as_str()) {
                faults.add(&name.as_str().into(), "the name is reserved by Terraform");
            }
        }
        if self.version < 0 {
            faults.add(&Path::root(), "the version is negative");
        }
        faults.block(&self.block, &Path::root());
        faults.0.into_result().map(|_| ())
    }
}

/// The faults of a schema.
#[derive(Default)]
struct Faults(Diagnostics);

impl Faults {
    fn add(&mut self, path: &Path, fault: impl Into<String>) {
        self.0.push(Diagnostic::error("Invalid schema", fault).at(path));
    }

    fn block(&mut self, block: &Block, path: &Path) {
        self.names(&block.attributes, &block.blocks, path);
        self.conditions(&block.validators, &block.attributes, path);
        for attribute in &block.attributes {
            self.attribute(attribute, &path.attribute(&attribute.name));
        }
        for nested in &block.blocks {
            self.nested_block(nested, &path.attribute(&nested.name));
        }
    }

    fn object(&mut self, object: &Object, path: &Path) {
        self.names(&object.attributes, &[], path);
        self.conditions(&object.validators, &object.attributes, path);
        for attribute in &object.attributes {
            self.attribute(attribute, &path.attribute(&attribute.name));
        }
    }

    fn names(&mut self, attributes: &[Attribute], blocks: &[NestedBlock], path: &Path) {
        let mut seen = BTreeSet::new();
        let names = attributes.iter().map(|attribute| attribute.name.as_str());
        for name in names.chain(blocks.iter().map(|block| block.name.as_str())) {
            if !is_name(name) {
                self.add(&path.attribute(name), "a name is letters a to z, digits and _");
            }
            if !seen.insert(name) {
                self.add(&path.attribute(name), "the name stands twice");
            }
        }
    }

    fn conditions(
        &mut self,
        validators: &[std::sync::Arc<dyn Validator>],
        attributes: &[Attribute],
        path: &Path,
    ) {
        for name in validators.iter().flat_map(|validator| validator.attributes()) {
            if !attributes.iter().any(|attribute| attribute.name == *name) {
                self.add(path, format!("a condition speaks of {name:?}, which does not exist"));
            }
        }
    }

    fn attribute(&mut self, attribute: &Attribute, path: &Path) {
        let Attribute { required, optional, computed, write_only, .. } = *attribute;
        if !required && !optional && !computed {
            self.add(path, "it must be required, optional or computed");
        }
        if required && optional {
            self.add(path, "it cannot be both required and optional");
        }
        if required && computed {
            self.add(path, "it cannot be both required and computed");
        }
        if write_only && attribute.is_computed() {
            self.add(path, "a write-only attribute can be neither computed nor have a default");
        }
        if attribute.plan.stable && !computed {
            self.add(path, "only a computed attribute can be stable");
        }
        if let Some(default) = &attribute.default {
            if !optional {
                self.add(path, "an attribute with a default must be optional");
            }
            if default.is_null() || !default.is_wholly_known() {
                self.add(path, "a default must be known and not null");
            }
            if let Err(error) = attribute.ty().check(default) {
                self.add(path, format!("the default is not of the attribute's type: {error}"));
            }
        }
        match &attribute.kind {
            Kind::Type(ty) => self.ty(ty, path),
            Kind::Nested(Nesting::Group, _) => {
                self.add(path, "attributes nest as single, list, set or map");
            }
            Kind::Nested(nesting, object) => {
                if *nesting != Nesting::Single {
                    self.elements(&object.ty(), path);
                }
                if *nesting == Nesting::Set && has_write_only(&object.attributes) {
                    self.add(path, "a set cannot hold write-only attributes");
                }
                self.object(object, path);
            }
        }
    }

    fn ty(&mut self, ty: &Type, path: &Path) {
        match ty {
            Type::List(element) | Type::Map(element) | Type::Set(element) => {
                self.elements(element, path);
            }
            Type::Object(types) => types.values().for_each(|ty| self.ty(ty, path)),
            Type::Tuple(types) => types.iter().for_each(|ty| self.ty(ty, path)),
            Type::Bool | Type::Number | Type::String | Type::Dynamic => {}
        }
    }

    /// The elements of a collection are of one type, which dynamic ones are not.
    fn elements(&mut self, element: &Type, path: &Path) {
        if element.has_dynamic() {
            self.add(
                path,
                "the elements of a collection are of one type and have no dynamic parts: make the \
                 attribute dynamic as a whole",
            );
        }
    }

    fn nested_block(&mut self, nested: &NestedBlock, path: &Path) {
        let (min, max) = (nested.min_items, nested.max_items);
        match nested.nesting {
            Nesting::Single if min != max || !(0..=1).contains(&min) => {
                self.add(path, "a single block is there at least and at most 0 or 1 times");
            }
            Nesting::Group | Nesting::Map if (min, max) != (0, 0) => {
                self.add(path, "the number of such blocks cannot be limited");
            }
            Nesting::List | Nesting::Set if min < 0 || max < 0 || (max != 0 && min > max) => {
                self.add(path, "the least number of blocks is above the most");
            }
            _ => {}
        }
        if nested.nesting == Nesting::Set {
            self.elements(&nested.block.ty(), path);
            if block_has_write_only(&nested.block) {
                self.add(path, "a set cannot hold write-only attributes");
            }
        }
        self.block(&nested.block, path);
    }
}

/// Whether `name` begins with a letter or `_` and goes on with those or digits.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn has_write_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.write_only
            || matches!(&attribute.kind, Kind::Nested(_, object) if has_write_only(&object.attributes))
    })
}

fn block_has_write_only(block: &Block) -> bool {
    has_write_only(&block.attributes)
        || block.blocks.iter().any(|nested| block_has_write_only(&nested.block))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{schema::validators, value::Value};

    fn faults(attribute: Attribute) -> String {
        let schema = Schema::new("", [attribute]);
        schema.validate().err().map(|faults| faults.to_string()).unwrap_or_default()
    }

    fn text(name: &str) -> Attribute {
        Attribute::new(name, Type::String)
    }

    fn nested(nesting: Nesting, attribute: Attribute) -> Attribute {
        Attribute::new("n", Kind::Nested(nesting, Object::new("", [attribute]))).optional()
    }

    #[test]
    fn sound_schemas_pass() {
        for attribute in [
            text("a").required(),
            text("a").optional().computed().stable(),
            text("a").optional().default("x"),
            text("a").required().write_only(),
            Attribute::new("a", Type::object([("b", Type::Dynamic)])).optional(),
            nested(Nesting::Map, text("a").optional().write_only()),
            nested(Nesting::Single, Attribute::new("a", Type::Dynamic).computed()),
        ] {
            assert_eq!(faults(attribute), "");
        }
    }

    #[test]
    fn every_fault_is_named_at_its_place() {
        for (attribute, fault) in [
            (text("a"), "(a): it must be required, optional or computed"),
            (text("a").required().optional(), "(a): it cannot be both required and optional"),
            (text("a").required().computed(), "(a): it cannot be both required and computed"),
            (text("a").optional().computed().write_only(), "(a): a write-only attribute"),
            (text("a").optional().default("x").write_only(), "(a): a write-only attribute"),
            (
                text("a").required().default("x"),
                "(a): an attribute with a default must be optional",
            ),
            (text("a").optional().default(1), "(a): the default is not of the attribute's type"),
            (text("a").optional().default(Value::Null), "(a): a default must be known"),
            (text("a").optional().stable(), "(a): only a computed attribute can be stable"),
            (text("A").optional(), "(A): a name is letters a to z"),
            (text("1a").optional(), "(1a): a name is letters a to z"),
            (text("for_each").optional(), "(for_each): the name is reserved"),
            (nested(Nesting::Group, text("a").optional()), "(n): attributes nest as"),
            (nested(Nesting::List, text("a")), "(n.a): it must be required"),
            (
                nested(Nesting::Set, text("a").optional().write_only()),
                "(n): a set cannot hold write-only attributes",
            ),
            (
                nested(Nesting::List, Attribute::new("a", Type::Dynamic).optional()),
                "(n): the elements of a collection are of one type",
            ),
            (
                Attribute::new("a", Type::object([("b", Type::map(Type::Dynamic))])).optional(),
                "(a): the elements of a collection are of one type",
            ),
        ] {
            let found = faults(attribute);
            assert!(found.contains(fault), "{found:?} lacks {fault:?}");
        }
        let twice = Schema::new("", [text("a").optional(), text("a").optional()]);
        assert!(twice.validate().unwrap_err().to_string().contains("(a): the name stands twice"));
    }

    #[test]
    fn reserved_names_depend_on_the_place() {
        let schema = |name| Schema::new("", [text(name).optional()]);
        assert!(schema("alias").validate().is_ok());
        assert!(schema("alias").validate_as_provider().is_err());
        assert!(schema("count").validate_as_provider().is_ok());
        let below = nested(Nesting::Single, text("count").optional());
        assert_eq!(faults(below), "");
    }

    #[test]
    fn conditions_speak_of_attributes_that_exist() {
        let object = Object::new("", [text("a").optional()])
            .validate(validators::exactly_one_of(["a", "b"]));
        let faults = Schema::from(object).validate().unwrap_err().to_string();
        assert!(faults.contains("speaks of \"b\""), "{faults}");
    }

    #[test]
    fn block_limits_are_checked() {
        let check = |nesting, min_items, max_items| {
            let object = Object::new("", [text("a").optional()]);
            let block =
                NestedBlock { min_items, max_items, ..NestedBlock::new("b", nesting, object) };
            Schema::default().block(block).validate().is_ok()
        };
        assert!(check(Nesting::Single, 0, 0) && check(Nesting::Single, 1, 1));
        assert!(!check(Nesting::Single, 0, 1) && !check(Nesting::Single, 2, 2));
        assert!(check(Nesting::List, 1, 0) && check(Nesting::Set, 1, 2));
        assert!(!check(Nesting::List, 2, 1));
        assert!(check(Nesting::Map, 0, 0) && !check(Nesting::Map, 0, 1));
        assert!(!check(Nesting::Group, 1, 1));
    }
}
