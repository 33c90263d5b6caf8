//! The text of objects that were imported: what we own of them, or all that is
//! not the server's.

use serde_json::{Map, Value};

use crate::cluster::{FieldSet, MASKED, ObjectRef, fields_of, intent, owners, project};

/// What `kubectl apply` notes on an object; nobody writes it in a manifest.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The label that every namespace gets.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// The YAML of objects, in their order. Data of Secrets is masked: it would
/// stand in the state in clear.
pub(super) fn text_of<'a>(objects: impl Iterator<Item = &'a Value>, manager: &str) -> String {
    let documents = objects.map(|object| yaml(&manifest(object, manager)));
    documents.collect::<Vec<_>>().join("---\n")
}

/// The manifest that an object was, or could have been, made of.
fn manifest(object: &Value, manager: &str) -> Value {
    let mut manifest = match fields_of(object, manager).or_else(|| fields_of_all(object)) {
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
        if object.get("kind").is_some_and(|kind| kind == "Namespace") {
            // Every namespace has them.
            fields.remove("spec");
        }
        let is_secret = object.get("kind").is_some_and(|kind| kind == "Secret");
        if let (true, Some(Value::Object(data))) = (is_secret, fields.get_mut("data")) {
            data.values_mut().for_each(|value| *value = MASKED.into());
        }
    }
    manifest
}

/// What anybody set, so that the server's defaults are left out; `None` where
/// nobody is known.
fn fields_of_all(object: &Value) -> Option<FieldSet> {
    let owners = owners(object).into_iter().filter(|owner| owner.subresource.is_none());
    owners.map(|owner| owner.fields).reduce(|mut all, fields| {
        all.merge(&fields);
        all
    })
}

/// Removes what the server or `kubectl` put there.
fn tidy(metadata: &mut Map<String, Value>) {
    for (map, key) in [("annotations", LAST_APPLIED), ("labels", NAMESPACE_NAME)] {
        if let Some(Value::Object(entries)) = metadata.get_mut(map) {
            entries.remove(key);
            if entries.is_empty() {
                metadata.remove(map);
            }
        }
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
        let mut unmanaged = live();
        unmanaged["metadata"].as_object_mut().unwrap().remove("managedFields");
        for (object, data) in
            [(unmanaged, json!({"mode": "yes", "other": "1"})), (live(), json!({"mode": "yes"}))]
        {
            let text = text_of([object].iter(), "somebody");
            let documents = Documents::parse(&text, "manifests").unwrap();
            let one = &documents.iter().next().unwrap().object;
            assert_eq!(one["data"], data);
            assert_eq!(one["metadata"], json!({"name": "a", "namespace": "shop"}));
            assert!(one.get("status").is_none());
        }
    }

    #[test]
    fn what_every_namespace_has_is_left_out() {
        let bare = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop",
            "labels": {NAMESPACE_NAME: "shop"}}, "spec": {"finalizers": ["kubernetes"]}});
        let text = text_of([bare].iter(), "crossmesh");
        let documents = Documents::parse(&text, "manifests").unwrap();
        let expected =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
        assert_eq!(documents.iter().next().unwrap().object, expected);
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
