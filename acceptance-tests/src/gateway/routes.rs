//! Routes of a VirtualService (`HTTPRoute`), as far as an ingress follows them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::matching::RequestMatch;

/// `HTTPRoute`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Route {
    /// Any one fits; none at all always does.
    #[serde(rename = "match")]
    pub(super) matches: Vec<RequestMatch>,
    pub(super) route: Vec<Weighted>,
    pub(super) redirect: Option<Redirect>,
    pub(super) direct_response: Option<DirectResponse>,
    pub(super) rewrite: Option<Rewrite>,
    pub(super) fault: Option<Fault>,
    pub(super) headers: Headers,
    pub(super) delegate: Option<Delegate>,
}

/// `HTTPRouteDestination`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Weighted {
    pub(super) destination: Destination,
    pub(super) weight: u32,
    pub(super) headers: Headers,
}

/// `Destination`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Destination {
    pub(super) host: String,
    pub(super) subset: String,
    pub(super) port: Option<PortNumber>,
}

/// `PortSelector`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct PortNumber {
    pub(super) number: u16,
}

/// `HTTPRedirect`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Redirect {
    pub(super) uri: Option<String>,
    pub(super) authority: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) derive_port: Option<String>,
    pub(super) scheme: Option<String>,
    pub(super) redirect_code: Option<u16>,
}

/// `HTTPDirectResponse`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DirectResponse {
    pub(super) status: u16,
    pub(super) body: Option<DirectBody>,
}

/// `HTTPBody`; bytes in base64.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct DirectBody {
    pub(super) string: Option<String>,
    pub(super) bytes: Option<String>,
}

/// `HTTPRewrite`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Rewrite {
    pub(super) uri: Option<String>,
    pub(super) authority: Option<String>,
    pub(super) uri_regex_rewrite: Option<RegexRewrite>,
}

/// `RegexRewrite`; groups as `\1`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RegexRewrite {
    #[serde(rename = "match")]
    pub(super) pattern: String,
    pub(super) rewrite: String,
}

/// `HTTPFaultInjection`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Fault {
    pub(super) delay: Option<Delay>,
    pub(super) abort: Option<Abort>,
}

/// `Delay`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Delay {
    pub(super) fixed_delay: String,
    pub(super) percentage: Percentage,
}

/// `Abort`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Abort {
    pub(super) http_status: u16,
    pub(super) percentage: Percentage,
}

/// `Percent`; absent means every request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Percentage {
    pub(super) value: Option<f64>,
}

/// `Headers`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Headers {
    pub(super) request: HeaderOperations,
    pub(super) response: HeaderOperations,
}

/// `HeaderOperations`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct HeaderOperations {
    pub(super) set: BTreeMap<String, String>,
    pub(super) add: BTreeMap<String, String>,
    pub(super) remove: Vec<String>,
}

/// `Delegate`: the VirtualService that goes on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Delegate {
    pub(super) name: String,
    pub(super) namespace: String,
}

impl HeaderOperations {
    /// Changes headers: remove, then set, then add.
    pub(super) fn change(&self, headers: &mut Vec<(String, String)>) {
        headers.retain(|(name, _)| !self.remove.iter().any(|gone| gone.eq_ignore_ascii_case(name)));
        for (name, value) in &self.set {
            headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
            headers.push((name.clone(), value.clone()));
        }
        for (name, value) in &self.add {
            headers.push((name.clone(), value.clone()));
        }
    }
}

/// A duration as Go writes it: `1h`, `1.5s`, `100ms`, `1m30s`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, after) = rest.split_at(end);
        let unit_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
        rest = after;
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(duration("100ms"), Some(Duration::from_millis(100)));
        assert_eq!(duration("5"), None);
        assert_eq!(duration("5 s"), None);
    }

    #[test]
    fn changes_headers() {
        let operations = HeaderOperations {
            set: [("X-A".to_owned(), "2".to_owned())].into(),
            add: [("x-b".to_owned(), "3".to_owned())].into(),
            remove: vec!["X-C".to_owned()],
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers = vec![pair("x-a", "1"), pair("x-b", "2"), pair("x-c", "3")];
        operations.change(&mut headers);
        assert_eq!(headers, [pair("x-b", "2"), pair("X-A", "2"), pair("x-b", "3")]);
    }
}
