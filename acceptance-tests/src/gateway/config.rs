//! The Istio objects that concern one ingress gateway.

use serde::Deserialize;
use serde_json::Value;

use super::hosts::{overlap, specificity};
use super::matching::qualified;
use super::routes::Route;
use crate::kubernetes::Cluster;

const NETWORKING: &str = "networking.istio.io";

/// What the gateway's proxy was told.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) servers: Vec<Server>,
    pub(super) services: Vec<VirtualService>,
    pub(super) subsets: Vec<Subset>,
}

/// A server of a Gateway object.
#[derive(Debug, Clone)]
pub(super) struct Server {
    /// `namespace/name` of its Gateway.
    pub(super) gateway: String,
    pub(super) port: u16,
    pub(super) protocol: String,
    /// Namespace (`*`: any) and pattern.
    hosts: Vec<(String, String)>,
    pub(super) https_redirect: bool,
}

/// A VirtualService.
#[derive(Debug, Clone)]
pub(super) struct VirtualService {
    pub(super) namespace: String,
    pub(super) name: String,
    hosts: Vec<String>,
    /// `namespace/name`.
    gateways: Vec<String>,
    pub(super) http: Vec<Route>,
    created: String,
}

/// A subset of a DestinationRule.
#[derive(Debug, Clone)]
pub(super) struct Subset {
    /// Fully qualified host.
    pub(super) host: String,
    pub(super) name: String,
    pub(super) labels: Value,
}

impl Config {
    /// Reads the objects of the mesh's primary clusters for a gateway with
    /// these labels. An object that two clusters hold is taken from the first.
    pub(super) fn read(primaries: &[Cluster], labels: &[(&str, &str)]) -> Self {
        let mut config = Self::default();
        let mut seen = Vec::new();
        for object in all(primaries, "gateways", &mut seen) {
            if selects(&object["spec"]["selector"], labels) {
                config.servers.extend(servers(&object));
            }
        }
        for object in all(primaries, "virtualservices", &mut seen) {
            config.services.extend(virtual_service(&object));
        }
        // The oldest object wins where two claim the same host.
        config.services.sort_by(|a, b| (&a.created, &a.name).cmp(&(&b.created, &b.name)));
        for object in all(primaries, "destinationrules", &mut seen) {
            config.subsets.extend(subsets(&object));
        }
        config
    }

    /// The server for a request to a port and host: the one with the most
    /// specific host.
    pub(super) fn servers_for(&self, port: u16, host: &str) -> Vec<&Server> {
        let mut fitting: Vec<(usize, &Server)> = self
            .servers
            .iter()
            .filter(|server| server.port == port)
            .filter_map(|server| {
                let best = server.hosts.iter().filter_map(|(_, one)| specificity(one, host)).max();
                best.map(|best| (best, server))
            })
            .collect();
        fitting.sort_by_key(|(best, _)| std::cmp::Reverse(*best));
        fitting.into_iter().map(|(_, server)| server).collect()
    }

    /// The VirtualServices bound to one of the servers that have this host,
    /// those with the most specific pattern alone: one virtual host in Envoy.
    pub(super) fn services_for<'a>(
        &'a self,
        servers: &[&'a Server],
        host: &str,
    ) -> Vec<(&'a VirtualService, &'a str)> {
        let mut found = Vec::new();
        let mut best = None;
        for service in &self.services {
            for server in servers {
                if !service.gateways.contains(&server.gateway) {
                    continue;
                }
                for pattern in service.hosts.iter().filter(|one| server.admits(service, one)) {
                    let Some(fit) = specificity(pattern, host) else { continue };
                    if best.is_none_or(|best| fit > best) {
                        found.clear();
                        best = Some(fit);
                    }
                    let is_new = |(one, _): &&(&VirtualService, &str)| std::ptr::eq(*one, service);
                    if best == Some(fit) && !found.iter().any(|one| is_new(&one)) {
                        found.push((service, server.gateway.as_str()));
                    }
                }
            }
        }
        found
    }

    /// A VirtualService by its name, for delegation.
    pub(super) fn service(&self, namespace: &str, name: &str) -> Option<&VirtualService> {
        self.services.iter().find(|one| one.namespace == namespace && one.name == name)
    }

    /// The labels of a subset.
    pub(super) fn subset(&self, host: &str, name: &str) -> Option<&Value> {
        self.subsets
            .iter()
            .find(|subset| subset.host == host && subset.name == name)
            .map(|subset| &subset.labels)
    }
}

impl Server {
    /// Whether a VirtualService's host may be served here.
    fn admits(&self, service: &VirtualService, host: &str) -> bool {
        self.hosts.iter().any(|(namespace, pattern)| {
            let here = match namespace.as_str() {
                "*" => true,
                namespace => namespace == service.namespace,
            };
            here && overlap(pattern, host)
        })
    }

    /// Whether requests are read as HTTP.
    pub(super) fn speaks_http(&self) -> bool {
        matches!(self.protocol.as_str(), "HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB")
    }
}

/// A destination's fully qualified host; short names are of the namespace.
pub(super) fn full_host(host: &str, namespace: &str) -> String {
    if host.contains('.') {
        host.to_owned()
    } else {
        format!("{host}.{namespace}.svc.cluster.local")
    }
}

fn all(primaries: &[Cluster], plural: &str, seen: &mut Vec<(String, String)>) -> Vec<Value> {
    let mut objects = Vec::new();
    for cluster in primaries {
        for object in cluster.objects(NETWORKING, plural) {
            if object["metadata"].get("deletionTimestamp").is_some() {
                continue;
            }
            let (namespace, name) = identity(&object);
            let key = (plural.to_owned(), format!("{namespace}/{name}"));
            if !seen.contains(&key) {
                seen.push(key);
                objects.push((*object).clone());
            }
        }
    }
    objects
}

fn identity(object: &Value) -> (String, String) {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    (text("namespace"), text("name"))
}

/// An empty selector selects every gateway.
fn selects(selector: &Value, labels: &[(&str, &str)]) -> bool {
    selector
        .as_object()
        .into_iter()
        .flatten()
        .all(|(key, value)| labels.iter().any(|(name, one)| name == key && value == one))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ServerSpec {
    port: PortSpec,
    hosts: Vec<String>,
    tls: TlsSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PortSpec {
    number: u16,
    protocol: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TlsSpec {
    https_redirect: bool,
}

fn servers(object: &Value) -> Vec<Server> {
    let (namespace, name) = identity(object);
    let list = object["spec"]["servers"].as_array().into_iter().flatten();
    list.filter_map(|server| ServerSpec::deserialize(server).ok())
        .map(|server| Server {
            gateway: format!("{namespace}/{name}"),
            port: server.port.number,
            protocol: server.port.protocol.to_uppercase(),
            hosts: server
                .hosts
                .iter()
                .map(|host| match host.split_once('/') {
                    Some((".", host)) => (namespace.clone(), host.to_owned()),
                    Some((within, host)) => (within.to_owned(), host.to_owned()),
                    None => ("*".to_owned(), host.clone()),
                })
                .collect(),
            https_redirect: server.tls.https_redirect,
        })
        .collect()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VirtualServiceSpec {
    hosts: Vec<String>,
    gateways: Vec<String>,
    http: Vec<Route>,
}

fn virtual_service(object: &Value) -> Option<VirtualService> {
    let (namespace, name) = identity(object);
    // What does not parse would have been refused by the webhook, and routes nothing.
    let spec = VirtualServiceSpec::deserialize(&object["spec"]).ok()?;
    Some(VirtualService {
        gateways: spec.gateways.iter().map(|one| qualified(one, &namespace)).collect(),
        hosts: spec.hosts,
        http: spec.http,
        created: object["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned(),
        namespace,
        name,
    })
}

fn subsets(object: &Value) -> Vec<Subset> {
    let (namespace, _) = identity(object);
    let host = full_host(object["spec"]["host"].as_str().unwrap_or_default(), &namespace);
    object["spec"]["subsets"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|subset| Subset {
            host: host.clone(),
            name: subset["name"].as_str().unwrap_or_default().to_owned(),
            labels: subset["labels"].clone(),
        })
        .collect()
}
