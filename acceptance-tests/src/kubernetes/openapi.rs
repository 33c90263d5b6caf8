//! OpenAPI documents: enough for clients to learn which parameters a kind's
//! endpoints take, and what the kinds look like.

use serde_json::{Map, Value, json};

use super::discovery::{group_names, of_version, versions};
use super::kinds::{Kind, Kinds};
use super::schema::{ListKind, Rest, Scalar, Schema, Shape, builtin};

/// `GET /openapi/v3`: the documents by group and version.
pub(crate) fn index(kinds: &Kinds, revision: u64) -> Value {
    let mut paths = Map::new();
    for group in group_names(kinds) {
        for version in versions(kinds, &group) {
            let path = path_of(&group, &version);
            let url = format!("/openapi/v3/{path}?hash={revision:016X}");
            paths.insert(path, json!({"serverRelativeURL": url}));
        }
    }
    json!({"paths": paths})
}

/// `GET /openapi/v3/apis/GROUP/VERSION`
pub(crate) fn document(kinds: &Kinds, group: &str, version: &str) -> Option<Value> {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for kind in of_version(kinds, group, version) {
        let base = format!("/{}", path_of(group, version));
        let base = if kind.namespaced { format!("{base}/namespaces/{{namespace}}") } else { base };
        let item = format!("{base}/{}/{{name}}", kind.plural);
        paths.insert(format!("{base}/{}", kind.plural), collection(kind));
        paths.insert(item, object(kind));
        let mut schema = match kind.custom.as_ref().and_then(|custom| custom.source.clone()) {
            Some(source) => source,
            None => json!({"allOf": [reference(&kind.kind)]}),
        };
        schema["x-kubernetes-group-version-kind"] = json!([gvk(kind)]);
        schemas.insert(schema_name(kind), schema);
    }
    if paths.is_empty() {
        return None;
    }
    for (name, schema) in builtin::all() {
        schemas.insert(format!("io.k8s.{name}"), described(schema));
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }))
}

/// `GET /openapi/v2` in JSON. Old clients validate against it only where v3 is
/// missing; its definitions are empty.
pub(crate) fn version_2() -> Value {
    json!({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "v1"},
        "paths": {},
        "definitions": {},
    })
}

/// `GET /openapi/v2` in protobuf: `swagger` and `info` of the same document.
pub(crate) fn version_2_protobuf() -> Vec<u8> {
    let text = |field: u8, text: &str| {
        let mut bytes = vec![field << 3 | 2, u8::try_from(text.len()).unwrap_or(0)];
        bytes.extend_from_slice(text.as_bytes());
        bytes
    };
    let mut info = text(1, "Kubernetes");
    info.extend(text(2, "v1"));
    let mut document = text(1, "2.0");
    document.push(2 << 3 | 2);
    document.push(u8::try_from(info.len()).unwrap_or(0));
    document.extend(info);
    // `paths` (8), empty.
    document.extend([8 << 3 | 2, 0]);
    document
}

fn path_of(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

fn schema_name(kind: &Kind) -> String {
    let group = if kind.group.is_empty() { "core" } else { &kind.group };
    let reversed: Vec<&str> = group.split('.').rev().collect();
    format!("{}.{}.{}", reversed.join("."), kind.version, kind.kind)
}

fn gvk(kind: &Kind) -> Value {
    json!({"group": kind.group, "version": kind.version, "kind": kind.kind})
}

fn collection(kind: &Kind) -> Value {
    json!({
        "get": operation(kind, "list", &["labelSelector", "fieldSelector", "limit", "continue", "watch", "resourceVersion"]),
        "post": operation(kind, "post", &["dryRun", "fieldManager", "fieldValidation"]),
    })
}

fn object(kind: &Kind) -> Value {
    let mut item = json!({
        "get": operation(kind, "get", &[]),
        "put": operation(kind, "put", &["dryRun", "fieldManager", "fieldValidation"]),
        "delete": operation(kind, "delete", &["dryRun", "propagationPolicy", "gracePeriodSeconds"]),
        "patch": operation(kind, "patch", &["dryRun", "fieldManager", "fieldValidation", "force"]),
    });
    let mut accepted = Map::new();
    for media in super::write::patch_types(kind) {
        let schema = reference(&kind.kind);
        accepted.insert(media.to_owned(), json!({"schema": schema}));
    }
    item["patch"]["requestBody"] = json!({"content": accepted});
    item
}

fn operation(kind: &Kind, action: &str, parameters: &[&str]) -> Value {
    let parameters: Vec<Value> = parameters
        .iter()
        .map(|name| {
            json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}})
        })
        .collect();
    json!({
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": gvk(kind),
    })
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/io.k8s.{name}")})
}

fn described(schema: &Schema) -> Value {
    let mut described = match &schema.shape {
        Shape::Any => json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
        Shape::Named(name) => json!({"allOf": [reference(name)]}),
        Shape::Scalar(scalar) => match scalar {
            Scalar::Integer => json!({"type": "integer"}),
            Scalar::Number => json!({"type": "number"}),
            Scalar::Boolean => json!({"type": "boolean"}),
            Scalar::IntOrString => json!({"type": "string", "format": "int-or-string"}),
            Scalar::Time => json!({"type": "string", "format": "date-time"}),
            Scalar::Bytes => json!({"type": "string", "format": "byte"}),
            Scalar::String | Scalar::Quantity => json!({"type": "string"}),
        },
        Shape::List(items, kind) => {
            let mut list = json!({"type": "array", "items": described(items)});
            match kind {
                ListKind::Atomic => list["x-kubernetes-list-type"] = json!("atomic"),
                ListKind::Set => list["x-kubernetes-list-type"] = json!("set"),
                ListKind::Map(keys) => {
                    list["x-kubernetes-list-type"] = json!("map");
                    list["x-kubernetes-list-map-keys"] = json!(keys);
                    list["x-kubernetes-patch-strategy"] = json!("merge");
                    list["x-kubernetes-patch-merge-key"] = json!(keys.first());
                }
            }
            list
        }
        Shape::Map(map) => {
            let fields: Map<String, Value> = map
                .fields
                .iter()
                .map(|(name, field)| (name.clone(), described(&field.schema)))
                .collect();
            let mut object = json!({"type": "object"});
            if !fields.is_empty() {
                object["properties"] = Value::Object(fields);
            }
            if let Rest::Open(values) = &map.rest {
                object["additionalProperties"] = described(values);
            }
            if map.atomic {
                object["x-kubernetes-map-type"] = json!("atomic");
            }
            object
        }
    };
    if let Some(default) = &schema.default {
        described["default"] = default.clone();
    }
    described
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_parameters_a_patch_takes() {
        let document = document(&Kinds::built_in(), "apps", "v1").unwrap();
        let patch =
            &document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
        let names: Vec<_> =
            patch["parameters"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert!(names.contains(&json!("fieldValidation")) && names.contains(&json!("dryRun")));
        assert_eq!(patch["x-kubernetes-group-version-kind"]["kind"], "Deployment");
        assert!(
            document["components"]["schemas"]["io.k8s.Container"]["properties"]["ports"]
                .is_object()
        );
    }
}
