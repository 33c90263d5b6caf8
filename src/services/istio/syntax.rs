//! The forms of names, hosts and times that Istio's validation knows, as
//! conditions on attributes.
//!
//! Source: Istio's configuration validation (`pkg/config/validation`) as its
//! webhook applies it.

use std::time::Duration;

use tfsdk::{
    schema::{Validator, validators},
    value::Value,
};

/// Longest name of a label or of one part of a domain.
const LABEL_LIMIT: usize = 63;

/// Longest domain name.
const DOMAIN_LIMIT: usize = 255;

/// Names that stand for codes of a failed gRPC call.
const GRPC_CODES: &[&str] = &[
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// A port, 1 to 65535.
pub(super) fn port() -> impl Validator {
    validators::range(1..=65535)
}

/// A percentage, 0 to 100.
pub(super) fn percent() -> impl Validator {
    validators::range(0.0..=100.0)
}

/// A status of HTTP that a proxy may answer with.
pub(super) fn http_status() -> impl Validator {
    validators::range(200..=599)
}

/// A duration of at least a millisecond, such as `5s` or `1m30s`.
pub(super) fn duration() -> impl Validator {
    text("must be a duration of at least 1ms, such as \"5s\" or \"1m30s\"", |value| {
        let duration = validators::parse_duration(value)?;
        if duration < Duration::from_millis(1) {
            return Err(format!("must be a duration of at least 1ms, and is {value:?}"));
        }
        if duration.subsec_nanos() % 1_000_000 != 0 {
            return Err(format!("must be a duration in whole milliseconds, and is {value:?}"));
        }
        Ok(())
    })
}

/// A name of lower-case letters, digits and hyphens: `team-a`.
pub(super) fn dns_label() -> impl Validator {
    text("must be a DNS label: lower-case letters, digits and hyphens, at most 63", |value| {
        if is_dns_label(value) && !value.bytes().any(|it| it.is_ascii_uppercase()) {
            Ok(())
        } else {
            Err(format!(
                "must be lower-case letters, digits and hyphens, at most 63, beginning and ending \
                 with a letter or digit, and is {value:?}"
            ))
        }
    })
}

/// The name of a subset of a service: letters of any case, digits and hyphens.
pub(super) fn subset() -> impl Validator {
    text("must be letters, digits and hyphens, at most 63", |value| {
        if is_dns_label(value) {
            Ok(())
        } else {
            Err(format!(
                "must be letters, digits and hyphens, at most 63, beginning and ending with a \
                 letter or digit, and is {value:?}"
            ))
        }
    })
}

/// The name of a Kubernetes object: DNS labels with dots between them.
pub(super) fn dns_subdomain() -> impl Validator {
    text("must be DNS labels with dots between them, at most 253 characters", |value| {
        let labels = value.split('.').all(is_dns_label);
        if labels && value.len() <= 253 && !value.bytes().any(|it| it.is_ascii_uppercase()) {
            Ok(())
        } else {
            Err(format!(
                "must be lower-case letters, digits, hyphens and dots, each part beginning and \
                 ending with a letter or digit, and is {value:?}"
            ))
        }
    })
}

/// A name with an optional prefix: `app`, `example.com/team`.
pub(super) fn qualified_name() -> impl Validator {
    text("must be a name such as \"app\" or \"example.com/team\"", |value| {
        let (prefix, name) = match value.split_once('/') {
            Some((prefix, name)) => (Some(prefix), name),
            None => (None, value),
        };
        let prefix_fits =
            prefix.is_none_or(|it| it.len() <= 253 && it.split('.').all(is_dns_label));
        if prefix_fits && is_label_text(name) && !name.is_empty() {
            Ok(())
        } else {
            Err(format!("must be a name such as \"app\" or \"example.com/team\", and is {value:?}"))
        }
    })
}

/// The value of a label.
pub(super) fn label_value() -> impl Validator {
    text("must be at most 63 letters, digits, `-`, `_` and `.`", |value| {
        if is_label_text(value) {
            Ok(())
        } else {
            Err(format!(
                "must be at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a \
                 letter or digit, and is {value:?}"
            ))
        }
    })
}

/// A domain name that may begin with a wildcard: `*.example.com`.
pub(super) fn wildcard_domain() -> impl Validator {
    text("must be a domain name, which may begin with `*.`", wildcard_domain_problem)
}

/// A host of a VirtualService: a domain name, also with a wildcard, or an IP
/// address.
pub(super) fn host() -> impl Validator {
    text("must be a domain name, which may begin with `*.`, or an IP address", |value| {
        if is_ip(value) { Ok(()) } else { wildcard_domain_problem(value) }
    })
}

/// A host of a Gateway's server: a domain name, with `namespace/`, `./` or `*/`
/// before it to say whose VirtualServices may bind to it.
pub(super) fn gateway_host() -> impl Validator {
    text("must be a domain name, or a namespace, `/` and a domain name", |value| {
        let Some((namespace, domain)) = value.split_once('/') else {
            return wildcard_domain_problem(value);
        };
        if !matches!(namespace, "*" | ".") && !is_dns_label(namespace) {
            return Err(format!(
                "must have `*`, `.` or the name of a namespace before the `/`, and is {value:?}"
            ));
        }
        wildcard_domain_problem(domain)
    })
}

/// The name of a gateway as a VirtualService writes it: `namespace/name`,
/// `name` or `mesh`.
pub(super) fn gateway_name() -> impl Validator {
    text("must be `namespace/name`, `name` or `mesh`", |value| match value.split_once('/') {
        Some((namespace, name)) if is_dns_label(namespace) && is_dns_label(name) => Ok(()),
        None => domain_problem(value),
        Some(_) => Err(format!("must be `namespace/name`, `name` or `mesh`, and is {value:?}")),
    })
}

/// Where an object is visible: a namespace, `.` (its own) or `*` (everywhere).
pub(super) fn export_to() -> impl Validator {
    text("must be a namespace, `.` or `*`", |value| {
        if matches!(value, "." | "*") || is_dns_label(value) {
            Ok(())
        } else {
            Err(format!("must be a namespace, `.` or `*`, and is {value:?}"))
        }
    })
}

/// The name of an HTTP header.
pub(super) fn header_name() -> impl Validator {
    text("must be the name of an HTTP header", |value| {
        let letters = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'.');
        if !value.is_empty() && value.bytes().all(letters) {
            Ok(())
        } else {
            Err(format!("must be the name of an HTTP header, and is {value:?}"))
        }
    })
}

/// The name of a header that is set, added or removed: also `:authority`.
pub(super) fn changed_header() -> impl Validator {
    text("must be the name of an HTTP header; of those with `:`, only `:authority`", |value| {
        let pseudo = value.starts_with(':') && !value.eq_ignore_ascii_case(":authority");
        if value.is_empty() || pseudo {
            Err(format!(
                "must be the name of an HTTP header; of those that begin with `:` only \
                 `:authority` can be changed, and it is {value:?}"
            ))
        } else {
            Ok(())
        }
    })
}

/// The name of a header that requests are matched by: also a claim of a token,
/// `@request.auth.claims.group`, and `:path` and its like.
pub(super) fn matched_header() -> impl Validator {
    text("must be the name of an HTTP header or `@request.auth.claims.…`", |value| {
        if value.is_empty() { Err("must not be empty".to_owned()) } else { Ok(()) }
    })
}

/// A network or an address: `10.0.0.0/8`, `10.1.2.3`.
pub(super) fn subnet() -> impl Validator {
    text("must be an IP address or a range such as \"10.0.0.0/8\"", |value| {
        if is_ip(value) || value.parse::<ipnet::IpNet>().is_ok() {
            Ok(())
        } else {
            Err(format!(
                "must be an IP address or a range such as \"10.0.0.0/8\", and is {value:?}"
            ))
        }
    })
}

/// The name of a gRPC status code, such as `UNAVAILABLE`.
pub(super) fn grpc_status() -> impl Validator {
    text("must be the name of a gRPC status, such as \"UNAVAILABLE\"", |value| {
        if GRPC_CODES.contains(&value) {
            Ok(())
        } else {
            Err(format!("must be one of {}, and is {value:?}", GRPC_CODES.join(", ")))
        }
    })
}

/// Whether one host, which may have a wildcard, covers another.
pub(super) fn covers(host: &str, other: &str) -> bool {
    match (host.strip_prefix('*'), other.strip_prefix('*')) {
        (Some(suffix), Some(other)) => other.ends_with(suffix),
        (Some(suffix), None) => other.ends_with(suffix),
        (None, Some(_)) => false,
        (None, None) => host.eq_ignore_ascii_case(other),
    }
}

/// Whether this is the name of one part of a domain.
pub(super) fn is_dns_label(text: &str) -> bool {
    let alphanumeric = |it: Option<&u8>| it.is_some_and(u8::is_ascii_alphanumeric);
    text.len() <= LABEL_LIMIT
        && alphanumeric(text.as_bytes().first())
        && alphanumeric(text.as_bytes().last())
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
}

/// A condition on text.
fn text(
    description: impl Into<String>,
    check: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
) -> impl Validator {
    validators::satisfies(description, move |value: &Value| match value.as_str() {
        Some(text) => check(text),
        // The engine holds values against their types first.
        None => Ok(()),
    })
}

fn wildcard_domain_problem(domain: &str) -> Result<(), String> {
    let (first, rest) = match domain.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (domain, None),
    };
    let plain = first.strip_prefix("*-").or_else(|| first.strip_prefix('*')).unwrap_or(first);
    let first_fits = first == "*" || is_dns_label(plain);
    let rest_fits = rest.is_none_or(|rest| domain_problem(rest).is_ok());
    if first_fits && rest_fits && domain.len() <= DOMAIN_LIMIT {
        return Ok(());
    }
    Err(format!("must be a domain name, with a wildcard only at its beginning, and is {domain:?}"))
}

fn domain_problem(domain: &str) -> Result<(), String> {
    // A final dot says that the name is complete.
    let labels = domain.strip_suffix('.').unwrap_or(domain);
    let top = labels.rsplit('.').next().unwrap_or_default();
    let fits = labels.split('.').all(is_dns_label)
        && domain.len() <= DOMAIN_LIMIT
        && !top.bytes().all(|it| it.is_ascii_digit());
    if fits { Ok(()) } else { Err(format!("must be a domain name, and is {domain:?}")) }
}

fn is_ip(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

fn is_label_text(text: &str) -> bool {
    let alphanumeric = |it: Option<&u8>| it.is_none_or(u8::is_ascii_alphanumeric);
    text.len() <= LABEL_LIMIT
        && alphanumeric(text.as_bytes().first())
        && alphanumeric(text.as_bytes().last())
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use tfsdk::value::Path;

    use super::*;

    #[track_caller]
    fn expect(condition: &impl Validator, right: &[&str], wrong: &[&str]) {
        let said = |text: &str| condition.check(&text.into(), &Path::from("x"));
        for text in right {
            assert_eq!(said(text), Ok(()), "{text}");
        }
        for text in wrong {
            assert!(said(text).is_err(), "{text:?} should be wrong");
        }
    }

    #[test]
    fn durations_have_a_least() {
        expect(
            &duration(),
            &["1ms", "5s", "1m30s", "1h"],
            &["", "0s", "500us", "1.5ms", "5", "-1s", "1d"],
        );
    }

    #[test]
    fn names_are_those_of_kubernetes() {
        expect(&dns_label(), &["a", "team-a", "9"], &["", "-a", "a-", "a.b", "A", "a_b"]);
        expect(&dns_label(), &[], &["a".repeat(64).as_str()]);
        expect(&subset(), &["v1", "V1"], &["", "v 1", "v.1", "-v"]);
        expect(&dns_subdomain(), &["a", "a.b-c"], &["", "a..b", "A.b", ".a"]);
        expect(
            &qualified_name(),
            &["app", "app.kubernetes.io/name", "A_b"],
            &["", "/a", "a/", "a/b/c", "-a"],
        );
        expect(&label_value(), &["", "v1.2_3"], &["a b", "-a", "a."]);
    }

    #[test]
    fn hosts_may_begin_with_a_wildcard() {
        let right = ["*", "a", "a.b.c", "*.example.com", "*-x.example.com", "*foo.com", "a.b."];
        expect(
            &wildcard_domain(),
            &right,
            &["", "a.*.com", "**.a", "a..b", "a.1", "a_b", "http://a"],
        );
        expect(&host(), &["10.0.0.1", "::1", "*.example.com"], &["10.0.0.0/8", "300.0.0.1"]);
        expect(
            &gateway_host(),
            &["*", "a.com", "*/a.com", "./a.com", "team/*.a.com"],
            &["a b/a.com", "/a.com", "team/", "team/a/b"],
        );
    }

    #[test]
    fn gateways_are_named_with_their_namespace() {
        expect(
            &gateway_name(),
            &["mesh", "a", "ns/a", "a.b.svc"],
            &["", "/a", "ns/", "a/b/c", "a_b"],
        );
        expect(&export_to(), &[".", "*", "team"], &["", "~", "a b"]);
    }

    #[test]
    fn headers_have_names() {
        expect(&header_name(), &["x-a", "X_A"], &["", "x a", ":path"]);
        expect(&changed_header(), &["x-a", ":authority"], &["", ":path"]);
    }

    #[test]
    fn wildcards_cover_what_ends_as_they_do() {
        assert!(covers("*", "a.b") && covers("*.b.c", "a.b.c") && covers("*.b.c", "*.a.b.c"));
        assert!(covers("a.b", "A.b"));
        assert!(!covers("*.b.c", "b.c") && !covers("a.b", "*.b") && !covers("a", "b"));
    }

    #[test]
    fn subnets_and_grpc_codes() {
        expect(&subnet(), &["10.0.0.0/8", "10.0.0.1", "fd00::/8"], &["", "10.0.0.0/33", "a"]);
        expect(&grpc_status(), &["UNAVAILABLE"], &["unavailable", "14"]);
    }
}
