//! Random schemas and values from a string of bytes, so that property tests
//! shrink by shortening it: a byte that is not there counts as zero, and zero
//! is the simplest choice.

use crate::{
    engine::shape::{Element, Shape, View, distinct, entry, is_configurable},
    schema::{Attribute, Kind, NestedBlock, Nesting, Object, Schema},
    value::{Refinement, Type, Value},
};

pub(crate) struct Dice {
    /// Choices that are not made yet.
    bytes: std::vec::IntoIter<u8>,
    /// Whether elements of a set became the same when they became known.
    pub(crate) merged: bool,
}

/// What a place in a schema can hold.
#[derive(Clone, Copy)]
struct Allowed {
    dynamic: bool,
    write_only: bool,
}

impl Allowed {
    const ALL: Self = Self { dynamic: true, write_only: true };

    /// Elements are of one type, and those of sets are stored whole.
    fn within(self, nesting: Nesting) -> Self {
        let single = nesting == Nesting::Single;
        Self {
            dynamic: self.dynamic && single,
            write_only: self.write_only && nesting != Nesting::Set,
        }
    }
}

impl Dice {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into_iter(), merged: false }
    }

    /// One of `sides` numbers from 0.
    pub(crate) fn roll(&mut self, sides: u8) -> u8 {
        self.bytes.next().unwrap_or(0) % sides
    }

    /// True once in `in_` times.
    fn once(&mut self, in_: u8) -> bool {
        self.roll(in_) == in_ - 1
    }

    pub(crate) fn schema(&mut self) -> Schema {
        let mut schema = Schema::new("", self.attributes(2, Allowed::ALL));
        for name in ["x", "y"] {
            if self.once(3) {
                let nesting = [Nesting::List, Nesting::Single, Nesting::Set, Nesting::Map]
                    [usize::from(self.roll(4))];
                let object = Object::new("", self.attributes(1, Allowed::ALL.within(nesting)));
                schema = schema.block(NestedBlock::new(name, nesting, object));
            }
        }
        schema
    }

    /// Up to four attributes, nested so deep.
    fn attributes(&mut self, depth: u8, allowed: Allowed) -> Vec<Attribute> {
        let count = 1 + self.roll(4);
        (0..count).map(|i| self.attribute(char::from(b'a' + i), depth, allowed)).collect()
    }

    fn attribute(&mut self, name: char, depth: u8, allowed: Allowed) -> Attribute {
        let nested = depth > 0 && self.once(3);
        let kind = if nested { self.nested(depth, allowed) } else { Kind::Type(self.ty(allowed)) };
        let has_default = matches!(kind, Kind::Type(Type::Bool | Type::Number | Type::String));
        let is_text = matches!(kind, Kind::Type(Type::String));
        let attribute = Attribute::new(name, kind);
        let mut attribute = match self.roll(7) {
            0 => attribute.optional(),
            1 => attribute.required(),
            2 => attribute.computed(),
            3 => attribute.optional().computed(),
            4 if has_default => {
                let default = self.known(View::of_kind(&attribute.kind));
                attribute.optional().default(default)
            }
            5 if allowed.write_only && !nested => attribute.optional().write_only(),
            _ => attribute.optional().computed().stable(),
        };
        if attribute.computed && self.once(3) {
            attribute = attribute.stable();
        }
        if !attribute.write_only && self.once(4) {
            attribute = attribute.replace();
        }
        if is_text && self.once(2) {
            attribute = attribute.equivalent(same_letters);
        }
        attribute
    }

    fn nested(&mut self, depth: u8, allowed: Allowed) -> Kind {
        let nesting =
            [Nesting::Single, Nesting::List, Nesting::Map, Nesting::Set][usize::from(self.roll(4))];
        Kind::Nested(nesting, Object::new("", self.attributes(depth - 1, allowed.within(nesting))))
    }

    fn ty(&mut self, allowed: Allowed) -> Type {
        match self.roll(if allowed.dynamic { 7 } else { 6 }) {
            0 => Type::String,
            1 => Type::Number,
            2 => Type::Bool,
            3 => Type::list(Type::String),
            4 => Type::set(Type::Number),
            5 => Type::map(Type::String),
            _ => Type::Dynamic,
        }
    }

    /// A known value that is not null, nor is any part of it.
    pub(crate) fn known(&mut self, view: View<'_>) -> Value {
        match view {
            View::Leaf(Type::Bool) => Value::Bool(self.once(2)),
            View::Leaf(Type::Number) => Value::from(i64::from(self.roll(4))),
            View::Leaf(Type::String) => ["a", "A", "b", ""][usize::from(self.roll(4))].into(),
            View::Leaf(_) => Value::dynamic(["a", "b"][usize::from(self.roll(2))].into()),
            View::Object(shape) => self.state(shape, &Value::Null),
            View::Struct(_) | View::Tuple(_) => Value::Null,
            View::List(element) => Value::List(self.items(element)),
            View::Set(element) => Value::Set(distinct(self.items(element))),
            View::Map(element) => {
                let items = self.items(element);
                ["k", "l", "m"].map(str::to_owned).into_iter().zip(items).collect()
            }
        }
    }

    fn items(&mut self, element: Element<'_>) -> Vec<Value> {
        (0..self.roll(4)).map(|_| self.known(element.view())).collect()
    }

    /// A state: known, null here and there, write-only attributes null. `like`
    /// gives the known parts.
    pub(crate) fn state(&mut self, shape: Shape<'_>, like: &Value) -> Value {
        let attributes = shape.attributes.iter().map(|a| {
            let like = entry(like, &a.name);
            let value = match self.roll(4) {
                _ if a.write_only => Value::Null,
                0 if !a.required => Value::Null,
                1 if like.is_wholly_known() && !like.is_null() => like.clone(),
                _ => self.known(View::of_kind(&a.kind)),
            };
            (a.name.clone(), value)
        });
        let attributes: Vec<_> = attributes.collect();
        let blocks = shape.blocks.iter().map(|b| (b.name.clone(), self.known(View::of_block(b))));
        attributes.into_iter().chain(blocks.collect::<Vec<_>>()).collect()
    }

    /// A configuration: partly what `prior` has, partly new, partly unknown.
    pub(crate) fn config(&mut self, shape: Shape<'_>, prior: &Value) -> Value {
        let attributes = shape.attributes.iter().map(|a| {
            let value = self.configured(a, entry(prior, &a.name));
            (a.name.clone(), value)
        });
        let attributes: Vec<_> = attributes.collect();
        let blocks = shape.blocks.iter().map(|b| {
            let value = match self.roll(6) {
                5 => Value::unknown(),
                _ => self.container(View::of_block(b), entry(prior, &b.name), 10),
            };
            (b.name.clone(), value)
        });
        attributes.into_iter().chain(blocks.collect::<Vec<_>>()).collect()
    }

    fn configured(&mut self, attribute: &Attribute, prior: &Value) -> Value {
        if !is_configurable(attribute) {
            // What `ignore_changes` does.
            return if self.once(8) { prior.clone() } else { Value::Null };
        }
        let view = View::of_kind(&attribute.kind);
        match self.roll(8) {
            0 | 1 if !attribute.required => Value::Null,
            2 => Value::unknown(),
            3 => Value::Unknown(Some(Box::new(Refinement {
                not_null: true,
                ..Refinement::default()
            }))),
            _ => self.container(view, prior, 9),
        }
    }

    /// A configured value that is not null itself. An element is unknown if a
    /// roll is `unknown` or more: blocks never are.
    fn container(&mut self, view: View<'_>, prior: &Value, unknown: u8) -> Value {
        match (view, prior) {
            (View::Object(shape), prior) => self.config(shape, prior),
            (View::List(element), prior) => Value::List(self.elements(element, prior, unknown)),
            (View::Set(element), prior) => {
                Value::Set(distinct(self.elements(element, prior, unknown)))
            }
            (View::Map(element), prior) => {
                let items = self.elements(element, prior, unknown);
                ["k", "l", "m"].map(str::to_owned).into_iter().zip(items).collect()
            }
            (_, prior) if !prior.is_null() && !self.once(3) => prior.clone(),
            (view, _) => self.known(view),
        }
    }

    fn elements(&mut self, element: Element<'_>, prior: &Value, unknown: u8) -> Vec<Value> {
        let before: Vec<Value> = match prior {
            Value::Map(entries) => entries.values().cloned().collect(),
            other => other.elements().unwrap_or_default().to_vec(),
        };
        let count = if self.once(2) { usize::from(self.roll(4)) } else { before.len() };
        (0..count)
            .map(|i| match self.roll(10) {
                roll if roll >= unknown => Value::unknown(),
                _ => self.container(element.view(), before.get(i).unwrap_or(&Value::Null), 9),
            })
            .collect()
    }

    /// What may come out where `planned` was planned: the same, with all that
    /// was unknown made known.
    pub(crate) fn completed(&mut self, view: View<'_>, planned: &Value) -> Value {
        match (view, planned) {
            (view, Value::Unknown(promise)) => {
                let not_null = promise.as_ref().is_some_and(|promise| promise.not_null);
                if self.roll(4) == 0 && !not_null { Value::Null } else { self.known(view) }
            }
            (View::Object(shape), Value::Map(_)) => self.completed_object(shape, planned),
            (View::List(element), Value::List(items)) => {
                Value::List(items.iter().map(|item| self.element(element, item)).collect())
            }
            (View::Set(element), Value::Set(items)) => {
                let count = items.len();
                let items = items.iter().map(|item| self.element(element, item)).collect();
                let items = distinct(items);
                self.merged |= items.len() < count;
                Value::Set(items)
            }
            (View::Map(element), Value::Map(entries)) => entries
                .iter()
                .map(|(key, item)| (key.clone(), self.element(element, item)))
                .collect(),
            (_, planned) => planned.clone(),
        }
    }

    /// Elements of objects are objects in the end.
    fn element(&mut self, element: Element<'_>, planned: &Value) -> Value {
        match (element, planned) {
            (Element::Object(_), Value::Unknown(_)) => self.known(element.view()),
            _ => self.completed(element.view(), planned),
        }
    }

    pub(crate) fn completed_object(&mut self, shape: Shape<'_>, planned: &Value) -> Value {
        let attributes = shape.attributes.iter().map(|a| {
            let value = match entry(planned, &a.name) {
                _ if a.write_only => Value::Null,
                value => self.completed(View::of_kind(&a.kind), value),
            };
            (a.name.clone(), value)
        });
        let attributes: Vec<_> = attributes.collect();
        let blocks = shape.blocks.iter().map(|b| {
            let value = match entry(planned, &b.name) {
                Value::Unknown(_) => self.known(View::of_block(b)),
                value => self.completed(View::of_block(b), value),
            };
            (b.name.clone(), value)
        });
        attributes.into_iter().chain(blocks.collect::<Vec<_>>()).collect()
    }

    /// What a configuration may turn out to be when all of it is known.
    pub(crate) fn resolved(&mut self, shape: Shape<'_>, config: &Value) -> Value {
        let attributes = shape.attributes.iter().map(|a| {
            let value = self.resolved_value(a, entry(config, &a.name));
            (a.name.clone(), value)
        });
        let attributes: Vec<_> = attributes.collect();
        let blocks = shape.blocks.iter().map(|b| {
            let value = self.resolved_part(View::of_block(b), entry(config, &b.name));
            (b.name.clone(), value)
        });
        attributes.into_iter().chain(blocks.collect::<Vec<_>>()).collect()
    }

    fn resolved_value(&mut self, attribute: &Attribute, config: &Value) -> Value {
        let may_be_null = match config {
            Value::Unknown(promise) => {
                !attribute.required && !promise.as_ref().is_some_and(|promise| promise.not_null)
            }
            _ => false,
        };
        if may_be_null && self.once(3) {
            return Value::Null;
        }
        self.resolved_part(View::of_kind(&attribute.kind), config)
    }

    fn resolved_part(&mut self, view: View<'_>, config: &Value) -> Value {
        match (view, config) {
            // In a configuration computed attributes are null.
            (View::Object(shape), Value::Unknown(_)) => {
                let open = self.config(shape, &Value::Null);
                self.resolved(shape, &open)
            }
            (View::Object(shape), Value::Map(_)) => self.resolved(shape, config),
            (View::List(element), Value::List(items)) => {
                Value::List(items.iter().map(|i| self.resolved_part(element.view(), i)).collect())
            }
            (View::Set(element), Value::Set(items)) => Value::Set(distinct(
                items.iter().map(|i| self.resolved_part(element.view(), i)).collect(),
            )),
            (View::Map(element), Value::Map(entries)) => entries
                .iter()
                .map(|(key, item)| (key.clone(), self.resolved_part(element.view(), item)))
                .collect(),
            (view, Value::Unknown(_)) => {
                let open = self.container(view, &Value::Null, 9);
                if open.is_wholly_known() { open } else { self.resolved_part(view, &open) }
            }
            (_, config) => config.clone(),
        }
    }
}

/// Upper and lower case mean the same.
pub(crate) fn same_letters(a: &Value, b: &Value) -> bool {
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => false,
    }
}
