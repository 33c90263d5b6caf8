//! The semantics of server-side apply, on a Deployment and on a custom resource.

use serde_json::{Value, json};

use super::fieldset::FieldSet;
use super::managers::{Actor, Operation};
use super::{Scope, apply, track_update};
use crate::kubernetes::schema::{Schema, structural};

fn actor(name: &str, operation: Operation) -> Actor {
    Actor {
        manager: name.to_owned(),
        operation,
        api_version: "apps/v1".to_owned(),
        subresource: String::new(),
    }
}

fn scope<'a>(schema: &'a Schema) -> Scope<'a> {
    let reset = FieldSet::from_v1(&json!({"f:status": {}}));
    Scope { schema, reset, custom: false, now: "2026-01-01T00:00:00Z".to_owned() }
}

fn config(spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec})
}

fn applied(live: &Value, spec: Value, by: &str, force: bool) -> Result<Value, Value> {
    let schema = Schema::named("Deployment");
    let actor = actor(by, Operation::Apply);
    apply(&scope(&schema), live, &config(spec), &actor, force).map_err(|error| error.to_value())
}

fn managers_of(object: &Value) -> Vec<&str> {
    object["metadata"]["managedFields"]
        .as_array()
        .map(|list| list.iter().filter_map(|entry| entry["manager"].as_str()).collect())
        .unwrap_or_default()
}

fn nothing() -> Value {
    json!({"metadata": {}})
}

#[test]
fn a_field_left_out_by_its_only_applier_goes() {
    let live =
        applied(&nothing(), json!({"replicas": 2, "minReadySeconds": 5}), "a", false).unwrap();
    let live = applied(&live, json!({"replicas": 2}), "a", false).unwrap();
    assert_eq!(live["spec"], json!({"replicas": 2}));
}

#[test]
fn a_field_that_another_owns_too_stays() {
    let live = applied(&nothing(), json!({"replicas": 2, "paused": true}), "a", false).unwrap();
    let live = applied(&live, json!({"replicas": 2}), "b", false).unwrap();
    assert_eq!(managers_of(&live), ["a", "b"]);
    let live = applied(&live, json!({"paused": true}), "a", false).unwrap();
    assert_eq!(live["spec"], json!({"replicas": 2, "paused": true}));
}

#[test]
fn another_value_conflicts_and_force_takes_it() {
    let live = applied(&nothing(), json!({"replicas": 2}), "a", false).unwrap();
    let refused = applied(&live, json!({"replicas": 3}), "b", false).unwrap_err();
    assert_eq!(refused["code"], 409);
    assert_eq!(refused["reason"], "Conflict");
    assert_eq!(
        refused["details"]["causes"],
        json!([{"reason": "FieldManagerConflict", "message": "conflict with \"a\"", "field": ".spec.replicas"}])
    );
    assert_eq!(
        refused["message"],
        "Apply failed with 1 conflict: conflict with \"a\": .spec.replicas"
    );
    let live = applied(&live, json!({"replicas": 3}), "b", true).unwrap();
    assert_eq!(managers_of(&live), ["b"]);
    let refused = applied(&live, json!({"replicas": 2}), "a", false).unwrap_err();
    assert_eq!(refused["details"]["causes"][0]["message"], "conflict with \"b\"");
}

#[test]
fn a_plain_update_owns_and_is_never_pruned() {
    let schema = Schema::named("Deployment");
    let live = applied(&nothing(), json!({"replicas": 2}), "a", false).unwrap();
    let mut scaled = live.clone();
    scaled["spec"]["replicas"] = json!(5);
    let mut hpa = actor("hpa", Operation::Update);
    hpa.subresource = "scale".to_owned();
    track_update(&scope(&schema), Some(&live), &mut scaled, &hpa);
    assert_eq!(managers_of(&scaled), ["hpa"]);
    let refused = applied(&scaled, json!({"replicas": 2}), "a", false).unwrap_err();
    assert_eq!(
        refused["details"]["causes"][0]["message"],
        "conflict with \"hpa\" with subresource \"scale\" using apps/v1"
    );
    let shared = applied(&scaled, json!({"paused": true}), "a", false).unwrap();
    assert_eq!(shared["spec"], json!({"replicas": 5, "paused": true}));
}

#[test]
fn associative_lists_are_shared_by_key() {
    let containers = |list: Value| json!({"template": {"spec": {"containers": list}}});
    let live = applied(
        &nothing(),
        containers(json!([{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}])),
        "one",
        false,
    )
    .unwrap();
    let live =
        applied(&live, containers(json!([{"name": "b", "image": "1"}])), "two", false).unwrap();
    assert_eq!(live["spec"]["template"]["spec"]["containers"].as_array().unwrap().len(), 2);
    let live =
        applied(&live, containers(json!([{"name": "a", "image": "1"}])), "one", false).unwrap();
    assert_eq!(
        live["spec"]["template"]["spec"]["containers"],
        json!([{"name": "a", "image": "1"}, {"name": "b", "image": "1"}])
    );
    let live = applied(&live, json!({"replicas": 1}), "one", false).unwrap();
    assert_eq!(
        live["spec"]["template"]["spec"]["containers"],
        json!([{"name": "b", "image": "1"}])
    );
}

#[test]
fn the_same_intent_again_changes_nothing() {
    let spec = json!({"replicas": 2, "template": {"metadata": {"labels": {}}}});
    let live = applied(&nothing(), spec.clone(), "a", false).unwrap();
    assert_eq!(applied(&live, spec, "a", false).unwrap(), live);
}

#[test]
fn an_object_without_owners_belongs_to_a_synthetic_one() {
    let mut live = config(json!({"replicas": 2}));
    live["metadata"]["creationTimestamp"] = json!("2025-01-01T00:00:00Z");
    let refused = applied(&live, json!({"replicas": 3}), "a", false).unwrap_err();
    assert_eq!(
        refused["details"]["causes"][0]["message"],
        "conflict with \"before-first-apply\" using apps/v1"
    );
}

#[test]
fn lists_of_custom_resources_are_one_value() {
    let schema = structural::object_schema(Some(
        &json!({"type": "object", "properties": {"spec": {
        "type": "object", "properties": {"hosts": {"type": "array", "items": {"type": "string"}}}}}}),
    ));
    let mut scope = scope(&schema);
    scope.custom = true;
    let config = |hosts: Value| json!({"metadata": {"name": "x"}, "spec": {"hosts": hosts}});
    let one = actor("one", Operation::Apply);
    let two = actor("two", Operation::Apply);
    let live = apply(&scope, &nothing(), &config(json!(["a"])), &one, false).unwrap();
    assert_eq!(
        live["metadata"]["managedFields"][0]["fieldsV1"],
        json!({"f:spec": {"f:hosts": {}}})
    );
    let refused = apply(&scope, &live, &config(json!(["a", "b"])), &two, false).unwrap_err();
    assert_eq!(refused.to_value()["details"]["causes"][0]["field"], ".spec.hosts");
    let shared = apply(&scope, &live, &config(json!(["a"])), &two, false).unwrap();
    assert_eq!(managers_of(&shared), ["one", "two"]);
}

#[test]
fn labels_are_shared_key_by_key() {
    let schema = Schema::named("Deployment");
    let config = |labels: Value| json!({"metadata": {"name": "d", "labels": labels}});
    let one = actor("one", Operation::Apply);
    let two = actor("two", Operation::Apply);
    let scope = scope(&schema);
    let live = apply(&scope, &nothing(), &config(json!({"a": "1"})), &one, false).unwrap();
    let live = apply(&scope, &live, &config(json!({"b": "2"})), &two, false).unwrap();
    let without = json!({"metadata": {"name": "d"}});
    let live = apply(&scope, &live, &without, &one, false).unwrap();
    assert_eq!(live["metadata"]["labels"], json!({"b": "2"}));
    let live = apply(&scope, &live, &without, &two, false).unwrap();
    assert_eq!(live["metadata"].get("labels"), None);
}
