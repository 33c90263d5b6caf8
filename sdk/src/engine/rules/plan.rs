//! What Terraform accepts as a plan.

use std::collections::BTreeMap;

use crate::{
    engine::{
        rules::Violation,
        shape::{NULL, Shape, distinct, entry},
        show::show,
    },
    schema::{Attribute, Kind, NestedBlock, Nesting, Schema},
    value::{Path, Step, Value},
};

/// Every way in which `planned` is not a plan that leads from `prior` to
/// `config`; none for a good plan. For a destroy both `config` and `planned`
/// are null.
pub fn check_plan(
    schema: &Schema,
    prior: &Value,
    config: &Value,
    planned: &Value,
) -> Vec<Violation> {
    let mut check = PlanCheck { is: "is planned", found: Vec::new() };
    check.object((&schema.block).into(), Three { prior, config, planned }, &Path::root());
    check.found
}

/// Every way in which a data source or an ephemeral resource is not what was
/// configured, under the same rules.
pub(crate) fn check_result(schema: &Schema, config: &Value, result: &Value) -> Vec<Violation> {
    let mut check = PlanCheck { is: "is returned", found: Vec::new() };
    let three = Three { prior: &NULL, config, planned: result };
    check.object((&schema.block).into(), three, &Path::root());
    check.found
}

/// Every path to replace that exists neither in the prior nor in the planned
/// object.
pub(crate) fn check_replace(prior: &Value, planned: &Value, replace: &[Path]) -> Vec<Violation> {
    replace
        .iter()
        .filter(|path| !exists(prior, path) && !exists(planned, path))
        .map(|path| Violation::new(path, "is said to need a new object but does not exist"))
        .collect()
}

/// The same place in the three objects.
#[derive(Clone, Copy)]
struct Three<'a> {
    prior: &'a Value,
    config: &'a Value,
    planned: &'a Value,
}

impl<'a> Three<'a> {
    fn entry(self, name: &str) -> Self {
        self.each(|value| entry(value, name))
    }

    fn index(self, index: usize) -> Self {
        self.each(|value| match value {
            Value::List(items) => items.get(index).unwrap_or(&NULL),
            _ => &NULL,
        })
    }

    fn each(self, part: impl Fn(&'a Value) -> &'a Value) -> Self {
        Self { prior: part(self.prior), config: part(self.config), planned: part(self.planned) }
    }
}

struct PlanCheck {
    /// How a problem begins.
    is: &'static str,
    found: Vec<Violation>,
}

impl PlanCheck {
    /// `problem` follows "is planned" or the like.
    fn fault(&mut self, path: &Path, problem: impl AsRef<str>) {
        let problem = format!("{} {}", self.is, problem.as_ref());
        self.found.push(Violation::new(path, problem));
    }

    /// `problem` is about blocks.
    fn block_fault(&mut self, path: &Path, problem: &str) {
        self.found.push(Violation::new(path, problem));
    }

    /// A block or the whole object.
    fn object(&mut self, shape: Shape<'_>, at: Three<'_>, path: &Path) {
        if !self.presence(at, path) || at.planned.is_null() {
            return;
        }
        self.attributes(shape.attributes, at, path);
        for block in shape.blocks {
            self.block(block, at.entry(&block.name), &path.attribute(&block.name));
        }
    }

    fn attributes(&mut self, attributes: &[Attribute], at: Three<'_>, path: &Path) {
        if at.config.is_unknown() && at.planned.is_unknown() {
            return;
        }
        for attribute in attributes {
            self.attribute(attribute, at.entry(&attribute.name), &path.attribute(&attribute.name));
        }
    }

    fn attribute(&mut self, attribute: &Attribute, at: Three<'_>, path: &Path) {
        let Three { prior, config, planned } = at;
        if attribute.write_only {
            if !planned.is_null() {
                self.fault(path, "with a value although it is write-only");
            }
            return;
        }
        let kept = planned == prior && !prior.is_null() && !config.is_null();
        let computed_only = attribute.is_computed() && !attribute.optional && !attribute.required;
        let open = computed_only || (config.is_null() && attribute.is_computed());
        if planned == config || kept || open {
            return;
        }
        let hidden = attribute.sensitive;
        if config.is_null() {
            let planned = if hidden { "a value".to_owned() } else { show(planned) };
            self.fault(path, format!("as {planned} although it is not computed"));
        } else if let Kind::Nested(nesting, object) = &attribute.kind {
            self.nested(*nesting, object.into(), at, path);
        } else if hidden {
            self.fault(path, "as neither the configured value nor the one it has");
        } else {
            let was =
                if prior.is_null() { String::new() } else { format!(" and was {}", show(prior)) };
            self.fault(
                path,
                format!("as {} although {} is configured{was}", show(planned), show(config)),
            );
        }
    }

    /// Nested attributes that differ somewhere from the configured ones.
    fn nested(&mut self, nesting: Nesting, shape: Shape<'_>, at: Three<'_>, path: &Path) {
        if !self.presence(at, path) {
            return;
        }
        if at.config.is_unknown() {
            self.fault(path, "with a value although its configuration is unknown");
            return;
        }
        if at.planned.is_unknown() {
            self.fault(path, "as unknown although it is configured");
            return;
        }
        match nesting {
            Nesting::Single | Nesting::Group => self.attributes(shape.attributes, at, path),
            Nesting::List => {
                for (path, at) in self.list(at, path) {
                    self.attributes(shape.attributes, at, &path);
                }
            }
            Nesting::Map => {
                for (path, at) in self.map(at, path) {
                    self.attributes(shape.attributes, at, &path);
                }
            }
            Nesting::Set => self.set_count(at, path),
        }
    }

    fn block(&mut self, block: &NestedBlock, at: Three<'_>, path: &Path) {
        if block.nesting != Nesting::Single && at.planned.is_null() {
            self.block_fault(path, "stands for nested blocks and must be empty instead of null");
            return;
        }
        if at.planned == at.config {
            return;
        }
        if at.config.is_unknown() {
            self.fault(path, "with a value although its blocks are unknown");
            return;
        }
        if at.planned.is_unknown() {
            self.block_fault(path, "stands for nested blocks and must not be unknown itself");
            return;
        }
        let shape: Shape<'_> = (&block.block).into();
        let elements = match block.nesting {
            Nesting::Single | Nesting::Group => {
                self.object(shape, at, path);
                return;
            }
            Nesting::List => self.list(at, path),
            Nesting::Map => self.map(at, path),
            Nesting::Set => {
                if let Value::Set(items) = at.planned
                    && items.iter().any(Value::is_unknown)
                {
                    self.block_fault(path, "has a nested block that is unknown itself");
                }
                return;
            }
        };
        for (path, at) in elements {
            if at.planned.is_unknown() && !at.config.is_unknown() {
                self.block_fault(&path, "stands for a nested block and must not be unknown itself");
            } else {
                self.object(shape, at, &path);
            }
        }
    }

    /// Whether the planned and the configured object are both there or both
    /// absent.
    fn presence(&mut self, at: Three<'_>, path: &Path) -> bool {
        match (at.planned.is_null(), at.config.is_null()) {
            (true, false) => self.fault(path, "to be absent although it is configured"),
            (false, true) => self.fault(path, "to be there although it is not configured"),
            _ => return true,
        }
        false
    }

    fn list<'a>(&mut self, at: Three<'a>, path: &Path) -> Vec<(Path, Three<'a>)> {
        let (Value::List(planned), Value::List(config)) = (at.planned, at.config) else {
            self.fault(path, "as something else than the list that is configured");
            return Vec::new();
        };
        if planned.len() != config.len() {
            self.count(planned.len(), config.len(), path);
            return Vec::new();
        }
        (0..planned.len()).map(|i| (path.index(i), at.index(i))).collect()
    }

    fn map<'a>(&mut self, at: Three<'a>, path: &Path) -> Vec<(Path, Three<'a>)> {
        let (Value::Map(planned), Value::Map(config)) = (at.planned, at.config) else {
            self.fault(path, "as something else than the map that is configured");
            return Vec::new();
        };
        if !planned.keys().eq(config.keys()) {
            self.keys(planned, config, path);
            return Vec::new();
        }
        planned.keys().map(|key| (path.key(key), at.entry(key))).collect()
    }

    /// Terraform cannot tell which element became which: it counts. A set with
    /// unknown elements may turn out smaller.
    fn set_count(&mut self, at: Three<'_>, path: &Path) {
        let (Value::Set(planned), Value::Set(config)) = (at.planned, at.config) else {
            self.fault(path, "as something else than the set that is configured");
            return;
        };
        if !at.config.is_wholly_known() {
            return;
        }
        let count = distinct(planned.clone()).len();
        let exact = at.planned.is_wholly_known();
        if (exact && count != config.len()) || (!exact && count < config.len()) {
            self.count(count, config.len(), path);
        }
    }

    fn count(&mut self, planned: usize, config: usize, path: &Path) {
        self.fault(path, format!("with {planned} elements although {config} are configured"));
    }

    fn keys(
        &mut self,
        planned: &BTreeMap<String, Value>,
        config: &BTreeMap<String, Value>,
        path: &Path,
    ) {
        for key in planned.keys().filter(|key| !config.contains_key(*key)) {
            self.fault(path, format!("with the key {key:?}, which is not configured"));
        }
        for key in config.keys().filter(|key| !planned.contains_key(*key)) {
            self.fault(path, format!("without the configured key {key:?}"));
        }
    }
}

/// Whether a path leads somewhere. A set's elements have no addresses on the
/// wire: the path ends at the set.
fn exists(value: &Value, path: &Path) -> bool {
    let mut here = value;
    for step in path.steps() {
        if here.is_unknown() {
            return true;
        }
        let next = match (step, here) {
            (Step::Attribute(name), Value::Map(entries)) => entries.get(name),
            (Step::Key(key), Value::Map(entries)) => entries.get(key),
            (Step::Index(index), Value::List(items)) => items.get(*index),
            (Step::Element(_), _) => return !here.is_null(),
            _ => None,
        };
        match next {
            Some(value) => here = value,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
