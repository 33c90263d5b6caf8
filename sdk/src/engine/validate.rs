//! Checks of a configuration that Terraform leaves to the provider.

use std::sync::Arc;

use crate::{
    Diagnostic, Diagnostics,
    engine::shape::{Element, Shape, View, entry, is_configurable},
    schema::{Attribute, Block, Kind, Validator},
    value::{Path, Value},
};

/// All problems of a configuration that the schema shows. Unknown values are
/// passed over: they are checked when they are known.
///
/// `write_only` says whether Terraform knows write-only attributes.
pub(crate) fn validate(block: &Block, config: &Value, write_only: bool) -> Diagnostics {
    let mut check = ConfigCheck { write_only, found: Diagnostics::new() };
    if let Some(advice) = &block.deprecation {
        check.found.push(Diagnostic::warning("Deprecated", advice));
    }
    check.conditions(&block.validators, config, &Path::root());
    check.object(block.into(), config, &Path::root());
    check.found
}

struct ConfigCheck {
    write_only: bool,
    found: Diagnostics,
}

impl ConfigCheck {
    fn object(&mut self, shape: Shape<'_>, config: &Value, path: &Path) {
        if !matches!(config, Value::Map(_)) {
            return;
        }
        for a in shape.attributes {
            self.attribute(a, entry(config, &a.name), &path.attribute(&a.name));
        }
        for b in shape.blocks {
            let value = entry(config, &b.name);
            let path = path.attribute(&b.name);
            let is_set = value.elements().is_some_and(|blocks| !blocks.is_empty())
                || matches!(value, Value::Map(entries) if !entries.is_empty());
            if let (Some(advice), true) = (&b.block.deprecation, is_set) {
                self.found.warn_at(&path, "Deprecated block", advice);
            }
            self.nested(View::of_block(b), &b.block.validators, value, &path);
        }
    }

    fn attribute(&mut self, attribute: &Attribute, config: &Value, path: &Path) {
        if config.is_null() {
            if attribute.required {
                self.found.error_at(
                    path,
                    "Missing required argument",
                    format!("{path} must be set and must not be null."),
                );
            }
            return;
        }
        if !is_configurable(attribute) {
            self.found.error_at(
                path,
                "Invalid configuration for a read-only attribute",
                format!("{path} is determined by the provider. Remove it from the configuration."),
            );
            return;
        }
        if attribute.write_only && !self.write_only {
            self.found.error_at(
                path,
                "Write-only arguments are not supported",
                format!(
                    "{path} is write-only, which needs Terraform 1.11 or later. Upgrade \
                         Terraform, or remove the argument."
                ),
            );
        }
        if let Some(advice) = &attribute.deprecation {
            self.found.warn_at(path, "Deprecated argument", advice);
        }
        if config.is_unknown() {
            return;
        }
        self.values(attribute, config, path);
        if let Kind::Nested(_, object) = &attribute.kind {
            self.nested(View::of_kind(&attribute.kind), &object.validators, config, path);
        }
    }

    /// Conditions on one value. They may quote it: of a secret only the
    /// condition is shown.
    fn values(&mut self, attribute: &Attribute, config: &Value, path: &Path) {
        for validator in &attribute.validators {
            for (path, problem) in validator.problems(config, path) {
                let problem = if attribute.sensitive { validator.describe() } else { problem };
                let summary = format!("Invalid value for {path}");
                self.found.error_at(path, summary, sentence("The value", &problem));
            }
        }
    }

    /// Conditions on the attributes of an object together.
    fn conditions(&mut self, conditions: &[Arc<dyn Validator>], config: &Value, path: &Path) {
        for condition in conditions {
            for (path, problem) in condition.problems(config, path) {
                let diagnostic =
                    Diagnostic::error("Invalid combination of arguments", sentence("", &problem));
                self.found.push(if path.is_root() { diagnostic } else { diagnostic.at(path) });
            }
        }
    }

    fn nested(
        &mut self,
        view: View<'_>,
        conditions: &[Arc<dyn Validator>],
        config: &Value,
        path: &Path,
    ) {
        let mut element = |shape, config: &Value, path: &Path| {
            if config.is_null() {
                self.found.error_at(path, "Missing object", format!("{path} must not be null."));
            } else if !config.is_unknown() {
                self.conditions(conditions, config, path);
                self.object(shape, config, path);
            }
        };
        match (view, config) {
            (View::Object(shape), Value::Map(_)) => element(shape, config, path),
            (View::List(Element::Object(shape)), Value::List(items)) => {
                for (i, item) in items.iter().enumerate() {
                    element(shape, item, &path.index(i));
                }
            }
            (View::Map(Element::Object(shape)), Value::Map(entries)) => {
                for (key, item) in entries {
                    element(shape, item, &path.key(key));
                }
            }
            (View::Set(Element::Object(shape)), Value::Set(items)) => {
                for item in items {
                    element(shape, item, &path.element(item.clone()));
                }
            }
            _ => {}
        }
    }
}

/// A validator's text, which may lack its subject, as a sentence.
fn sentence(subject: &str, problem: &str) -> String {
    let starts_lower = problem.starts_with(char::is_lowercase);
    let text = match (starts_lower, subject.is_empty()) {
        (true, false) => format!("{subject} {problem}"),
        (true, true) => {
            let mut letters = problem.chars();
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
        }
        _ => problem.to_owned(),
    };
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
}

#[cfg(test)]
mod tests;
