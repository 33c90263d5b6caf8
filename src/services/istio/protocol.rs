//! Protocols of ports.

use tfsdk::schema::{Validator, validators};

const PROTOCOLS: &[&str] = &[
    "HTTP",
    "HTTPS",
    "HTTP2",
    "GRPC",
    "GRPC-WEB",
    "HTTP_PROXY",
    "TCP",
    "TLS",
    "MONGO",
    "MYSQL",
    "REDIS",
    "UDP",
];

/// Protocols that begin with a handshake of TLS.
const IN_TLS: &[&str] = &["HTTPS", "TLS"];

/// Protocols of plain HTTP.
const PLAIN_HTTP: &[&str] = &["HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTP_PROXY"];

/// A protocol of a port, in any case.
pub(super) fn protocol() -> impl Validator {
    validators::satisfies(format!("must be one of {}", PROTOCOLS.join(", ")), |value| {
        match value.as_str() {
            Some(text) if !is_known(text) => {
                Err(format!("must be one of {}, and is {text:?}", PROTOCOLS.join(", ")))
            }
            _ => Ok(()),
        }
    })
}

/// Whether there is such a protocol.
pub(super) fn is_known(text: &str) -> bool {
    is_one_of(text, PROTOCOLS)
}

/// Whether it begins with a handshake of TLS.
pub(super) fn is_in_tls(text: &str) -> bool {
    is_one_of(text, IN_TLS)
}

/// Whether it is HTTP without TLS.
pub(super) fn is_plain_http(text: &str) -> bool {
    is_one_of(text, PLAIN_HTTP)
}

fn is_one_of(text: &str, names: &[&str]) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(text))
}
