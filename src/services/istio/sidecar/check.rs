//! What Istio's webhook refuses of a Sidecar, and what it warns of.

use std::collections::BTreeSet;

use tfsdk::{
    Diagnostics,
    schema::{Validator, validators},
    value::{Path, Tf},
};

use super::{Egress, Ingress, OutboundTrafficPolicy, SidecarPort, Spec};
use crate::services::istio::{
    connection_pool::ConnectionPool, kind::Subject, protocol, selector::LabelSelector,
    server_tls::ServerTls, syntax,
};

const UNIX_SOCKET: &str = "unix://";

/// Addresses that stand for the workload itself.
const OWN: &[&str] = &["", "127.0.0.1", "0.0.0.0", "[::1]", "[::]"];

/// Where a workload itself listens.
pub(super) fn endpoint() -> impl Validator {
    let form =
        "must be `127.0.0.1:port`, `[::1]:port`, `0.0.0.0:port`, `[::]:port` or `unix:///path`";
    validators::satisfies(form, move |value| {
        let Some(text) = value.as_str().filter(|text| !text.is_empty()) else { return Ok(()) };
        let fits = match text.strip_prefix(UNIX_SOCKET) {
            Some(socket) => is_socket(socket),
            None => text.rsplit_once(':').is_some_and(|(host, port)| {
                OWN.contains(&host) && port.parse::<u16>().is_ok_and(|port| port > 0)
            }),
        };
        if fits { Ok(()) } else { Err(format!("{form}, and is {text:?}")) }
    })
}

/// A service with its namespace.
pub(super) fn service() -> impl Validator {
    let domain = syntax::wildcard_domain();
    let form = "must be `namespace/host`, such as `./*` or `shop/*.example.com`";
    validators::satisfies(form, move |value| {
        let Some(text) = value.as_str() else { return Ok(()) };
        let problem = || Err(format!("{form}, and is {text:?}"));
        let Some((namespace, host)) = text.split_once('/') else { return problem() };
        if !matches!(namespace, "*" | "." | "~") && !syntax::is_dns_label(namespace) {
            return problem();
        }
        if host == "*" {
            return Ok(());
        }
        if !host.contains('.') {
            return Err(format!(
                "must have the host in full (`api.shop.svc.cluster.local`) or `*` after the \
                 namespace, and is {text:?}"
            ));
        }
        let partial = host.contains('*') && !host.starts_with("*.");
        if partial || domain.check(&host.into(), &Path::root()).is_err() {
            problem()
        } else {
            Ok(())
        }
    })
}

/// Checks a Sidecar.
pub(super) fn sidecar(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
    let (spec, path) = (subject.spec, Path::from("spec"));
    LabelSelector::check(
        &spec.workload_selector,
        &path.attribute("workload_selector"),
        diagnostics,
    );
    let nothing = is_empty(&spec.ingress)
        && is_empty(&spec.egress)
        && spec.inbound_connection_pool.is_null()
        && spec.outbound_traffic_policy.is_null();
    if nothing {
        diagnostics.error_at(
            &path,
            "Sidecar that says nothing",
            "Set at least one of `ingress`, `egress`, `inbound_connection_pool` and \
             `outbound_traffic_policy`.",
        );
    }
    let pool = path.attribute("inbound_connection_pool");
    ConnectionPool::check(&spec.inbound_connection_pool, &pool, diagnostics);
    ingress(spec.ingress.items(), &path.attribute("ingress"), diagnostics);
    egress(spec.egress.items(), &path.attribute("egress"), diagnostics);
    if let Some(policy) = spec.outbound_traffic_policy.known() {
        outbound(policy, &path.attribute("outbound_traffic_policy"), diagnostics);
    }
}

fn ingress(all: &[Ingress], path: &Path, diagnostics: &mut Diagnostics) {
    let mut numbers = BTreeSet::new();
    for (i, one) in all.iter().enumerate() {
        let path = path.index(i);
        if let Some(port) = one.port.known() {
            let path = path.attribute("port");
            if port.number.is_null() || port.number == Tf::Known(0) {
                let detail = "Requests are taken on a port from 1 to 65535.";
                diagnostics.error_at(path.attribute("number"), "Invalid port", detail);
            }
            unique(port, &mut numbers, &path, diagnostics);
            http_pool_of_another(one, port, &path, diagnostics);
        }
        address(&one.bind, &path, diagnostics);
        if let Some(tls) = one.tls.known() {
            let path = path.attribute("tls");
            not_for_sidecars(tls, &path, diagnostics);
            tls.check(&path, diagnostics);
        }
        let pool = path.attribute("connection_pool");
        ConnectionPool::check(&one.connection_pool, &pool, diagnostics);
    }
}

fn http_pool_of_another(
    one: &Ingress,
    port: &SidecarPort,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    let has_limits = one.connection_pool.known().is_some_and(|pool| pool.http.is_known());
    if has_limits && !port.protocol.is_unknown() && !protocol::is_plain_http(port.protocol.text()) {
        diagnostics.warn_at(
            path.attribute("protocol"),
            "Limits of HTTP are not used",
            "The port speaks no HTTP: only `connection_pool.tcp` has an effect on it.",
        );
    }
}

/// What only gateways can do.
fn not_for_sidecars(tls: &ServerTls, path: &Path, diagnostics: &mut Diagnostics) {
    let given = [
        ("subject_alt_names", !tls.subject_alt_names.items().is_empty()),
        ("https_redirect", tls.https_redirect == Tf::Known(true)),
        ("credential_name", !tls.credential_name.text().is_empty()),
        ("mode", matches!(tls.mode.text(), "ISTIO_MUTUAL" | "AUTO_PASSTHROUGH")),
    ];
    for (name, _) in given.iter().filter(|(_, given)| *given) {
        let detail = match *name {
            "credential_name" => {
                "A sidecar reads no Secrets here: set `server_certificate` and `private_key`."
            }
            "mode" => "A sidecar ends TLS of clients outside the mesh: use SIMPLE or MUTUAL.",
            _ => "Only gateways do that: remove it.",
        };
        diagnostics.error_at(path.attribute(*name), "Not with a sidecar", detail);
    }
}

fn egress(all: &[Egress], path: &Path, diagnostics: &mut Diagnostics) {
    let mut numbers = BTreeSet::new();
    let mut sockets = BTreeSet::new();
    for (i, one) in all.iter().enumerate() {
        let path = path.index(i);
        if one.port.is_null() && i + 1 < all.len() {
            diagnostics.error_at(
                &path,
                "Entry for all ports is not the last",
                "One without `port` is for all ports that no other has: put it last, and have one at \
                 most.",
            );
        }
        duplicates(one, &path, diagnostics);
        let Some(port) = one.port.known() else { continue };
        let path_of_port = path.attribute("port");
        if port.number.is_null() || port.number == Tf::Known(0) {
            socket(one, &mut sockets, &path, diagnostics);
        } else {
            unique(port, &mut numbers, &path_of_port, diagnostics);
            address(&one.bind, &path, diagnostics);
        }
    }
}

/// Port 0 is a socket.
fn socket<'a>(
    one: &'a Egress,
    seen: &mut BTreeSet<&'a String>,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    if matches!(one.capture_mode.text(), "IPTABLES") {
        let detail = "Nothing is redirected to a socket: use NONE, or leave it out.";
        diagnostics.error_at(path.attribute("capture_mode"), "Redirection to a socket", detail);
    }
    let (path, bind) = (path.attribute("bind"), one.bind.text());
    match bind.strip_prefix(UNIX_SOCKET) {
        _ if one.bind.is_unknown() => {}
        Some(socket) if is_socket(socket) => {
            if one.bind.known().is_some_and(|bind| !seen.insert(bind)) {
                let detail = format!("{bind:?} is there before. Remove it.");
                diagnostics.error_at(&path, "Socket is there twice", detail);
            }
        }
        _ => {
            let detail = format!(
                "Port 0 is a socket in `bind`, `unix:///path` or `unix://@name`, and this is \
                 {bind:?}. Else set `port.number`."
            );
            diagnostics.error_at(&path, "Invalid address to listen on", detail);
        }
    }
}

/// Names of services that are there twice.
fn duplicates(one: &Egress, path: &Path, diagnostics: &mut Diagnostics) {
    let hosts = one.hosts.items();
    for (i, host) in hosts.iter().enumerate() {
        if hosts[..i].contains(host) {
            let detail = format!("{host:?} is there before.");
            diagnostics.warn_at(path.attribute("hosts").index(i), "Host is there twice", detail);
        }
    }
    if hosts.len() > 1 && hosts.iter().any(|host| host == "*/*") {
        let detail = "`*/*` is every service: the others have no effect.";
        diagnostics.warn_at(path.attribute("hosts"), "Hosts beside all", detail);
    }
}

fn outbound(policy: &OutboundTrafficPolicy, path: &Path, diagnostics: &mut Diagnostics) {
    let Some(proxy) = policy.egress_proxy.known() else { return };
    let path_of_proxy = path.attribute("egress_proxy");
    if policy.mode.text() != "ALLOW_ANY" && !policy.mode.is_unknown() {
        let detail = "What is refused is sent nowhere: set `mode` to ALLOW_ANY, or remove it.";
        diagnostics.error_at(&path_of_proxy, "Proxy is not used", detail);
        return;
    }
    if proxy.port.is_null() {
        let detail = "Set the port of the proxy, `{ number = … }`.";
        diagnostics.error_at(path_of_proxy.attribute("port"), "Proxy without a port", detail);
    }
    if proxy.host.text().contains('*') {
        let detail = "Requests are sent to one service: name it in full.";
        diagnostics.error_at(path_of_proxy.attribute("host"), "Wildcard as a proxy", detail);
    }
}

fn unique(
    port: &SidecarPort,
    seen: &mut BTreeSet<i64>,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    let Some(number) = port.number.known() else { return };
    if *number != 0 && !seen.insert(*number) {
        let detail = format!("Port {number} is there before. Remove it, or join the two.");
        diagnostics.error_at(path.attribute("number"), "Port is there twice", detail);
    }
}

fn address(bind: &Tf<String>, path: &Path, diagnostics: &mut Diagnostics) {
    let Some(bind) = bind.known().filter(|bind| !bind.is_empty()) else { return };
    if bind.parse::<std::net::IpAddr>().is_err() {
        let detail = format!("It must be an IP address, and is {bind:?}.");
        diagnostics.error_at(path.attribute("bind"), "Invalid address to listen on", detail);
    }
}

fn is_socket(socket: &str) -> bool {
    socket.starts_with('@') || (socket.starts_with('/') && !socket.ends_with('/'))
}

fn is_empty<T>(list: &Tf<Vec<T>>) -> bool {
    list.is_null() || list.known().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::services::istio::{sidecar::Sidecar, testing::problems};

    fn said(spec: &Json) -> Vec<String> {
        problems::<Sidecar>("a", spec)
    }

    fn ingress(more: Json) -> Json {
        let mut one = json!({"port": {"number": 80, "protocol": "HTTP"}});
        one.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        json!({"ingress": [one]})
    }

    fn egress(all: Json) -> Json {
        json!({"egress": all})
    }

    #[test]
    fn what_istio_accepts_passes() {
        let all = json!(["*/*"]);
        for spec in [
            egress(json!([{"hosts": ["./*", "istio-system/*", "~/*", "a/*.b.c", "a/b.c"]}])),
            egress(
                json!([{"port": {"number": 80}, "bind": "127.0.0.1", "hosts": all}, {"hosts": all}]),
            ),
            egress(json!([{"port": {"number": 0}, "bind": "unix:///a", "hosts": all}])),
            egress(json!([{"port": {"protocol": "HTTP"}, "bind": "unix://@a", "hosts": all}])),
            ingress(json!({"default_endpoint": "127.0.0.1:8080"})),
            ingress(json!({"default_endpoint": "[::]:8080", "bind": "::1"})),
            ingress(json!({"default_endpoint": "unix:///a"})),
            ingress(
                json!({"tls": {"mode": "SIMPLE", "server_certificate": "/a", "private_key": "/b"}}),
            ),
            json!({"outbound_traffic_policy": {"mode": "ALLOW_ANY",
                "egress_proxy": {"host": "a.b", "port": {"number": 80}}}}),
            json!({"outbound_traffic_policy": {}}),
            json!({"egress": "(unknown)"}),
        ] {
            assert_eq!(said(&spec), [""; 0], "{spec}");
        }
    }

    #[test]
    fn what_istio_refuses_is_refused_at_plan() {
        let all = json!(["*/*"]);
        let host = |host: &str| egress(json!([{"hosts": [host]}]));
        for (spec, at) in [
            (json!({}), "spec"),
            (json!({"egress": []}), "spec"),
            (ingress(json!({"port": {"number": 0}})), "spec.ingress[0].port.number"),
            (ingress(json!({"port": {}})), "spec.ingress[0].port.number"),
            (ingress(json!({"bind": "a"})), "spec.ingress[0].bind"),
            (
                ingress(json!({"default_endpoint": "10.0.0.1:80"})),
                "spec.ingress[0].default_endpoint",
            ),
            (
                ingress(json!({"default_endpoint": "127.0.0.1:0"})),
                "spec.ingress[0].default_endpoint",
            ),
            (ingress(json!({"tls": {"mode": "ISTIO_MUTUAL"}})), "spec.ingress[0].tls.mode"),
            (
                ingress(json!({"tls": {"mode": "SIMPLE", "credential_name": "a"}})),
                "spec.ingress[0].tls.credential_name",
            ),
            (
                ingress(json!({"port": {"number": 1, "protocol": "TCP"},
                    "connection_pool": {"http": {"max_retries": 1}}})),
                "spec.ingress[0].port.protocol",
            ),
            (ingress(json!({"connection_pool": {}})), "spec.ingress[0].connection_pool"),
            (
                json!({"ingress": [{"port": {"number": 1}}, {"port": {"number": 1}}]}),
                "spec.ingress[1].port.number",
            ),
            (egress(json!([{"hosts": []}])), "spec.egress[0].hosts"),
            (host("a.b"), "spec.egress[0].hosts[0]"),
            (host("a/b"), "spec.egress[0].hosts[0]"),
            (host("a/*b.c"), "spec.egress[0].hosts[0]"),
            (host("a b/b.c"), "spec.egress[0].hosts[0]"),
            (
                egress(json!([{"hosts": all}, {"port": {"number": 1}, "hosts": all}])),
                "spec.egress[0]",
            ),
            (
                egress(json!([{"port": {"number": 0}, "bind": "127.0.0.1", "hosts": all}])),
                "spec.egress[0].bind",
            ),
            (
                egress(json!([{"port": {"number": 0}, "bind": "unix:///a", "hosts": all,
                    "capture_mode": "IPTABLES"}])),
                "spec.egress[0].capture_mode",
            ),
            (
                egress(json!([{"port": {"number": 0}, "bind": "unix:///a", "hosts": all},
                    {"port": {"number": 0}, "bind": "unix:///a", "hosts": all}])),
                "spec.egress[1].bind",
            ),
            (egress(json!([{"hosts": ["a/*", "a/*"]}])), "spec.egress[0].hosts[1]"),
            (
                json!({"outbound_traffic_policy": {"egress_proxy": {"host": "a.b"}}}),
                "spec.outbound_traffic_policy.egress_proxy",
            ),
            (
                json!({"outbound_traffic_policy": {"mode": "ALLOW_ANY", "egress_proxy": {"host": "a.b"}}}),
                "spec.outbound_traffic_policy.egress_proxy.port",
            ),
            (
                json!({"inbound_connection_pool":
                    {"http": {"h2_upgrade_policy": "UPGRADE", "use_client_protocol": true}}}),
                "spec.inbound_connection_pool.http.use_client_protocol",
            ),
        ] {
            let found = said(&spec);
            assert!(found.len() == 1 && found[0].contains(&format!("({at})")), "{spec}: {found:?}");
        }
    }
}
