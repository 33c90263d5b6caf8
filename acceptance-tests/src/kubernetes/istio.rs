//! Istio's custom resource definitions, from the table `istio.types`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

/// Istio's definitions, as `CustomResourceDefinition` objects.
pub(crate) fn definitions() -> &'static [Value] {
    &DEFINITIONS
}

static DEFINITIONS: LazyLock<Vec<Value>> =
    LazyLock::new(|| Table::read(include_str!("istio.types")).definitions());

/// The lines of the table, by what they describe.
#[derive(Default)]
struct Table<'a> {
    kinds: Vec<(Vec<&'a str>, Vec<&'a str>)>,
    rules: BTreeMap<&'a str, (&'a str, String)>,
    types: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Table<'a> {
    fn read(text: &'a str) -> Self {
        let mut table = Self::default();
        let mut current = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(kind) = line.strip_prefix("= ") {
                table.kinds.push((kind.split(' ').collect(), Vec::new()));
            } else if let Some(column) = line.strip_prefix("| ") {
                if let Some((_, columns)) = table.kinds.last_mut() {
                    columns.push(column);
                }
            } else if let Some(field) = line.strip_prefix("  ") {
                table.types.entry(current).or_default().push(field);
            } else if let Some((head, condition)) = line.split_once(" => ") {
                let (name, message) = head.split_once(' ').unwrap_or((head, ""));
                table.rules.insert(name, (message, expression(condition)));
            } else {
                current = line;
            }
        }
        table
    }

    fn definitions(&self) -> Vec<Value> {
        self.kinds.iter().filter_map(|(kind, columns)| self.definition(kind, columns)).collect()
    }

    fn definition(&self, words: &[&str], columns: &[&str]) -> Option<Value> {
        let [kind, plural, group, versions, storage, short, categories] = words else {
            return None;
        };
        let schema = self.object(kind);
        let columns: Vec<Value> = columns
            .iter()
            .map(|column| {
                let mut words = column.splitn(3, ' ');
                let mut next = || words.next().unwrap_or_default();
                json!({"name": next(), "type": next(), "jsonPath": next()})
            })
            .collect();
        let versions: Vec<Value> = versions
            .split(',')
            .map(|version| {
                let mut version = json!({
                    "name": version,
                    "served": true,
                    "storage": version == *storage,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": schema},
                });
                if !columns.is_empty() {
                    version["additionalPrinterColumns"] = json!(columns);
                }
                version
            })
            .collect();
        let mut names = json!({
            "kind": kind,
            "listKind": format!("{kind}List"),
            "plural": plural,
            "singular": kind.to_lowercase(),
            "categories": categories.split(',').collect::<Vec<_>>(),
        });
        if *short != "-" {
            names["shortNames"] = json!(short.split(',').collect::<Vec<_>>());
        }
        Some(json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": format!("{plural}.{group}"),
                "labels": {"app": "istio-pilot", "istio": "istio"},
            },
            "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": versions},
        }))
    }

    /// The schema of a type of the table.
    fn object(&self, name: &str) -> Value {
        let mut schema = json!({"type": "object"});
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut alternatives = Vec::new();
        for line in self.types.get(name).into_iter().flatten() {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("one-of", names) => alternatives.push(one_of(names)),
                ("check", check) => self.check(&mut schema, check),
                ("preserve", _) => schema["x-kubernetes-preserve-unknown-fields"] = json!(true),
                (field, rest) => {
                    if let Some(field) = field.strip_suffix('!') {
                        required.push(field);
                    }
                    let field = field.trim_end_matches('!').to_owned();
                    properties.insert(field, self.field(rest));
                }
            }
        }
        schema["properties"] = Value::Object(properties);
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        match alternatives.as_slice() {
            [] => {}
            [one] => schema["oneOf"] = one.clone(),
            many => {
                schema["allOf"] = many.iter().map(|one| json!({"oneOf": one})).collect();
            }
        }
        schema
    }

    /// A field: its type, its checks, and those of its items behind ` / `.
    fn field(&self, text: &str) -> Value {
        let (own, of_items) = text.split_once(" / ").unwrap_or((text, ""));
        let (kind, checks) = own.split_once(' ').unwrap_or((own, ""));
        let mut schema = self.of_type(kind, of_items);
        self.checks(&mut schema, checks);
        schema
    }

    fn of_type(&self, kind: &str, of_items: &str) -> Value {
        if let Some(inner) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
            let mut items = self.of_type(inner, "");
            self.checks(&mut items, of_items);
            return json!({"type": "array", "items": items});
        }
        if let Some(inner) = kind.strip_prefix('{').and_then(|kind| kind.strip_suffix('}')) {
            let mut values = self.of_type(inner, "");
            self.checks(&mut values, of_items);
            return json!({"type": "object", "additionalProperties": values});
        }
        match kind {
            "string" | "integer" | "number" | "boolean" => json!({"type": kind}),
            "intorstring" => json!({
                "anyOf": [{"type": "integer"}, {"type": "string"}],
                "x-kubernetes-int-or-string": true,
            }),
            "object" => json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
            "any" => json!({"x-kubernetes-preserve-unknown-fields": true}),
            "empty" => json!({"type": "object"}),
            name => self.object(name),
        }
    }

    /// Checks, divided by blanks; a pattern comes last and may hold any.
    fn checks(&self, schema: &mut Value, checks: &str) {
        let (words, pattern) = match checks.split_once("pattern=") {
            Some((words, pattern)) => (words, Some(pattern)),
            None => (checks, None),
        };
        for word in words.split_whitespace() {
            self.check(schema, word);
        }
        if let Some(pattern) = pattern {
            schema["pattern"] = json!(pattern);
        }
    }

    fn check(&self, schema: &mut Value, check: &str) {
        let (name, value) = check.split_once('=').unwrap_or((check, ""));
        let number = || serde_json::from_str(value).unwrap_or(Value::Null);
        match name {
            "format" => schema["format"] = json!(value),
            "min" => schema["minimum"] = number(),
            "max" => schema["maximum"] = number(),
            "minlen" => schema["minLength"] = number(),
            "maxlen" => schema["maxLength"] = number(),
            "minitems" => schema["minItems"] = number(),
            "maxitems" => schema["maxItems"] = number(),
            "minprops" => schema["minProperties"] = number(),
            "maxprops" => schema["maxProperties"] = number(),
            "enum" => schema["enum"] = json!(value.split('|').collect::<Vec<_>>()),
            "nullable" => schema["nullable"] = json!(true),
            "by" => {
                schema["x-kubernetes-list-type"] = json!("map");
                schema["x-kubernetes-list-map-keys"] = json!(value.split(',').collect::<Vec<_>>());
            }
            rule => {
                let Some((message, rule)) = self.rules.get(rule) else { return };
                let rules = &mut schema["x-kubernetes-validations"];
                if rules.is_null() {
                    *rules = json!([]);
                }
                if let Some(rules) = rules.as_array_mut() {
                    rules.push(json!({"message": message, "rule": rule}));
                }
            }
        }
    }
}

/// At most one of the names may be set.
fn one_of(names: &str) -> Value {
    let each: Vec<Value> = names.split('|').map(|name| json!({"required": [name]})).collect();
    let mut alternatives = vec![json!({"not": {"anyOf": each}})];
    alternatives.extend(each);
    Value::Array(alternatives)
}

fn expression(condition: &str) -> String {
    let Some(names) = condition.strip_prefix("at most one of ") else {
        return condition.to_owned();
    };
    let set: Vec<String> =
        names.split('|').map(|name| format!("(has(self.{name}) ? 1 : 0)")).collect();
    format!("{} <= 1", set.join(" + "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describes_all_fifteen_kinds() {
        assert_eq!(definitions().len(), 15);
        let service = definitions()
            .iter()
            .find(|one| one["spec"]["names"]["kind"] == "VirtualService")
            .unwrap();
        assert_eq!(service["spec"]["versions"].as_array().unwrap().len(), 3);
        let spec =
            &service["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
        let uri = &spec["properties"]["http"]["items"]["properties"]["match"]["items"]["properties"]
            ["uri"];
        assert_eq!(uri["properties"]["prefix"], json!({"type": "string"}));
        assert_eq!(uri["oneOf"].as_array().unwrap().len(), 4);
    }

    #[test]
    fn every_type_and_rule_that_is_used_exists() {
        let table = Table::read(include_str!("istio.types"));
        let known =
            ["string", "integer", "number", "boolean", "intorstring", "object", "any", "empty"];
        for line in table.types.values().flatten() {
            let mut words = line.split(' ');
            let kind = match words.next() {
                Some("one-of" | "check" | "preserve") | None => continue,
                Some(_) => words.next().unwrap().trim_matches(['[', ']', '{', '}']),
            };
            assert!(known.contains(&kind) || table.types.contains_key(kind), "{line}");
        }
        let used = table.types.values().flatten().flat_map(|line| line.split(' '));
        let numbered =
            |word: &&str| word.strip_prefix("rule").is_some_and(|rest| rest.parse::<u8>().is_ok());
        for rule in used.filter(numbered) {
            assert!(table.rules.contains_key(rule), "{rule}");
        }
    }
}
