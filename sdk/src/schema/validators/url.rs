//! URLs.

use std::net::Ipv6Addr;

use crate::schema::{Validator, validators::text};

/// A web address: `http` or `https`, a host, and what follows.
pub fn url() -> impl Validator {
    url_with_scheme(["https", "http"])
}

/// An address with one of these schemes and a host.
pub fn url_with_scheme<S: Into<String>>(schemes: impl IntoIterator<Item = S>) -> impl Validator {
    let schemes: Vec<String> = schemes.into_iter().map(Into::into).collect();
    let starts: Vec<String> = schemes.iter().map(|scheme| format!("\"{scheme}://\"")).collect();
    let description = format!("must be a URL that begins with {}", starts.join(" or "));
    text(description.clone(), move |value| {
        let after = value
            .split_once("://")
            .filter(|(scheme, _)| schemes.iter().any(|one| one.eq_ignore_ascii_case(scheme)))
            .map(|(_, after)| after)
            .ok_or_else(|| format!("{description}, and is {value:?}"))?;
        let authority = after.split(['/', '?', '#']).next().unwrap_or_default();
        let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if value.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(format!("must not contain white space, and is {value:?}"));
        }
        if has_host(host_and_port) {
            Ok(())
        } else {
            Err(format!("must name a host and, if at all, a port up to 65535, and is {value:?}"))
        }
    })
}

fn has_host(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) if host.parse::<Ipv6Addr>().is_ok() => {
                (host, port.strip_prefix(':').or_else(|| port.is_empty().then_some("1")))
            }
            _ => return false,
        },
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, Some("1")),
        },
    };
    let is_port = port.is_some_and(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|n| n > 0)
    });
    !host.is_empty() && is_port
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validators::tests::said;

    #[test]
    fn urls_have_a_scheme_and_a_host() {
        for right in [
            "https://example.com",
            "HTTP://example.com:8080/a?b#c",
            "https://user:word@[fd00::1]:443/",
            "http://[::1]",
        ] {
            assert_eq!(said(&url(), right), "", "{right}");
        }
        for wrong in [
            "example.com",
            "ftp://example.com",
            "https://",
            "https:///path",
            "https://example.com:0",
            "https://example.com:99999",
            "https://example.com:",
            "https://[::1",
            "https://[::1]x",
            "https://a b",
        ] {
            assert!(!said(&url(), wrong).is_empty(), "{wrong}");
        }
        assert_eq!(said(&url_with_scheme(["tcp"]), "tcp://host:53"), "");
        assert_eq!(url().describe(), "must be a URL that begins with \"https://\" or \"http://\"");
    }
}
