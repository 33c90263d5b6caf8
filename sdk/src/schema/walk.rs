//! Values along their schema.

use std::sync::Arc;

use crate::{
    schema::{Attribute, Block, Kind, NestedBlock, Nesting, Object, Schema, Validator},
    value::{Path, Step, Value},
};

/// What a schema says of a part of a value.
#[derive(Clone, Copy, Debug)]
pub enum Part<'s> {
    /// It is the value of this attribute.
    Attribute(&'s Attribute),
    /// It is all blocks of this name together.
    Block(&'s NestedBlock),
    /// It is an object: the whole, one that is nested in an attribute, or one
    /// block. These conditions are on it.
    Object(&'s [Arc<dyn Validator>]),
}

/// A visitor of parts that it may change.
type Change<'f, 's> = &'f mut dyn FnMut(Part<'s>, &Path, &mut Value);

impl Schema {
    /// Visits each part of `value` that the schema describes, an object before
    /// its attributes, an attribute before those nested in it. Nothing within
    /// null or unknown values is visited; they are themselves.
    pub fn walk<'s>(&'s self, value: &Value, visit: &mut dyn FnMut(Part<'s>, &Path, &Value)) {
        self.block.walk(value, &Path::root(), visit);
    }

    /// As [`walk`](Self::walk), with leave to change each part before what is
    /// within it is visited. Attributes that a value lacks are added as null.
    pub fn walk_mut<'s>(&'s self, value: &mut Value, visit: Change<'_, 's>) {
        self.block.walk_mut(value, &Path::root(), visit);
    }

    /// The innermost attribute at `path`; `None` where there is none.
    pub fn attribute_at(&self, path: &Path) -> Option<&Attribute> {
        self.attributes_at(path).last().copied()
    }

    /// Whether the part at `path`, or something that it is part of, must not
    /// be shown.
    pub fn is_sensitive_at(&self, path: &Path) -> bool {
        self.attributes_at(path).iter().any(|attribute| attribute.sensitive)
    }

    /// The attributes on the way to `path`, outermost first.
    fn attributes_at(&self, path: &Path) -> Vec<&Attribute> {
        let mut found = Vec::new();
        let (mut attributes, mut blocks) = (&self.block.attributes, self.block.blocks.as_slice());
        for step in path.steps() {
            // Steps into the elements of a collection stay at its attribute.
            let Step::Attribute(name) = step else { continue };
            if let Some(block) = blocks.iter().find(|block| block.name == *name) {
                (attributes, blocks) = (&block.block.attributes, &block.block.blocks);
                continue;
            }
            let Some(attribute) = attributes.iter().find(|attribute| attribute.name == *name)
            else {
                break;
            };
            found.push(attribute);
            match &attribute.kind {
                Kind::Nested(_, object) => (attributes, blocks) = (&object.attributes, &[]),
                Kind::Type(_) => break,
            }
        }
        found
    }
}

impl Block {
    /// See [`Schema::walk`]; `path` is where `value` is.
    pub fn walk<'s>(
        &'s self,
        value: &Value,
        path: &Path,
        visit: &mut dyn FnMut(Part<'s>, &Path, &Value),
    ) {
        visit(Part::Object(&self.validators), path, value);
        walk_attributes(&self.attributes, value, path, visit);
        for block in &self.blocks {
            let path = path.attribute(&block.name);
            let value = value.entry(&block.name).unwrap_or(&Value::Null);
            visit(Part::Block(block), &path, value);
            for (path, value) in objects(block.nesting, value, &path) {
                block.block.walk(value, &path, visit);
            }
        }
    }

    /// See [`Schema::walk_mut`]; `path` is where `value` is.
    pub fn walk_mut<'s>(&'s self, value: &mut Value, path: &Path, visit: Change<'_, 's>) {
        visit(Part::Object(&self.validators), path, value);
        walk_attributes_mut(&self.attributes, value, path, visit);
        let Value::Map(entries) = value else { return };
        for block in &self.blocks {
            let path = path.attribute(&block.name);
            let value = entries.entry(block.name.clone()).or_default();
            visit(Part::Block(block), &path, value);
            for (path, value) in objects_mut(block.nesting, value, &path) {
                block.block.walk_mut(value, &path, visit);
            }
        }
    }
}

impl Object {
    fn walk<'s>(
        &'s self,
        value: &Value,
        path: &Path,
        visit: &mut dyn FnMut(Part<'s>, &Path, &Value),
    ) {
        visit(Part::Object(&self.validators), path, value);
        walk_attributes(&self.attributes, value, path, visit);
    }

    fn walk_mut<'s>(&'s self, value: &mut Value, path: &Path, visit: Change<'_, 's>) {
        visit(Part::Object(&self.validators), path, value);
        walk_attributes_mut(&self.attributes, value, path, visit);
    }
}

fn walk_attributes<'s>(
    attributes: &'s [Attribute],
    value: &Value,
    path: &Path,
    visit: &mut dyn FnMut(Part<'s>, &Path, &Value),
) {
    if !matches!(value, Value::Map(_)) {
        return;
    }
    for attribute in attributes {
        let path = path.attribute(&attribute.name);
        let value = value.entry(&attribute.name).unwrap_or(&Value::Null);
        visit(Part::Attribute(attribute), &path, value);
        if let Kind::Nested(nesting, object) = &attribute.kind {
            for (path, value) in objects(*nesting, value, &path) {
                object.walk(value, &path, visit);
            }
        }
    }
}

fn walk_attributes_mut<'s>(
    attributes: &'s [Attribute],
    value: &mut Value,
    path: &Path,
    visit: Change<'_, 's>,
) {
    let Value::Map(entries) = value else { return };
    for attribute in attributes {
        let path = path.attribute(&attribute.name);
        let value = entries.entry(attribute.name.clone()).or_default();
        visit(Part::Attribute(attribute), &path, value);
        if let Kind::Nested(nesting, object) = &attribute.kind {
            for (path, value) in objects_mut(*nesting, value, &path) {
                object.walk_mut(value, &path, visit);
            }
        }
    }
}

/// The objects that are nested in `value`, each with its path. Null and unknown
/// ones are left out.
fn objects<'v>(nesting: Nesting, value: &'v Value, path: &Path) -> Vec<(Path, &'v Value)> {
    let mut found: Vec<(Path, &Value)> = match (nesting, value.content()) {
        (Nesting::Single | Nesting::Group, value) => vec![(path.clone(), value)],
        (_, Value::List(items)) => {
            items.iter().enumerate().map(|(i, item)| (path.index(i), item)).collect()
        }
        (_, Value::Set(items)) => {
            items.iter().map(|item| (path.element(item.clone()), item)).collect()
        }
        (_, Value::Map(entries)) => {
            entries.iter().map(|(key, item)| (path.key(key), item)).collect()
        }
        _ => Vec::new(),
    };
    found.retain(|(_, value)| !value.is_null() && !value.is_unknown());
    found
}

fn objects_mut<'v>(
    nesting: Nesting,
    value: &'v mut Value,
    path: &Path,
) -> Vec<(Path, &'v mut Value)> {
    let mut found: Vec<(Path, &mut Value)> = match (nesting, value) {
        (Nesting::Single | Nesting::Group, value) => vec![(path.clone(), value)],
        (_, Value::List(items)) => {
            items.iter_mut().enumerate().map(|(i, item)| (path.index(i), item)).collect()
        }
        (_, Value::Set(items)) => {
            items.iter_mut().map(|item| (path.element(item.clone()), item)).collect()
        }
        (_, Value::Map(entries)) => {
            entries.iter_mut().map(|(key, item)| (path.key(key), item)).collect()
        }
        _ => Vec::new(),
    };
    found.retain(|(_, value)| !value.is_null() && !value.is_unknown());
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Type;

    fn schema() -> Schema {
        let rule = Object::new(
            "",
            [
                Attribute::new("port", Type::Number).required(),
                Attribute::new("secret", Type::String).optional().write_only(),
            ],
        );
        Schema::new(
            "",
            [
                Attribute::new("name", Type::String).required(),
                Attribute::new("rules", Kind::Nested(Nesting::List, rule.clone())).optional(),
                Attribute::new("by_name", Kind::Nested(Nesting::Map, rule.clone()))
                    .optional()
                    .sensitive(),
                Attribute::new("one", Kind::Nested(Nesting::Single, rule.clone())).optional(),
                Attribute::new("any", Kind::Nested(Nesting::Set, rule.clone())).optional(),
            ],
        )
        .block(NestedBlock::new("extra", Nesting::List, rule))
    }

    fn value() -> Value {
        let rule = |port: i64| Value::from([("port", Value::from(port)), ("secret", "s".into())]);
        Value::from([
            ("name", Value::from("web")),
            ("rules", Value::List(vec![rule(80), Value::unknown(), rule(443)])),
            ("by_name", Value::from([("k", rule(1))])),
            ("one", Value::unknown()),
            ("any", Value::Set(vec![rule(7)])),
            ("extra", Value::List(vec![rule(9)])),
        ])
    }

    #[test]
    fn every_part_is_visited_at_its_path() {
        let (mut attributes, mut objects) = (Vec::new(), Vec::new());
        schema().walk(&value(), &mut |part, path, value| match part {
            Part::Attribute(attribute) => {
                attributes.push((attribute.name.clone(), path.to_string(), value.is_unknown()));
            }
            Part::Object(_) => objects.push(path.to_string()),
            Part::Block(block) => assert_eq!(block.name, "extra"),
        });
        let paths: Vec<&str> = attributes.iter().map(|(_, path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "name",
                "rules",
                "rules[0].port",
                "rules[0].secret",
                "rules[2].port",
                "rules[2].secret",
                "by_name",
                "by_name[\"k\"].port",
                "by_name[\"k\"].secret",
                "one",
                "any",
                "any[…].port",
                "any[…].secret",
                "extra[0].port",
                "extra[0].secret",
            ]
        );
        assert_eq!(objects, ["", "rules[0]", "rules[2]", "by_name[\"k\"]", "any[…]", "extra[0]"]);
        assert!(attributes.contains(&("one".into(), "one".into(), true)));
    }

    #[test]
    fn parts_can_be_changed() {
        let (schema, mut changed) = (schema(), value());
        schema.walk_mut(&mut changed, &mut |part, _, value| {
            if matches!(part, Part::Attribute(attribute) if attribute.write_only) {
                *value = Value::Null;
            }
        });
        let mut kept = 0;
        schema.walk(&changed, &mut |part, _, value| match part {
            Part::Attribute(attribute) if attribute.write_only => assert!(value.is_null()),
            Part::Attribute(_) if !value.is_null() => kept += 1,
            _ => {}
        });
        assert_eq!(kept, 10);
        assert!(schema.ty().check(&changed).is_ok());
    }

    #[test]
    fn missing_attributes_are_added_as_null() {
        let schema = schema();
        let mut value = Value::from([("rules", Value::List(vec![Value::Map(Default::default())]))]);
        schema.walk_mut(&mut value, &mut |_, _, _| {});
        assert!(schema.ty().check(&value).is_ok(), "{value:?}");
    }

    #[test]
    fn attributes_are_found_by_path() {
        let schema = schema();
        let port = Path::from("rules").index(3).attribute("port");
        assert_eq!(schema.attribute_at(&port).unwrap().name, "port");
        assert_eq!(schema.attribute_at(&Path::from("rules").index(0)).unwrap().name, "rules");
        let block = Path::from("extra").index(0).attribute("secret");
        assert_eq!(schema.attribute_at(&block).unwrap().name, "secret");
        assert!(schema.attribute_at(&Path::from("nothing")).is_none());
        assert!(schema.is_sensitive_at(&Path::from("by_name").key("k").attribute("port")));
        assert!(!schema.is_sensitive_at(&port));
    }
}
