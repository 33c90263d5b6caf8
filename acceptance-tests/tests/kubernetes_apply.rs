//! Server-side apply as clients see it over HTTP.

mod kube_client;

use http::Method;
use serde_json::{Value, json};

use kube_client::{APPLY, Client, DEPLOYMENT, JSON, MERGE, STRATEGIC, deployment, web};

fn config_map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data})
}

const CONFIG_MAP: &str = "/api/v1/namespaces/default/configmaps/c";

fn widget_definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {
                        "hosts": {"type": "array", "items": {"type": "string"}},
                        "size": {"type": "integer", "maximum": 10},
                        "color": {"type": "string", "default": "red"},
                    }},
                    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                }}},
            }],
        },
    })
}

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const WIDGET: &str = "/apis/example.com/v1/namespaces/default/widgets/w";

fn widget(spec: Value) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec})
}

#[tokio::test]
async fn creates_with_201_and_updates_with_200() {
    let client = Client::admin();
    let created = client.apply(DEPLOYMENT, "crossmesh", "", &deployment(web(2))).await.expect(201);
    assert_eq!(created["metadata"]["generation"], 1);
    assert_eq!(created["spec"]["strategy"]["type"], "RollingUpdate");
    let entry = &created["metadata"]["managedFields"][0];
    assert_eq!((&entry["manager"], &entry["operation"]), (&json!("crossmesh"), &json!("Apply")));
    let updated = client.apply(DEPLOYMENT, "crossmesh", "", &deployment(web(3))).await.expect(200);
    assert_eq!(updated["metadata"]["generation"], 2);
}

#[tokio::test]
async fn the_content_type_must_be_apply_and_the_manager_named() {
    let client = Client::admin();
    let refused = client.patch(DEPLOYMENT, JSON, &deployment(web(1))).await;
    assert_eq!(refused.status, 415);
    assert!(refused.text.contains(APPLY), "{}", refused.text);
    let refused = client.patch(DEPLOYMENT, APPLY, &deployment(web(1))).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.causes(), [("FieldValueRequired".into(), "fieldManager".into())]);
    let long = "m".repeat(129);
    assert_eq!(client.apply(DEPLOYMENT, &long, "", &deployment(web(1))).await.status, 422);
}

#[tokio::test]
async fn the_body_must_agree_with_the_url() {
    let client = Client::admin();
    let mut wrong = deployment(web(1));
    wrong["kind"] = json!("StatefulSet");
    let refused = client.apply(DEPLOYMENT, "m", "", &wrong).await.expect(400);
    assert!(refused["message"].as_str().unwrap().contains("invalid object type"));
    for (field, value) in
        [("name", Value::Null), ("namespace", json!("other")), ("managedFields", json!([]))]
    {
        let mut wrong = deployment(web(1));
        wrong["metadata"][field] = value;
        client.apply(DEPLOYMENT, "m", "", &wrong).await.expect(400);
    }
}

#[tokio::test]
async fn resource_version_and_uid_are_preconditions() {
    let client = Client::admin();
    let mut locked = deployment(web(1));
    locked["metadata"]["resourceVersion"] = json!("1");
    let absent = client.apply(DEPLOYMENT, "m", "", &locked).await;
    assert_eq!((absent.status, absent.causes().len()), (409, 0));
    client.apply(DEPLOYMENT, "m", "", &deployment(web(1))).await.expect(201);
    let stale = client.apply(DEPLOYMENT, "m", "", &locked).await;
    assert_eq!((stale.status, stale.causes().len()), (409, 0));
    assert!(stale.text.contains("the object has been modified"), "{}", stale.text);
    let mut other = deployment(web(1));
    other["metadata"]["uid"] = json!("00000000-0000-4000-8000-000000000000");
    let refused = client.apply(DEPLOYMENT, "m", "", &other).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.causes()[0].1, "metadata.uid");
}

#[tokio::test]
async fn status_in_the_body_is_ignored() {
    let client = Client::admin();
    let mut body = deployment(web(1));
    body["status"] = json!({"replicas": 99});
    let created = client.apply(DEPLOYMENT, "m", "", &body).await.expect(201);
    assert_eq!(created["status"]["replicas"], Value::Null);
    let fields = &created["metadata"]["managedFields"][0]["fieldsV1"];
    assert_eq!(fields.get("f:status"), None);
}

#[tokio::test]
async fn a_null_is_a_value_and_an_empty_map_is_owned() {
    let client = Client::admin();
    let stored =
        client.apply(CONFIG_MAP, "m", "", &config_map(json!({"a": null}))).await.expect(201);
    assert_eq!(stored["data"], json!({"a": ""}));
    let fields = &stored["metadata"]["managedFields"][0]["fieldsV1"];
    assert_eq!(fields["f:data"], json!({"f:a": {}}));
    let mut labelled = config_map(json!({"a": "1"}));
    labelled["metadata"]["labels"] = json!({});
    let stored = client.apply(CONFIG_MAP, "m", "", &labelled).await.expect(200);
    let fields = &stored["metadata"]["managedFields"][0]["fieldsV1"];
    assert_eq!(fields["f:metadata"], json!({"f:labels": {}}));
}

#[tokio::test]
async fn conflicts_have_a_cause_per_manager_and_field() {
    let client = Client::admin();
    client.apply(DEPLOYMENT, "one", "", &deployment(web(2))).await.expect(201);
    let mut spec = web(3);
    spec["template"]["spec"]["containers"][0]["image"] = json!("nginx:2");
    let refused = client.apply(DEPLOYMENT, "two", "", &deployment(spec.clone())).await;
    assert_eq!(refused.status, 409);
    assert_eq!(
        refused.causes(),
        [
            ("FieldManagerConflict".into(), ".spec.replicas".into()),
            (
                "FieldManagerConflict".into(),
                ".spec.template.spec.containers[name=\"web\"].image".into()
            ),
        ]
    );
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.starts_with("Apply failed with 2 conflicts: conflicts with \"one\":"),
        "{message}"
    );
    client.apply(DEPLOYMENT, "two", "&force=true", &deployment(spec)).await.expect(200);
    let again = client.apply(DEPLOYMENT, "one", "", &deployment(web(2))).await;
    assert_eq!(again.status, 409);
    assert_eq!(again.json()["details"]["causes"][0]["message"], "conflict with \"two\"");
}

#[tokio::test]
async fn a_scaled_field_belongs_to_its_scaler() {
    let client = Client::admin();
    client.apply(DEPLOYMENT, "m", "", &deployment(web(2))).await.expect(201);
    let scale = json!({"spec": {"replicas": 5}});
    let scaled = client
        .patch(&format!("{DEPLOYMENT}/scale?fieldManager=hpa"), MERGE, &scale)
        .await
        .expect(200);
    assert_eq!((&scaled["kind"], &scaled["spec"]["replicas"]), (&json!("Scale"), &json!(5)));
    let refused = client.apply(DEPLOYMENT, "m", "", &deployment(web(2))).await.expect(409);
    assert_eq!(
        refused["details"]["causes"][0]["message"],
        "conflict with \"hpa\" with subresource \"scale\" using apps/v1"
    );
    let mut shared = web(2);
    shared.as_object_mut().unwrap().remove("replicas");
    let kept = client.apply(DEPLOYMENT, "m", "", &deployment(shared)).await.expect(200);
    assert_eq!(kept["spec"]["replicas"], 5);
}

#[tokio::test]
async fn a_created_object_is_owned_by_update_and_not_pruned() {
    let client = Client::admin();
    let collection = "/api/v1/namespaces/default/configmaps?fieldManager=m";
    client.post(collection, &config_map(json!({"a": "1", "b": "1"}))).await.expect(201);
    client.apply(CONFIG_MAP, "m", "", &config_map(json!({"a": "1", "b": "1"}))).await.expect(200);
    let kept = client.apply(CONFIG_MAP, "m", "", &config_map(json!({"a": "1"}))).await.expect(200);
    assert_eq!(kept["data"], json!({"a": "1", "b": "1"}));
    let operations: Vec<_> = kept["metadata"]["managedFields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["operation"].clone())
        .collect();
    assert_eq!(operations, ["Apply", "Update"]);
}

#[tokio::test]
async fn the_same_intent_again_is_no_write() {
    let client = Client::admin();
    let mut spec = web(0);
    spec["template"]["spec"]["containers"][0]["resources"] =
        json!({"limits": {"cpu": "1000m", "memory": "1024Mi"}});
    client.apply(DEPLOYMENT, "m", "", &deployment(spec.clone())).await.expect(201);
    let before = client.get(DEPLOYMENT).await.expect(200);
    let limits = &before["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"];
    assert_eq!(*limits, json!({"cpu": "1", "memory": "1Gi"}));
    let again = client.apply(DEPLOYMENT, "m", "", &deployment(spec)).await.expect(200);
    assert_eq!(again, before);
}

#[tokio::test]
async fn the_users_type_errors_are_500_without_a_reason() {
    let client = Client::admin();
    client.post(DEFINITIONS, &widget_definition()).await.expect(201);
    let mut unknown = web(1);
    unknown["foo"] = json!(1);
    let refused = client.apply(DEPLOYMENT, "m", "", &deployment(unknown)).await.expect(500);
    assert_eq!(refused.get("reason"), None);
    assert_eq!(
        refused["message"],
        "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.foo: \
         field not declared in schema"
    );
    for validation in ["Strict", "Warn", "Ignore"] {
        let query = format!("&fieldValidation={validation}");
        let refused = client.apply(WIDGET, "m", &query, &widget(json!({"nothing": 1}))).await;
        let message = refused.expect(500)["message"].as_str().unwrap().to_owned();
        assert!(message.ends_with(".spec.nothing: field not declared in schema"), "{message}");
    }
    let mut wrong = web(1);
    wrong["template"]["spec"]["containers"][0]["ports"] = json!([{"containerPort": "80"}]);
    let refused = client.apply(DEPLOYMENT, "m", "", &deployment(wrong)).await.expect(500);
    assert!(refused["message"].as_str().unwrap().contains("expected numeric"));
    let mut twice = web(1);
    twice["template"]["spec"]["containers"] =
        json!([{"name": "a", "image": "a"}, {"name": "a", "image": "b"}]);
    let refused = client.apply(DEPLOYMENT, "m", "", &deployment(twice)).await.expect(500);
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("duplicate entries for key [name=\"a\"]"), "{message}");
}

#[tokio::test]
async fn values_that_are_not_allowed_are_422_with_causes() {
    let client = Client::admin();
    client.post(DEFINITIONS, &widget_definition()).await.expect(201);
    let refused = client.apply(WIDGET, "m", "", &widget(json!({"size": 11}))).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.causes(), [("FieldValueInvalid".into(), "spec.size".into())]);
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
        "spec": {"ports": [{"port": 80, "targetPort": "8080"}]}});
    let refused = client.apply("/api/v1/namespaces/default/services/s", "m", "", &service).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.causes()[0].1, "spec.ports[0].targetPort");
    client.apply(DEPLOYMENT, "m", "", &deployment(web(1))).await.expect(201);
    let mut moved = web(1);
    moved["selector"]["matchLabels"] = json!({"app": "web", "tier": "x"});
    moved["template"]["metadata"]["labels"] = json!({"app": "web", "tier": "x"});
    let refused = client.apply(DEPLOYMENT, "m", "", &deployment(moved)).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("field is immutable"), "{}", refused.text);
}

#[tokio::test]
async fn custom_resources_take_no_strategic_patch_and_own_lists_whole() {
    let client = Client::admin();
    client.post(DEFINITIONS, &widget_definition()).await.expect(201);
    let created =
        client.apply(WIDGET, "one", "", &widget(json!({"hosts": ["a"]}))).await.expect(201);
    assert_eq!(created["spec"]["color"], "red");
    let fields = &created["metadata"]["managedFields"][0]["fieldsV1"];
    assert_eq!(*fields, json!({"f:spec": {"f:hosts": {}}}));
    assert_eq!(client.patch(WIDGET, STRATEGIC, &json!({})).await.status, 415);
    let refused = client.apply(WIDGET, "two", "", &widget(json!({"hosts": ["a", "b"]}))).await;
    assert_eq!(refused.causes(), [("FieldManagerConflict".into(), ".spec.hosts".into())]);
    let updated = client.patch(WIDGET, MERGE, &json!({"spec": {"size": 3}})).await.expect(200);
    assert_eq!(updated["metadata"]["generation"], 2);
    let path = format!("{WIDGET}/status");
    let status = client.patch(&path, MERGE, &json!({"status": {"ok": true}})).await.expect(200);
    assert_eq!(
        (&status["status"]["ok"], &status["metadata"]["generation"]),
        (&json!(true), &json!(2))
    );
}

#[tokio::test]
async fn what_is_not_served_or_not_there_is_told_apart() {
    let client = Client::admin();
    let missing = client.apply(WIDGET, "m", "", &widget(json!({}))).await;
    assert_eq!((missing.status, missing.text.as_str()), (404, "404 page not found\n"));
    assert!(missing.header("content-type").starts_with("text/plain"));
    let elsewhere = "/api/v1/namespaces/nowhere/configmaps/c";
    for query in ["", "&dryRun=All"] {
        let missing = client.apply(elsewhere, "m", query, &config_map(json!({}))).await.expect(404);
        assert_eq!(missing["details"]["kind"], "namespaces");
    }
    let missing = client.get(CONFIG_MAP).await.expect(404);
    assert_eq!(missing["details"], json!({"name": "c", "kind": "configmaps"}));
    assert_eq!(missing["message"], "configmaps \"c\" not found");
}

#[tokio::test]
async fn a_dry_run_checks_everything_and_stores_nothing() {
    let client = Client::admin();
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
        "spec": {"type": "NodePort", "ports": [{"port": 80}]}});
    let path = "/api/v1/namespaces/default/services/s";
    let shown = client.apply(path, "m", "&dryRun=All", &service).await.expect(201);
    assert_eq!(shown["spec"]["clusterIP"], "10.96.0.0");
    assert_eq!(shown["spec"]["ports"][0]["nodePort"], 32769);
    assert_eq!(shown["metadata"].get("resourceVersion"), None);
    client.get(path).await.expect(404);
    client.apply(DEPLOYMENT, "m", "", &deployment(web(1))).await.expect(201);
    let before = client.get(DEPLOYMENT).await.expect(200);
    let shown = client.apply(DEPLOYMENT, "m", "&dryRun=All", &deployment(web(2))).await.expect(200);
    assert_eq!(shown["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);
    assert_eq!(shown["metadata"]["generation"], 2);
    assert_eq!(client.get(DEPLOYMENT).await.expect(200), before);
    assert_eq!(client.apply(DEPLOYMENT, "x", "&dryRun=All", &deployment(web(2))).await.status, 409);
}

#[tokio::test]
async fn string_data_becomes_data_and_stays() {
    let client = Client::admin();
    let path = "/api/v1/namespaces/default/secrets/s";
    let secret = |strings: Value| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": strings});
    let stored =
        client.apply(path, "m", "", &secret(json!({"a": "x", "b": "y"}))).await.expect(201);
    assert_eq!(stored["data"], json!({"a": "eA==", "b": "eQ=="}));
    assert_eq!(stored.get("stringData"), None);
    let fields = &stored["metadata"]["managedFields"][0]["fieldsV1"];
    assert_eq!(fields["f:stringData"], json!({"f:a": {}, "f:b": {}}));
    let stored = client.apply(path, "m", "", &secret(json!({"a": "x"}))).await.expect(200);
    assert_eq!(stored["data"], json!({"a": "eA==", "b": "eQ=="}));
}

#[tokio::test]
async fn bodies_have_limits() {
    let client = Client::admin();
    let large = "x".repeat(3 * 1024 * 1024);
    let refused = client.apply(CONFIG_MAP, "m", "", &config_map(json!({"a": large}))).await;
    assert_eq!(refused.status, 413);
    let large = "x".repeat(1024 * 1024 + 1);
    let refused = client.apply(CONFIG_MAP, "m", "", &config_map(json!({"a": large}))).await;
    assert_eq!(refused.status, 422);
}

#[tokio::test]
async fn applies_from_many_managers_at_once_all_succeed() {
    let client = Client::admin();
    client.apply(CONFIG_MAP, "base", "", &config_map(json!({"base": "0"}))).await.expect(201);
    let tasks: Vec<_> = (0..4)
        .map(|manager| {
            let client = client.clone();
            tokio::spawn(async move {
                for round in 0..10 {
                    let data = json!({format!("m{manager}"): round.to_string()});
                    let manager = format!("m{manager}");
                    client.apply(CONFIG_MAP, &manager, "", &config_map(data)).await.expect(200);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let stored = client.get(CONFIG_MAP).await.expect(200);
    assert_eq!(stored["data"], json!({"base": "0", "m0": "9", "m1": "9", "m2": "9", "m3": "9"}));
}

#[tokio::test]
async fn duplicate_yaml_keys_are_refused_by_strict_validation_alone() {
    let client = Client::admin();
    let body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: one\n  a: two\n";
    let send = |query: &'static str| {
        let path = format!("{CONFIG_MAP}?fieldManager=m{query}");
        let client = client.clone();
        async move { client.send(Method::PATCH, &path, &[("content-type", APPLY)], body).await }
    };
    assert_eq!(send("&fieldValidation=Strict").await.status, 400);
    assert_eq!(send("").await.expect(201)["data"]["a"], "two");
}

#[tokio::test]
async fn giving_everything_up_leaves_others_what_is_theirs() {
    let client = Client::admin();
    client.cluster.install_istio_crds().unwrap();
    let path = "/apis/networking.istio.io/v1/namespaces/default/gateways/main";
    let gateway = |metadata: Value, spec: Value| {
        let mut gateway = json!({"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": metadata});
        if !spec.is_null() {
            gateway["spec"] = spec;
        }
        gateway
    };
    let server = |port: u32| json!([{"port": {"number": port, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}]);
    let full = gateway(
        json!({"name": "main", "labels": {"team": "a"}}),
        json!({"selector": {"istio": "a"}, "servers": server(80)}),
    );
    client.apply(path, "former", "", &full).await.expect(201);
    let less = gateway(json!({"name": "main"}), json!({"servers": server(81)}));
    client.apply(path, "latter", "&force=true", &less).await.expect(200);
    let empty = gateway(json!({"name": "main"}), Value::Null);
    let given_up = client.apply(path, "former", "", &empty).await.expect(200);
    assert_eq!(given_up["spec"], json!({"servers": server(81)}));
    let entries = given_up["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    assert_eq!(entries.len(), 1, "{given_up:#}");
    assert_eq!(entries[0]["manager"], "latter");
    assert_eq!(entries[0]["fieldsV1"], json!({"f:spec": {"f:servers": {}}}));
}

#[tokio::test]
async fn an_applier_is_the_same_in_every_version() {
    let client = Client::admin();
    client.cluster.install_istio_crds().unwrap();
    let apply = async |version: &str, port: u32| {
        let path = format!("/apis/networking.istio.io/{version}/namespaces/default/gateways/main");
        let servers =
            json!([{"port": {"number": port, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}]);
        let gateway = json!({"apiVersion": format!("networking.istio.io/{version}"), "kind": "Gateway",
            "metadata": {"name": "main"}, "spec": {"servers": servers}});
        client.apply(&path, "crossmesh", "", &gateway).await
    };
    apply("v1beta1", 80).await.expect(201);
    let now = apply("v1", 81).await.expect(200);
    let entries = now["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{now:#}");
    assert_eq!(entries[0]["apiVersion"], "networking.istio.io/v1");
}
