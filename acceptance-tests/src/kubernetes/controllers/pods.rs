//! Pods: scheduled, started, ready; finished, for jobs; stopped.

use serde_json::{Value, json};

use super::super::state::State;
use super::super::store::Key;
use super::is_marked;

/// A Pod with this annotation set to "true" runs but never becomes ready.
const NEVER_READY: &str = "crossmesh.test/never-ready";
const KUBELET: &str = "kubelet";

/// Moves a Pod one step on.
pub(super) fn act(state: &mut State, key: &Key, pod: &Value) {
    let uid = &pod["metadata"]["uid"];
    if is_marked(pod) {
        let delay = state.settings.terminate_after;
        if state.controllers.has_waited(key, uid, "stop", delay) {
            stop(state, key, pod);
        }
        return;
    }
    let phase = pod["status"]["phase"].as_str().unwrap_or("Pending");
    if phase != "Pending" {
        return;
    }
    if pod["spec"]["nodeName"].is_null() {
        schedule(state, key);
    }
    let delay = state.settings.ready_after;
    if !state.controllers.has_waited(key, uid, "start", delay) {
        return;
    }
    if let Some(trouble) = state.settings.image_trouble.clone() {
        keep_waiting(state, key, pod, "ImagePullBackOff", &trouble);
        state.controllers.retry(key, uid);
        return;
    }
    match missing_reference(state, &key.namespace, pod) {
        None => start(state, key, pod),
        Some(message) => keep_waiting(state, key, pod, "CreateContainerConfigError", &message),
    }
}

/// What the Pod's environment refers to and is not there, as the kubelet says it.
fn missing_reference(state: &State, namespace: &str, pod: &Value) -> Option<String> {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    containers.into_iter().find_map(|container| {
        let keys = container["env"].as_array().into_iter().flatten().flat_map(|variable| {
            let from = &variable["valueFrom"];
            [("secrets", &from["secretKeyRef"]), ("configmaps", &from["configMapKeyRef"])]
        });
        let whole = container["envFrom"].as_array().into_iter().flatten().flat_map(|from| {
            [("secrets", &from["secretRef"]), ("configmaps", &from["configMapRef"])]
        });
        keys.chain(whole)
            .find_map(|(plural, reference)| missing(state, namespace, plural, reference))
    })
}

fn missing(state: &State, namespace: &str, plural: &str, reference: &Value) -> Option<String> {
    let name = reference["name"].as_str()?;
    if reference["optional"] == true {
        return None;
    }
    let kind = if plural == "secrets" { "secret" } else { "configmap" };
    let Some(found) = state.store.find(&Key::new("", plural, namespace, name)) else {
        return Some(format!("{kind} {name:?} not found"));
    };
    let key = reference["key"].as_str()?;
    let there = !found["data"][key].is_null() || !found["binaryData"][key].is_null();
    (!there).then(|| format!("couldn't find key {key} in {kind} {namespace}/{name}"))
}

/// The kubelet cannot make the containers yet.
fn keep_waiting(state: &mut State, key: &Key, pod: &Value, reason: &str, message: &str) {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let waiting = json!({"waiting": {"reason": reason, "message": message}});
    let statuses: Vec<Value> = containers
        .map(|container| {
            json!({
                "name": container["name"],
                "image": container["image"],
                "imageID": "",
                "ready": false,
                "started": false,
                "restartCount": 0,
                "state": waiting,
            })
        })
        .collect();
    let status = json!({
        "phase": "Pending",
        "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}],
        "containerStatuses": statuses,
        "qosClass": "BestEffort",
    });
    state.set_status(key, status, KUBELET);
}

fn schedule(state: &mut State, key: &Key) {
    let node = {
        let mut nodes = state.store.list("", "nodes", None);
        let count = state.store.list("", "nodes", None).count().max(1);
        let at = key.name.bytes().map(usize::from).sum::<usize>() % count;
        nodes.nth(at).map(|(key, _)| key.name.clone())
    };
    let Some(node) = node else { return };
    state.change(key, "", "kube-scheduler", |pod| pod["spec"]["nodeName"] = Value::from(node));
}

fn start(state: &mut State, key: &Key, pod: &Value) {
    state.addresses += 1;
    let [_, _, high, low] = state.addresses.to_be_bytes();
    let address = format!("10.244.{high}.{low}");
    let now = state.now();
    let never = pod["metadata"]["annotations"][NEVER_READY] == "true";
    let finishes = pod["spec"]["restartPolicy"] != "Always";
    let ready = !never && !finishes;
    let running = if finishes && !never {
        json!({"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}})
    } else {
        json!({"running": {"startedAt": now}})
    };
    let containers: Vec<Value> = pod["spec"]["containers"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|container| {
            json!({
                "name": container["name"],
                "image": container["image"],
                "imageID": container["image"],
                "ready": ready,
                "started": true,
                "restartCount": 0,
                "state": running,
            })
        })
        .collect();
    let condition = |kind: &str, holds: bool| {
        let status = if holds { "True" } else { "False" };
        json!({"type": kind, "status": status, "lastTransitionTime": now})
    };
    let status = json!({
        "phase": if finishes && !never { "Succeeded" } else { "Running" },
        "conditions": [
            condition("PodScheduled", true),
            condition("Initialized", true),
            condition("ContainersReady", ready),
            condition("Ready", ready),
        ],
        "containerStatuses": containers,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": now,
        "qosClass": "BestEffort",
    });
    state.set_status(key, status, KUBELET);
}

/// The kubelet confirms that nothing runs any more.
fn stop(state: &mut State, key: &Key, pod: &Value) {
    let held = pod["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    if held {
        return;
    }
    state.remove(key);
}

/// Whether a Pod is ready.
pub(crate) fn is_ready(pod: &Value) -> bool {
    !is_marked(pod)
        && pod["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}
