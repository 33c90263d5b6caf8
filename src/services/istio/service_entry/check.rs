//! What Istio's webhook refuses of a ServiceEntry, and what it warns of.

use tfsdk::{
    Diagnostics,
    schema::{Validator, validators},
    value::{Path, Tf},
};

use super::Spec;
use crate::services::istio::{
    export, kind::Subject, protocol, selector::LabelSelector, workload::Workload,
};

/// A host that is not `*`.
pub(super) fn not_all() -> impl Validator {
    validators::satisfies("must not be `*`", |value| match value.as_str() {
        Some("*") => {
            Err("must not be `*`: a service has a name. `*.example.com` is fine".to_owned())
        }
        _ => Ok(()),
    })
}

/// Checks a ServiceEntry.
pub(super) fn service_entry(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
    let (spec, path) = (subject.spec, Path::from("spec"));
    LabelSelector::check(
        &spec.workload_selector,
        &path.attribute("workload_selector"),
        diagnostics,
    );
    export::check(&spec.export_to, subject.metadata, diagnostics);
    ports(spec, &path, diagnostics);
    endpoints(spec, &path, diagnostics);
    if !spec.resolution.is_unknown() {
        resolution(spec, &path, diagnostics);
        hosts(spec, &path, diagnostics);
    }
}

/// How addresses are found; `NONE` where nothing is said.
fn mode(spec: &Spec) -> &str {
    spec.resolution.known().map_or("NONE", String::as_str)
}

fn asks_dns(spec: &Spec) -> bool {
    matches!(mode(spec), "DNS" | "DNS_ROUND_ROBIN")
}

fn ports(spec: &Spec, path: &Path, diagnostics: &mut Diagnostics) {
    let path = path.attribute("ports");
    let ports = spec.ports.items();
    for (i, port) in ports.iter().enumerate() {
        let earlier = &ports[..i];
        if port.name.is_known() && earlier.iter().any(|other| other.name == port.name) {
            let detail = format!("{:?} is there before: give each port a name.", port.name.text());
            diagnostics.error_at(
                path.index(i).attribute("name"),
                "Port name is there twice",
                detail,
            );
        }
        if port.number.is_known() && earlier.iter().any(|other| other.number == port.number) {
            let detail = format!("{} is there before. Remove it.", port.number.or_default());
            diagnostics.error_at(path.index(i).attribute("number"), "Port is there twice", detail);
        }
        if port.target_port.is_known() && !spec.resolution.is_unknown() && mode(spec) == "NONE" {
            let detail =
                "With the resolution NONE connections go to the port that the client uses.";
            diagnostics.warn_at(path.index(i).attribute("target_port"), "Has no effect", detail);
        }
    }
}

fn endpoints(spec: &Spec, path: &Path, diagnostics: &mut Diagnostics) {
    let path = path.attribute("endpoints");
    for (i, endpoint) in spec.endpoints.items().iter().enumerate() {
        let path = path.index(i);
        endpoint.check(&path, diagnostics);
        endpoint_ports(endpoint, spec, &path, diagnostics);
        if !spec.resolution.is_unknown() {
            endpoint_address(endpoint, spec, &path, diagnostics);
        }
    }
}

fn endpoint_ports(endpoint: &Workload, spec: &Spec, path: &Path, diagnostics: &mut Diagnostics) {
    let ports = spec.ports.items();
    let is_open = spec.ports.is_unknown() || ports.iter().any(|port| port.name.is_unknown());
    let unknown = endpoint
        .ports
        .known()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !ports.iter().any(|port| port.name.text() == *name));
    for (name, _) in unknown.filter(|_| !is_open) {
        let detail = format!("The service has no port {name:?}: name one of `ports`.");
        diagnostics.error_at(path.attribute("ports").key(name), "Port of another service", detail);
    }
    if endpoint.is_socket() && ports.len() != 1 && !spec.ports.is_unknown() {
        let detail = "A service with a socket has exactly one port in `ports`.";
        diagnostics.error_at(path.attribute("address"), "Socket for several ports", detail);
    }
}

fn endpoint_address(endpoint: &Workload, spec: &Spec, path: &Path, diagnostics: &mut Diagnostics) {
    let Some(address) = endpoint.address.known().filter(|address| !address.is_empty()) else {
        return;
    };
    let is_ip = address.parse::<std::net::IpAddr>().is_ok();
    let detail = if mode(spec) == "STATIC" && !is_ip && !endpoint.is_socket() {
        format!(
            "With the resolution STATIC an address is an IP address or a socket, and this is \
             {address:?}. Set `resolution` to DNS for names."
        )
    } else if asks_dns(spec) && endpoint.is_socket() {
        format!("With the resolution {} an address is a name or an IP address.", mode(spec))
    } else {
        return;
    };
    diagnostics.error_at(path.attribute("address"), "Address does not fit the resolution", detail);
}

/// Holds the rest against how addresses are found.
fn resolution(spec: &Spec, path: &Path, diagnostics: &mut Diagnostics) {
    let mode = mode(spec);
    let endpoints = spec.endpoints.items();
    if mode == "NONE" && spec.endpoints.is_known() {
        diagnostics.error_at(
            path.attribute("endpoints"),
            "Endpoints are not used",
            "With the resolution NONE connections go where the client sends them. Set `resolution` \
             to STATIC or DNS, or remove `endpoints`.",
        );
    }
    if mode == "DNS_ROUND_ROBIN" && endpoints.len() > 1 {
        diagnostics.error_at(
            path.attribute("endpoints"),
            "Too many endpoints",
            "With the resolution DNS_ROUND_ROBIN there is one at most. Use DNS for several.",
        );
    }
    for (i, address) in spec.addresses.items().iter().enumerate() {
        if address.contains('/') && !matches!(mode, "NONE" | "STATIC") {
            let detail = format!(
                "With the resolution {mode} an address is a single one: ranges need NONE or STATIC."
            );
            let path = path.attribute("addresses").index(i);
            diagnostics.error_at(path, "Range of addresses", detail);
        }
    }
    if spec.workload_selector.is_known() && (mode == "NONE" || asks_dns(spec)) {
        let detail = format!(
            "With the resolution {mode} the selected workloads are not used: set `resolution` to \
             STATIC."
        );
        diagnostics.warn_at(path.attribute("workload_selector"), "Selector is not used", detail);
    }
}

fn hosts(spec: &Spec, path: &Path, diagnostics: &mut Diagnostics) {
    let path = path.attribute("hosts");
    let hosts = spec.hosts.items();
    let no_endpoints =
        spec.endpoints.is_null() || spec.endpoints.known().is_some_and(Vec::is_empty);
    for (i, host) in hosts.iter().enumerate().filter(|(_, host)| host.contains('*')) {
        if asks_dns(spec) && no_endpoints {
            let detail = format!(
                "With the resolution {} and without `endpoints` hosts are looked up, and {host:?} \
                 cannot be. Name endpoints, or use DYNAMIC_DNS.",
                mode(spec)
            );
            diagnostics.error_at(path.index(i), "Wildcard cannot be looked up", detail);
        } else if !host.starts_with("*.") && host != "*" {
            let detail =
                format!("A wildcard stands for whole labels, as in `*.example.com`: {host:?}.");
            diagnostics.warn_at(path.index(i), "Partial wildcard", detail);
        }
    }
    let tells_apart = |protocol: &Tf<String>| {
        let text = protocol.text();
        protocol.is_unknown() || protocol::is_plain_http(text) || protocol::is_in_tls(text)
    };
    let odd = spec.ports.items().iter().position(|port| !tells_apart(&port.protocol));
    if let (true, Some(i)) = (hosts.len() > 1 && mode(spec) != "NONE", odd) {
        diagnostics.error_at(
            Path::from("spec").attribute("ports").index(i),
            "Hosts cannot be told apart",
            "Connections name their host only with HTTP and TLS. Set such a protocol, or make a \
             ServiceEntry for each host.",
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::services::istio::{service_entry::ServiceEntry, testing::problems};

    fn with(more: Json) -> Json {
        let mut spec = json!({
            "hosts": ["a.com"],
            "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
        });
        spec.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        spec
    }

    #[test]
    fn what_istio_accepts_passes() {
        for more in [
            json!({}),
            json!({"hosts": ["*.a.com"], "resolution": "DYNAMIC_DNS"}),
            json!({"resolution": "STATIC", "endpoints": [{"address": "10.0.0.1", "ports": {"http": 1}}]}),
            json!({"resolution": "STATIC", "endpoints": [{"address": "unix:///a"}]}),
            json!({"resolution": "DNS", "endpoints": [{"address": "b.com"}], "hosts": ["*.a.com"]}),
            json!({"resolution": "DNS", "hosts": ["a.com", "b.com"]}),
            json!({"hosts": ["a.com", "b.com"], "ports": [{"number": 1, "name": "tcp"}]}),
            json!({"addresses": ["10.0.0.0/8"]}),
            json!({"export_to": ["~"]}),
            json!({"resolution": "(unknown)", "endpoints": [{"address": "a.com"}]}),
        ] {
            let found = problems::<ServiceEntry>("a", &with(more.clone()));
            assert_eq!(found, [""; 0], "{more}");
        }
    }

    #[test]
    fn what_istio_refuses_is_refused_at_plan() {
        let dns = |more: Json| {
            let mut spec = json!({"resolution": "DNS"});
            spec.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            spec
        };
        let port = |number: u16, name: &str, protocol: &str| json!({"number": number, "name": name, "protocol": protocol});
        for (more, at) in [
            (json!({"hosts": []}), "spec.hosts"),
            (json!({"hosts": ["*"]}), "spec.hosts[0]"),
            (dns(json!({"hosts": ["*.a.com"]})), "spec.hosts[0]"),
            (dns(json!({"addresses": ["10.0.0.0/8"]})), "spec.addresses[0]"),
            (dns(json!({"endpoints": [{"address": "unix:///a"}]})), "spec.endpoints[0].address"),
            (dns(json!({"endpoints": [{}]})), "spec.endpoints[0]"),
            (
                dns(json!({"endpoints": [{"address": "a", "ports": {"x": 1}}]})),
                "spec.endpoints[0].ports[\"x\"]",
            ),
            (
                json!({"resolution": "STATIC", "endpoints": [{"address": "b.com"}]}),
                "spec.endpoints[0].address",
            ),
            (
                json!({"resolution": "DNS_ROUND_ROBIN", "endpoints": [{"address": "a"}, {"address": "b"}]}),
                "spec.endpoints",
            ),
            (json!({"endpoints": [{"address": "10.0.0.1"}]}), "spec.endpoints"),
            (json!({"ports": [port(1, "a", "TCP"), port(2, "a", "TCP")]}), "spec.ports[1].name"),
            (json!({"ports": [port(1, "a", "TCP"), port(1, "b", "TCP")]}), "spec.ports[1].number"),
            (json!({"ports": [port(1, "a", "SMTP")]}), "spec.ports[0].protocol"),
            (
                dns(json!({"hosts": ["a.com", "b.com"], "ports": [port(1, "a", "TCP")]})),
                "spec.ports[0]",
            ),
            (json!({"export_to": ["~", "a"]}), "spec.export_to"),
            (json!({"export_to": [".", "default"]}), "spec.export_to[1]"),
            (json!({"workload_selector": {"labels": {"a": "b"}}}), "spec.workload_selector"),
        ] {
            let found = problems::<ServiceEntry>("a", &with(more.clone()));
            assert!(found.len() == 1 && found[0].contains(&format!("({at})")), "{more}: {found:?}");
        }
        let both = json!({"resolution": "STATIC", "endpoints": [{"address": "10.0.0.1"}],
            "workload_selector": {"labels": {"a": "b"}}});
        assert!(!problems::<ServiceEntry>("a", &with(both)).is_empty());
    }
}
