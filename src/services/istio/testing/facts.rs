//! What a kind's definition says of its `spec`, and what our attributes say, one
//! fact a line:
//!
//! * `tcp[].port integer`: a field that holds no others, with its type, and the
//!   values that it may have, as in `mode string: CLIENT SERVER`;
//! * `tcp[] required port`: a field that must be set;
//! * `tcp[] one of a b`: fields of which at most one may be set.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use tfsdk::{
    schema::{Attribute, Kind, Model as _, Nesting, Object, Validator},
    value::{Path, Type, Value},
};

use crate::services::istio::{kind::IstioKind, wire::Spelling};

const ONE_OF: &str = " one of ";

/// Facts in order.
pub(super) type Facts = BTreeSet<String>;

/// The facts of a definition's schema. Older names of fields are left out.
pub(super) fn of_definition(schema: &Json, spellings: &[Spelling]) -> Facts {
    let mut found = Facts::new();
    define(schema, "", spellings, &mut found);
    found
}

/// The facts of a kind's attributes.
pub(super) fn of_kind<K: IstioKind>() -> Facts {
    let mut found = Facts::new();
    let walk = Walk {
        spellings: K::SPELLINGS,
        takes: &|value| K::Spec::decode(value, &Path::root()).is_ok(),
    };
    walk.object(&K::Spec::object(), "", &|value| value, &mut found);
    found
}

/// What is said by `facts` and not by `ours`. Ours may be stricter: more is
/// required or excluded, and a text may be one of certain ones where it could be
/// any.
pub(super) fn missing<'f>(facts: &'f Facts, ours: &Facts) -> Vec<&'f String> {
    let plain: BTreeSet<&str> = ours.iter().map(|fact| without_values(fact)).collect();
    let holds = |fact: &str| match fact.split_once(ONE_OF) {
        Some((place, names)) => ours.iter().filter_map(|it| it.split_once(ONE_OF)).any(|it| {
            it.0 == place && names.split(' ').all(|name| it.1.split(' ').any(|it| it == name))
        }),
        None => ours.contains(fact) || (!fact.contains(": ") && plain.contains(fact)),
    };
    facts.iter().filter(|fact| !holds(fact)).collect()
}

/// Fields of `ours`, or types, that `facts` do not have.
pub(super) fn extra<'f>(ours: &'f Facts, facts: &Facts) -> Vec<&'f String> {
    let plain: BTreeSet<&str> = facts.iter().map(|fact| without_values(fact)).collect();
    let is_field = |fact: &str| !fact.contains(" required ") && !fact.contains(ONE_OF);
    let lacks = |fact: &&String| is_field(fact) && !plain.contains(without_values(fact));
    ours.iter().filter(lacks).collect()
}

fn without_values(fact: &str) -> &str {
    fact.split_once(": ").map_or(fact, |(field, _)| field)
}

fn define(schema: &Json, path: &str, spellings: &[Spelling], found: &mut Facts) {
    let older = |name: &str| spellings.iter().any(|it| it.also.contains(&name));
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        found.insert(format!("{} required {name}", here(path)));
    }
    for choice in std::iter::once(schema).chain(schema["allOf"].as_array().into_iter().flatten()) {
        let alternatives = choice["oneOf"].as_array().into_iter().flatten();
        let names: Vec<&str> = alternatives
            .filter_map(|it| it["required"][0].as_str())
            .filter(|name| !older(name))
            .collect();
        if names.len() > 1 {
            found.insert(one_of(path, names));
        }
    }
    if let Some(fields) = schema["properties"].as_object() {
        for (name, field) in fields.iter().filter(|(name, _)| !older(name)) {
            define(field, &join(path, name), spellings, found);
        }
    } else if schema["type"] == "array" {
        define(&schema["items"], &format!("{path}[]"), spellings, found);
    } else if schema["additionalProperties"].is_object() {
        define(&schema["additionalProperties"], &format!("{path}{{}}"), spellings, found);
    } else {
        let ty = match schema["type"].as_str() {
            Some("object") | None => "any",
            Some(other) => other,
        };
        let values = schema["enum"].as_array().into_iter().flatten().filter_map(Json::as_str);
        found.insert(leaf(path, ty, values.map(str::to_owned).collect()));
    }
}

/// A walk through attributes.
struct Walk<'a> {
    spellings: &'a [Spelling],
    /// Whether a `spec` is of the right types.
    takes: &'a dyn Fn(&Value) -> bool,
}

impl Walk<'_> {
    /// `around` makes a `spec` with a value at this place.
    fn object(
        &self,
        object: &Object,
        path: &str,
        around: &dyn Fn(Value) -> Value,
        found: &mut Facts,
    ) {
        for text in object.validators.iter().map(|it| it.describe()) {
            if text.contains("most one of ") || text.contains("exactly one of ") {
                let names: Vec<String> = quoted(&text, '`')
                    .into_iter()
                    .map(|name| Spelling::on_the_wire(&name, self.spellings))
                    .collect();
                found.insert(one_of(path, names.iter().map(String::as_str).collect()));
            }
        }
        for attribute in &object.attributes {
            let wire = Spelling::on_the_wire(&attribute.name, self.spellings);
            if attribute.required {
                found.insert(format!("{} required {wire}", here(path)));
            }
            let name = attribute.name.as_str();
            let around = |value| around(Value::from([(name, value)]));
            self.attribute(attribute, &join(path, &wire), &around, found);
        }
    }

    fn attribute(
        &self,
        attribute: &Attribute,
        path: &str,
        around: &dyn Fn(Value) -> Value,
        found: &mut Facts,
    ) {
        match &attribute.kind {
            Kind::Type(ty) => self.plain(ty, &attribute.validators, path, around, found),
            Kind::Nested(Nesting::Single | Nesting::Group, inner) => {
                self.object(inner, path, around, found);
            }
            Kind::Nested(Nesting::List | Nesting::Set, inner) => {
                let around = |value| around(Value::List(vec![value]));
                self.object(inner, &format!("{path}[]"), &around, found);
            }
            Kind::Nested(Nesting::Map, inner) => {
                let around = |value| around(Value::from([("k", value)]));
                self.object(inner, &format!("{path}{{}}"), &around, found);
            }
        }
    }

    fn plain(
        &self,
        ty: &Type,
        validators: &[std::sync::Arc<dyn Validator>],
        path: &str,
        around: &dyn Fn(Value) -> Value,
        found: &mut Facts,
    ) {
        let fraction = || around(Value::Number("0.5".parse().expect("a number")));
        let word = match ty {
            Type::List(element) | Type::Set(element) => {
                let around = |value| around(Value::List(vec![value]));
                return self.plain(element, validators, &format!("{path}[]"), &around, found);
            }
            Type::Map(element) => {
                let around = |value| around(Value::from([("k", value)]));
                return self.plain(element, validators, &format!("{path}{{}}"), &around, found);
            }
            Type::Bool => "boolean",
            Type::String => "string",
            Type::Number if (self.takes)(&fraction()) => "number",
            Type::Number => "integer",
            _ => "any",
        };
        let conditions = validators.iter().map(|it| it.describe());
        let values = conditions.filter(|it| it.contains("must be one of \"")).collect::<String>();
        found.insert(leaf(path, word, quoted(&values, '"')));
    }
}

fn leaf(path: &str, ty: &str, mut values: Vec<String>) -> String {
    values.sort();
    let colon = if values.is_empty() { "" } else { ": " };
    format!("{path} {ty}{colon}{}", values.join(" "))
}

fn one_of(path: &str, mut names: Vec<&str>) -> String {
    names.sort_unstable();
    format!("{}{ONE_OF}{}", here(path), names.join(" "))
}

fn quoted(text: &str, quote: char) -> Vec<String> {
    text.split(quote).skip(1).step_by(2).map(str::to_owned).collect()
}

fn here(path: &str) -> &str {
    if path.is_empty() { "spec" } else { path }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn definitions_are_read() {
        let schema = json!({"type": "object", "required": ["hosts"],
        "oneOf": [{"not": {}}, {"required": ["a"]}, {"required": ["old_a"]}, {"required": ["b"]}],
        "properties": {
            "hosts": {"type": "array", "items": {"type": "string"}},
            "old_a": {"type": "string"},
            "a": {"type": "object", "additionalProperties": {"type": "integer"}},
            "b": {"type": "string", "enum": ["Y", "X"]},
            "c": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        }});
        let spellings = [Spelling { attribute: "a", wire: "a", also: &["old_a"] }];
        let found: Vec<String> = of_definition(&schema, &spellings).into_iter().collect();
        assert_eq!(
            found,
            [
                "a{} integer",
                "b string: X Y",
                "c any",
                "hosts[] string",
                "spec one of a b",
                "spec required hosts"
            ]
        );
    }

    #[test]
    fn differences_are_found_either_way() {
        let facts = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Facts>();
        let theirs = facts(&["a integer", "b string: X Y", "c string", "spec required a"]);
        assert_eq!(missing(&theirs, &theirs).len() + extra(&theirs, &theirs).len(), 0);
        let stricter = facts(&[
            "a integer",
            "b string: X Y",
            "c string: Z",
            "spec required a",
            "spec required b",
            "spec one of a b",
        ]);
        assert_eq!(missing(&theirs, &stricter).len() + extra(&stricter, &theirs).len(), 0);
        let choice = facts(&["spec one of a c"]);
        assert_eq!(missing(&choice, &facts(&["spec one of a b c"])).len(), 0);
        assert_eq!(missing(&choice, &facts(&["spec one of a b", "x one of a c"])).len(), 1);
        let other = facts(&["a number", "b string: X", "c string", "d string"]);
        assert_eq!(missing(&theirs, &other), ["a integer", "b string: X Y", "spec required a"]);
        assert_eq!(extra(&other, &theirs), ["a number", "d string"]);
    }
}
