//! What the derive makes of structs.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    Model,
    schema::{
        Kind, Nesting,
        validators::{length, range},
    },
    value::{Set, Type},
};

/// Everything that a model can have.
///
/// In two paragraphs.
#[derive(Clone, Model, PartialEq)]
#[model(
    version = 3,
    deprecated = "Use another.",
    exactly_one_of("a", "b"),
    validate(crate::schema::validators::satisfies("holds", |_| Ok(())))
)]
struct Full {
    /// A text.
    #[attr(required, replace, validate(length(1..=8)), equivalent = same)]
    a: Tf<String>,
    /// A number.
    #[attr(optional, default = 80, validate(range(1..)))]
    b: Tf<i64>,
    /// A kind.
    #[attr(optional, computed, stable, deprecated = "No more.")]
    r#type: Tf<String>,
    /// A list of text.
    #[attr(optional, default = vec!["x".to_owned()])]
    list: Tf<Vec<String>>,
    /// A secret.
    #[attr(optional, sensitive)]
    secret: Tf<String>,
    /// Another secret.
    #[attr(optional, write_only, name = "pass")]
    password: Tf<String>,
    /// Anything.
    #[attr(optional)]
    any: Tf<Value>,
    /// One.
    #[attr(optional)]
    one: Tf<Inner>,
    /// Several.
    #[attr(optional)]
    several: Tf<Vec<Inner>>,
    /// By name.
    #[attr(optional)]
    by_name: Tf<BTreeMap<String, Inner>>,
    /// Without order.
    #[attr(optional)]
    unordered: Tf<Set<Inner>>,
    /// Without order, of text.
    #[attr(optional)]
    names: Tf<BTreeSet<String>>,
    #[attr(flatten)]
    place: Place,
}

/// A part.
#[derive(Clone, Model, PartialEq)]
struct Inner {
    /// A port.
    #[attr(required)]
    port: Tf<u16>,
    /// Deeper.
    #[attr(optional)]
    deeper: Tf<Deeper>,
}

/// A part of a part.
#[derive(Clone, Model, PartialEq)]
struct Deeper {
    /// A flag.
    #[attr(computed)]
    flag: Tf<bool>,
}

/// A place.
#[derive(Clone, Model, PartialEq)]
#[model(at_most_one_of("region", "zone"))]
struct Place {
    /// The region.
    #[attr(optional)]
    region: Tf<String>,
    /// The zone.
    #[attr(optional)]
    zone: Tf<String>,
}

fn same(a: &Value, b: &Value) -> bool {
    a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)
}

fn full() -> Full {
    let inner = |port| Inner { port, deeper: Tf::Known(Deeper { flag: true.into() }) };
    Full {
        a: "text".into(),
        b: Tf::Unknown,
        r#type: "kind".into(),
        list: Tf::Known(vec!["x".to_owned()]),
        secret: "s3cret".into(),
        password: "passw0rd".into(),
        any: Tf::Known(Value::dynamic(Value::from([("k", 1_i64)]))),
        one: Tf::Known(inner(1.into())),
        several: Tf::Known(vec![inner(2.into()), inner(Tf::Unknown)]),
        by_name: Tf::Known(BTreeMap::from([("k".to_owned(), inner(3.into()))])),
        unordered: Tf::Known(Set::from(vec![inner(4.into()), inner(5.into())])),
        names: Tf::Known(BTreeSet::from(["n".to_owned()])),
        place: Place { region: "r".into(), zone: Tf::Null },
    }
}

#[test]
fn the_schema_is_what_the_struct_says() {
    let schema = Full::schema();
    assert_eq!(schema.validate(), Ok(()));
    assert_eq!(schema.version, 3);
    assert_eq!(schema.block.deprecation.as_deref(), Some("Use another."));
    assert_eq!(schema.block.description, "Everything that a model can have.\n\nIn two paragraphs.");
    let conditions: Vec<String> =
        schema.block.validators.iter().map(|condition| condition.describe()).collect();
    assert_eq!(
        conditions,
        [
            "at most one of `region` and `zone` may be set",
            "exactly one of `a` and `b` must be set",
            "holds",
        ]
    );
    let names: Vec<&str> = schema.block.attributes.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(
        names.join(" "),
        "a b type list secret pass any one several by_name unordered names region zone"
    );
}

#[test]
fn attributes_are_what_their_keys_say() {
    let schema = Full::schema();
    let attribute = |name: &str| schema.attribute_at(&name.into()).unwrap();
    let a = attribute("a");
    assert!(a.required && !a.optional && a.plan.replace && !a.plan.stable);
    assert_eq!(a.description, "A text.");
    assert_eq!(a.validators[0].describe(), "must have between 1 and 8 characters");
    assert!(a.plan.equivalent.is_some_and(|same| same(&"X".into(), &"x".into())));
    let b = attribute("b");
    assert_eq!(b.default, Some(80.into()));
    assert!(b.optional && !b.computed && b.is_computed());
    let kind = attribute("type");
    assert!(kind.optional && kind.computed && kind.plan.stable);
    assert_eq!(kind.deprecation.as_deref(), Some("No more."));
    assert_eq!(attribute("list").default, Some(Value::from(vec!["x"])));
    assert!(attribute("secret").sensitive);
    assert!(attribute("pass").write_only);
}

#[test]
fn nesting_follows_the_types() {
    let schema = Full::schema();
    let nesting = |name: &str| match &schema.attribute_at(&name.into()).unwrap().kind {
        Kind::Nested(nesting, object) => Some((*nesting, object.description.clone())),
        Kind::Type(_) => None,
    };
    assert_eq!(nesting("one"), Some((Nesting::Single, "A part.".to_owned())));
    assert_eq!(nesting("several").unwrap().0, Nesting::List);
    assert_eq!(nesting("by_name").unwrap().0, Nesting::Map);
    assert_eq!(nesting("unordered").unwrap().0, Nesting::Set);
    assert_eq!(nesting("names"), None);
    let flag = Path::from("several").index(0).attribute("deeper").attribute("flag");
    assert!(schema.attribute_at(&flag).unwrap().computed);
}

#[test]
fn values_go_both_ways() {
    let value = full().encode();
    assert_eq!(Full::schema().ty().check(&value), Ok(()));
    assert!(Full::decode(&value, &Path::root()).unwrap() == full());
    let bytes = crate::value::msgpack::encode(&value, &Full::schema().ty()).unwrap();
    let read = crate::value::msgpack::decode(&bytes, &Full::schema().ty()).unwrap();
    assert_eq!(read, value);
}

#[test]
fn an_empty_model_is_null_throughout() {
    let value = Full::empty().encode();
    assert_eq!(Full::schema().ty().check(&value), Ok(()));
    let Value::Map(entries) = value else { panic!("an object") };
    assert!(entries.values().all(Value::is_null) && entries.len() == 14);
}

#[test]
fn secrets_are_not_printed() {
    let shown = format!("{:?}", full());
    assert!(!shown.contains("s3cret") && !shown.contains("passw0rd"), "{shown}");
    assert!(shown.contains("secret: Known(\"(sensitive)\")"), "{shown}");
    assert!(format!("{:?}", Full::empty()).contains("secret: Null"));
}

#[test]
fn attributes_of_others_are_left_out() {
    let value = Value::from([("region", "r"), ("timeouts", "20m")]);
    let place = Place::decode(&value, &Path::root()).unwrap();
    assert!(place == Place { region: "r".into(), zone: Tf::Null });
}

#[test]
fn every_problem_is_found_at_its_place() {
    let inner = Value::from([("deeper", Value::from([("flag", "x")]))]);
    let value = Value::from([
        ("b", Value::from("x")),
        ("one", Value::from(true)),
        ("several", Value::List(vec![inner, Value::Null])),
        ("names", Value::Set(vec![Value::Null])),
        ("region", Value::from(1)),
    ]);
    let problems = Full::decode(&value, &Path::root()).unwrap_err();
    let places: Vec<String> =
        problems.iter().filter_map(|p| p.path.as_ref()).map(ToString::to_string).collect();
    assert_eq!(places, ["b", "one", "several[0].deeper.flag", "several[1]", "names[…]", "region"]);
    assert!(Full::decode(&Value::List(vec![]), &Path::root()).is_err());
}

#[test]
fn types_imply_what_crosses_the_wire() {
    assert_eq!(
        Type::of(&Place::empty().encode()).to_string(),
        "object({ region = any, zone = any })"
    );
    assert_eq!(Place::schema().ty().to_string(), "object({ region = string, zone = string })");
}
