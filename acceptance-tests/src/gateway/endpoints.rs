//! The pods behind a destination, over all linked clusters.

use std::sync::Arc;

use serde_json::Value;

use super::ingress::IngressMember;
use crate::kubernetes::{is_ready, selects};

/// One pod that may answer.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// Id of its cluster.
    pub(super) cluster: String,
    /// Whether the gateway can reach the pod's network.
    pub(super) reachable: bool,
    pub(super) pod: Arc<Value>,
}

/// What a destination comes to.
#[derive(Debug)]
pub(super) enum Found {
    /// No linked cluster has such a Service, or it has no such port.
    NoService,
    /// Ready pods; possibly none.
    Endpoints(Vec<Endpoint>),
}

/// A Service's name and namespace from a host (`web.shop.svc.cluster.local`,
/// `web.shop.svc`, `web.shop`).
pub(super) fn service_of(host: &str) -> Option<(&str, &str)> {
    let host = host.trim_end_matches('.');
    let host = host
        .strip_suffix(".svc.cluster.local")
        .or_else(|| host.strip_suffix(".svc"))
        .unwrap_or(host);
    let (name, namespace) = host.split_once('.')?;
    (!namespace.contains('.')).then_some((name, namespace))
}

/// The ready pods of a Service, in the order of members and pods.
pub(super) fn find(
    members: &[IngressMember],
    host: &str,
    port: Option<u16>,
    subset: Option<&Value>,
) -> Found {
    let Some((name, namespace)) = service_of(host) else { return Found::NoService };
    let mut known = false;
    let mut endpoints = Vec::new();
    for member in members {
        let Some(service) = member.cluster.object("", "services", namespace, name) else {
            continue;
        };
        if !has_port(&service, port) {
            continue;
        }
        known = true;
        let selector = &service["spec"]["selector"];
        if selector.as_object().is_none_or(serde_json::Map::is_empty) {
            continue;
        }
        for pod in member.cluster.objects("", "pods") {
            let here = pod["metadata"]["namespace"] == namespace
                && is_ready(&pod)
                && selects(selector, &pod)
                && subset.is_none_or(|labels| selects(labels, &pod));
            if here {
                let (cluster, reachable) = (member.cluster.id().to_owned(), member.reachable);
                endpoints.push(Endpoint { cluster, reachable, pod });
            }
        }
    }
    if known { Found::Endpoints(endpoints) } else { Found::NoService }
}

/// Without a number the Service must have one port only.
fn has_port(service: &Value, port: Option<u16>) -> bool {
    let ports = service["spec"]["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    match port {
        Some(port) => ports.iter().any(|one| one["port"] == port),
        None => ports.len() == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hosts() {
        for host in ["web.shop.svc.cluster.local", "web.shop.svc", "web.shop"] {
            assert_eq!(service_of(host), Some(("web", "shop")), "{host}");
        }
        assert_eq!(service_of("api.example.com"), None);
        assert_eq!(service_of("web"), None);
    }
}
