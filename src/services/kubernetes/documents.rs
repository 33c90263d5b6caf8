//! The objects of a YAML text, by the keys of the attribute `objects`.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;
use tfsdk::{Diagnostic, Diagnostics, value::Path};

use crate::cluster::{
    Document, ObjectRef, apply_order, apply_step, parse_manifests, same_quantity,
};

/// Namespace of objects that leave it open.
const NAMESPACE: &str = "default";

/// Fields whose values are amounts, which servers spell in their own way.
const AMOUNTS: &[&str] = &["limits", "requests", "capacity", "hard", "allocatable", "overhead"];

/// The objects of a text, in an order in which they can be applied.
#[derive(Clone, Debug, Default)]
pub(super) struct Documents {
    list: Vec<Document>,
    /// Places in the list by key.
    places: HashMap<String, usize>,
}

/// An object whatever its version: group, kind, namespace, name.
type Identity = (String, String, Option<String>, String);

impl Documents {
    /// Reads a text, which is the value of the attribute `attribute`.
    ///
    /// # Errors
    ///
    /// Every problem of the text with its line; none quotes the text.
    pub(super) fn parse(text: &str, attribute: &str) -> Result<Self, Diagnostics> {
        let path = Path::from(attribute);
        let documents = parse_manifests(text, Some(NAMESPACE)).map_err(|problems| {
            let one = |problem: &crate::cluster::ManifestError| {
                let line = problem.line;
                let detail =
                    format!("Document {}, line {line}: {}.", problem.number, problem.message);
                Diagnostic::error("Malformed manifest", detail).at(&path)
            };
            problems.iter().map(one).collect::<Diagnostics>()
        })?;
        if documents.is_empty() {
            let detail =
                "The text has no object. Remove the resource if there is nothing to apply.";
            return Err(Diagnostic::error("No manifest", detail).at(&path).into());
        }
        let mut list = documents;
        apply_order(&mut list);
        let key = |(place, it): (usize, &Document)| (it.reference.to_string(), place);
        let places = list.iter().enumerate().map(key).collect();
        Ok(Self { list, places })
    }

    /// The objects, in an order in which they can be applied.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Document> {
        self.list.iter()
    }

    /// The object of this key.
    pub(super) fn get(&self, key: &str) -> Option<&Document> {
        self.list.get(*self.places.get(key)?)
    }

    /// Whether the objects are the same, however they are written.
    pub(super) fn means_the_same_as(&self, other: &Self) -> bool {
        self.list.len() == other.list.len()
            && self.list.iter().all(|document| {
                let twin = other.get(&document.reference.to_string());
                let intent = |it: &Document| crate::cluster::intent(&it.object);
                twin.is_some_and(|twin| is_same(&intent(document), &intent(twin), false))
            })
    }

    /// Splits keys of objects that are not in the text into those that are there
    /// in another version of their group, and those that are not.
    pub(super) fn renamed(&self, keys: Vec<String>) -> (Vec<String>, Vec<String>) {
        let there: HashSet<Identity> =
            self.list.iter().map(|document| identity(&document.reference)).collect();
        let is_there =
            |key: &String| key.parse().is_ok_and(|object| there.contains(&identity(&object)));
        keys.into_iter().partition(is_there)
    }

    /// Those of a list of keys that name an object, grouped into the steps of
    /// their deletion: what depends on others comes first.
    pub(super) fn in_reverse<'a>(keys: impl Iterator<Item = &'a String>) -> Vec<Vec<ObjectRef>> {
        let mut steps: BTreeMap<u8, Vec<ObjectRef>> = BTreeMap::new();
        for object in keys.filter_map(|key| key.parse::<ObjectRef>().ok()) {
            steps.entry(apply_step(&object)).or_default().push(object);
        }
        steps.into_values().rev().collect()
    }

    /// Whether any object is a Secret with data in it.
    pub(super) fn have_secret_data(&self) -> bool {
        self.list.iter().any(|document| {
            let filled = |name: &str| {
                let data = document.object.get(name).and_then(Value::as_object);
                data.is_some_and(|data| !data.is_empty())
            };
            document.reference.is("", "Secret") && (filled("data") || filled("stringData"))
        })
    }
}

fn identity(object: &ObjectRef) -> Identity {
    let group = object.group().to_owned();
    (group, object.kind.clone(), object.namespace.clone(), object.name.clone())
}

/// Equal but for how numbers and amounts are written.
fn is_same(one: &Value, other: &Value, amounts: bool) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| {
                    let amounts = amounts || AMOUNTS.contains(&name.as_str());
                    other.get(name).is_some_and(|other| is_same(value, other, amounts))
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_same(one, other, amounts))
        }
        (Value::Number(one), Value::Number(other)) if !amounts => one.as_f64() == other.as_f64(),
        _ => one == other || (amounts && same_quantity(one, other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {containers: [{name: a, resources: {limits: {cpu: 1000m}}}]}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {amount: '1'}
";

    fn parsed(text: &str) -> Documents {
        Documents::parse(text, "manifests").unwrap()
    }

    #[test]
    fn objects_come_in_order_with_their_keys() {
        let documents = parsed(TEXT);
        let names: Vec<String> = documents.iter().map(|it| it.reference.to_string()).collect();
        let expected =
            ["v1/Namespace/shop", "v1/ConfigMap/default/settings", "apps/v1/Deployment/shop/web"];
        assert_eq!(names, expected);
        let found = documents.get("v1/ConfigMap/default/settings").unwrap();
        assert_eq!(found.reference.name, "settings");
        assert!(documents.get("v1/ConfigMap/default/other").is_none());
        let reverse = Documents::in_reverse(names.iter());
        let reverse: Vec<String> = reverse.iter().flatten().map(ToString::to_string).collect();
        assert_eq!(reverse, expected.iter().rev().copied().collect::<Vec<_>>());
    }

    #[test]
    fn spelling_does_not_count_and_data_does() {
        let other =
            TEXT.replace("1000m", "1").replace("{name: shop}", "\n  # the shop\n  name: \"shop\"");
        assert!(parsed(TEXT).means_the_same_as(&parsed(&other)));
        let other = TEXT.replace("amount: '1'", "amount: '1000m'");
        assert!(!parsed(TEXT).means_the_same_as(&parsed(&other)));
        let other = TEXT.replace("1000m", "2");
        assert!(!parsed(TEXT).means_the_same_as(&parsed(&other)));
        let fewer = parsed("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
        assert!(!parsed(TEXT).means_the_same_as(&fewer) && !fewer.means_the_same_as(&parsed(TEXT)));
    }

    #[test]
    fn problems_are_at_the_attribute_with_their_line() {
        let problems = Documents::parse("a: [\n---\nkind: A\n", "manifests").unwrap_err();
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            said[1].starts_with("Malformed manifest (manifests): Document 2, line 3: apiVersion")
        );
        let none = Documents::parse("# nothing\n", "manifests").unwrap_err();
        assert!(none.to_string().contains("no object"), "{none}");
    }

    #[test]
    fn an_object_in_another_version_is_the_same() {
        let documents = parsed(TEXT);
        let keys = ["apps/v1beta1/Deployment/shop/web", "apps/v1/Deployment/other/web"];
        let (renamed, left) = documents.renamed(keys.map(str::to_owned).to_vec());
        assert_eq!((renamed, left), (vec![keys[0].to_owned()], vec![keys[1].to_owned()]));
    }

    #[test]
    fn data_of_secrets_is_noticed() {
        let secret = |data: &str| {
            parsed(&format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\n{data}"))
        };
        assert!(secret("stringData: {a: b}").have_secret_data());
        assert!(!secret("data: {}").have_secret_data() && !parsed(TEXT).have_secret_data());
    }
}
