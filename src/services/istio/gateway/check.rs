//! What Istio's webhook refuses of a Gateway, and what it warns of.

use std::collections::BTreeMap;

use tfsdk::{
    Diagnostics,
    value::{Path, Tf},
};

use super::{Port, Server, Spec};
use crate::services::istio::{kind::Subject, protocol};

const UNIX_SOCKET: &str = "unix://";

/// Checks a Gateway.
pub(super) fn gateway(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
    let name = subject.metadata.map(|metadata| metadata.name.text()).unwrap_or_default();
    if name.contains('.') {
        diagnostics.error_at(
            Path::from("metadata").attribute("name"),
            "Invalid name of a Gateway",
            "Istio accepts no dots in the name of a Gateway: VirtualServices could not name it.",
        );
    }
    let servers = Path::from("spec").attribute("servers");
    let mut names = BTreeMap::new();
    for (i, one) in subject.spec.servers.items().iter().enumerate() {
        let path = servers.index(i);
        server(one, &path, diagnostics);
        let Some(name) = one.port.known().and_then(|port| port.name.known()) else { continue };
        if let Some(first) = names.insert(name.clone(), i) {
            names.insert(name.clone(), first);
            diagnostics.error_at(
                path.attribute("port").attribute("name"),
                "Port name is there twice",
                format!("The names of a Gateway's ports are unique, and server {first} has {name:?} too."),
            );
        }
    }
}

fn server(server: &Server, path: &Path, diagnostics: &mut Diagnostics) {
    let on_socket = bind(server, path, diagnostics);
    if let Some(port) = server.port.known() {
        if port.number == Tf::Known(0) && !on_socket && !server.bind.is_unknown() {
            diagnostics.error_at(
                path.attribute("port").attribute("number"),
                "Invalid port",
                "The port must be between 1 and 65535; 0 is for a `unix://` socket in `bind`.",
            );
        }
        protocol_and_tls(server, port, path, diagnostics);
    }
    if let Some(tls) = server.tls.known() {
        tls.check(&path.attribute("tls"), diagnostics);
    }
}

/// Checks what is listened on; says whether it is a socket.
fn bind(server: &Server, path: &Path, diagnostics: &mut Diagnostics) -> bool {
    let Some(bind) = server.bind.known() else { return false };
    let path = path.attribute("bind");
    let Some(socket) = bind.strip_prefix(UNIX_SOCKET) else {
        if bind.parse::<std::net::IpAddr>().is_err() {
            let detail =
                format!("It must be an IP address or a `unix://` socket, and is {bind:?}.");
            diagnostics.error_at(&path, "Invalid address to listen on", detail);
        }
        return false;
    };
    if !socket.starts_with(['/', '@']) {
        let detail = format!("A socket is `unix:///path` or `unix://@name`, and this is {bind:?}.");
        diagnostics.error_at(&path, "Invalid address to listen on", detail);
    }
    if let Some(port) = server.port.known()
        && port.number.known().is_some_and(|number| *number != 0)
    {
        diagnostics.error_at(
            &path,
            "Port of a socket",
            "A socket has no port: set the number to 0.",
        );
    }
    true
}

fn protocol_and_tls(server: &Server, port: &Port, path: &Path, diagnostics: &mut Diagnostics) {
    let Some(spoken) = port.protocol.known().filter(|it| protocol::is_known(it)) else {
        return;
    };
    if protocol::is_in_tls(spoken) {
        if server.tls.is_null() {
            diagnostics.error_at(
                path,
                "Server without TLS settings",
                format!("A server of the protocol {spoken} needs `tls`, to say who ends TLS."),
            );
        }
        return;
    }
    let Some(tls) = server.tls.known() else { return };
    if !protocol::is_plain_http(spoken) {
        let detail = format!("The protocol {spoken} has no TLS settings: use TLS or HTTPS.");
        diagnostics.error_at(path.attribute("tls"), "TLS settings of a plain port", detail);
    } else if tls.has_more_than_a_redirect() {
        diagnostics.error_at(
            path.attribute("tls"),
            "TLS settings of a plain port",
            format!(
                "A server of the protocol {spoken} can only redirect to HTTPS: leave \
                 `https_redirect` alone in `tls`, or use the protocol HTTPS."
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::services::istio::{gateway::Gateway, testing::problems};

    fn server(port: Json, extra: Json) -> Json {
        let mut server = json!({"port": port, "hosts": ["*.example.com"]});
        let extra = extra.as_object().cloned().unwrap_or_default();
        server.as_object_mut().unwrap().extend(extra);
        server
    }

    fn http() -> Json {
        json!({"number": 80, "name": "http", "protocol": "HTTP"})
    }

    fn https() -> Json {
        json!({"number": 443, "name": "https", "protocol": "HTTPS"})
    }

    #[track_caller]
    fn expect(servers: &[Json], expected: &[&str]) {
        let found = problems::<Gateway>("ingress", &json!({"servers": servers}));
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found:?} lacks {expected:?}");
        }
    }

    #[test]
    fn usual_servers_are_right() {
        let simple = json!({"tls": {"mode": "SIMPLE", "credential_name": "cert"}});
        let pair = json!({"tls": {"mode": "MUTUAL", "credential_names": ["rsa", "ecdsa"]}});
        let redirect = json!({"tls": {"https_redirect": true}});
        let files =
            json!({"tls": {"mode": "SIMPLE", "server_certificate": "/a", "private_key": "/b"}});
        let socket = json!({"bind": "unix:///run/a.sock"});
        let tls = json!({"number": 15443, "name": "tls", "protocol": "tls"});
        expect(&[server(http(), json!({})), server(https(), simple)], &[]);
        expect(&[server(https(), pair)], &[]);
        expect(&[server(https(), files)], &[]);
        expect(&[server(http(), redirect)], &[]);
        expect(&[server(tls, json!({"tls": {"mode": "AUTO_PASSTHROUGH"}}))], &[]);
        expect(&[server(json!({"number": 0, "name": "a", "protocol": "HTTP"}), socket)], &[]);
    }

    #[test]
    fn port_names_are_unique() {
        let again = server(json!({"number": 81, "name": "http", "protocol": "HTTP"}), json!({}));
        let servers = [server(http(), json!({})), again.clone(), again];
        let twice = "Port name is there twice (spec.servers[1].port.name): The names of a Gateway's \
                     ports are unique, and server 0 has \"http\" too.";
        expect(&servers, &[twice, "(spec.servers[2].port.name)"]);
    }

    #[test]
    fn protocol_and_tls_fit_together() {
        expect(
            &[server(https(), json!({}))],
            &["(spec.servers[0]): A server of the protocol HTTPS"],
        );
        let tls = json!({"tls": {"mode": "SIMPLE", "credential_name": "cert"}});
        expect(
            &[server(http(), tls.clone())],
            &["(spec.servers[0].tls): A server of the protocol HTTP"],
        );
        let tcp = json!({"number": 9000, "name": "tcp", "protocol": "TCP"});
        expect(&[server(tcp, tls)], &["(spec.servers[0].tls): The protocol TCP has no"]);
        let odd = json!({"number": 80, "name": "a", "protocol": "SMTP"});
        expect(
            &[server(odd, json!({}))],
            &["(spec.servers[0].port.protocol): must be one of HTTP"],
        );
    }

    #[test]
    fn modes_need_their_certificates() {
        let at = |tls: Json| [server(https(), json!({ "tls": tls }))];
        expect(
            &at(json!({"mode": "SIMPLE"})),
            &["(spec.servers[0].tls.mode): The mode SIMPLE needs"],
        );
        let mutual = json!({"mode": "MUTUAL", "server_certificate": "/a", "private_key": "/b"});
        expect(&at(mutual), &["set `ca_certificates`"]);
        let own = json!({"mode": "ISTIO_MUTUAL", "credential_name": "cert"});
        expect(&at(own), &["(spec.servers[0].tls.credential_name): ISTIO_MUTUAL"]);
        let both = json!({"mode": "SIMPLE", "credential_name": "a", "credential_names": ["b"]});
        expect(&at(both), &["at most one of `credential_name`"]);
        let unused = json!({"mode": "PASSTHROUGH", "credential_name": "a"});
        expect(&at(unused), &["Certificate is not used (spec.servers[0].tls.credential_name)"]);
    }

    #[test]
    fn versions_and_ciphers_are_held_together() {
        let at = |tls: Json| [server(https(), json!({ "tls": tls }))];
        let old = json!({"mode": "PASSTHROUGH", "min_protocol_version": "TLSV1_3",
            "max_protocol_version": "TLSV1_2"});
        expect(&at(old), &["(spec.servers[0].tls.min_protocol_version)"]);
        let suites = json!({"cipher_suites": ["[AES128-SHA|AES256-SHA]", "ROT13"]});
        expect(&at(suites), &["Unknown cipher suite (spec.servers[0].tls.cipher_suites[1])"]);
    }

    #[test]
    fn addresses_to_listen_on_are_addresses() {
        expect(&[server(http(), json!({"bind": "eth0"}))], &["(spec.servers[0].bind)"]);
        expect(&[server(http(), json!({"bind": "unix://a"}))], &["unix:///path", "has no port"]);
        let zero = json!({"number": 0, "name": "a", "protocol": "HTTP"});
        expect(&[server(zero, json!({}))], &["(spec.servers[0].port.number): The port must be"]);
    }

    #[test]
    fn servers_hosts_and_names_are_needed() {
        expect(&[], &["(spec.servers): must not be empty"]);
        let none = json!({"port": http(), "hosts": []});
        expect(&[none], &["(spec.servers[0].hosts): must not be empty"]);
        let odd = json!({"port": http(), "hosts": ["a.*.b", "team/*.a.com"]});
        expect(&[odd], &["(spec.servers[0].hosts[0])"]);
        let found =
            problems::<Gateway>("in.gress", &json!({"servers": [server(http(), json!({}))]}));
        assert!(found[0].contains("(metadata.name)"), "{found:?}");
    }
}
