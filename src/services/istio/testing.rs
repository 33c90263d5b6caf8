//! What tests of the kinds share.

mod facts;

use std::{fs, path::PathBuf};

use serde_json::Value as Json;
use tfsdk::{
    Diagnostic, Diagnostics,
    engine::Resource as _,
    schema::{Kind, Model as _, Nesting, Object, Part},
    value::{Path, Tf, Value},
};

use self::facts::Facts;
use crate::services::{
    InCluster,
    istio::{
        kind::{IstioKind, Manifest},
        loose,
        object::IstioObject,
        wire::Shape,
    },
};

/// What validation says of a `spec` whose attributes are written as JSON; the
/// text `"(unknown)"` stands for a value that is not known yet.
pub(super) fn problems<K: IstioKind>(name: &str, spec: &Json) -> Vec<String> {
    let object = K::Spec::object();
    let mut manifest = Manifest::<K>::named(InCluster::default(), "default", name);
    manifest.head.place.cluster = Tf::from("hub");
    manifest.spec = value(&object, spec, "spec");
    let mut found = Diagnostics::new();
    let schema = Manifest::<K>::schema();
    schema.walk(&manifest.encode(), &mut |part, path, value| match part {
        Part::Attribute(attribute) if attribute.required && value.is_null() => {
            found.error_at(path, "Missing", "It is required.");
        }
        Part::Attribute(attribute) if !value.is_null() && !value.is_unknown() => {
            for (path, problem) in
                attribute.validators.iter().flat_map(|it| it.problems(value, path))
            {
                found.error_at(path, "Invalid value", problem);
            }
        }
        Part::Object(conditions) => {
            for (path, problem) in conditions.iter().flat_map(|it| it.problems(value, path)) {
                found.error_at(path, "Invalid value", problem);
            }
        }
        _ => {}
    });
    IstioObject::<K>::default().validate(&manifest, &mut found);
    found.iter().map(shown).collect()
}

/// A message, its place once.
fn shown(diagnostic: &Diagnostic) -> String {
    let text = diagnostic.to_string();
    match &diagnostic.path {
        Some(path) => text.replacen(&format!("): {path}: "), "): ", 1),
        None => text,
    }
}

/// Attributes written as JSON, as Terraform sends them.
fn value(object: &Object, json: &Json, at: &str) -> Value {
    if json == "(unknown)" {
        return Value::unknown();
    }
    let fields = json.as_object().unwrap_or_else(|| panic!("{at} must be an object"));
    for name in fields.keys() {
        let known = object.attributes.iter().any(|attribute| attribute.name == *name);
        assert!(known, "{at} has no attribute {name}");
    }
    let attributes = object.attributes.iter().map(|attribute| {
        let json = fields.get(&attribute.name).unwrap_or(&Json::Null);
        let at = format!("{at}.{}", attribute.name);
        let value = match (&attribute.kind, json) {
            (_, Json::Null) => Value::Null,
            (Kind::Nested(Nesting::Single, object), json) => value(object, json, &at),
            (Kind::Nested(Nesting::List, object), Json::Array(items)) => {
                Value::List(items.iter().map(|item| value(object, item, &at)).collect())
            }
            (Kind::Nested(Nesting::Map, object), Json::Object(items)) => {
                items.iter().map(|(key, item)| (key.clone(), value(object, item, &at))).collect()
            }
            (_, json) => plain(json),
        };
        (attribute.name.clone(), value)
    });
    attributes.collect()
}

fn plain(json: &Json) -> Value {
    match json {
        Json::String(text) if text == "(unknown)" => Value::unknown(),
        Json::Array(items) => Value::List(items.iter().map(plain).collect()),
        Json::Object(entries) => entries.iter().map(|(key, it)| (key.clone(), plain(it))).collect(),
        Json::Number(number) => Value::Number(number.to_string().parse().unwrap()),
        Json::String(text) => text.as_str().into(),
        Json::Bool(value) => (*value).into(),
        Json::Null => Value::Null,
    }
}

/// Holds a kind's attributes against the committed facts of its definition, and
/// those against Istio's definitions where they are at hand.
pub(super) fn expect_fields<K: IstioKind>(committed: &str) {
    let committed: Facts = committed.lines().map(str::to_owned).collect();
    let ours = facts::of_kind::<K>();
    let (missing, extra) = (facts::missing(&committed, &ours), facts::extra(&ours, &committed));
    let kind = K::KIND;
    assert!(
        missing.is_empty() && extra.is_empty(),
        "{kind}: the attributes lack {missing:#?}\nand have {extra:#?} instead or besides"
    );
    for schema in definitions(K::GROUP, kind) {
        let theirs = facts::of_definition(&schema, K::SPELLINGS);
        let new: Vec<_> = theirs.difference(&committed).collect();
        let gone: Vec<_> = committed.difference(&theirs).collect();
        assert!(
            new.is_empty() && gone.is_empty(),
            "{kind}: the committed facts lack {new:#?}\nand have {gone:#?}, which the definition \
             does not say"
        );
    }
}

/// The `spec` schemas of a kind in files `istio/crds-*.yaml` of a folder
/// `shared` beside the workspace or above it; none where there are none.
fn definitions(group: &str, kind: &str) -> Vec<Json> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folders = workspace.ancestors().map(|folder| folder.join("shared/istio"));
    let files = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let texts = files
        .filter(|file| file.file_name().to_string_lossy().starts_with("crds-"))
        .filter_map(|file| fs::read_to_string(file.path()).ok());
    texts
        .flat_map(|text| {
            crate::cluster::parse_manifests(&text, None).expect("definitions are YAML")
        })
        .filter(|it| {
            it.object["spec"]["group"] == group && it.object["spec"]["names"]["kind"] == kind
        })
        .flat_map(|it| it.object["spec"]["versions"].as_array().cloned().unwrap_or_default())
        .filter(|version| version["storage"] == true)
        .map(|version| version["schema"]["openAPIV3Schema"]["properties"]["spec"].clone())
        .collect()
}

/// A `spec` with every field set, as a cluster holds it, comes back as it went
/// through the attributes.
pub(super) fn expect_round_trip<K: IstioKind>(spec: &Json) {
    let shape = Shape::of(&K::Spec::object(), K::SPELLINGS);
    let mut foreign = Vec::new();
    let value = shape.value_of(spec, &mut foreign);
    assert_eq!(foreign, [""; 0]);
    let decoded = K::Spec::decode(&value, &Path::from("spec")).unwrap();
    assert_eq!(loose::bare(&decoded.encode()), loose::bare(&value));
    assert_eq!(&shape.to_wire(&value, &Path::from("spec")).unwrap(), spec);
}
