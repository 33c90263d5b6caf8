//! How objects are shown in the attribute `objects`: as JSON, of which Terraform
//! shows what differs, and with hidden values replaced.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{documents::Documents, records::Records};
use crate::cluster::{Document, Drift, MASKED, Step, intent};

/// What `kubectl apply` notes on an object: a copy of it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The place of an object that is hidden as a whole.
const WHOLE: &str = "";

/// Shown of an object whose text is not stored, when others changed it.
pub(super) const CHANGED: &str = "changed since it was applied";

/// Stands for a hidden value that others changed.
const CHANGED_VALUE: &str = "(sensitive, changed in the cluster)";

/// The objects of a text as they are shown.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// The value of `objects`.
    pub texts: BTreeMap<String, String>,
    /// The values that are hidden, by object and place.
    pub hidden: BTreeMap<String, BTreeMap<String, String>>,
}

impl Shown {
    /// Shows a text. Of one that is `write_only`, everything is hidden.
    pub(super) fn of(documents: &Documents, write_only: bool, records: &Records) -> Self {
        let mut shown = Self::default();
        for document in documents.iter() {
            let key = document.reference.to_string();
            let mut hidden = BTreeMap::new();
            let text = if write_only {
                let whole = intent(&document.object).to_string();
                let revision = records.revision(&key, WHOLE, &whole);
                hidden.insert(WHOLE.to_owned(), whole);
                unstored(revision)
            } else {
                value(document, records, &mut hidden).to_string()
            };
            shown.hidden.insert(key.clone(), hidden);
            shown.texts.insert(key, text);
        }
        shown
    }
}

/// An object of a text that is not stored, as it was applied last.
pub(super) fn as_applied(key: &str, records: &Records) -> String {
    unstored(records.applied_revision(key, WHOLE))
}

/// An object as the cluster has it: with what others changed of our fields.
pub(super) fn drifted(document: &Document, records: &Records, changes: &[Drift]) -> String {
    let mut shown = value(document, records, &mut BTreeMap::new());
    for change in changes {
        let mut change = change.clone();
        if let (true, Some(found)) = (is_hidden(document, &change), &mut change.found) {
            *found = match found {
                Value::Object(entries) if change.path.steps().len() == 1 => {
                    let names = entries.keys().cloned();
                    names.map(|name| (name, CHANGED_VALUE.into())).collect::<Map<_, _>>().into()
                }
                _ => CHANGED_VALUE.into(),
            };
        }
        change.bring(&mut shown);
    }
    shown.to_string()
}

/// The object without what its key says, and without the values of a Secret,
/// which are added to `hidden`.
fn value(document: &Document, records: &Records, hidden: &mut BTreeMap<String, String>) -> Value {
    let mut shown = intent(&document.object);
    let Value::Object(fields) = &mut shown else { return shown };
    fields.remove("apiVersion");
    fields.remove("kind");
    if let Some(Value::Object(metadata)) = fields.get_mut("metadata") {
        metadata.remove("name");
        metadata.remove("namespace");
        if metadata.is_empty() {
            fields.remove("metadata");
        }
    }
    if !document.reference.is("", "Secret") {
        return shown;
    }
    let key = document.reference.to_string();
    let mut hide = |place: String, value: &mut Value| {
        let text = value.to_string();
        *value = masked(records.revision(&key, &place, &text)).into();
        hidden.insert(place, text);
    };
    for name in ["data", "stringData"] {
        match fields.get_mut(name) {
            Some(Value::Object(entries)) => {
                entries.iter_mut().for_each(|(entry, it)| hide(format!("{name}.{entry}"), it));
            }
            Some(other) => hide(name.to_owned(), other),
            None => {}
        }
    }
    let annotations = fields.get_mut("metadata").and_then(|it| it.get_mut("annotations"));
    if let Some(copy) = annotations.and_then(|it| it.get_mut(LAST_APPLIED)) {
        hide(LAST_APPLIED.to_owned(), copy);
    }
    shown
}

fn is_hidden(document: &Document, change: &Drift) -> bool {
    let first = change.path.steps().first();
    document.reference.is("", "Secret")
        && (matches!(first, Some(Step::Field(name)) if name == "data")
            || change.found.as_ref().is_some_and(|found| found == MASKED))
}

fn masked(revision: u64) -> String {
    match revision {
        1 => MASKED.to_owned(),
        revision => format!("(sensitive, revision {revision})"),
    }
}

fn unstored(revision: u64) -> String {
    match revision {
        1 => "(write-only)".to_owned(),
        revision => format!("(write-only, revision {revision})"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::FieldPath;

    const TEXT: &str = "
apiVersion: v1
kind: Secret
metadata:
  name: s
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{\"data\":\"aHVudGVyMg==\"}'}
type: Opaque
stringData: {password: hunter2}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, labels: {b: '1', a: '2'}}
data: {y: '1', x: '2'}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
";

    fn shown(text: &str, write_only: bool, records: &Records) -> Shown {
        Shown::of(&Documents::parse(text, "manifests").unwrap(), write_only, records)
    }

    #[test]
    fn objects_are_shown_without_secrets_in_one_order() {
        let shown = shown(TEXT, false, &Records::default());
        assert_eq!(
            shown.texts["v1/ConfigMap/default/c"],
            r#"{"data":{"x":"2","y":"1"},"metadata":{"labels":{"a":"2","b":"1"}}}"#
        );
        assert_eq!(shown.texts["v1/Namespace/shop"], "{}");
        let secret = &shown.texts["v1/Secret/default/s"];
        assert!(!secret.contains("aHVudGVy") && !secret.contains("hunter"), "{secret}");
        assert!(secret.contains(r#""password":"(sensitive)""#), "{secret}");
        assert!(secret.contains("Opaque"), "{secret}");
    }

    #[test]
    fn another_value_is_another_revision() {
        let mut records = Records::default();
        let first = shown(TEXT, false, &records);
        for (key, hidden) in &first.hidden {
            records.accept(key, None, hidden);
        }
        assert_eq!(shown(TEXT, false, &records).texts, first.texts);
        let changed = shown(&TEXT.replace("hunter2", "hunter3"), false, &records).texts;
        assert!(changed["v1/Secret/default/s"].contains("(sensitive, revision 2)"));
        assert_eq!(changed["v1/ConfigMap/default/c"], first.texts["v1/ConfigMap/default/c"]);
    }

    #[test]
    fn nothing_is_shown_of_a_text_that_is_not_stored() {
        let mut records = Records::default();
        let first = shown(TEXT, true, &records);
        assert!(first.texts.values().all(|text| text == "(write-only)"), "{:?}", first.texts);
        for (key, hidden) in &first.hidden {
            records.accept(key, None, hidden);
        }
        let changed = shown(&TEXT.replace("x: '2'", "x: '3'"), true, &records).texts;
        assert_eq!(changed["v1/ConfigMap/default/c"], "(write-only, revision 2)");
        assert_eq!(changed["v1/Secret/default/s"], "(write-only)");
        assert_eq!(as_applied("v1/ConfigMap/default/c", &records), "(write-only)");
    }

    #[test]
    fn what_others_changed_is_shown_in_its_place() {
        let documents = Documents::parse(TEXT, "manifests").unwrap();
        let drift = |path: &str, found: Value| Drift {
            path: FieldPath::parse(path),
            expected: None,
            found: Some(found),
            manager: None,
        };
        let of = |key: &str, change: Drift| {
            drifted(documents.get(key).unwrap(), &Records::default(), &[change])
        };
        assert_eq!(
            of("v1/ConfigMap/default/c", drift(".data.x", json!("5"))),
            r#"{"data":{"x":"5","y":"1"},"metadata":{"labels":{"a":"2","b":"1"}}}"#
        );
        let secret = of("v1/Secret/default/s", drift(".data.password", json!("c3Vuc2hpbmU=")));
        assert!(secret.contains(r#""password":"(sensitive, changed in the cluster)""#), "{secret}");
        assert!(!secret.contains("c3Vuc2hpbmU"), "{secret}");
    }
}
