//! Addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::schema::{Validator, validators::text};

/// An IPv4 or IPv6 address.
pub fn ip() -> impl Validator {
    parses::<IpAddr>("must be an IP address such as \"10.0.0.1\"")
}

/// An IPv4 address.
pub fn ipv4() -> impl Validator {
    parses::<Ipv4Addr>("must be an IPv4 address such as \"10.0.0.1\"")
}

/// An IPv6 address.
pub fn ipv6() -> impl Validator {
    parses::<Ipv6Addr>("must be an IPv6 address such as \"fd00::1\"")
}

fn parses<T: std::str::FromStr>(description: &'static str) -> impl Validator {
    text(description, move |value| match value.parse::<T>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("{description}, and is {value:?}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validators::tests::said;

    #[test]
    fn versions_are_told_apart() {
        assert_eq!(said(&ip(), "10.0.0.1"), "");
        assert_eq!(said(&ip(), "fd00::1"), "");
        assert_eq!(said(&ipv4(), "10.0.0.1"), "");
        assert_eq!(said(&ipv6(), "::1"), "");
        assert!(!said(&ipv4(), "::1").is_empty());
        assert!(!said(&ipv6(), "10.0.0.1").is_empty());
        assert!(said(&ip(), "10.0.0.256").contains("and is \"10.0.0.256\""));
    }
}
