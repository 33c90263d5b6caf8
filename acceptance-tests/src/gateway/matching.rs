//! Conditions of routes (`HTTPMatchRequest`).

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;

use super::hosts::without_port;
use super::ingress::Request;

/// `StringMatch`. Nothing set is "present", which a header match allows.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StringMatch {
    exact: Option<String>,
    prefix: Option<String>,
    regex: Option<String>,
}

impl StringMatch {
    /// Whether a value fits. A regular expression has to fit the whole value.
    fn fits(&self, value: &str, ignore_case: bool) -> bool {
        let fold = |text: &str| if ignore_case { text.to_lowercase() } else { text.to_owned() };
        if let Some(exact) = &self.exact {
            return fold(exact) == fold(value);
        }
        if let Some(prefix) = &self.prefix {
            return fold(value).starts_with(&fold(prefix));
        }
        match &self.regex {
            // A broken expression fits nothing; the webhook would have refused it.
            Some(regex) => Regex::new(&format!("^(?:{regex})$")).is_ok_and(|it| it.is_match(value)),
            None => true,
        }
    }

    /// The length of a fitting prefix, for rewrites.
    pub(super) fn prefix(&self) -> Option<&str> {
        self.prefix.as_deref()
    }
}

/// `HTTPMatchRequest`: all of it must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RequestMatch {
    pub(super) uri: Option<StringMatch>,
    scheme: Option<StringMatch>,
    method: Option<StringMatch>,
    authority: Option<StringMatch>,
    headers: BTreeMap<String, StringMatch>,
    without_headers: BTreeMap<String, StringMatch>,
    query_params: BTreeMap<String, StringMatch>,
    port: Option<u16>,
    gateways: Vec<String>,
    ignore_uri_case: bool,
    /// Conditions on the calling pod: never those of an ingress gateway.
    source_labels: BTreeMap<String, String>,
}

impl RequestMatch {
    /// Whether a request at a gateway (`namespace/name`) fits. Gateways without
    /// a namespace are in that of the VirtualService.
    pub(super) fn fits(&self, request: &Request, gateway: &str, namespace: &str) -> bool {
        let text = |condition: &Option<StringMatch>, value: &str| {
            condition.as_ref().is_none_or(|condition| condition.fits(value, false))
        };
        self.port.is_none_or(|port| port == request.port)
            && self.uri.as_ref().is_none_or(|uri| uri.fits(&request.path, self.ignore_uri_case))
            && text(&self.scheme, "http")
            && text(&self.method, &request.method)
            && text(&self.authority, &request.authority)
            && self.source_labels.is_empty()
            && self.headers.iter().all(|(name, condition)| {
                header(request, name).is_some_and(|value| condition.fits(&value, false))
            })
            && self.without_headers.iter().all(|(name, condition)| {
                header(request, name).is_none_or(|value| !condition.fits(&value, false))
            })
            && self.query_params.iter().all(|(name, condition)| {
                request.parameter(name).is_some_and(|value| condition.fits(&value, false))
            })
            && (self.gateways.is_empty()
                || self.gateways.iter().any(|one| qualified(one, namespace) == gateway))
    }
}

/// `namespace/name` of a gateway reference.
pub(super) fn qualified(reference: &str, namespace: &str) -> String {
    match reference.split_once('/') {
        Some((".", name)) => format!("{namespace}/{name}"),
        Some(_) => reference.to_owned(),
        None => format!("{namespace}/{reference}"),
    }
}

/// A header by its name, in any case. Pseudo-headers are headers too.
fn header(request: &Request, name: &str) -> Option<String> {
    match name {
        ":path" => Some(request.path.clone()),
        ":method" => Some(request.method.clone()),
        ":authority" => Some(without_port(&request.authority).to_owned()),
        _ => request
            .headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request() -> Request {
        Request {
            port: 80,
            method: "GET".to_owned(),
            authority: "a.example.com".to_owned(),
            path: "/API/v1/users".to_owned(),
            query: "debug=true&x=a%20b".to_owned(),
            headers: vec![("X-User".to_owned(), "jason".to_owned())],
        }
    }

    fn fits(condition: serde_json::Value) -> bool {
        let condition: RequestMatch = serde_json::from_value(condition).unwrap();
        condition.fits(&request(), "istio-system/ingress", "services")
    }

    #[test]
    fn conditions_hold_together() {
        assert!(fits(json!({})));
        assert!(fits(json!({"uri": {"prefix": "/API/"}, "method": {"exact": "GET"}})));
        assert!(!fits(json!({"uri": {"prefix": "/API/"}, "method": {"exact": "POST"}})));
        assert!(!fits(json!({"uri": {"prefix": "/api/"}})));
        assert!(fits(json!({"uri": {"prefix": "/api/"}, "ignoreUriCase": true})));
        assert!(fits(json!({"uri": {"regex": "/API/v[0-9]+/.*"}})));
        assert!(!fits(json!({"uri": {"regex": "/API/v[0-9]+"}})), "the whole path must fit");
        assert!(fits(json!({"headers": {"x-user": {"regex": "ja.*"}}})));
        assert!(!fits(json!({"headers": {"x-other": {}}})));
        assert!(fits(json!({"withoutHeaders": {"x-other": {}}})));
        assert!(!fits(json!({"withoutHeaders": {"x-user": {"exact": "jason"}}})));
        assert!(fits(json!({"queryParams": {"x": {"exact": "a b"}, "debug": {}}})));
        assert!(!fits(json!({"port": 8080})));
        assert!(fits(json!({"gateways": ["istio-system/ingress"]})));
        assert!(!fits(json!({"gateways": ["ingress"]})));
        assert!(!fits(json!({"sourceLabels": {"app": "x"}})));
    }
}
