//! Services of type LoadBalancer, and API services.

use serde_json::{Value, json};

use super::super::state::State;
use super::super::store::Key;
use super::{MANAGER, is_marked};

/// The annotation by which the simulator gives a Service its address.
pub(crate) const ADDRESS: &str = "crossmesh.test/load-balancer-ip";

/// Gives a LoadBalancer Service an address.
pub(super) fn act(state: &mut State, key: &Key, service: &Value) {
    if service["spec"]["type"] != "LoadBalancer" || is_marked(service) {
        return;
    }
    let wanted = service["metadata"]["annotations"][ADDRESS].as_str();
    let present = service.pointer("/status/loadBalancer/ingress/0/ip").and_then(Value::as_str);
    if present.is_some() && wanted.is_none_or(|wanted| present == Some(wanted)) {
        return;
    }
    let delay = state.settings.ready_after;
    if !state.controllers.has_waited(key, &service["metadata"]["uid"], "address", delay) {
        return;
    }
    let address = wanted.map_or_else(
        || {
            state.addresses += 1;
            format!("203.0.113.{}", state.addresses % 250 + 1)
        },
        str::to_owned,
    );
    let status = json!({"loadBalancer": {"ingress": [{"ip": address}]}});
    state.set_status(key, status, "service-controller");
}

/// Local API services are available at once.
pub(super) fn api_service(state: &mut State, key: &Key, service: &Value) {
    if service["status"]["conditions"].is_array() {
        return;
    }
    let created = service["metadata"]["creationTimestamp"].clone();
    let status = json!({"conditions": [{
        "type": "Available", "status": "True", "reason": "Passed",
        "message": "all checks passed", "lastTransitionTime": created,
    }]});
    state.set_status(key, status, MANAGER);
}
