//! A workload outside the cluster, as several kinds say it.

use std::collections::BTreeMap;

use tfsdk::{
    Diagnostics, Model,
    schema::{Validator, validators},
    value::{Path, Tf},
};

use crate::services::istio::syntax;

/// What begins the address of a socket.
const UNIX_SOCKET: &str = "unix://";

/// A workload: where it is and what it is called.
#[derive(Clone, Model)]
pub(super) struct Workload {
    /// Address without a port: an IP address, a domain name that resolves to one,
    /// or a socket (`unix:///path`, `unix://@abstract`) on the proxy's machine.
    /// May be left out where `network` is set: the network's gateway is used.
    #[attr(optional, validate(validators::length(..=256), address()))]
    pub address: Tf<String>,

    /// Ports of the workload by the names that the service's ports have. A port
    /// without an entry is the service's target port or number. Not with a
    /// socket.
    #[attr(
        optional,
        validate(
            validators::count(..=128),
            validators::keys(syntax::subset()),
            validators::each(syntax::port())
        )
    )]
    pub ports: Tf<BTreeMap<String, i64>>,

    /// Labels, which selectors and subsets go by.
    #[attr(
        optional,
        validate(
            validators::count(..=256),
            validators::keys(syntax::qualified_name()),
            validators::each(syntax::label_value())
        )
    )]
    pub labels: Tf<BTreeMap<String, String>>,

    /// Name of the network. Workloads of one network reach each other directly,
    /// others go through a gateway.
    #[attr(optional, validate(validators::length(..=2048)))]
    pub network: Tf<String>,

    /// Region, zone and sub-zone with `/` between them, as far as they are known:
    /// `ap-guangzhou/ap-guangzhou-3`.
    #[attr(optional, validate(validators::length(..=2048)))]
    pub locality: Tf<String>,

    /// Share of the requests in proportion to the other workloads' weights.
    /// Default: 1.
    #[attr(optional, validate(validators::range(0..=u32::MAX)))]
    pub weight: Tf<i64>,

    /// Service account that the workload runs as, in the object's namespace. It
    /// is needed for mutual TLS with the workload.
    #[attr(optional, validate(validators::length(..=253)))]
    pub service_account: Tf<String>,
}

impl Workload {
    /// Checks one that stands for itself: it is reachable somehow.
    pub(super) fn check(&self, path: &Path, diagnostics: &mut Diagnostics) {
        if is_blank(&self.address) && is_blank(&self.network) {
            diagnostics.error_at(
                path,
                "Workload without an address",
                "Set `address`, or `network` for a workload that is reached through the gateway of \
                 its network.",
            );
        }
        self.check_socket(path, diagnostics);
    }

    /// Checks what a template may be wrong in too.
    pub(super) fn check_socket(&self, path: &Path, diagnostics: &mut Diagnostics) {
        if self.is_socket() && self.ports.is_known() {
            let detail = "The address is a socket, which has no ports: remove `ports`.";
            diagnostics.error_at(path.attribute("ports"), "Ports of a socket", detail);
        }
    }

    /// Whether the address is a socket.
    pub(super) fn is_socket(&self) -> bool {
        self.address.text().starts_with(UNIX_SOCKET)
    }
}

fn is_blank(text: &Tf<String>) -> bool {
    text.is_null() || text.known().is_some_and(String::is_empty)
}

/// An IP address, a domain name, or a socket.
fn address() -> impl Validator {
    let host = syntax::host();
    validators::satisfies(
        "must be an IP address, a domain name or a `unix://` socket",
        move |value| {
            let Some(text) = value.as_str() else { return Ok(()) };
            match text.strip_prefix(UNIX_SOCKET) {
                Some(socket) if socket.starts_with('@') => Ok(()),
                Some(socket) if socket.starts_with('/') && !socket.ends_with('/') => Ok(()),
                Some(_) => Err(format!(
                    "must be `unix:///path/of/a/file` or `unix://@name` for a socket, and is {text:?}"
                )),
                None if text.is_empty() => Ok(()),
                None if text.contains('*') || host.check(value, &Path::root()).is_err() => {
                    Err(format!(
                        "must be an IP address, a domain name or a `unix://` socket, and is {text:?}"
                    ))
                }
                None => Ok(()),
            }
        },
    )
}
