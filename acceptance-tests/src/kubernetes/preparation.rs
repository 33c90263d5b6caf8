//! What the API server fills in for each built-in kind beyond plain defaults.

use serde_json::{Value, json};

use super::kinds::Kind;
use super::state::{State, Write};

/// Fills in a new object.
pub(crate) fn on_create(write: &Write<'_>, object: &mut Value) {
    let kind = write.kind;
    if kind.custom.is_some() {
        return;
    }
    match kind.kind.as_str() {
        "Namespace" => {
            if object["spec"]["finalizers"].is_null() {
                object["spec"]["finalizers"] = json!(["kubernetes"]);
            }
            object["status"] = json!({"phase": "Active"});
        }
        "Pod" => object["status"] = json!({"phase": "Pending", "qosClass": "BestEffort"}),
        "Job" => prepare_job(object),
        "PersistentVolumeClaim" => object["status"] = json!({"phase": "Pending"}),
        "CustomResourceDefinition" => {
            object["status"] = json!({"conditions": [], "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": []});
        }
        "Service" => {
            object["status"] = json!({"loadBalancer": {}});
            if write.options.dry_run {
                preview_addresses(object);
            }
        }
        _ if kind.status => object["status"] = json!({}),
        _ => {}
    }
    complete(kind, object);
}

/// Fills in a changed object.
pub(crate) fn on_update(write: &Write<'_>, live: &Value, object: &mut Value) {
    if write.kind.custom.is_some() {
        return;
    }
    if write.kind.kind == "Service" {
        keep_addresses(live, object);
    }
    if write.kind.kind == "Namespace" && object["spec"]["finalizers"].is_null() {
        object["spec"]["finalizers"] = live["spec"]["finalizers"].clone();
    }
    if write.kind.kind == "Job" {
        for path in ["/spec/selector", "/spec/template/metadata/labels"] {
            copy_missing(live, object, path);
        }
    }
    complete(write.kind, object);
}

/// Hands out what exists once: Service addresses and ports.
pub(crate) fn allocate(state: &mut State, kind: &Kind, object: &mut Value) {
    if !kind.is("", "services") {
        return;
    }
    let spec = &object["spec"];
    let kind = spec["type"].as_str().unwrap_or("ClusterIP").to_owned();
    if kind == "ExternalName" {
        return;
    }
    if spec["clusterIP"].as_str().unwrap_or_default().is_empty() {
        state.addresses += 1;
        let [_, _, high, low] = state.addresses.to_be_bytes();
        let address = format!("{}.{high}.{low}", state.settings.service_prefix);
        object["spec"]["clusterIP"] = Value::from(address);
    }
    object["spec"]["clusterIPs"] = json!([object["spec"]["clusterIP"]]);
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        for port in items(object, "/spec/ports") {
            if port["nodePort"].is_null() {
                state.addresses += 1;
                port["nodePort"] = Value::from(30_000 + state.addresses % 2_767);
            }
        }
    }
}

/// What follows from other fields, at creation and at every change.
fn complete(kind: &Kind, object: &mut Value) {
    match kind.kind.as_str() {
        "Namespace" => {
            let name = object["metadata"]["name"].clone();
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
        }
        "Secret" => encode_strings(object),
        "Service" => complete_service(&mut object["spec"]),
        "Pod" => {
            object.pointer_mut("/spec").map(complete_pod);
        }
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => {
            complete_rollout(kind.kind.as_str(), &mut object["spec"]);
            object.pointer_mut("/spec/template/spec").map(complete_pod);
        }
        "CronJob" => {
            object.pointer_mut("/spec/jobTemplate/spec/template/spec").map(complete_pod);
        }
        "RoleBinding" | "ClusterRoleBinding" => complete_binding(object),
        "CustomResourceDefinition" => complete_definition(&mut object["spec"]["names"]),
        "NetworkPolicy" if object["spec"]["policyTypes"].is_null() => {
            let egress = !object["spec"]["egress"].is_null();
            object["spec"]["policyTypes"] =
                if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
        }
        _ => {}
    }
}

/// `stringData` is written into `data` and not kept.
fn encode_strings(object: &mut Value) {
    use base64::Engine as _;
    let strings = object.as_object_mut().and_then(|secret| secret.remove("stringData"));
    for (key, value) in strings.as_ref().and_then(Value::as_object).into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        object["data"][key] = Value::from(encoded);
    }
}

fn complete_service(spec: &mut Value) {
    if !spec.is_object() || spec["type"] == "ExternalName" {
        return;
    }
    for port in items(spec, "/ports") {
        if port["targetPort"].is_null() {
            port["targetPort"] = port["port"].clone();
        }
    }
    default_to(spec, "ipFamilies", json!(["IPv4"]));
    default_to(spec, "ipFamilyPolicy", json!("SingleStack"));
    if matches!(spec["type"].as_str(), Some("NodePort" | "LoadBalancer")) {
        default_to(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if spec["type"] == "LoadBalancer" {
        default_to(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
}

/// A dry run shows addresses that nobody will get.
fn preview_addresses(object: &mut Value) {
    let spec = &mut object["spec"];
    if spec["type"] == "ExternalName" {
        return;
    }
    default_to(spec, "clusterIP", json!("10.96.0.0"));
    spec["clusterIPs"] = json!([spec["clusterIP"]]);
    if matches!(spec["type"].as_str(), Some("NodePort" | "LoadBalancer")) {
        for port in items(spec, "/ports") {
            default_to(port, "nodePort", json!(32_769));
        }
    }
}

/// Addresses and node ports stay with a Service that leaves them out.
fn keep_addresses(live: &Value, object: &mut Value) {
    if object["spec"]["type"] == "ExternalName" {
        return;
    }
    for path in ["/spec/clusterIP", "/spec/clusterIPs", "/spec/ipFamilies", "/spec/ipFamilyPolicy"]
    {
        copy_missing(live, object, path);
    }
    if !matches!(object["spec"]["type"].as_str(), Some("NodePort" | "LoadBalancer")) {
        return;
    }
    let before = live["spec"]["ports"].as_array().cloned().unwrap_or_default();
    for port in items(object, "/spec/ports") {
        let same =
            |one: &&Value| one["port"] == port["port"] && one["protocol"] == port["protocol"];
        if port["nodePort"].is_null()
            && let Some(found) = before.iter().find(same).filter(|one| !one["nodePort"].is_null())
        {
            port["nodePort"] = found["nodePort"].clone();
        }
    }
}

fn complete_rollout(kind: &str, spec: &mut Value) {
    if kind == "Deployment" && spec["strategy"]["type"].is_null() {
        spec["strategy"]["type"] = json!("RollingUpdate");
    }
    if kind == "Deployment" && spec["strategy"]["type"] == "RollingUpdate" {
        let rolling = &mut spec["strategy"]["rollingUpdate"];
        default_to(rolling, "maxSurge", json!("25%"));
        default_to(rolling, "maxUnavailable", json!("25%"));
    }
}

fn complete_pod(spec: &mut Value) {
    if !spec.is_object() {
        return;
    }
    for list in ["containers", "initContainers"] {
        for container in items(spec, &format!("/{list}")) {
            let image = container["image"].as_str().unwrap_or_default();
            let tag = image.rsplit('/').next().and_then(|last| last.split_once([':', '@']));
            let policy = match tag {
                None | Some((_, "latest")) => "Always",
                Some(_) => "IfNotPresent",
            };
            default_to(container, "imagePullPolicy", json!(policy));
        }
    }
    if let Some(account) = spec["serviceAccountName"].as_str().map(str::to_owned) {
        spec["serviceAccount"] = Value::from(account);
    }
}

fn prepare_job(object: &mut Value) {
    let uid = object["metadata"]["uid"].clone();
    let name = object["metadata"]["name"].clone();
    if object["spec"]["manualSelector"] != true {
        object["spec"]["selector"] =
            json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
        let labels = &mut object["spec"]["template"]["metadata"]["labels"];
        for (key, value) in [
            ("batch.kubernetes.io/controller-uid", &uid),
            ("controller-uid", &uid),
            ("batch.kubernetes.io/job-name", &name),
            ("job-name", &name),
        ] {
            labels[key] = value.clone();
        }
    }
    object["status"] = json!({});
}

fn complete_binding(object: &mut Value) {
    let group = json!("rbac.authorization.k8s.io");
    if object["roleRef"].is_object() {
        default_to(&mut object["roleRef"], "apiGroup", group.clone());
    }
    for subject in items(object, "/subjects") {
        if matches!(subject["kind"].as_str(), Some("User" | "Group")) {
            default_to(subject, "apiGroup", group.clone());
        }
    }
}

fn complete_definition(names: &mut Value) {
    let kind = names["kind"].as_str().unwrap_or_default().to_owned();
    default_to(names, "singular", Value::from(kind.to_lowercase()));
    default_to(names, "listKind", Value::from(format!("{kind}List")));
}

fn items<'a>(object: &'a mut Value, pointer: &str) -> impl Iterator<Item = &'a mut Value> {
    object.pointer_mut(pointer).and_then(Value::as_array_mut).into_iter().flatten()
}

fn default_to(object: &mut Value, field: &str, value: Value) {
    if object[field].is_null() || object[field].as_str() == Some("") {
        object[field] = value;
    }
}

fn copy_missing(live: &Value, object: &mut Value, pointer: &str) {
    let absent = object.pointer(pointer).is_none_or(|value| value.is_null() || value == "");
    let (Some(value), true) = (live.pointer(pointer), absent) else { return };
    let value = value.clone();
    let mut at = object;
    for field in pointer.split('/').skip(1) {
        at = &mut at[field];
    }
    *at = value;
}
