//! Terraform's rules for schemas.

use std::collections::BTreeSet;

use crate::{
    engine::{
        conform::conform,
        shape::{View, is_computed, is_configurable},
    },
    schema::{Attribute, Block, Kind, NestedBlock, Nesting, Object, Schema},
    value::{Path, Type},
};

/// Everything that is wrong with a schema.
pub(super) fn check_schema(schema: &Schema) -> Vec<String> {
    let mut check = SchemaCheck { problems: Vec::new() };
    if schema.version < 0 {
        check.problems.push("the schema version must not be negative".to_owned());
    }
    check.block(&schema.block, &Path::root(), false);
    check.problems
}

/// Whether a name is lower_snake_case and starts with a letter.
pub(super) fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

struct SchemaCheck {
    problems: Vec<String>,
}

impl SchemaCheck {
    fn fault(&mut self, path: &Path, problem: &str) {
        self.problems.push(format!("{path} {problem}"));
    }

    fn block(&mut self, block: &Block, path: &Path, in_set: bool) {
        let mut names = BTreeSet::new();
        self.attributes(&block.attributes, path, in_set, &mut names);
        for nested in &block.blocks {
            let path = path.attribute(&nested.name);
            if !names.insert(nested.name.as_str()) {
                self.fault(&path, "is declared twice");
            }
            if !is_identifier(&nested.name) {
                self.fault(&path, "must be lower_snake_case");
            }
            self.items(nested, &path);
            self.block(&nested.block, &path, in_set || nested.nesting == Nesting::Set);
        }
    }

    fn attributes<'a>(
        &mut self,
        attributes: &'a [Attribute],
        path: &Path,
        in_set: bool,
        names: &mut BTreeSet<&'a str>,
    ) {
        for attribute in attributes {
            let path = path.attribute(&attribute.name);
            if !names.insert(attribute.name.as_str()) {
                self.fault(&path, "is declared twice");
            }
            self.attribute(attribute, &path, in_set);
        }
    }

    fn attribute(&mut self, a: &Attribute, path: &Path, in_set: bool) {
        if !is_identifier(&a.name) {
            self.fault(path, "must be lower_snake_case");
        }
        if !is_configurable(a) && !a.computed {
            self.fault(path, "must be required, optional or computed");
        }
        if a.required && (a.optional || is_computed(a)) {
            self.fault(path, "is required and cannot be optional, computed or have a default too");
        }
        if a.write_only && is_computed(a) {
            self.fault(path, "is write-only and cannot be computed or have a default");
        }
        if a.write_only && in_set {
            self.fault(path, "is write-only, which is not possible in a set");
        }
        self.default(a, path);
        match &a.kind {
            Kind::Type(ty) => {
                if in_set && ty.has_dynamic() {
                    self.fault(path, "is dynamic, which is not possible in a set");
                }
                if has_dynamic_elements(ty) {
                    self.fault(
                        path,
                        "is a collection of dynamic values; make it dynamic as a whole",
                    );
                }
            }
            Kind::Nested(nesting, object) => self.nested(*nesting, object, path, in_set),
        }
    }

    fn nested(&mut self, nesting: Nesting, object: &Object, path: &Path, in_set: bool) {
        if nesting == Nesting::Group {
            self.fault(path, "is a group, which only blocks can be");
        }
        let in_set = in_set || nesting == Nesting::Set;
        self.attributes(&object.attributes, path, in_set, &mut BTreeSet::new());
    }

    fn default(&mut self, a: &Attribute, path: &Path) {
        let Some(default) = &a.default else { return };
        if !a.optional {
            self.fault(path, "has a default and must be optional");
        }
        if default.is_null() || !default.is_wholly_known() {
            self.fault(path, "has a default that is null or unknown");
        }
        let mut misfits = Vec::new();
        let fitted = conform(View::of_kind(&a.kind), default.clone(), path, &mut misfits);
        if !misfits.is_empty() || fitted != *default {
            self.fault(path, "has a default of another type");
        }
    }

    fn items(&mut self, nested: &NestedBlock, path: &Path) {
        let (min, max) = (nested.min_items, nested.max_items);
        let fits = match nested.nesting {
            Nesting::Single => min == max && (0..=1).contains(&min),
            Nesting::Group | Nesting::Map => min == 0 && max == 0,
            Nesting::List | Nesting::Set => min >= 0 && max >= 0 && (max == 0 || min <= max),
        };
        if !fits {
            self.fault(path, "has limits on its number that its nesting does not allow");
        }
    }
}

/// Terraform cannot write such types down: elements must be of one type.
fn has_dynamic_elements(ty: &Type) -> bool {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => element.has_dynamic(),
        Type::Object(attributes) => attributes.values().any(has_dynamic_elements),
        Type::Tuple(elements) => elements.iter().any(has_dynamic_elements),
        _ => false,
    }
}
