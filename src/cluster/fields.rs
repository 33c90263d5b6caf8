//! Paths and sets of fields, in the notation of managed fields
//! (`FieldsV1` of the Kubernetes API: `f:name`, `k:{…}`, `v:…`, `i:0`).

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

/// One step from an object into a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A field of a map.
    Field(String),
    /// The item of a keyed list whose key fields have these values.
    Key(Vec<(String, Value)>),
    /// The item of a set that equals this value.
    Item(Value),
    /// The n-th item of a list, from 0.
    Index(usize),
}

/// A path from the root of an object, printed as the API server does:
/// `.spec.containers[name="web"].image`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath(Vec<Step>);

/// A set of fields as a tree. A node without children stands for the whole
/// value below it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSet {
    /// The node itself is a member (`.`): an empty map or a list item.
    pub(super) own: bool,
    pub(super) children: Vec<(Step, Self)>,
}

impl FieldPath {
    /// The object itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// Steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is the object itself, or no field was named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This path, one step longer.
    pub fn join(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// This path, into a field.
    pub fn field(&self, name: &str) -> Self {
        self.join(Step::Field(name.to_owned()))
    }

    /// Reads a path as servers print it: `.spec.ports[port=80,protocol="TCP"]`,
    /// `spec.http[0].route`, `metadata.labels[app.kubernetes.io/name]`,
    /// `.metadata.finalizers[="x"]`.
    ///
    /// What cannot be split further is kept as one field, so that nothing of
    /// the server's text is lost.
    pub fn parse(text: &str) -> Self {
        let mut steps = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let end = bracket_end(inner);
                steps.push(bracket_step(&inner[..end]));
                rest = inner.get(end + 1..).unwrap_or("");
            } else {
                let name = rest.strip_prefix('.').unwrap_or(rest);
                let end = name.find(['.', '[']).unwrap_or(name.len());
                if end > 0 {
                    steps.push(Step::Field(name[..end].to_owned()));
                }
                rest = &name[end..];
            }
        }
        Self(steps)
    }
}

impl FieldSet {
    /// Reads `fieldsV1` of a managed-fields entry. Unknown notations are
    /// skipped.
    pub fn parse(fields: &Value) -> Self {
        let mut set = Self::default();
        let Some(map) = fields.as_object() else { return set };
        for (name, below) in map {
            if name == "." {
                set.own = true;
            } else if let Some(step) = managed_step(name) {
                set.children.push((step, Self::parse(below)));
            }
        }
        set
    }

    /// Whether nothing is below: the whole value is meant.
    pub fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    /// The subset below a step.
    pub fn child(&self, step: &Step) -> Option<&Self> {
        self.children.iter().find(|(it, _)| it == step).map(|(_, below)| below)
    }

    /// Whether the set has the value at `path`: the path itself, something
    /// below it, or an atomic value above it.
    pub fn covers(&self, path: &FieldPath) -> bool {
        let mut node = self;
        for step in path.steps() {
            match node.child(step) {
                Some(below) => node = below,
                None => return node.is_leaf() && !std::ptr::eq(node, self),
            }
        }
        true
    }

    /// Adds all members of `other`.
    ///
    /// Where one set ends in a leaf and the other goes deeper, the deeper
    /// structure stays, since it says how the value is divided.
    pub fn merge(&mut self, other: &Self) {
        self.own |= other.own;
        for (step, below) in &other.children {
            match self.children.iter_mut().find(|(it, _)| it == step) {
                Some((_, mine)) => mine.merge(below),
                None => self.children.push((step.clone(), below.clone())),
            }
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            step.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) if name.contains(['.', '[', ']', '/']) => write!(f, "[{name:?}]"),
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(fields) => {
                f.write_str("[")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(f, "{comma}{name}={value}")?;
                }
                f.write_str("]")
            }
            Self::Item(value) => write!(f, "[={value}]"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

fn managed_step(name: &str) -> Option<Step> {
    let (sort, text) = name.split_once(':')?;
    match sort {
        "f" => Some(Step::Field(text.to_owned())),
        "v" => serde_json::from_str(text).ok().map(Step::Item),
        "i" => text.parse().ok().map(Step::Index),
        "k" => {
            let fields: BTreeMap<String, Value> = serde_json::from_str(text).ok()?;
            Some(Step::Key(fields.into_iter().collect()))
        }
        _ => None,
    }
}

/// Position of the `]` that closes a bracket, quoted text skipped.
fn bracket_end(inner: &str) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    for (at, letter) in inner.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return at,
            _ => {}
        }
    }
    inner.len()
}

fn bracket_step(inner: &str) -> Step {
    if let Ok(index) = inner.parse() {
        return Step::Index(index);
    }
    if let Some(value) = inner.strip_prefix('=') {
        return Step::Item(scalar(value));
    }
    if let Ok(Value::String(name)) = serde_json::from_str(inner) {
        return Step::Field(name);
    }
    if !inner.contains('=') {
        return Step::Field(inner.to_owned());
    }
    let mut fields = Vec::new();
    for pair in split_outside_quotes(inner) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        fields.push((name.trim().to_owned(), scalar(value)));
    }
    fields.sort_by(|(left, _), (right, _)| left.cmp(right));
    Step::Key(fields)
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(|letter| {
        if letter == '"' {
            quoted = !quoted;
        }
        letter == ',' && !quoted
    })
    .collect()
}

fn scalar(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_read_as_the_server_prints_them() {
        for text in [
            ".spec.hosts",
            ".spec.template.spec.containers[name=\"web\"].image",
            ".spec.ports[port=80,protocol=\"TCP\"].nodePort",
            ".metadata.finalizers[=\"example.com/hold\"]",
            ".spec.http[0].route[1].weight",
            ".metadata.labels[\"app.kubernetes.io/name\"]",
            ".metadata.annotations[\"a]b\"]",
        ] {
            assert_eq!(FieldPath::parse(text).to_string(), text);
        }
        assert_eq!(FieldPath::parse("spec.replicas"), FieldPath::parse(".spec.replicas"));
        assert_eq!(
            FieldPath::parse("metadata.labels[app/x]").steps()[2],
            Step::Field("app/x".to_owned())
        );
        assert!(FieldPath::parse("").is_empty());
    }

    #[test]
    fn broken_paths_keep_their_text_and_end() {
        assert_eq!(FieldPath::parse(".a[b=\"c").steps().len(), 2);
        assert_eq!(FieldPath::parse("[").steps(), [Step::Field(String::new())]);
        assert_eq!(FieldPath::parse("..a").steps(), [Step::Field("a".to_owned())]);
    }

    #[test]
    fn a_field_set_knows_what_it_covers() {
        let set = FieldSet::parse(&json!({
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {
                "f:hosts": {},
                "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}},
            },
        }));
        for path in [
            ".metadata.labels[\"app\"]",
            ".metadata.labels",
            ".spec.hosts",
            ".spec.hosts[0]",
            ".spec.ports[port=80,protocol=\"TCP\"].port",
        ] {
            assert!(set.covers(&FieldPath::parse(path)), "{path}");
        }
        for path in [".metadata.annotations", ".spec.ports[port=81,protocol=\"TCP\"]", ".status"] {
            assert!(!set.covers(&FieldPath::parse(path)), "{path}");
        }
        assert!(!FieldSet::default().covers(&FieldPath::parse(".spec")));
    }

    #[test]
    fn merged_sets_keep_the_deeper_structure() {
        let mut one = FieldSet::parse(&json!({"f:spec": {"f:a": {}}}));
        one.merge(&FieldSet::parse(&json!({"f:spec": {"f:b": {"f:c": {}}}})));
        for path in [".spec.a", ".spec.b.c"] {
            assert!(one.covers(&FieldPath::parse(path)), "{path}");
        }
    }
}
