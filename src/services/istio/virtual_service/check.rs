//! What Istio's webhook refuses of a VirtualService, and what it warns of.

use tfsdk::{
    Diagnostics,
    value::{Path, Tf},
};

use super::{
    Spec, http_check,
    l4::{RouteDestination, TcpRoute, TlsRoute},
};
use crate::services::istio::{export, kind::Subject, syntax};

/// The gateway that stands for the sidecars of the mesh.
const MESH: &str = "mesh";

/// Checks a VirtualService.
pub(super) fn virtual_service(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
    let spec = subject.spec;
    let path = Path::from("spec");
    let empty = |list: &Tf<Vec<_>>| match list {
        Tf::Unknown => false,
        list => list.items().is_empty(),
    };
    let no_tls = matches!(&spec.tls, Tf::Null) || spec.tls.known().is_some_and(Vec::is_empty);
    let no_tcp = matches!(&spec.tcp, Tf::Null) || spec.tcp.known().is_some_and(Vec::is_empty);
    if empty(&spec.http) && no_tls && no_tcp {
        diagnostics.error_at(
            &path,
            "VirtualService without routes",
            "Set at least one rule in `http`, `tls` or `tcp`.",
        );
    }
    let is_delegate = spec.hosts.is_null() || spec.hosts.known().is_some_and(Vec::is_empty);
    if is_delegate {
        delegate(spec, &path, diagnostics);
    } else {
        hosts(spec, &path, diagnostics);
    }
    export::check(&spec.export_to, subject.metadata, diagnostics);
    http_check::routes(spec.http.items(), is_delegate, &path.attribute("http"), diagnostics);
    for (i, route) in spec.tls.items().iter().enumerate() {
        tls(route, spec, &path.attribute("tls").index(i), diagnostics);
    }
    for (i, route) in spec.tcp.items().iter().enumerate() {
        tcp(route, &path.attribute("tcp").index(i), diagnostics);
    }
}

/// One that others delegate to has neither gateways nor other routes than HTTP.
fn delegate(spec: &Spec, path: &Path, diagnostics: &mut Diagnostics) {
    let given = [
        ("gateways", spec.gateways.items().is_empty()),
        ("tls", spec.tls.items().is_empty()),
        ("tcp", spec.tcp.items().is_empty()),
    ];
    for (name, _) in given.iter().filter(|(_, is_empty)| !is_empty) {
        diagnostics.error_at(
            path.attribute(*name),
            "Not in a VirtualService without hosts",
            format!(
                "Without `hosts` this is a VirtualService that others delegate to, which has no \
                 `{name}`. Set `hosts`, or remove it."
            ),
        );
    }
}

fn hosts(spec: &Spec, path: &Path, diagnostics: &mut Diagnostics) {
    let path = path.attribute("hosts");
    let hosts = spec.hosts.items();
    let for_mesh = match &spec.gateways {
        Tf::Null => true,
        Tf::Known(gateways) => gateways.is_empty() || gateways.iter().any(|it| it == MESH),
        Tf::Unknown => false,
    };
    for (i, host) in hosts.iter().enumerate() {
        if host == "*" && for_mesh {
            diagnostics.error_at(
                path.index(i),
                "Wildcard for the whole mesh",
                "`*` would take every request of every sidecar. Name hosts, or set `gateways` \
                 without `mesh`.",
            );
        }
        let earlier = hosts[..i].iter();
        let mut earlier = earlier.filter(|it| syntax::covers(it, host) || syntax::covers(host, it));
        if let Some(other) = earlier.next() {
            diagnostics.error_at(
                path.index(i),
                "Host is there twice",
                format!("{host:?} and {other:?} cover the same names. Remove one of them."),
            );
        }
    }
}

fn tls(route: &TlsRoute, spec: &Spec, path: &Path, diagnostics: &mut Diagnostics) {
    for (i, one) in route.matches.items().iter().enumerate() {
        let path = path.attribute("match").index(i).attribute("sni_hosts");
        for (i, sni) in one.sni_hosts.items().iter().enumerate() {
            let covered = spec.hosts.items().iter().any(|host| syntax::covers(host, sni));
            if spec.hosts.is_known() && !covered {
                diagnostics.error_at(
                    path.index(i),
                    "SNI of another host",
                    format!("{sni:?} is covered by none of the VirtualService's `hosts`."),
                );
            }
        }
    }
    destinations("TLS", &route.route, path, diagnostics);
}

fn tcp(route: &TcpRoute, path: &Path, diagnostics: &mut Diagnostics) {
    for (i, one) in route.matches.items().iter().enumerate() {
        let nothing = one.destination_subnets.is_null()
            && one.port.is_null()
            && one.source_subnet.is_null()
            && one.source_labels.is_null()
            && one.gateways.is_null()
            && one.source_namespace.is_null();
        if nothing {
            empty_match(&path.attribute("match").index(i), diagnostics);
        }
    }
    destinations("TCP", &route.route, path, diagnostics);
}

fn destinations(
    protocol: &str,
    route: &Tf<Vec<RouteDestination>>,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    if route.is_null() || route.known().is_some_and(Vec::is_empty) {
        let detail = format!("A rule of {protocol} needs a destination in `route`.");
        diagnostics.error_at(path, "Rule without a destination", detail);
    }
    let weights: Vec<&Tf<i64>> = route.items().iter().map(|it| &it.weight).collect();
    weigh(&weights, &path.attribute("route"), diagnostics);
}

/// Several destinations have a positive sum of weights.
pub(super) fn weigh(weights: &[&Tf<i64>], path: &Path, diagnostics: &mut Diagnostics) {
    let open = weights.iter().any(|weight| weight.is_unknown());
    let sum: i64 = weights.iter().map(|weight| weight.or_default()).sum();
    if weights.len() > 1 && sum == 0 && !open {
        diagnostics.error_at(
            path,
            "Weights have no sum",
            "Of several destinations at least one needs a `weight` above 0: each gets its weight's \
             share of the sum.",
        );
    }
    if sum > i64::from(u32::MAX) {
        diagnostics.error_at(path, "Weights are too large", "Their sum is at most 4294967295.");
    }
}

/// A condition without conditions.
pub(super) fn empty_match(path: &Path, diagnostics: &mut Diagnostics) {
    diagnostics.error_at(
        path,
        "Match without a condition",
        "It would match everything: leave out `match` for that, or set a condition.",
    );
}
