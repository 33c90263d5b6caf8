//! What the host says through the environment, and the one line that answers.

use std::{fmt, ops::RangeInclusive, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use rustls::pki_types::{CertificateDer, pem::PemObject};

/// The variable, and the value by which Terraform says that it is the host.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// The version of go-plugin's own protocol.
const CORE_PROTOCOL: u8 = 1;

/// The major version of Terraform's plugin protocol that is served.
pub(crate) const PROTOCOL: u8 = 6;

/// What the host asks for.
#[derive(Debug)]
pub(crate) struct Handshake {
    /// The certificate that the client will present; `None` for a host that
    /// wants no TLS.
    pub(crate) client_certificate: Option<CertificateDer<'static>>,
    /// Where a Unix socket must be, and who may use it.
    pub(crate) socket: SocketWish,
    /// Where a TCP port must be.
    pub(crate) ports: RangeInclusive<u16>,
    /// Whether the host knows multiplexed connections, and so the field of the
    /// line that says whether the plugin does.
    knows_multiplexing: bool,
}

/// Where the host wants a Unix socket.
#[derive(Clone, Debug, Default)]
pub(crate) struct SocketWish {
    /// The folder; `None` for the system's temporary one.
    pub(crate) folder: Option<PathBuf>,
    /// The group, by name or number, that may connect, too.
    pub(crate) group: Option<String>,
}

/// Why the plugin does not serve.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// A person started it.
    NoHost,
    /// The host speaks other versions of the protocol.
    Versions(String),
    /// The host's certificate is not one.
    Certificate(String),
    /// The host's range of ports is not one.
    Ports(String),
}

impl Handshake {
    /// Reads what the host says through `variable`, the environment.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Refusal> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        if variable(COOKIE.0).as_deref() != Some(COOKIE.1) {
            return Err(Refusal::NoHost);
        }
        if let Some(versions) = variable("PLUGIN_PROTOCOL_VERSIONS")
            && !versions.split(',').any(|version| version.trim().parse() == Ok(PROTOCOL))
        {
            return Err(Refusal::Versions(versions));
        }
        let client_certificate = variable("PLUGIN_CLIENT_CERT")
            .map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()))
            .transpose()
            .map_err(|error| Refusal::Certificate(error.to_string()))?;
        Ok(Self {
            client_certificate,
            socket: SocketWish {
                folder: variable("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
                group: variable("PLUGIN_UNIX_SOCKET_GROUP"),
            },
            ports: ports(variable("PLUGIN_MIN_PORT"), variable("PLUGIN_MAX_PORT"))?,
            knows_multiplexing: variable("PLUGIN_MULTIPLEX_GRPC").is_some(),
        })
    }

    /// The line for standard output, without its end: where the plugin listens
    /// on `network` (`unix` or `tcp`) and which certificate it will present.
    pub(crate) fn line(
        &self,
        network: &str,
        address: &str,
        certificate: Option<&CertificateDer<'_>>,
    ) -> String {
        let certificate = certificate.map_or_else(String::new, |der| STANDARD_NO_PAD.encode(der));
        let multiplexing = if self.knows_multiplexing { "|false" } else { "" };
        format!("{CORE_PROTOCOL}|{PROTOCOL}|{network}|{address}|grpc|{certificate}{multiplexing}")
    }
}

/// The range that the host allows; without one, whatever the system gives.
fn ports(min: Option<String>, max: Option<String>) -> Result<RangeInclusive<u16>, Refusal> {
    let (Some(min), Some(max)) = (&min, &max) else {
        return Ok(0..=0);
    };
    match (min.parse(), max.parse()) {
        (Ok(min), Ok(max)) if min <= max => Ok(min..=max),
        _ => Err(Refusal::Ports(format!("{min} to {max}"))),
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHost => f.write_str(
                "This program is a Terraform provider. It is not meant to be run by hand: \
                 Terraform starts it. Name it under required_providers in a configuration and \
                 run `terraform init`, or see --help.",
            ),
            Self::Versions(versions) => write!(
                f,
                "The host speaks the plugin protocol in version {versions}; this provider needs \
                 version {PROTOCOL}. Use Terraform 1.8 or later, or OpenTofu."
            ),
            Self::Certificate(error) => {
                write!(f, "PLUGIN_CLIENT_CERT holds no certificate in PEM form: {error}")
            }
            Self::Ports(range) => write!(
                f,
                "PLUGIN_MIN_PORT and PLUGIN_MAX_PORT must be a range of TCP ports, but are {range}."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Handshake, Refusal> {
        Handshake::read(|name| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_person_is_told_what_the_program_is() {
        let refusal = read(&[]).unwrap_err();
        assert_eq!(refusal, Refusal::NoHost);
        assert!(refusal.to_string().contains("Terraform starts it"));
        assert_eq!(read(&[(COOKIE.0, "other")]).unwrap_err(), Refusal::NoHost);
    }

    #[test]
    fn version_six_must_be_among_the_hosts() {
        for versions in ["6", "5,6", "6,5", " 5, 6 ", "7,6"] {
            assert!(read(&[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", versions)]).is_ok(), "{versions}");
        }
        for versions in ["5", "4,5", "16", "x"] {
            assert_eq!(
                read(&[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", versions)]).unwrap_err(),
                Refusal::Versions(versions.to_owned())
            );
        }
    }

    #[test]
    fn the_seventh_field_is_only_for_hosts_that_know_it() {
        let plain = read(&[COOKIE]).unwrap();
        assert_eq!(plain.line("unix", "/tmp/x/s", None), "1|6|unix|/tmp/x/s|grpc|");
        let knowing = read(&[COOKIE, ("PLUGIN_MULTIPLEX_GRPC", "true")]).unwrap();
        let certificate = CertificateDer::from(vec![0xff; 4]);
        assert_eq!(
            knowing.line("tcp", "127.0.0.1:10000", Some(&certificate)),
            "1|6|tcp|127.0.0.1:10000|grpc|/////w|false"
        );
    }

    #[test]
    fn ports_are_a_range() {
        let of = |min, max| {
            read(&[COOKIE, ("PLUGIN_MIN_PORT", min), ("PLUGIN_MAX_PORT", max)]).map(|h| h.ports)
        };
        assert_eq!(of("10000", "25000").unwrap(), 10000..=25000);
        assert!(matches!(of("3", "2").unwrap_err(), Refusal::Ports(_)));
        assert!(matches!(of("a", "70000").unwrap_err(), Refusal::Ports(_)));
    }

    #[test]
    fn a_certificate_must_be_one() {
        assert!(matches!(
            read(&[COOKIE, ("PLUGIN_CLIENT_CERT", "hello")]).unwrap_err(),
            Refusal::Certificate(_)
        ));
        assert!(read(&[COOKIE]).unwrap().client_certificate.is_none());
    }
}
