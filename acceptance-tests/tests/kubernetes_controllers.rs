//! What a cluster's controllers and a mesh's webhooks do.

mod kube_client;

use serde_json::{Value, json};

use kube_client::{Client, DEPLOYMENT, deployment, web};

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

#[tokio::test]
async fn deployments_become_ready_and_services_get_addresses() {
    let client = Client::admin();
    client.apply(DEPLOYMENT, "m", "", &deployment(web(2))).await.expect(201);
    let ready = client.get(DEPLOYMENT).await.expect(200);
    let status = &ready["status"];
    for field in ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] {
        assert_eq!(status[field], 2, "{field}");
    }
    assert_eq!(status["observedGeneration"], ready["metadata"]["generation"]);
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
        "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]}});
    client.post("/api/v1/namespaces/default/services", &service).await.expect(201);
    let service = client.get("/api/v1/namespaces/default/services/s").await.expect(200);
    assert!(service["status"]["loadBalancer"]["ingress"][0]["ip"].is_string());
    assert_eq!(service["spec"]["ports"][0]["targetPort"], 80);
    let mut other = web(2);
    other["template"]["spec"]["containers"][0]["image"] = json!("nginx:1.28");
    client.apply(DEPLOYMENT, "m", "", &deployment(other)).await.expect(200);
    let images: Vec<_> = client
        .cluster
        .objects("", "pods")
        .iter()
        .map(|pod| pod["spec"]["containers"][0]["image"].clone())
        .collect();
    assert_eq!(images, ["nginx:1.28", "nginx:1.28"]);
}

#[tokio::test]
async fn pods_wait_for_images_that_cannot_be_pulled() {
    let client = Client::admin();
    client.cluster.set_image_trouble(Some("Back-off pulling image"));
    client.apply(DEPLOYMENT, "m", "", &deployment(web(2))).await.expect(201);
    let pod = &client.cluster.objects("", "pods")[0];
    let waiting = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
    let expected = json!({"reason": "ImagePullBackOff", "message": "Back-off pulling image"});
    assert_eq!(waiting, &expected);
    assert_eq!(client.get(DEPLOYMENT).await.expect(200)["status"]["unavailableReplicas"], 2);

    client.cluster.set_image_trouble(None);
    assert_eq!(client.get(DEPLOYMENT).await.expect(200)["status"]["readyReplicas"], 2);
}

#[tokio::test]
async fn a_token_secret_is_filled_and_its_token_works() {
    use base64::Engine as _;
    let client = Client::admin();
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}});
    client.post("/api/v1/namespaces/default/serviceaccounts", &account).await.expect(201);
    let secret = json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "robot", "annotations": {"kubernetes.io/service-account.name": "robot"}},
        "type": "kubernetes.io/service-account-token"});
    client.post("/api/v1/namespaces/default/secrets", &secret).await.expect(201);
    let secret = client.get("/api/v1/namespaces/default/secrets/robot").await.expect(200);
    let token = base64::engine::general_purpose::STANDARD
        .decode(secret["data"]["token"].as_str().unwrap())
        .unwrap();
    let robot = client.with_token(Some(String::from_utf8(token).unwrap()));
    let refused = robot.get(CONFIG_MAPS).await.expect(403);
    assert!(refused["message"].as_str().unwrap().contains("system:serviceaccount:default:robot"));
}

#[tokio::test]
async fn a_mesh_injects_sidecars_and_validates_istio_objects() {
    let client = Client::admin();
    client.cluster.install_istio_crds().unwrap();
    client.cluster.join_mesh(Some((true, &["default".to_owned()])));
    client.apply(DEPLOYMENT, "m", "", &deployment(web(1))).await.expect(201);
    let pod = &client.cluster.objects("", "pods")[0];
    assert_eq!(pod["spec"]["containers"][1]["name"], "istio-proxy");
    let path = "/apis/networking.istio.io/v1/namespaces/default/virtualservices/v";
    let service = |http: Value| {
        json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
            "metadata": {"name": "v"}, "spec": {"hosts": ["a.example.com"], "http": [http]}})
    };
    let route = json!([{"destination": {"host": "a"}}]);
    for query in ["", "&dryRun=All"] {
        let body = service(json!({"route": route, "redirect": {"uri": "/"}}));
        let refused = client.apply(path, "m", query, &body).await.expect(400);
        assert_eq!(refused.get("reason"), None);
        let message = refused["message"].as_str().unwrap();
        assert!(
            message.starts_with("admission webhook \"validation.istio.io\" denied"),
            "{message}"
        );
    }
    let refused =
        client.apply(path, "m", "", &service(json!({"route": route, "timeout": "0s"}))).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.causes(), [("FieldValueInvalid".into(), "spec.http[0].timeout".into())]);
    let refused = client.apply(path, "m", "", &service(json!({"rout": route}))).await.expect(500);
    assert!(
        refused["message"].as_str().unwrap().contains(".spec.http[0].rout: field not declared")
    );
    client
        .apply(path, "m", "", &service(json!({"route": route, "timeout": "3s"})))
        .await
        .expect(201);
}

#[tokio::test]
async fn without_the_webhook_pods_of_injected_namespaces_do_not_start() {
    let client = Client::admin();
    client.cluster.join_mesh(Some((false, &["default".to_owned()])));
    client.apply(DEPLOYMENT, "m", "", &deployment(web(1))).await.expect(201);
    assert!(client.cluster.objects("", "pods").is_empty());
    let stuck = client.get(DEPLOYMENT).await.expect(200);
    let failed = stuck["status"]["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|condition| condition["type"] == "ReplicaFailure")
        .unwrap();
    assert_eq!(failed["reason"], "FailedCreate");
    assert!(failed["message"].as_str().unwrap().contains("failed calling webhook"));
}

#[tokio::test]
async fn pods_wait_for_what_they_refer_to() {
    let client = Client::admin();
    let mut spec = web(1);
    spec["template"]["spec"]["containers"][0]["env"] = json!([
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "a"}}}]);
    spec["template"]["spec"]["serviceAccountName"] = json!("robot");
    client.apply(DEPLOYMENT, "m", "", &deployment(spec)).await.expect(201);
    assert!(client.cluster.objects("", "pods").is_empty(), "its service account is missing");
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}});
    client.post("/api/v1/namespaces/default/serviceaccounts", &account).await.expect(201);
    let pod = &client.cluster.objects("", "pods")[0];
    let waiting = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
    assert_eq!(waiting["reason"], "CreateContainerConfigError");
    assert_eq!(waiting["message"], "secret \"s\" not found");
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
        "data": {"a": "YQ=="}});
    client.post("/api/v1/namespaces/default/secrets", &secret).await.expect(201);
    assert_eq!(client.get(DEPLOYMENT).await.expect(200)["status"]["readyReplicas"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_does_not_progress_says_so_at_its_deadline() {
    let client = Client::admin();
    let mut spec = web(1);
    spec["progressDeadlineSeconds"] = json!(30);
    spec["template"]["metadata"]["annotations"] = json!({"crossmesh.test/never-ready": "true"});
    let manifest = deployment(spec).to_string();
    client.cluster.apply("m", &manifest).unwrap();
    let progressing = || {
        let found = client.cluster.object("apps", "deployments", "default", "web").unwrap();
        let conditions = found["status"]["conditions"].as_array().unwrap().clone();
        conditions.into_iter().find(|one| one["type"] == "Progressing").unwrap()
    };
    assert_eq!(progressing()["reason"], "ReplicaSetUpdated");
    tokio::time::sleep(std::time::Duration::from_secs(31)).await;
    assert_eq!(progressing()["reason"], "ProgressDeadlineExceeded");
    assert_eq!(progressing()["status"], "False");
}
