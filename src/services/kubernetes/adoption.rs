//! The text of objects that were imported: what we own of them, or all that is
//! not the server's.

use serde_json::{Map, Value};

use crate::cluster::{MASKED, ObjectRef, fields_of, intent, project};

/// What `kubectl apply` notes on an object; nobody writes it in a manifest.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The YAML of objects, in their order. Data of Secrets is masked: it would
/// stand in the state in clear.
pub(super) fn text_of<'a>(objects: impl Iterator<Item = &'a Value>, manager: &str) -> String {
    let documents = objects.map(|object| yaml(&manifest(object, manager)));
    documents.collect::<Vec<_>>().join("---\n")
}

/// The manifest that an object was, or could have been, made of.
fn manifest(object: &Value, manager: &str) -> Value {
    let mut manifest = match fields_of(object, manager) {
        Some(fields) => project(object, &fields),
        None => intent(object),
    };
    if let Value::Object(fields) = &mut manifest {
        fields.remove("status");
        for name in ["apiVersion", "kind"] {
            fields.insert(name.to_owned(), object.get(name).cloned().unwrap_or_default());
        }
        let metadata = fields.entry("metadata").or_insert_with(|| Map::new().into());
        if let (Value::Object(metadata), Ok(name)) = (metadata, ObjectRef::of(object)) {
            metadata.insert("name".to_owned(), name.name.into());
            if let Some(namespace) = name.namespace {
                metadata.insert("namespace".to_owned(), namespace.into());
            }
            tidy(metadata);
        }
        let is_secret = object.get("kind").is_some_and(|kind| kind == "Secret");
        if let (true, Some(Value::Object(data))) = (is_secret, fields.get_mut("data")) {
            data.values_mut().for_each(|value| *value = MASKED.into());
        }
    }
    manifest
}

fn tidy(metadata: &mut Map<String, Value>) {
    let Some(Value::Object(annotations)) = metadata.get_mut("annotations") else { return };
    annotations.remove(LAST_APPLIED);
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
}

/// JSON is YAML: what cannot be written more nicely is written so.
fn yaml(manifest: &Value) -> String {
    match serde_saphyr::to_string(manifest) {
        Ok(text) if reads_back(&text, manifest) => text,
        _ => format!("{manifest}\n"),
    }
}

fn reads_back(text: &str, manifest: &Value) -> bool {
    let read = crate::cluster::parse_manifests(text, None);
    read.is_ok_and(|it| matches!(it.as_slice(), [one] if one.object == *manifest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::kubernetes::documents::Documents;

    fn live() -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "shop", "uid": "1", "resourceVersion": "7",
                "annotations": {LAST_APPLIED: "{}"},
                "managedFields": [{"manager": "crossmesh", "operation": "Apply",
                    "fieldsV1": {"f:data": {"f:mode": {}}}}]},
            "data": {"mode": "yes", "other": "1"}, "status": {"x": 1}})
    }

    #[test]
    fn what_we_own_becomes_the_text() {
        let text = text_of([live()].iter(), "crossmesh");
        let documents = Documents::parse(&text, "manifests").unwrap();
        let one = documents.iter().next().unwrap();
        assert_eq!(
            one.object,
            json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "a", "namespace": "shop"}, "data": {"mode": "yes"}})
        );
    }

    #[test]
    fn of_others_objects_all_but_the_server_s_own_becomes_the_text() {
        let text = text_of([live()].iter(), "somebody");
        let documents = Documents::parse(&text, "manifests").unwrap();
        let one = &documents.iter().next().unwrap().object;
        assert_eq!(one["data"], json!({"mode": "yes", "other": "1"}));
        assert_eq!(one["metadata"], json!({"name": "a", "namespace": "shop"}));
        assert!(one.get("status").is_none());
    }

    #[test]
    fn several_objects_are_several_documents_and_secrets_are_masked() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "b", "namespace": "shop"}, "data": {"token": "aHVudGVyMg=="}});
        let text = text_of([live(), secret].iter(), "crossmesh");
        assert!(!text.contains("aHVudGVyMg"), "{text}");
        assert_eq!(Documents::parse(&text, "manifests").unwrap().iter().count(), 2);
    }
}
