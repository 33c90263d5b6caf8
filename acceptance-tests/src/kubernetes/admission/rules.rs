//! What Istio's validation refuses although the definitions' schemas allow it.

use regex::Regex;
use serde_json::Value;

/// The first fault of an object's spec.
pub(super) fn fault(kind: &str, spec: &Value) -> Option<String> {
    match kind {
        "VirtualService" => virtual_service(spec),
        "Gateway" => gateway(spec),
        "DestinationRule" => destination_rule(spec),
        "ServiceEntry" => service_entry(spec),
        _ => None,
    }
}

const PROTOCOLS: [&str; 11] = [
    "HTTP", "HTTPS", "HTTP2", "GRPC", "GRPC-WEB", "TLS", "TCP", "MONGO", "REDIS", "MYSQL", "HBONE",
];

fn virtual_service(spec: &Value) -> Option<String> {
    let delegate_only = spec["gateways"].is_null() && spec["hosts"].is_null();
    if items(&spec["hosts"]).next().is_none() && !delegate_only {
        return Some("virtual service must have at least one host".to_owned());
    }
    if let Some(host) = items(&spec["hosts"]).find(|host| !is_host(host.as_str().unwrap_or(""))) {
        return Some(format!("invalid host {host}"));
    }
    let routed = ["http", "tls", "tcp"].iter().any(|field| items(&spec[*field]).next().is_some());
    if !routed {
        return Some("http, tcp or tls must be provided in virtual service".to_owned());
    }
    items(&spec["http"]).find_map(http_route).or_else(|| {
        let streams = ["tls", "tcp"].into_iter().flat_map(|field| items(&spec[field]));
        streams.into_iter().find_map(|route| {
            if items(&route["route"]).next().is_none() {
                return Some("TCP/TLS route is required".to_owned());
            }
            destinations(&route["route"])
        })
    })
}

fn http_route(route: &Value) -> Option<String> {
    let has = |field: &str| !route[field].is_null();
    let routes = items(&route["route"]).count();
    if has("redirect") && routes > 0 {
        return Some("HTTP route cannot contain both route and redirect".to_owned());
    }
    if has("directResponse") && (has("redirect") || routes > 0) {
        return Some(
            "HTTP route cannot contain direct_response together with route or redirect".to_owned(),
        );
    }
    if routes == 0 && !["redirect", "directResponse", "delegate"].iter().any(|field| has(field)) {
        return Some("HTTP route, redirect or direct_response is required".to_owned());
    }
    if has("redirect") && has("rewrite") {
        return Some("HTTP route rule cannot contain both rewrite and redirect".to_owned());
    }
    items(&route["match"]).find_map(request_match).or_else(|| destinations(&route["route"]))
}

fn request_match(condition: &Value) -> Option<String> {
    let mut texts: Vec<&Value> =
        ["uri", "scheme", "method", "authority"].iter().map(|field| &condition[*field]).collect();
    for field in ["headers", "queryParams", "withoutHeaders"] {
        texts.extend(condition[field].as_object().into_iter().flat_map(serde_json::Map::values));
    }
    texts.into_iter().find_map(|text| {
        let pattern = text["regex"].as_str()?;
        let broken = Regex::new(pattern).is_err();
        broken.then(|| format!("\"regex\": error parsing regexp: {pattern}"))
    })
}

fn destinations(routes: &Value) -> Option<String> {
    let weights: Vec<i64> =
        items(routes).map(|route| route["weight"].as_i64().unwrap_or(0)).collect();
    if let Some(weight) = weights.iter().find(|weight| **weight < 0) {
        return Some(format!("weight {weight} < 0"));
    }
    if weights.len() > 1 && weights.iter().sum::<i64>() == 0 {
        return Some("total destination weight = 0".to_owned());
    }
    items(routes).find_map(|route| {
        let destination = &route["destination"];
        let host = destination["host"].as_str().unwrap_or_default();
        if destination.is_null() || host.is_empty() {
            return Some("destination is required".to_owned());
        }
        if host == "*" {
            return Some(format!("invalid destination host {host}"));
        }
        port(&destination["port"]["number"])
    })
}

fn gateway(spec: &Value) -> Option<String> {
    if items(&spec["servers"]).next().is_none() {
        return Some("gateway must have at least one server".to_owned());
    }
    items(&spec["servers"]).find_map(server)
}

fn server(server: &Value) -> Option<String> {
    if items(&server["hosts"]).next().is_none() {
        return Some("server config must contain at least one host".to_owned());
    }
    let listener = &server["port"];
    if listener.is_null() {
        return Some("port is required".to_owned());
    }
    if let Some(fault) = port(&listener["number"]) {
        return Some(fault);
    }
    if listener["name"].as_str().unwrap_or_default().is_empty() {
        return Some("port name must be set".to_owned());
    }
    let protocol = listener["protocol"].as_str().unwrap_or_default().to_uppercase();
    if !PROTOCOLS.contains(&protocol.as_str()) {
        return Some(format!(
            "invalid protocol {protocol:?}, supported protocols are {}",
            PROTOCOLS.join(", ")
        ));
    }
    let tls = &server["tls"];
    if matches!(protocol.as_str(), "HTTPS" | "TLS") && tls.is_null() {
        return Some("server must have TLS settings for HTTPS/TLS protocols".to_owned());
    }
    server_tls(tls)
}

fn server_tls(tls: &Value) -> Option<String> {
    let named = |field: &str| tls[field].as_str().is_some_and(|text| !text.is_empty());
    if named("credentialName") || !items(&tls["credentialNames"]).next().is_none_or(Value::is_null)
    {
        return None;
    }
    let mode = tls["mode"].as_str().unwrap_or_default();
    if matches!(mode, "SIMPLE" | "MUTUAL" | "OPTIONAL_MUTUAL") {
        if !named("serverCertificate") && items(&tls["tlsCertificates"]).next().is_none() {
            return Some(format!("{mode} TLS requires a server certificate"));
        }
        if mode != "SIMPLE" && !named("caCertificates") {
            return Some(format!("{mode} TLS requires a client CA bundle"));
        }
    }
    None
}

fn destination_rule(spec: &Value) -> Option<String> {
    let host = spec["host"].as_str().unwrap_or_default();
    if host.is_empty() {
        return Some("host is required".to_owned());
    }
    let mut seen = Vec::new();
    for subset in items(&spec["subsets"]) {
        let name = subset["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            return Some("subset name is required".to_owned());
        }
        if seen.contains(&name) {
            return Some(format!("duplicate subset {name:?}"));
        }
        seen.push(name);
    }
    let policies = items(&spec["subsets"]).map(|subset| &subset["trafficPolicy"]);
    policies.chain([&spec["trafficPolicy"]]).find_map(client_tls)
}

fn client_tls(policy: &Value) -> Option<String> {
    let tls = &policy["tls"];
    let named = |field: &str| tls[field].as_str().is_some_and(|text| !text.is_empty());
    if tls["mode"] != "MUTUAL" || named("credentialName") {
        return None;
    }
    (!named("clientCertificate") || !named("privateKey"))
        .then(|| "client certificate and private key are required for mutual TLS".to_owned())
}

fn service_entry(spec: &Value) -> Option<String> {
    if items(&spec["hosts"]).next().is_none() {
        return Some("service entry must have at least one host".to_owned());
    }
    items(&spec["ports"]).find_map(|listener| {
        let protocol = listener["protocol"].as_str().unwrap_or("TCP").to_uppercase();
        if !PROTOCOLS.contains(&protocol.as_str()) && protocol != "UDP" {
            return Some(format!("unsupported protocol: {protocol}"));
        }
        port(&listener["number"])
    })
}

fn port(number: &Value) -> Option<String> {
    let number = number.as_i64()?;
    (!(1..=65_535).contains(&number))
        .then(|| format!("port number {number} must be in the range 1..65535"))
}

/// A name or address, possibly with a wildcard as its first label.
fn is_host(host: &str) -> bool {
    let rest = if host == "*" { return true } else { host.strip_prefix("*.").unwrap_or(host) };
    !rest.is_empty()
        && rest.len() <= 255
        && rest.split('.').all(|label| {
            !label.is_empty()
                && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_:".contains(c))
        })
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn refuses_routes_that_contradict_themselves() {
        let service =
            |http: Value| fault("VirtualService", &json!({"hosts": ["a"], "http": [http]}));
        let route = json!([{"destination": {"host": "a"}}]);
        assert_eq!(service(json!({"route": route})), None);
        assert!(service(json!({"route": route, "redirect": {"uri": "/"}})).is_some());
        assert!(service(json!({})).is_some());
        assert!(
            service(json!({"route": [{"destination": {"host": "a", "port": {"number": 70000}}}]}))
                .is_some()
        );
        let unweighted = json!([{"destination": {"host": "a"}}, {"destination": {"host": "b"}}]);
        assert!(service(json!({"route": unweighted})).is_some());
        assert!(service(json!({"match": [{"uri": {"regex": "("}}], "route": route})).is_some());
        assert!(
            fault("VirtualService", &json!({"hosts": ["a b"], "http": [{"route": route}]}))
                .is_some()
        );
    }

    #[test]
    fn refuses_servers_without_what_they_need() {
        let gateway = |server: Value| fault("Gateway", &json!({"servers": [server]}));
        let port = |protocol: &str| json!({"number": 80, "name": "a", "protocol": protocol});
        assert_eq!(gateway(json!({"port": port("HTTP"), "hosts": ["*"]})), None);
        assert!(gateway(json!({"port": port("HTTPX"), "hosts": ["*"]})).is_some());
        assert!(gateway(json!({"port": port("HTTPS"), "hosts": ["*"]})).is_some());
        assert!(gateway(json!({"port": port("HTTP")})).is_some());
        let tls = json!({"mode": "SIMPLE", "credentialName": "c"});
        assert_eq!(gateway(json!({"port": port("HTTPS"), "hosts": ["*"], "tls": tls})), None);
        let mutual = json!({"host": "a", "trafficPolicy": {"tls": {"mode": "MUTUAL"}}});
        assert!(fault("DestinationRule", &mutual).is_some());
    }
}
