//! Checks of a configuration that Terraform leaves to the provider.

use crate::{
    Diagnostics,
    engine::shape::{Element, Shape, View, entry, is_configurable},
    schema::{Attribute, Block, Kind},
    value::{Path, Value},
};

/// All problems of a configuration that the schema shows. Unknown values are
/// passed over: they are checked when they are known.
///
/// `write_only` says whether Terraform knows write-only attributes.
pub(crate) fn validate(block: &Block, config: &Value, write_only: bool) -> Diagnostics {
    let mut check = ConfigCheck { write_only, found: Diagnostics::new() };
    if let Some(advice) = &block.deprecation {
        check.found.push(crate::Diagnostic::warning("Deprecated", advice));
    }
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
            self.nested(View::of_block(b), value, &path);
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
        for validator in &attribute.validators {
            if let Err(problem) = validator.check(config, path) {
                let name = &attribute.name;
                self.found.error_at(path, format!("Invalid value for {name}"), problem);
            }
        }
        if let Kind::Nested(..) = &attribute.kind {
            self.nested(View::of_kind(&attribute.kind), config, path);
        }
    }

    fn nested(&mut self, view: View<'_>, config: &Value, path: &Path) {
        match (view, config) {
            (View::Object(shape), Value::Map(_)) => self.object(shape, config, path),
            (View::List(Element::Object(shape)), Value::List(items)) => {
                for (i, item) in items.iter().enumerate() {
                    self.element(shape, item, &path.index(i));
                }
            }
            (View::Map(Element::Object(shape)), Value::Map(entries)) => {
                for (key, item) in entries {
                    self.element(shape, item, &path.key(key));
                }
            }
            (View::Set(Element::Object(shape)), Value::Set(items)) => {
                for item in items {
                    self.element(shape, item, &path.element(item.clone()));
                }
            }
            _ => {}
        }
    }

    fn element(&mut self, shape: Shape<'_>, config: &Value, path: &Path) {
        if config.is_null() {
            self.found.error_at(path, "Missing object", format!("{path} must not be null."));
        } else {
            self.object(shape, config, path);
        }
    }
}
