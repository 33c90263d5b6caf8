//! Address ranges.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::schema::{Validator, validators::text};

/// An IPv4 or IPv6 range in CIDR notation, written with its first address.
pub fn cidr() -> impl Validator {
    text("must be an address range such as \"10.0.0.0/16\"", |value| check(value, |_| true))
}

/// An IPv4 range in CIDR notation, written with its first address.
pub fn ipv4_cidr() -> impl Validator {
    text("must be an IPv4 address range such as \"10.0.0.0/16\"", |value| {
        check(value, IpAddr::is_ipv4)
    })
}

fn check(text: &str, version: fn(&IpAddr) -> bool) -> Result<(), String> {
    let malformed = || format!("must be an address range such as \"10.0.0.0/16\", and is {text:?}");
    let (address, prefix) = text.split_once('/').ok_or_else(malformed)?;
    let address: IpAddr = address.parse().map_err(|_| malformed())?;
    if !version(&address) || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed());
    }
    let prefix: u32 = prefix.parse().map_err(|_| malformed())?;
    let first = first_address(address, prefix).ok_or_else(malformed)?;
    if first == address {
        Ok(())
    } else {
        Err(format!("must begin at the range's first address: write \"{first}/{prefix}\""))
    }
}

/// The first address of the range; `None` if the prefix is too long.
fn first_address(address: IpAddr, prefix: u32) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            let host = 32_u32.checked_sub(prefix)?;
            let mask = u32::MAX.checked_shl(host).unwrap_or(0);
            Some(Ipv4Addr::from_bits(address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let host = 128_u32.checked_sub(prefix)?;
            let mask = u128::MAX.checked_shl(host).unwrap_or(0);
            Some(Ipv6Addr::from_bits(address.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validators::tests::said;

    #[test]
    fn ranges_begin_at_their_first_address() {
        for range in ["10.0.0.0/16", "0.0.0.0/0", "192.168.1.1/32", "fd00::/8", "::/0"] {
            assert_eq!(said(&cidr(), range), "");
        }
        assert_eq!(
            said(&cidr(), "10.0.5.1/16"),
            "x must begin at the range's first address: write \"10.0.0.0/16\""
        );
        for malformed in ["10.0.0.0", "10.0.0/16", "10.0.0.0/33", "::/129", "10.0.0.0/+8", "x/8"] {
            assert!(said(&cidr(), malformed).contains("such as"), "{malformed}");
        }
        assert!(said(&ipv4_cidr(), "fd00::/8").contains("such as"));
    }
}
