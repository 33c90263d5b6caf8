//! The rest of a cluster's API over HTTP: discovery, rights, watches, deletion,
//! faults.

mod kube_client;

use crossmesh_sim::kubernetes::{Fault, FaultRule, User};
use http::Method;
use serde_json::{Value, json};

use kube_client::{Client, DEPLOYMENT, JSON_PATCH, MERGE, STRATEGIC, deployment, web};

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"n": name}}})
}

#[tokio::test]
async fn discovery_lists_what_is_served() {
    let client = Client::admin();
    let version = client.get("/version").await.expect(200);
    assert!(version["gitVersion"].as_str().unwrap().starts_with("v1."));
    for path in ["/healthz", "/livez", "/readyz"] {
        assert_eq!(client.get(path).await.text, "ok");
    }
    let groups = client.get("/apis").await.expect(200);
    let names: Vec<_> =
        groups["groups"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert!(names.contains(&&json!("apps")), "{names:?}");
    let core = client.get("/api/v1").await.expect(200);
    assert_eq!(core["groupVersion"], "v1");
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let aggregated = client.send(Method::GET, "/apis", &[("accept", accept)], "").await;
    assert!(aggregated.header("content-type").contains("APIGroupDiscoveryList"));
    assert_eq!(aggregated.expect(200)["kind"], "APIGroupDiscoveryList");
    client.get("/apis/nothing.example.com/v1").await.expect(404);
    let index = client.get("/openapi/v3").await.expect(200);
    let url = index["paths"]["apis/apps/v1"]["serverRelativeURL"].as_str().unwrap();
    assert_eq!(client.get(url).await.expect(200)["openapi"], "3.0.0");
}

#[tokio::test]
async fn tokens_decide_who_may_what() {
    let client = Client::admin();
    let unknown = client.with_token(Some("unknown".into())).get(CONFIG_MAPS).await.expect(401);
    assert_eq!((&unknown["reason"], &unknown["kind"]), (&json!("Unauthorized"), &json!("Status")));
    let refused = client.with_token(None).get(CONFIG_MAPS).await.expect(403);
    assert_eq!(
        refused["message"],
        "configmaps is forbidden: User \"system:anonymous\" cannot list resource \"configmaps\" in \
         API group \"\" in the namespace \"default\""
    );
    let token = client.cluster.token(User::viewer("reader"));
    let reader = client.with_token(Some(token.clone()));
    reader.get(CONFIG_MAPS).await.expect(200);
    reader.post(CONFIG_MAPS, &config_map("a")).await.expect(403);
    reader.get("/api/v1/namespaces/default/secrets").await.expect(403);
    client.cluster.expire_token(&token);
    reader.get(CONFIG_MAPS).await.expect(401);
}

#[tokio::test]
async fn an_apply_that_creates_needs_the_right_to_create() {
    let client = Client::admin();
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "patcher"},
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "patch"]}]});
    let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
    client.post(&format!("{rbac}/roles"), &role).await.expect(201);
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "patcher"}, "roleRef": {"kind": "Role", "name": "patcher"},
        "subjects": [{"kind": "User", "name": "u"}]});
    client.post(&format!("{rbac}/rolebindings"), &binding).await.expect(201);
    let user = client.with_token(Some(client.cluster.token(User::named("u"))));
    let path = format!("{CONFIG_MAPS}/a");
    let refused = user.apply(&path, "m", "", &config_map("a")).await.expect(403);
    assert!(refused["message"].as_str().unwrap().contains("cannot create resource"), "{refused}");
    client.post(CONFIG_MAPS, &config_map("a")).await.expect(201);
    user.apply(&path, "m", "", &config_map("a")).await.expect(200);
}

#[tokio::test]
async fn lists_select_page_and_show_tables() {
    let client = Client::admin();
    for name in ["a", "b", "c"] {
        client.post(CONFIG_MAPS, &config_map(name)).await.expect(201);
    }
    let names = |list: &Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap();
        items.iter().map(|one| one["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    };
    let list = client.get(&format!("{CONFIG_MAPS}?labelSelector=n%20in%20(a,c)")).await.expect(200);
    assert_eq!(
        (names(&list), &list["kind"]),
        (vec!["a".into(), "c".into()], &json!("ConfigMapList"))
    );
    let list =
        client.get(&format!("{CONFIG_MAPS}?fieldSelector=metadata.name%3Db")).await.expect(200);
    assert_eq!(names(&list), ["b"]);
    let first = client.get(&format!("{CONFIG_MAPS}?limit=2")).await.expect(200);
    let token = first["metadata"]["continue"].as_str().unwrap();
    let second = client.get(&format!("{CONFIG_MAPS}?limit=2&continue={token}")).await.expect(200);
    assert_eq!([names(&first), names(&second)].concat().len(), 4);
    let accept = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")];
    let table = client.send(Method::GET, CONFIG_MAPS, &accept, "").await.expect(200);
    assert_eq!(table["kind"], "Table");
    assert_eq!(table["columnDefinitions"][0]["name"], "Name");
    let protobuf = [("accept", "application/vnd.kubernetes.protobuf")];
    assert_eq!(client.send(Method::GET, CONFIG_MAPS, &protobuf, "").await.status, 406);
}

#[tokio::test]
async fn watches_follow_from_a_revision() {
    let client = Client::admin();
    let list = client.get(CONFIG_MAPS).await.expect(200);
    let from = list["metadata"]["resourceVersion"].as_str().unwrap();
    let path = format!("{CONFIG_MAPS}?watch=1&labelSelector=n%3Da&resourceVersion={from}");
    let mut events = client.watch(&path).await;
    client.post(CONFIG_MAPS, &config_map("a")).await.expect(201);
    client.post(CONFIG_MAPS, &config_map("b")).await.expect(201);
    let one = format!("{CONFIG_MAPS}/a");
    client.patch(&one, MERGE, &json!({"data": {"x": "1"}})).await.expect(200);
    client.patch(&one, MERGE, &json!({"metadata": {"labels": {"n": "other"}}})).await.expect(200);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let event = events.next().await.unwrap();
        assert_eq!(event["object"]["metadata"]["name"], "a");
        seen.push(event["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen, ["ADDED", "MODIFIED", "DELETED"]);
    client.cluster.compact();
    let mut late = client.watch(&format!("{CONFIG_MAPS}?watch=1&resourceVersion={from}")).await;
    let event = late.next().await.unwrap();
    assert_eq!((&event["type"], &event["object"]["code"]), (&json!("ERROR"), &json!(410)));
    assert!(late.next().await.is_none());
}

#[tokio::test]
async fn a_watch_without_a_revision_begins_with_what_is_there() {
    let client = Client::admin();
    client.post(CONFIG_MAPS, &config_map("a")).await.expect(201);
    let path = format!(
        "{CONFIG_MAPS}?watch=1&labelSelector=n&sendInitialEvents=true&allowWatchBookmarks=true"
    );
    let mut events = client.watch(&path).await;
    assert_eq!(events.next().await.unwrap()["type"], "ADDED");
    let bookmark = events.next().await.unwrap();
    let annotations = &bookmark["object"]["metadata"]["annotations"];
    assert_eq!(annotations["k8s.io/initial-events-end"], "true");
}

#[tokio::test]
async fn patches_of_every_kind() {
    let client = Client::admin();
    client
        .post("/apis/apps/v1/namespaces/default/deployments", &deployment(web(1)))
        .await
        .expect(201);
    let json = json!([{"op": "replace", "path": "/spec/replicas", "value": 2}]);
    let patched = client.patch(DEPLOYMENT, JSON_PATCH, &json).await.expect(200);
    assert_eq!(patched["spec"]["replicas"], 2);
    let sidecar = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "side", "image": "side:1"}]}}}});
    let patched = client.patch(DEPLOYMENT, STRATEGIC, &sidecar).await.expect(200);
    assert_eq!(patched["spec"]["template"]["spec"]["containers"].as_array().unwrap().len(), 2);
    let failing = json!([{"op": "test", "path": "/spec/replicas", "value": 9}]);
    assert_eq!(client.patch(DEPLOYMENT, JSON_PATCH, &failing).await.status, 422);
    client.patch(&format!("{CONFIG_MAPS}/none"), MERGE, &json!({})).await.expect(404);
}

#[tokio::test]
async fn field_validation_warns_refuses_or_drops() {
    let client = Client::admin();
    let mut body = config_map("a");
    body["dta"] = json!({"x": "1"});
    let strict = client.post(&format!("{CONFIG_MAPS}?fieldValidation=Strict"), &body).await;
    assert_eq!(strict.status, 400);
    assert!(strict.text.contains("unknown field \\\"dta\\\""), "{}", strict.text);
    let warned = client.post(CONFIG_MAPS, &body).await;
    assert_eq!(warned.header("warning"), "299 - \"unknown field \\\"dta\\\"\"");
    assert_eq!(warned.expect(201).get("dta"), None);
    body["metadata"]["name"] = json!("b");
    let ignored = client.post(&format!("{CONFIG_MAPS}?fieldValidation=Ignore"), &body).await;
    assert_eq!(ignored.header("warning"), "");
}

#[tokio::test]
async fn deletion_answers_by_what_is_left() {
    let client = Client::admin();
    client.post(CONFIG_MAPS, &config_map("a")).await.expect(201);
    let one = format!("{CONFIG_MAPS}/a");
    let uid = client.get(&one).await.expect(200)["metadata"]["uid"].clone();
    let wrong = json!({"preconditions": {"uid": "another"}});
    let refused = client.delete(&one, &wrong).await;
    assert_eq!((refused.status, refused.causes().len()), (409, 0));
    let dry = json!({"dryRun": ["All"]});
    client.delete(&one, &dry).await.expect(200);
    let gone = client.delete(&one, &json!({"preconditions": {"uid": uid}})).await.expect(200);
    assert_eq!((&gone["status"], &gone["details"]["uid"]), (&json!("Success"), &uid));
    client.delete(&one, &json!({})).await.expect(404);
}

#[tokio::test]
async fn finalizers_hold_an_object_until_the_last_goes() {
    let client = Client::admin();
    let one = format!("{CONFIG_MAPS}/a");
    let mut held = config_map("a");
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    client.apply(&one, "m", "", &held).await.expect(201);
    for _ in 0..2 {
        let waiting = client.delete(&one, &json!({})).await.expect(200);
        assert!(waiting["metadata"]["deletionTimestamp"].is_string());
    }
    let mut more = held.clone();
    more["metadata"]["finalizers"] = json!(["example.com/hold", "example.com/new"]);
    client.apply(&one, "m", "", &more).await.expect(422);
    client.apply(&one, "m", "", &held).await.expect(200);
    let last = client.apply(&one, "m", "", &config_map("a")).await.expect(200);
    assert_eq!(last["metadata"]["name"], "a");
    client.get(&one).await.expect(404);
}

#[tokio::test]
async fn dependents_go_by_propagation_policy() {
    let client = Client::admin();
    let count = |client: &Client| client.cluster.objects("apps", "replicasets").len();
    for (policy, answer, left) in
        [("Background", "Status", 0), ("Foreground", "Deployment", 0), ("Orphan", "Deployment", 1)]
    {
        client.apply(DEPLOYMENT, "m", "", &deployment(web(2))).await.expect(201);
        assert_eq!(count(&client), 1);
        let answered =
            client.delete(DEPLOYMENT, &json!({"propagationPolicy": policy})).await.expect(200);
        assert_eq!(answered["kind"], answer, "{policy}");
        client.get(DEPLOYMENT).await.expect(404);
        assert_eq!(count(&client), left, "{policy}");
    }
}

#[tokio::test]
async fn a_namespace_takes_what_is_in_it() {
    let client = Client::admin();
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}});
    let created = client.post("/api/v1/namespaces", &namespace).await.expect(201);
    assert_eq!(created["metadata"]["labels"]["kubernetes.io/metadata.name"], "n");
    client.get("/api/v1/namespaces/n/serviceaccounts/default").await.expect(200);
    let mut held = config_map("a");
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    client.post("/api/v1/namespaces/n/configmaps", &held).await.expect(201);
    let marked = client.delete("/api/v1/namespaces/n", &json!({})).await.expect(200);
    assert_eq!(marked["status"]["phase"], "Terminating");
    let refused = client.post("/api/v1/namespaces/n/configmaps", &config_map("b")).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.causes(), [("NamespaceTerminating".into(), "metadata.namespace".into())]);
    let none = json!({"metadata": {"finalizers": null}});
    client.patch("/api/v1/namespaces/n/configmaps/a", MERGE, &none).await.expect(200);
    client.get("/api/v1/namespaces/n").await.expect(404);
}

#[tokio::test]
async fn definitions_take_their_objects_with_them() {
    let client = Client::admin();
    client.cluster.install_istio_crds().unwrap();
    let gateways = "/apis/networking.istio.io/v1/namespaces/default/gateways";
    let gateway = json!({"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
        "metadata": {"name": "g"}, "spec": {"servers": [
            {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}]}});
    client.apply(&format!("{gateways}/g"), "m", "", &gateway).await.expect(201);
    let older =
        client.get("/apis/networking.istio.io/v1alpha3/namespaces/default/gateways/g").await;
    let older = older.expect(200);
    assert_eq!(older["apiVersion"], "networking.istio.io/v1alpha3");
    assert_eq!(
        older["metadata"]["managedFields"][0]["apiVersion"], "networking.istio.io/v1",
        "managed fields keep the version of the apply"
    );
    let mut held = gateway.clone();
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    client.apply(&format!("{gateways}/g"), "m", "", &held).await.expect(200);
    let path =
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gateways.networking.istio.io";
    client.delete(path, &json!({})).await.expect(200);
    let mut another = gateway.clone();
    another["metadata"]["name"] = json!("h");
    let refused = client.apply(&format!("{gateways}/h"), "m", "", &another).await.expect(403);
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("create not allowed while custom resource definition"), "{message}");
    client.apply(&format!("{gateways}/g"), "m", "", &gateway).await.expect(200);
    let gone = client.get(&format!("{gateways}/g")).await;
    assert_eq!((gone.status, gone.text.as_str()), (404, "404 page not found\n"));
}

#[tokio::test]
async fn faults_and_an_absent_server() {
    let client = Client::admin();
    let faults = client.cluster.faults();
    faults.add(FaultRule::always(Fault::TooManyRequests { retry_after: 2 }).times(1));
    let busy = client.get(CONFIG_MAPS).await;
    assert_eq!((busy.status, busy.header("retry-after")), (429, "2"));
    assert!(busy.text.starts_with("Too many requests"));
    let down = Fault::Status { code: 500, reason: "InternalError".into(), message: "down".into() };
    faults.add(FaultRule::always(down).method("GET").times(1));
    assert_eq!(client.get(CONFIG_MAPS).await.expect(500)["reason"], "InternalError");
    let one = format!("{CONFIG_MAPS}/a?fieldManager=m");
    let headers = [("content-type", kube_client::APPLY)];
    for (fault, stored) in [(Fault::ResetBefore, 404), (Fault::ResetAfter, 200)] {
        faults.add(FaultRule::always(fault).method("PATCH").times(1));
        let body = config_map("a").to_string();
        assert!(client.try_send(Method::PATCH, &one, &headers, &body).await.is_err());
        client.get(&format!("{CONFIG_MAPS}/a")).await.expect(stored);
    }
    client.cluster.stop();
    assert!(client.try_send(Method::GET, CONFIG_MAPS, &[], "").await.is_err());
    client.cluster.resume().unwrap();
    client.get(CONFIG_MAPS).await.expect(200);
}
