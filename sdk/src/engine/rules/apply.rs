//! What Terraform accepts as the result of an apply.

use std::{cmp::Ordering, collections::BTreeSet};

use crate::{
    engine::{
        rules::Violation,
        shape::{Shape, View, entry},
        show::show,
    },
    schema::{NestedBlock, Nesting, Schema},
    value::{Bound, Number, Path, Refinement, Type, Value},
};

/// Every way in which `actual` is not a completion of `planned`: each known
/// planned value must be there as planned, and each unknown one must keep what
/// was promised about it.
pub fn check_applied(schema: &Schema, planned: &Value, actual: &Value) -> Vec<Violation> {
    let mut check = Completion { found: Vec::new() };
    check.object((&schema.block).into(), planned, actual, &Path::root());
    check.found
}

/// Whether `actual` is a completion of `planned`.
pub(crate) fn compatible(view: View<'_>, planned: &Value, actual: &Value) -> bool {
    let mut check = Completion { found: Vec::new() };
    check.value(view, planned, actual, &Path::root(), true);
    check.found.is_empty()
}

/// Whether a known value keeps what was promised about it.
fn allows(promise: &Refinement, value: &Value) -> bool {
    match value {
        Value::Null => !promise.not_null,
        Value::Unknown(_) => true,
        Value::String(text) => {
            promise.prefix.as_ref().is_none_or(|prefix| text.starts_with(prefix.as_str()))
        }
        Value::Number(number) => {
            promise.lower.as_ref().is_none_or(|bound| within(number, bound, Ordering::Greater))
                && promise.upper.as_ref().is_none_or(|bound| within(number, bound, Ordering::Less))
        }
        Value::List(items) | Value::Set(items) => counts(promise, items.len()),
        Value::Map(entries) => counts(promise, entries.len()),
        Value::Dynamic(inner) => allows(promise, &inner.1),
        Value::Bool(_) => true,
    }
}

struct Completion {
    found: Vec<Violation>,
}

impl Completion {
    fn fault(&mut self, path: &Path, problem: impl Into<String>) {
        self.found.push(Violation::new(path, problem));
    }

    /// A block or the whole object.
    fn object(&mut self, shape: Shape<'_>, planned: &Value, actual: &Value, path: &Path) {
        match (planned.is_null(), actual.is_null()) {
            (true, false) => return self.fault(path, "was planned to be absent but is there now"),
            (false, true) => return self.fault(path, "was planned to be there but is absent now"),
            (true, true) => return,
            (false, false) => {}
        }
        self.attributes(shape, planned, actual, path, false);
        for block in shape.blocks {
            let (planned, actual) = (entry(planned, &block.name), entry(actual, &block.name));
            self.block(block, planned, actual, &path.attribute(&block.name));
        }
    }

    fn attributes(
        &mut self,
        shape: Shape<'_>,
        planned: &Value,
        actual: &Value,
        path: &Path,
        hidden: bool,
    ) {
        for attribute in shape.attributes {
            self.value(
                View::of_kind(&attribute.kind),
                entry(planned, &attribute.name),
                entry(actual, &attribute.name),
                &path.attribute(&attribute.name),
                hidden || attribute.sensitive,
            );
        }
    }

    fn block(&mut self, block: &NestedBlock, planned: &Value, actual: &Value, path: &Path) {
        let shape: Shape<'_> = (&block.block).into();
        if planned.is_unknown() {
            return;
        }
        match (block.nesting, planned, actual) {
            (Nesting::Single | Nesting::Group, ..) => self.object(shape, planned, actual, path),
            (Nesting::List, Value::List(before), Value::List(after)) => {
                if before.len() != after.len() {
                    return self.count(before.len(), after.len(), path);
                }
                for (i, (before, after)) in before.iter().zip(after).enumerate() {
                    self.object(shape, before, after, &path.index(i));
                }
            }
            (Nesting::Map, Value::Map(before), Value::Map(after)) => {
                if !before.keys().eq(after.keys()) {
                    return self.fault(path, "has other keys than were planned");
                }
                for (key, before) in before {
                    self.object(shape, before, &after[key], &path.key(key));
                }
            }
            (Nesting::Set, Value::Set(before), Value::Set(after)) => {
                self.set(View::Object(shape), before, after, path);
            }
            _ => self.fault(path, "is not made of the blocks that were planned"),
        }
    }

    fn value(
        &mut self,
        view: View<'_>,
        planned: &Value,
        actual: &Value,
        path: &Path,
        hidden: bool,
    ) {
        match (planned, actual) {
            (Value::Unknown(promise), _) => {
                if promise.as_ref().is_some_and(|promise| !allows(promise, actual)) {
                    let now =
                        if hidden { String::new() } else { format!(": it is {}", show(actual)) };
                    self.fault(path, format!("does not keep what the plan promised about it{now}"));
                }
            }
            (Value::Null, Value::Null) => {}
            (_, Value::Unknown(_)) => self.fault(path, "was known in the plan but is unknown now"),
            (Value::Null, _) | (_, Value::Null) => self.differs(planned, actual, path, hidden),
            _ => self.known(view, planned, actual, path, hidden),
        }
    }

    /// Both values are known and not null.
    fn known(
        &mut self,
        view: View<'_>,
        planned: &Value,
        actual: &Value,
        path: &Path,
        hidden: bool,
    ) {
        match (view, planned, actual) {
            (View::Leaf(Type::Dynamic), Value::Dynamic(before), Value::Dynamic(after)) => {
                if before.0 == after.0 {
                    self.value(View::of_type(&before.0), &before.1, &after.1, path, hidden);
                } else {
                    self.fault(path, "has another type than was planned");
                }
            }
            (View::Object(shape), Value::Map(_), Value::Map(_)) => {
                self.attributes(shape, planned, actual, path, hidden);
            }
            (View::Struct(attributes), Value::Map(_), Value::Map(_)) => {
                for (name, ty) in attributes {
                    let (before, after) = (entry(planned, name), entry(actual, name));
                    self.value(View::of_type(ty), before, after, &path.attribute(name), hidden);
                }
            }
            (View::List(element), Value::List(before), Value::List(after)) => {
                self.list(|_| element.view(), before, after, path, hidden);
            }
            (View::Tuple(types), Value::List(before), Value::List(after)) => {
                let of = |i: usize| types.get(i).map_or(View::Leaf(&Type::Dynamic), View::of_type);
                self.list(of, before, after, path, hidden);
            }
            (View::Map(element), Value::Map(before), Value::Map(after)) => {
                for key in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
                    let path = path.key(key);
                    match (before.get(key), after.get(key)) {
                        (Some(before), Some(after)) => {
                            self.value(element.view(), before, after, &path, hidden);
                        }
                        (Some(_), None) => self.fault(&path, "has vanished"),
                        _ => self.fault(&path, "has appeared"),
                    }
                }
            }
            (View::Set(element), Value::Set(before), Value::Set(after)) => {
                self.set(element.view(), before, after, path);
            }
            _ if planned == actual => {}
            _ => self.differs(planned, actual, path, hidden),
        }
    }

    fn list<'a>(
        &mut self,
        view: impl Fn(usize) -> View<'a>,
        before: &[Value],
        after: &[Value],
        path: &Path,
        hidden: bool,
    ) {
        for i in 0..before.len().max(after.len()) {
            let path = path.index(i);
            match (before.get(i), after.get(i)) {
                (Some(before), Some(after)) => self.value(view(i), before, after, &path, hidden),
                (Some(_), None) => self.fault(&path, "has vanished"),
                _ => self.fault(&path, "has appeared"),
            }
        }
    }

    /// Elements have no names: each must have at least one that fits it on the
    /// other side. Unknown ones may turn out equal, so there can be fewer in
    /// the end, never more.
    fn set(&mut self, view: View<'_>, before: &[Value], after: &[Value], path: &Path) {
        let fits = |before: &Value, after: &Value| match view {
            View::Object(_) if before.is_null() != after.is_null() => false,
            _ => compatible(view, before, after),
        };
        if !before.iter().all(|before| after.iter().any(|after| fits(before, after))) {
            return self.fault(path, "misses an element that was planned");
        }
        if !after.iter().all(|after| before.iter().any(|before| fits(before, after))) {
            return self.fault(path, "has an element that was not planned");
        }
        if after.len() > before.len() {
            self.count(before.len(), after.len(), path);
        }
    }

    fn count(&mut self, before: usize, after: usize, path: &Path) {
        self.fault(path, format!("was planned with {before} elements but has {after} now"));
    }

    fn differs(&mut self, planned: &Value, actual: &Value, path: &Path, hidden: bool) {
        if hidden {
            self.fault(path, "has another value than was planned");
        } else {
            self.fault(
                path,
                format!("was planned as {} but is {} now", show(planned), show(actual)),
            );
        }
    }
}

/// Whether a number lies on the right side of a bound.
fn within(number: &Number, bound: &Bound, side: Ordering) -> bool {
    match number.cmp(&bound.value) {
        Ordering::Equal => bound.inclusive,
        found => found == side,
    }
}

fn counts(promise: &Refinement, length: usize) -> bool {
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    promise.min_length.is_none_or(|min| length >= min)
        && promise.max_length.is_none_or(|max| length <= max)
}

#[cfg(test)]
mod tests;
