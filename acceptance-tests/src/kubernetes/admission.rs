//! What is done to objects on their way in: service accounts for Pods and, by a
//! mesh's webhooks, sidecars and Istio's own validation.

mod rules;

use serde_json::{Value, json};

use super::kinds::Kind;
use super::state::State;
use super::status::ApiError;

/// A cluster's part in a mesh.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mesh {
    /// Whether the API server can call the mesh's webhooks.
    pub(crate) reachable: bool,
    /// Namespaces with sidecars, beside those with the label.
    pub(crate) injected: Vec<String>,
}

/// Runs the webhooks on an object that is created or changed.
pub(crate) fn admit(
    state: &State,
    kind: &Kind,
    namespace: &str,
    is_new: bool,
    object: &mut Value,
) -> Result<(), ApiError> {
    if kind.is("", "pods") && is_new {
        service_account(state, kind, namespace, object)?;
    }
    let Some(mesh) = &state.mesh else { return Ok(()) };
    if kind.is("", "pods") && is_new && wants_sidecar(state, mesh, namespace, object) {
        if !mesh.reachable {
            return Err(unanswered());
        }
        inject(object);
    }
    if kind.group.ends_with(".istio.io")
        && mesh.reachable
        && let Some(fault) = rules::fault(&kind.kind, &object["spec"])
    {
        let message = format!(
            "admission webhook \"validation.istio.io\" denied the request: configuration is \
             invalid: {fault}"
        );
        return Err(ApiError::new(400, "", message));
    }
    Ok(())
}

/// A Pod runs as a service account, which must be there.
fn service_account(
    state: &State,
    kind: &Kind,
    namespace: &str,
    pod: &mut Value,
) -> Result<(), ApiError> {
    let spec = &mut pod["spec"];
    let account = spec["serviceAccountName"].as_str().filter(|name| !name.is_empty());
    let account = account.unwrap_or("default").to_owned();
    let key = super::store::Key::new("", "serviceaccounts", namespace, &account);
    if state.store.find(&key).is_none() {
        let why = format!(
            "error looking up service account {namespace}/{account}: serviceaccount {account:?} \
             not found"
        );
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        return Err(ApiError::forbidden(kind, name, &why));
    }
    spec["serviceAccountName"] = Value::from(account);
    Ok(())
}

fn wants_sidecar(state: &State, mesh: &Mesh, namespace: &str, pod: &Value) -> bool {
    let metadata = &pod["metadata"];
    let said = ["labels", "annotations"]
        .iter()
        .find_map(|field| metadata[field]["sidecar.istio.io/inject"].as_str());
    let labelled = state
        .store
        .find(&super::store::Key::new("", "namespaces", "", namespace))
        .is_some_and(|found| found["metadata"]["labels"]["istio-injection"] == "enabled");
    let wanted = labelled || mesh.injected.iter().any(|one| one == namespace);
    wanted && said != Some("false") && pod["spec"]["hostNetwork"] != true
}

/// The answer of an API server that cannot reach the injector.
fn unanswered() -> ApiError {
    let message = "Internal error occurred: failed calling webhook \
                   \"namespace.sidecar-injector.istio.io\": failed to call webhook: Post \
                   \"https://istiod.istio-system.svc:443/inject?timeout=10s\": context deadline \
                   exceeded";
    ApiError::new(500, "InternalError", message).with_details(json!({
        "causes": [{"message": message}],
    }))
}

fn inject(pod: &mut Value) {
    let proxy = json!({
        "name": "istio-proxy",
        "image": "ccr.ccs.tencentyun.com/tke-istio/proxyv2:1.18.5",
        "imagePullPolicy": "IfNotPresent",
        "args": ["proxy", "sidecar"],
        "ports": [{"name": "http-envoy-prom", "containerPort": 15090, "protocol": "TCP"}],
    });
    if let Some(containers) = pod.pointer_mut("/spec/containers").and_then(Value::as_array_mut)
        && !containers.iter().any(|container| container["name"] == "istio-proxy")
    {
        containers.push(proxy);
    }
    pod["metadata"]["annotations"]["sidecar.istio.io/status"] =
        Value::from("{\"containers\":[\"istio-proxy\"]}");
}
