//! When an object is ready, judged by the object alone.

use serde_json::Value;

use super::wanted::Wanted;

/// State of an object on its way to being ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Ready.
    Ready,
    /// Not yet; what is missing.
    Waiting(String),
    /// The cluster gave up on it; why.
    Failed(String),
}

/// What to wait for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReadyRule {
    /// What its kind means by ready, see [`readiness`].
    #[default]
    ByKind,
    /// What was asked for.
    Wanted(Wanted),
}

impl ReadyRule {
    /// Judges an object as it was read.
    pub fn judge(&self, object: &Value) -> Readiness {
        if object.pointer("/metadata/deletionTimestamp").is_some() {
            return Readiness::Waiting("it is being deleted".to_owned());
        }
        match self {
            Self::ByKind => readiness(object),
            Self::Wanted(wanted) => wanted.judge(object),
        }
    }
}

/// Judges an object by what its kind means by ready; kinds without such a
/// meaning are ready when they exist.
///
/// | kind | ready |
/// | --- | --- |
/// | Deployment | all replicas are of the current template and available |
/// | StatefulSet | all replicas are of the current revision and ready |
/// | DaemonSet | every node has a current, available pod |
/// | ReplicaSet | all replicas are available |
/// | Job | complete (a suspended one, and a CronJob, at once) |
/// | Pod | ready, or succeeded |
/// | Service | of type LoadBalancer: it has an address; others at once |
/// | CustomResourceDefinition | established |
/// | APIService | available |
/// | Namespace | active |
pub fn readiness(object: &Value) -> Readiness {
    let group = object.get("apiVersion").and_then(Value::as_str).unwrap_or("");
    let group = group.split_once('/').map_or("", |(group, _)| group);
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or("");
    match (group, kind) {
        ("apps", "Deployment") => deployment(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps", "DaemonSet") => daemon_set(object),
        ("apps", "ReplicaSet") => replica_set(object),
        ("batch", "Job") => job(object),
        ("", "Pod") => pod(object),
        ("", "Service") => service(object),
        ("", "Namespace") => namespace(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        ("apiregistration.k8s.io", "APIService") => true_condition(object, "Available"),
        _ => Readiness::Ready,
    }
}

fn deployment(object: &Value) -> Readiness {
    if let Some(waiting) = unobserved(object) {
        return waiting;
    }
    if status_of(object, "Progressing") == "False" {
        let detail = detail_of(object, "Progressing");
        return Readiness::Failed(format!("the rollout does not progress{detail}"));
    }
    if object.pointer("/spec/paused").is_some_and(|it| it == true) {
        return Readiness::Ready;
    }
    let wanted = wanted_replicas(object);
    let updated = number(object, "/status/updatedReplicas");
    let total = number(object, "/status/replicas");
    let available = number(object, "/status/availableReplicas");
    if updated < wanted {
        waiting(format!("{updated} of {wanted} replicas are updated"))
    } else if total > updated {
        waiting(format!("{} old replicas are still running", total - updated))
    } else if available < wanted {
        waiting(format!("{available} of {wanted} replicas are available"))
    } else {
        Readiness::Ready
    }
}

fn stateful_set(object: &Value) -> Readiness {
    if let Some(waiting) = unobserved(object) {
        return waiting;
    }
    let wanted = wanted_replicas(object);
    let ready = number(object, "/status/readyReplicas");
    if ready < wanted {
        return waiting(format!("{ready} of {wanted} replicas are ready"));
    }
    let strategy = object.pointer("/spec/updateStrategy/type").and_then(Value::as_str);
    if strategy == Some("OnDelete") {
        return Readiness::Ready;
    }
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition");
    let updated = number(object, "/status/updatedReplicas");
    let current = object.pointer("/status/currentRevision");
    if current != object.pointer("/status/updateRevision") && updated < wanted - partition {
        return waiting(format!("{updated} of {} replicas are updated", wanted - partition));
    }
    Readiness::Ready
}

fn daemon_set(object: &Value) -> Readiness {
    if let Some(waiting) = unobserved(object) {
        return waiting;
    }
    let wanted = number(object, "/status/desiredNumberScheduled");
    let updated = number(object, "/status/updatedNumberScheduled");
    let available = number(object, "/status/numberAvailable");
    let on_delete = object.pointer("/spec/updateStrategy/type").is_some_and(|it| it == "OnDelete");
    if !on_delete && updated < wanted {
        waiting(format!("{updated} of {wanted} pods are updated"))
    } else if available < wanted {
        waiting(format!("{available} of {wanted} pods are available"))
    } else {
        Readiness::Ready
    }
}

fn replica_set(object: &Value) -> Readiness {
    if let Some(waiting) = unobserved(object) {
        return waiting;
    }
    let wanted = wanted_replicas(object);
    let available = number(object, "/status/availableReplicas");
    if available < wanted {
        return waiting(format!("{available} of {wanted} replicas are available"));
    }
    Readiness::Ready
}

fn job(object: &Value) -> Readiness {
    if status_of(object, "Failed") == "True" {
        return Readiness::Failed(format!("the job failed{}", detail_of(object, "Failed")));
    }
    let suspended = object.pointer("/spec/suspend").is_some_and(|it| it == true);
    if suspended || status_of(object, "Complete") == "True" {
        return Readiness::Ready;
    }
    let wanted = object.pointer("/spec/completions").and_then(Value::as_i64).unwrap_or(1);
    let done = number(object, "/status/succeeded");
    waiting(format!("{done} of {wanted} completions are done"))
}

fn pod(object: &Value) -> Readiness {
    let phase = object.pointer("/status/phase").and_then(Value::as_str).unwrap_or("Pending");
    match phase {
        "Succeeded" => Readiness::Ready,
        "Failed" => {
            let message = object.pointer("/status/message").and_then(Value::as_str);
            let message = message.map(|it| format!(": {it}")).unwrap_or_default();
            Readiness::Failed(format!("the pod failed{message}"))
        }
        _ if status_of(object, "Ready") == "True" => Readiness::Ready,
        phase => waiting(pod_trouble(object).unwrap_or_else(|| format!("the pod is {phase}"))),
    }
}

fn service(object: &Value) -> Readiness {
    let is_balanced = object.pointer("/spec/type").is_some_and(|it| it == "LoadBalancer");
    let ingress = object.pointer("/status/loadBalancer/ingress").and_then(Value::as_array);
    if is_balanced && ingress.is_none_or(Vec::is_empty) {
        return waiting("the load balancer has no address".to_owned());
    }
    Readiness::Ready
}

fn namespace(object: &Value) -> Readiness {
    match object.pointer("/status/phase").and_then(Value::as_str) {
        Some("Terminating") => waiting("it is being deleted".to_owned()),
        _ => Readiness::Ready,
    }
}

fn definition(object: &Value) -> Readiness {
    if status_of(object, "NamesAccepted") == "False" {
        let detail = detail_of(object, "NamesAccepted");
        return Readiness::Failed(format!("its names are taken{detail}"));
    }
    true_condition(object, "Established")
}

fn true_condition(object: &Value, name: &str) -> Readiness {
    if status_of(object, name) == "True" {
        return Readiness::Ready;
    }
    waiting(format!("condition {name} is not True{}", detail_of(object, name)))
}

fn waiting(reason: String) -> Readiness {
    Readiness::Waiting(reason)
}

/// The status says nothing about the present specification yet.
pub(super) fn unobserved(object: &Value) -> Option<Readiness> {
    let behind =
        number(object, "/status/observedGeneration") < number(object, "/metadata/generation");
    behind.then(|| waiting("the controller has not seen the change".to_owned()))
}

fn wanted_replicas(object: &Value) -> i64 {
    object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1)
}

pub(super) fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

pub(super) fn condition<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|it| it.get("type").is_some_and(|it| it == name))
}

pub(super) fn status_of<'a>(object: &'a Value, name: &str) -> &'a str {
    condition(object, name).and_then(|it| it.get("status")?.as_str()).unwrap_or("")
}

/// ` (Reason: message)` of a condition, as far as it is given.
pub(super) fn detail_of(object: &Value, name: &str) -> String {
    let text = |field: &str| {
        let value = condition(object, name).and_then(|it| it.get(field)?.as_str());
        value.filter(|it| !it.is_empty())
    };
    match (text("reason"), text("message")) {
        (Some(reason), Some(message)) => format!(" ({reason}: {message})"),
        (Some(only), None) | (None, Some(only)) => format!(" ({only})"),
        (None, None) => String::new(),
    }
}

/// What keeps a pod from running: not scheduled, image not pulled, crashing.
pub(super) fn pod_trouble(pod: &Value) -> Option<String> {
    let name = pod.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("?");
    for list in ["/status/initContainerStatuses", "/status/containerStatuses"] {
        for container in pod.pointer(list).and_then(Value::as_array).into_iter().flatten() {
            let text = |pointer: &str| container.pointer(pointer).and_then(Value::as_str);
            let Some(reason) = text("/state/waiting/reason") else { continue };
            if matches!(reason, "ContainerCreating" | "PodInitializing") {
                continue;
            }
            let which = text("/name").unwrap_or("?");
            let message = text("/state/waiting/message")
                .or_else(|| text("/lastState/terminated/message"))
                .map(|it| format!(": {}", it.trim()))
                .unwrap_or_default();
            return Some(format!("pod {name}, container {which}: {reason}{message}"));
        }
    }
    (status_of(pod, "PodScheduled") == "False")
        .then(|| format!("pod {name} is not scheduled{}", detail_of(pod, "PodScheduled")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(api_version: &str, kind: &str, spec: Value, status: Value) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "generation": 2},
            "spec": spec, "status": status})
    }

    fn reason(object: &Value) -> String {
        match readiness(object) {
            Readiness::Ready => "ready".to_owned(),
            Readiness::Waiting(reason) => format!("waiting: {reason}"),
            Readiness::Failed(reason) => format!("failed: {reason}"),
        }
    }

    #[test]
    fn a_deployment_is_ready_when_only_current_replicas_are_left() {
        let state = |generation, total, updated, available| {
            reason(&object(
                "apps/v1",
                "Deployment",
                json!({"replicas": 2}),
                json!({"observedGeneration": generation, "replicas": total,
                    "updatedReplicas": updated, "availableReplicas": available}),
            ))
        };
        assert_eq!(state(1, 2, 2, 2), "waiting: the controller has not seen the change");
        assert_eq!(state(2, 2, 1, 2), "waiting: 1 of 2 replicas are updated");
        assert_eq!(state(2, 3, 2, 2), "waiting: 1 old replicas are still running");
        assert_eq!(state(2, 2, 2, 1), "waiting: 1 of 2 replicas are available");
        assert_eq!(state(2, 2, 2, 2), "ready");
    }

    #[test]
    fn a_stuck_rollout_has_failed() {
        let stuck = object(
            "apps/v1",
            "Deployment",
            json!({}),
            json!({"observedGeneration": 2, "conditions": [{"type": "Progressing", "status": "False",
                "reason": "ProgressDeadlineExceeded", "message": "timed out"}]}),
        );
        assert_eq!(
            reason(&stuck),
            "failed: the rollout does not progress (ProgressDeadlineExceeded: timed out)"
        );
    }

    #[test]
    fn stateful_sets_wait_for_the_current_revision() {
        let state = |ready, updated, current: &str| {
            reason(&object(
                "apps/v1",
                "StatefulSet",
                json!({"replicas": 3}),
                json!({"observedGeneration": 2, "readyReplicas": ready, "updatedReplicas": updated,
                    "currentRevision": current, "updateRevision": "b"}),
            ))
        };
        assert_eq!(state(2, 3, "b"), "waiting: 2 of 3 replicas are ready");
        assert_eq!(state(3, 1, "a"), "waiting: 1 of 3 replicas are updated");
        assert_eq!(state(3, 0, "b"), "ready");
    }

    #[test]
    fn daemon_sets_wait_for_every_node() {
        let state = |updated, available| {
            let status = json!({"observedGeneration": 2, "desiredNumberScheduled": 2,
                "updatedNumberScheduled": updated, "numberAvailable": available});
            reason(&object("apps/v1", "DaemonSet", json!({}), status))
        };
        assert_eq!(state(1, 2), "waiting: 1 of 2 pods are updated");
        assert_eq!(state(2, 1), "waiting: 1 of 2 pods are available");
        assert_eq!(state(2, 2), "ready");
    }

    #[test]
    fn jobs_end_well_or_badly() {
        let with = |kind: &str| {
            let status = json!({"conditions": [{"type": kind, "status": "True", "reason": "R"}]});
            reason(&object("batch/v1", "Job", json!({}), status))
        };
        assert_eq!(with("Complete"), "ready");
        assert_eq!(with("Failed"), "failed: the job failed (R)");
        assert!(with("Other").starts_with("waiting: 0 of 1"));
    }

    #[test]
    fn pods_say_what_keeps_them() {
        let pulling = object(
            "v1",
            "Pod",
            json!({}),
            json!({"phase": "Pending", "containerStatuses": [
            {"name": "web", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}]}),
        );
        assert_eq!(reason(&pulling), "waiting: pod a, container web: ErrImagePull: no such image");
        let unscheduled = object(
            "v1",
            "Pod",
            json!({}),
            json!({"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "message": "0/3 nodes"}]}),
        );
        assert_eq!(reason(&unscheduled), "waiting: pod a is not scheduled (0/3 nodes)");
        let failed =
            object("v1", "Pod", json!({}), json!({"phase": "Failed", "message": "evicted"}));
        assert_eq!(reason(&failed), "failed: the pod failed: evicted");
    }

    #[test]
    fn services_need_an_address_only_from_a_load_balancer() {
        let state = |kind: &str, ingress: Value| {
            let status = json!({"loadBalancer": {"ingress": ingress}});
            reason(&object("v1", "Service", json!({"type": kind}), status))
        };
        assert_eq!(state("ClusterIP", json!([])), "ready");
        assert_eq!(state("LoadBalancer", json!([])), "waiting: the load balancer has no address");
        assert_eq!(state("LoadBalancer", json!([{"ip": "1.2.3.4"}])), "ready");
    }

    #[test]
    fn definitions_and_api_services_follow_their_conditions() {
        let crd = |name: &str, status: &str| {
            let status = json!({"conditions": [{"type": name, "status": status, "message": "m"}]});
            reason(&object(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                json!({}),
                status,
            ))
        };
        assert_eq!(crd("Established", "True"), "ready");
        assert!(crd("Established", "False").starts_with("waiting"));
        assert_eq!(crd("NamesAccepted", "False"), "failed: its names are taken (m)");
        let api = object("apiregistration.k8s.io/v1", "APIService", json!({}), json!({}));
        assert_eq!(reason(&api), "waiting: condition Available is not True");
    }
}
