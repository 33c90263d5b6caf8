//! From HCL to an Istio object's JSON and back: one mapping for all kinds.
//!
//! Attributes are `snake_case`, fields of the wire `camelCase`; a kind names its
//! exceptions. An attribute that is not set is not sent, an empty one is. Free-form
//! parts go through as they are, but for entries that are null: those are not
//! set either.

use serde_json::{Map, Value as Json};
use tfsdk::{
    Diagnostic, Diagnostics,
    schema::{Attribute, Kind, Nesting, Object},
    value::{Path, Type, Value, json},
};

use crate::{
    cluster::{self, FieldPath},
    services::istio::loose,
};

/// A field whose name on the wire does not follow from the attribute's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spelling {
    /// The attribute's name, wherever in the kind it stands.
    pub attribute: &'static str,
    /// The field's name.
    pub wire: &'static str,
    /// Older names of the field, which are read but never sent.
    pub also: &'static [&'static str],
}

impl Spelling {
    /// The name of an attribute's field.
    pub(super) fn on_the_wire(attribute: &str, spellings: &[Self]) -> String {
        let odd = spellings.iter().find(|it| it.attribute == attribute);
        odd.map_or_else(|| camel_case(attribute), |it| it.wire.to_owned())
    }
}

/// The fields of an object, in the schema's order.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
struct Field {
    attribute: String,
    wire: String,
    also: &'static [&'static str],
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    /// A value of a type, or of any.
    Plain(Type),
    One(Shape),
    List(Shape),
    Map(Shape),
    /// A list or map that Terraform holds as a value of type `dynamic`.
    Loose(Box<Self>),
}

impl Shape {
    /// The shape of nested attributes.
    pub(super) fn of(object: &Object, spellings: &[Spelling]) -> Self {
        let fields = object.attributes.iter().map(|it| Field::of(it, spellings)).collect();
        Self { fields }
    }

    /// The JSON of the object at `path`.
    ///
    /// # Errors
    ///
    /// Names a part that is not known yet, or whose number is out of range.
    pub(super) fn to_wire(&self, value: &Value, path: &Path) -> Result<Json, Diagnostics> {
        let mut fields = Map::new();
        for field in &self.fields {
            if let Some(value) = value.entry(&field.attribute).filter(|it| !it.is_null()) {
                let sent = field.form.to_wire(value, &path.attribute(&field.attribute))?;
                fields.insert(field.wire.clone(), sent);
            }
        }
        Ok(Json::Object(fields))
    }

    /// The object that JSON is, every attribute present. Fields that no
    /// attribute is made for, or whose value is of another type, are listed in
    /// `foreign`, as `http[0].newField`.
    pub(super) fn value_of(&self, json: &Json, foreign: &mut Vec<String>) -> Value {
        self.read(json, "", foreign)
    }

    /// The attribute that a field of the wire belongs to, as far as there is
    /// one; `path` begins within this object. `object` is what stands here: it
    /// tells where in a list an item is.
    pub(super) fn attribute_at(
        &self,
        path: &[cluster::Step],
        from: &Path,
        object: Option<&Json>,
    ) -> Path {
        let Some((cluster::Step::Field(name), rest)) = path.split_first() else {
            return from.clone();
        };
        let Some(field) = self.fields.iter().find(|field| field.is(name)) else {
            return from.clone();
        };
        let object = object.and_then(|it| it.get(name));
        field.form.attribute_at(rest, from.attribute(&field.attribute), object)
    }

    fn read(&self, json: &Json, at: &str, foreign: &mut Vec<String>) -> Value {
        let none = Map::new();
        let Some(object) = json.as_object().or_else(|| json.is_null().then_some(&none)) else {
            foreign.push(at.to_owned());
            return Value::Null;
        };
        for name in object.keys().filter(|name| !self.fields.iter().any(|field| field.is(name))) {
            foreign.push(join(at, name));
        }
        self.fields
            .iter()
            .map(|field| {
                let name = field.names().find(|name| object.get(*name).is_some_and(is_set));
                let value = name.map_or(Value::Null, |name| {
                    field.form.read(&object[name], &join(at, name), foreign)
                });
                (field.attribute.clone(), value)
            })
            .collect()
    }
}

impl Field {
    fn of(attribute: &Attribute, spellings: &[Spelling]) -> Self {
        let spelling = spellings.iter().find(|it| it.attribute == attribute.name);
        let form = match &attribute.kind {
            Kind::Type(ty) => Form::Plain(ty.clone()),
            Kind::Nested(nesting, object) => {
                let shape = Shape::of(object, spellings);
                let form = match nesting {
                    Nesting::Single | Nesting::Group => Form::One(shape),
                    Nesting::List | Nesting::Set => Form::List(shape),
                    Nesting::Map => Form::Map(shape),
                };
                if loose::is_loose(&attribute.kind) { Form::Loose(Box::new(form)) } else { form }
            }
        };
        Self {
            attribute: attribute.name.clone(),
            wire: Spelling::on_the_wire(&attribute.name, spellings),
            also: spelling.map_or(&[], |it| it.also),
            form,
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.wire.as_str()).chain(self.also.iter().copied())
    }

    fn is(&self, name: &str) -> bool {
        self.names().any(|it| it == name)
    }
}

impl Form {
    fn attribute_at(&self, path: &[cluster::Step], at: Path, value: Option<&Json>) -> Path {
        let Some((step, rest)) = path.split_first() else { return at };
        let item = || {
            let index = match step {
                cluster::Step::Index(index) => *index,
                _ => step.position(value?.as_array()?)?,
            };
            Some((index, value.and_then(|it| it.get(index))))
        };
        match (self, step) {
            (Self::Loose(form), _) => form.attribute_at(path, at, value),
            (Self::One(shape), _) => shape.attribute_at(path, &at, value),
            (Self::List(shape), _) => match item() {
                Some((index, item)) => shape.attribute_at(rest, &at.index(index), item),
                None => at,
            },
            (Self::Map(shape), cluster::Step::Field(key)) => {
                shape.attribute_at(rest, &at.key(key), value.and_then(|it| it.get(key)))
            }
            (Self::Plain(Type::List(_)), _) => match item() {
                Some((index, _)) => at.index(index),
                None => at,
            },
            (Self::Plain(Type::Map(_)), cluster::Step::Field(key)) => at.key(key),
            _ => at,
        }
    }

    fn to_wire(&self, value: &Value, path: &Path) -> Result<Json, Diagnostics> {
        match (self, value.content()) {
            (Self::One(shape), Value::Map(_)) => shape.to_wire(value, path),
            (Self::List(shape), Value::List(items) | Value::Set(items)) => {
                let items = items.iter().enumerate();
                items.map(|(i, item)| shape.to_wire(item, &path.index(i))).collect()
            }
            (Self::Map(shape), Value::Map(entries)) => {
                let one = |(key, item): (&String, &Value)| {
                    Ok((key.clone(), shape.to_wire(item, &path.key(key))?))
                };
                entries.iter().map(one).collect::<Result<_, _>>().map(Json::Object)
            }
            (Self::Loose(form), value) => form.to_wire(value, path),
            (Self::Plain(Type::Dynamic), value) => as_it_is(&loose::bare(value), path),
            (_, value) => as_it_is(value, path),
        }
    }

    fn read(&self, json: &Json, at: &str, foreign: &mut Vec<String>) -> Value {
        match (self, json) {
            (Self::Plain(ty), json) => plain(ty, json).unwrap_or_else(|| {
                foreign.push(at.to_owned());
                Value::Null
            }),
            (Self::Loose(form), json) => Value::dynamic(loose::bare(&form.read(json, at, foreign))),
            (Self::One(shape), json) => shape.read(json, at, foreign),
            (Self::List(shape), Json::Array(items)) => {
                let items = items.iter().enumerate();
                Value::List(
                    items.map(|(i, it)| shape.read(it, &format!("{at}[{i}]"), foreign)).collect(),
                )
            }
            (Self::Map(shape), Json::Object(entries)) => {
                let read = |(key, it): (&String, &Json)| {
                    (key.clone(), shape.read(it, &format!("{at}[{key:?}]"), foreign))
                };
                entries.iter().map(read).collect()
            }
            _ => {
                foreign.push(at.to_owned());
                Value::Null
            }
        }
    }
}

fn as_it_is(value: &Value, path: &Path) -> Result<Json, Diagnostics> {
    json::to_serde(value).map_err(|problem| {
        let detail = format!("{path} cannot be sent to the cluster: {problem}.");
        Diagnostic::error("Value cannot be sent", detail).at(path).into()
    })
}

/// A value of a type without nested attributes; `None` if the JSON is of
/// another.
fn plain(ty: &Type, json: &Json) -> Option<Value> {
    Some(match (ty, json) {
        (Type::Dynamic, json) => Value::dynamic(loose::bare(&json::from_serde(json))),
        (Type::Bool, Json::Bool(value)) => Value::Bool(*value),
        (Type::Number, Json::Number(number)) => Value::Number(number.to_string().parse().ok()?),
        (Type::String, Json::String(text)) => text.as_str().into(),
        (Type::List(element), Json::Array(items)) => {
            Value::List(items.iter().map(|item| plain(element, item)).collect::<Option<_>>()?)
        }
        (Type::Set(element), Json::Array(items)) => {
            Value::Set(items.iter().map(|item| plain(element, item)).collect::<Option<_>>()?)
        }
        (Type::Map(element), Json::Object(entries)) => Value::Map(
            entries
                .iter()
                .map(|(key, item)| Some((key.clone(), plain(element, item)?)))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

/// Reads JSON that is not null, which the API server holds for absent.
fn is_set(json: &Json) -> bool {
    !json.is_null()
}

/// Where a field of a whole object is, as the schema has it: `spec.http[0]` of
/// `.spec.http[0]`, and the labels and annotations of the metadata. `object` is
/// what was sent, by which items with keys are found.
pub(super) fn locate(shape: &Shape, field: &FieldPath, object: &Json) -> Option<Path> {
    let (cluster::Step::Field(first), rest) = field.steps().split_first()? else { return None };
    match first.as_str() {
        "spec" => Some(shape.attribute_at(rest, &Path::from("spec"), object.get("spec"))),
        "metadata" => {
            let metadata = Path::from("metadata");
            Some(match rest {
                [cluster::Step::Field(map), cluster::Step::Field(key), ..] => {
                    metadata.attribute(map).key(key)
                }
                [cluster::Step::Field(name)] => metadata.attribute(name),
                _ => metadata,
            })
        }
        _ => None,
    }
}

/// `mirror_percentage` as `mirrorPercentage`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(letters.as_str());
    }
    text
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tfsdk::schema::Object;

    use super::*;

    const SPELLINGS: &[Spelling] =
        &[Spelling { attribute: "ratio", wire: "shareOf", also: &["share_of"] }];

    fn shape() -> Shape {
        let rule = Object::new(
            "",
            [
                Attribute::new("port", Type::Number).optional(),
                Attribute::new("ratio", Type::Number).optional(),
                Attribute::new("http2_error", Type::String).optional(),
                Attribute::new("source_labels", Type::map(Type::String)).optional(),
            ],
        );
        let spec = Object::new(
            "",
            [
                Attribute::new("hosts", Type::list(Type::String)).required(),
                Attribute::new("rules", Kind::Nested(Nesting::List, rule.clone())).optional(),
                Attribute::new("by_name", Kind::Nested(Nesting::Map, rule.clone())).optional(),
                Attribute::new("tls", Kind::Nested(Nesting::Single, rule)).optional(),
                Attribute::new("plugin_config", Type::Dynamic).optional(),
            ],
        );
        Shape::of(&spec, SPELLINGS)
    }

    fn both_ways(json: &Json) -> (Value, Vec<String>) {
        let mut foreign = Vec::new();
        let value = shape().value_of(json, &mut foreign);
        (value, foreign)
    }

    #[test]
    fn a_full_object_survives_both_ways() {
        let sent = json!({
            "hosts": ["a", "b"],
            "rules": [{"port": 80, "http2Error": "X", "sourceLabels": {"app": "a"}}, {}],
            "byName": {"k": {"shareOf": 0.25}},
            "tls": {},
            "pluginConfig": {"anyCase_here": [1, {"x": true}, null]},
        });
        let (value, foreign) = both_ways(&sent);
        assert_eq!(shape().to_wire(&value, &Path::root()).unwrap(), sent);
        assert_eq!(foreign, [""; 0]);
    }

    #[test]
    fn what_is_not_set_is_not_sent_and_what_is_empty_is() {
        let value = Value::from([
            ("hosts", Value::List(vec![])),
            ("plugin_config", Value::dynamic(Value::from([("a", Value::Null)]))),
            ("rules", Value::Null),
            ("tls", Value::from([("port", Value::Null)])),
        ]);
        assert_eq!(
            shape().to_wire(&value, &Path::root()).unwrap(),
            json!({"hosts": [], "tls": {}, "pluginConfig": {}})
        );
    }

    #[test]
    fn older_names_are_read_and_not_sent() {
        let (value, foreign) = both_ways(&json!({"tls": {"share_of": 7}}));
        assert_eq!(foreign, [""; 0]);
        assert_eq!(shape().to_wire(&value, &Path::root()).unwrap(), json!({"tls": {"shareOf": 7}}));
    }

    #[test]
    fn fields_without_an_attribute_are_named() {
        let odd = json!({"new": 1, "hosts": "a", "rules": [{"newer": 2}], "tls": {"port": "x"}});
        let (value, mut foreign) = both_ways(&odd);
        foreign.sort();
        assert_eq!(foreign, ["hosts", "new", "rules[0].newer", "tls.port"]);
        assert_eq!(value.entry("hosts"), Some(&Value::Null));
    }

    #[test]
    fn unknown_parts_are_named() {
        let rule = Value::from([("port", Value::unknown())]);
        let value = Value::from([("rules", Value::List(vec![rule]))]);
        let error = shape().to_wire(&value, &Path::from("spec")).unwrap_err();
        assert!(error.to_string().contains("(spec.rules[0].port)"), "{error}");
    }

    #[test]
    fn fields_of_the_server_are_found_as_attributes() {
        let object = json!({"spec": {"hosts": ["a", "b"], "rules": [{"port": 1}, {"port": 2}]}});
        let at = |field: &str| {
            locate(&shape(), &FieldPath::parse(field), &object).map(|path| path.to_string())
        };
        for (field, attribute) in [
            (".spec.rules[1].http2Error", "spec.rules[1].http2_error"),
            ("spec.byName.k.shareOf", "spec.by_name[\"k\"].ratio"),
            (".spec.rules[port=2].http2Error", "spec.rules[1].http2_error"),
            (".spec.rules[port=3].http2Error", "spec.rules"),
            (".spec.hosts[=\"b\"]", "spec.hosts[1]"),
            (".spec.hosts[2]", "spec.hosts[2]"),
            (".spec.hosts", "spec.hosts"),
            (".spec.unheard.of", "spec"),
            (".metadata.labels[\"a/b\"]", "metadata.labels[\"a/b\"]"),
            (".metadata.name", "metadata.name"),
        ] {
            assert_eq!(at(field).as_deref(), Some(attribute), "{field}");
        }
        assert_eq!(at(".status"), None);
    }
}
