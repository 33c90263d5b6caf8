//! Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::identifiers;
use super::super::state::State;
use super::super::store::Key;
use super::pods::is_ready;
use super::{MANAGER, garbage, is_marked};

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";

/// Keeps one ReplicaSet per template; the newest one has the replicas.
pub(super) fn deployment(state: &mut State, key: &Key, deployment: &Value) {
    if is_marked(deployment) {
        return;
    }
    let hash = template_hash(&deployment["spec"]["template"]);
    let name = format!("{}-{hash}", key.name);
    let current = Key::new("apps", "replicasets", &key.namespace, &name);
    let owned = owned(state, "apps", "replicasets", deployment);
    let replicas = deployment["spec"]["replicas"].clone();
    match owned.iter().find(|(found, _)| *found == current) {
        None => create_replica_set(state, key, deployment, &name, &hash, owned.len()),
        Some((_, set)) if set["spec"]["replicas"] != replicas => {
            state.change(&current, "", MANAGER, |set| set["spec"]["replicas"] = replicas.clone());
        }
        Some(_) => {}
    }
    let ready = state.store.find(&current).is_some_and(|set| {
        set["status"]["readyReplicas"].as_i64().unwrap_or(0) >= replicas.as_i64().unwrap_or(0)
    });
    for (old, set) in owned.iter().filter(|(found, _)| *found != current) {
        if ready && set["spec"]["replicas"] != 0 {
            state.change(old, "", MANAGER, |set| set["spec"]["replicas"] = json!(0));
        }
    }
    deployment_status(state, key, deployment, &current);
}

fn create_replica_set(
    state: &mut State,
    key: &Key,
    deployment: &Value,
    name: &str,
    hash: &str,
    before: usize,
) {
    let spec = &deployment["spec"];
    let mut template = spec["template"].clone();
    template["metadata"]["labels"][HASH] = Value::from(hash);
    let mut selector = spec["selector"].clone();
    selector["matchLabels"][HASH] = Value::from(hash);
    let revision = (before + 1).to_string();
    // Refused only while its namespace goes.
    let _ = state.create_for(json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": key.namespace,
            "labels": template["metadata"]["labels"],
            "annotations": {REVISION: revision},
            "ownerReferences": [reference(deployment)],
        },
        "spec": {"replicas": spec["replicas"], "selector": selector, "template": template},
    }));
    state.change(key, "", MANAGER, |deployment| {
        deployment["metadata"]["annotations"][REVISION] = Value::from(revision);
    });
}

fn deployment_status(state: &mut State, key: &Key, deployment: &Value, current: &Key) {
    let sets = owned(state, "apps", "replicasets", deployment);
    let sum = |field: &str| -> i64 {
        sets.iter().filter_map(|(_, set)| set["status"][field].as_i64()).sum()
    };
    let updated = sets
        .iter()
        .find(|(found, _)| found == current)
        .and_then(|(_, set)| set["status"]["replicas"].as_i64())
        .unwrap_or(0);
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(0);
    let (total, ready) = (sum("replicas"), sum("readyReplicas"));
    let complete = updated == wanted && total == wanted && ready >= wanted;
    let name = &current.name;
    let before = &deployment["status"]["conditions"];
    let now = state.now();
    let available = if ready >= wanted {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.".to_owned())
    } else {
        let message = "Deployment does not have minimum availability.".to_owned();
        ("False", "MinimumReplicasUnavailable", message)
    };
    let progressing = progress(state, key, deployment, name, complete);
    let mut conditions = vec![
        condition(before, "Available", available, &now),
        condition(before, "Progressing", progressing, &now),
    ];
    let failures = sets.iter().flat_map(|(_, set)| set["status"]["conditions"].as_array());
    conditions.extend(failures.flatten().find(|one| one["type"] == "ReplicaFailure").cloned());
    let mut status = json!({
        "observedGeneration": deployment["metadata"]["generation"],
        "conditions": conditions,
    });
    for (field, count) in [
        ("replicas", total),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", ready),
        ("unavailableReplicas", (wanted.max(total) - ready).max(0)),
    ] {
        if count != 0 {
            status[field] = json!(count);
        }
    }
    state.set_status(key, status, MANAGER);
}

/// Status, reason and message of the condition Progressing. What does not
/// complete within the deadline has failed until it does.
fn progress(
    state: &mut State,
    key: &Key,
    deployment: &Value,
    set: &str,
    complete: bool,
) -> (&'static str, &'static str, String) {
    let uid = Value::from(format!("{}/{set}", deployment["metadata"]["uid"]));
    if complete {
        state.controllers.stop_waiting(key, &uid, "progress");
        let message = format!("ReplicaSet \"{set}\" has successfully progressed.");
        return ("True", "NewReplicaSetAvailable", message);
    }
    let before = deployment["status"]["conditions"].as_array().into_iter().flatten();
    let was_late = before.into_iter().any(|one| {
        let message = one["message"].as_str().unwrap_or_default();
        one["reason"] == "ProgressDeadlineExceeded" && message.contains(set)
    });
    let limit = deployment["spec"]["progressDeadlineSeconds"].as_u64().unwrap_or(600);
    let deadline = Duration::from_secs(limit);
    if was_late || state.controllers.has_waited(key, &uid, "progress", deadline) {
        let message = format!("ReplicaSet \"{set}\" has timed out progressing.");
        return ("False", "ProgressDeadlineExceeded", message);
    }
    ("True", "ReplicaSetUpdated", format!("ReplicaSet \"{set}\" is progressing."))
}

/// Keeps the number of Pods.
pub(super) fn replica_set(state: &mut State, key: &Key, set: &Value) {
    if !is_marked(set) {
        let wanted = count(&set["spec"]["replicas"]);
        let pods = live_pods(state, set);
        let mut failure = None;
        for _ in pods.len()..wanted {
            let name = format!("{}-{}", key.name, identifiers::suffix(5));
            if let Err(error) = create_pod(state, set, &name) {
                failure = Some(error);
                state.controllers.retry(key, &set["metadata"]["uid"]);
                break;
            }
        }
        for (pod, _) in pods.iter().skip(wanted) {
            garbage::delete(state, pod);
        }
        let pods = live_pods(state, set);
        let ready = pods.iter().filter(|(_, pod)| is_ready(pod)).count();
        let mut status = json!({
            "observedGeneration": set["metadata"]["generation"],
            "replicas": pods.len(),
        });
        for (field, count) in [
            ("fullyLabeledReplicas", pods.len()),
            ("readyReplicas", ready),
            ("availableReplicas", ready),
        ] {
            if count != 0 {
                status[field] = json!(count);
            }
        }
        if let Some(message) = failure {
            let now = state.now();
            let failed = ("True", "FailedCreate", message);
            status["conditions"] =
                json!([condition(&set["status"]["conditions"], "ReplicaFailure", failed, &now)]);
        }
        state.set_status(key, status, MANAGER);
    }
}

/// Keeps Pods with ordinal names; a changed template replaces them.
pub(super) fn stateful_set(state: &mut State, key: &Key, set: &Value) {
    if is_marked(set) {
        return;
    }
    let wanted = count(&set["spec"]["replicas"]);
    let hash = template_hash(&set["spec"]["template"]);
    let names: Vec<String> = (0..wanted).map(|at| format!("{}-{at}", key.name)).collect();
    let (pods, current) = keep_named(state, key, set, &names, &hash);
    let ready = pods.iter().filter(|(_, pod)| is_ready(pod)).count();
    let revision = format!("{}-{hash}", key.name);
    let mut status = json!({
        "observedGeneration": set["metadata"]["generation"],
        "replicas": pods.len(),
        "availableReplicas": ready,
        "currentRevision": revision,
        "updateRevision": revision,
        "collisionCount": 0,
    });
    for (field, count) in
        [("readyReplicas", ready), ("updatedReplicas", current), ("currentReplicas", current)]
    {
        if count != 0 {
            status[field] = json!(count);
        }
    }
    state.set_status(key, status, MANAGER);
}

/// Keeps one Pod per node.
pub(super) fn daemon_set(state: &mut State, key: &Key, set: &Value) {
    if is_marked(set) {
        return;
    }
    let nodes = state.store.list("", "nodes", None).count();
    let hash = template_hash(&set["spec"]["template"]);
    let names: Vec<String> = (0..nodes).map(|at| format!("{}-node{at}", key.name)).collect();
    let (pods, current) = keep_named(state, key, set, &names, &hash);
    let ready = pods.iter().filter(|(_, pod)| is_ready(pod)).count();
    let status = json!({
        "observedGeneration": set["metadata"]["generation"],
        "desiredNumberScheduled": nodes,
        "currentNumberScheduled": pods.len(),
        "updatedNumberScheduled": current,
        "numberReady": ready,
        "numberAvailable": ready,
        "numberMisscheduled": 0,
    });
    state.set_status(key, status, MANAGER);
}

/// Runs a Job's Pods until enough have finished.
pub(super) fn job(state: &mut State, key: &Key, job: &Value) {
    if is_marked(job) || job["spec"]["suspend"] == true {
        return;
    }
    let wanted = count(&job["spec"]["completions"]);
    let pods = live_pods(state, job);
    for at in pods.len()..wanted {
        if create_pod(state, job, &format!("{}-{at}", key.name)).is_err() {
            state.controllers.retry(key, &job["metadata"]["uid"]);
        }
    }
    let pods = live_pods(state, job);
    let done = pods.iter().filter(|(_, pod)| pod["status"]["phase"] == "Succeeded").count();
    let now = state.now();
    let started = job["status"]["startTime"].as_str().unwrap_or(&now).to_owned();
    let mut status = json!({"startTime": started, "ready": 0, "terminating": 0});
    if done != 0 {
        status["succeeded"] = json!(done);
    }
    if pods.len() > done {
        status["active"] = json!(pods.len() - done);
    }
    if done >= wanted {
        let before = &job["status"]["conditions"];
        let reached =
            ("True", "CompletionsReached", "Reached expected number of succeeded pods".to_owned());
        status["completionTime"] = match job["status"]["completionTime"].as_str() {
            Some(time) => json!(time),
            None => json!(now),
        };
        status["conditions"] = json!([
            condition(before, "SuccessCriteriaMet", reached.clone(), &now),
            condition(before, "Complete", reached, &now),
        ]);
    }
    state.set_status(key, status, MANAGER);
}

/// Keeps exactly these Pods of the current template. Returns the Pods, and how
/// many are of that template.
fn keep_named(
    state: &mut State,
    key: &Key,
    set: &Value,
    names: &[String],
    hash: &str,
) -> (Vec<(Key, Value)>, usize) {
    let is_current = |pod: &Value| pod["metadata"]["labels"]["controller-revision-hash"] == *hash;
    for (pod, value) in live_pods(state, set) {
        if !names.contains(&pod.name) || !is_current(&value) {
            garbage::delete(state, &pod);
        }
    }
    for name in names {
        let pod = Key::new("", "pods", &key.namespace, name);
        if state.store.find(&pod).is_none() {
            let mut with_hash = set.clone();
            with_hash["spec"]["template"]["metadata"]["labels"]["controller-revision-hash"] =
                Value::from(hash);
            if create_pod(state, &with_hash, name).is_err() {
                state.controllers.retry(key, &set["metadata"]["uid"]);
            }
        }
    }
    let pods = live_pods(state, set);
    let current = pods.iter().filter(|(_, pod)| is_current(pod)).count();
    (pods, current)
}

fn create_pod(state: &mut State, owner: &Value, name: &str) -> Result<(), String> {
    let template = &owner["spec"]["template"];
    let mut metadata = json!({
        "name": name,
        "namespace": owner["metadata"]["namespace"],
        "ownerReferences": [reference(owner)],
    });
    for field in ["labels", "annotations"] {
        if !template["metadata"][field].is_null() {
            metadata[field] = template["metadata"][field].clone();
        }
    }
    state.create_for(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"],
    }))
}

/// The Pods that an object controls and that are not on their way out.
fn live_pods(state: &State, owner: &Value) -> Vec<(Key, Value)> {
    let mut pods = owned(state, "", "pods", owner);
    pods.retain(|(_, pod)| !is_marked(pod));
    pods
}

fn owned(state: &State, group: &str, plural: &str, owner: &Value) -> Vec<(Key, Value)> {
    let metadata = &owner["metadata"];
    state
        .store
        .list(group, plural, metadata["namespace"].as_str())
        .filter(|(_, object)| {
            let references = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
            references.into_iter().any(|one| one["uid"] == metadata["uid"])
        })
        .map(|(key, object)| (key.clone(), (**object).clone()))
        .collect()
}

fn reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// A condition; its time stays while its status does.
fn condition(
    before: &Value,
    kind: &str,
    (status, reason, message): (&str, &str, String),
    now: &str,
) -> Value {
    let same = before
        .as_array()
        .into_iter()
        .flatten()
        .find(|one| one["type"] == kind && one["status"] == status);
    let since = same.map_or_else(|| json!(now), |one| one["lastTransitionTime"].clone());
    let updated = match same.filter(|one| one["reason"] == reason) {
        Some(one) if one["lastUpdateTime"].is_string() => one["lastUpdateTime"].clone(),
        _ => json!(now),
    };
    let mut condition = json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": since,
    });
    if matches!(kind, "Available" | "Progressing") {
        condition["lastUpdateTime"] = updated;
    }
    condition
}

/// A short name for a template's content.
fn template_hash(template: &Value) -> String {
    let digest = Sha256::digest(template.to_string().as_bytes());
    digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

fn count(value: &Value) -> usize {
    value.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(1)
}
