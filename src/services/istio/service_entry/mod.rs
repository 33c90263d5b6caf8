//! `crossmesh_istio_service_entry`: services that the mesh does not find by
//! itself.

mod check;

use tfsdk::{Diagnostics, Model, schema::validators, value::Tf};

use crate::services::istio::{
    export,
    kind::{IstioKind, Subject},
    protocol::protocol,
    selector::LabelSelector,
    syntax,
    workload::Workload,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServiceEntry;

impl IstioKind for ServiceEntry {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_service_entry";
    const DESCRIPTION: &'static str = "A ServiceEntry of Istio: a service that the mesh does not find \
        by itself, outside it (a public API) or inside (virtual machines).";
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "ServiceEntry";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        check::service_entry(subject, diagnostics);
    }
}

/// Names, ports and endpoints of the service.
#[derive(Clone, Model)]
#[model(at_most_one_of("workload_selector", "endpoints"))]
pub(super) struct Spec {
    /// Names of the service: domain names, which may begin with `*.`. Requests of
    /// HTTP are told apart by them, TLS by its SNI.
    #[attr(
        required,
        validate(
            validators::count(1..=256),
            validators::each(syntax::wildcard_domain()),
            validators::each(check::not_all())
        )
    )]
    pub hosts: Tf<Vec<String>>,

    /// Virtual addresses of the service, also ranges (`10.0.0.0/8`) where
    /// `resolution` is `NONE` or `STATIC`. Connections to them belong to the
    /// service; it is needed for TCP. Default: Istio makes one up where that is
    /// switched on.
    #[attr(
        optional,
        validate(validators::count(..=256), validators::each(syntax::subnet()))
    )]
    pub addresses: Tf<Vec<String>>,

    /// Ports of the service.
    #[attr(optional, validate(validators::count(..=256)))]
    pub ports: Tf<Vec<ServicePort>>,

    /// `MESH_EXTERNAL` (outside the mesh: no mutual TLS) or `MESH_INTERNAL`.
    /// Default: `MESH_EXTERNAL`.
    #[attr(
        optional,
        validate(validators::one_of(["MESH_EXTERNAL", "MESH_INTERNAL"]))
    )]
    pub location: Tf<String>,

    /// How proxies find the addresses: `NONE` (where the client connects to),
    /// `STATIC` (those of the endpoints), `DNS` (by asking for the endpoints or
    /// hosts, and taking all answers), `DNS_ROUND_ROBIN` (the same, taking the
    /// first answer) or `DYNAMIC_DNS` (by asking for the host that each request
    /// names). Default: `NONE`.
    #[attr(
        optional,
        validate(validators::one_of([
            "NONE",
            "STATIC",
            "DNS",
            "DNS_ROUND_ROBIN",
            "DYNAMIC_DNS",
        ]))
    )]
    pub resolution: Tf<String>,

    /// Where the service is. Default: what `resolution` finds for `hosts`.
    #[attr(optional, validate(validators::count(..=4096)))]
    pub endpoints: Tf<Vec<Workload>>,

    /// Pods and WorkloadEntries of the namespace that the service is made of.
    #[attr(optional)]
    pub workload_selector: Tf<LabelSelector>,

    /// Namespaces that see the service: names, `.` (the object's own), `*` (all)
    /// or `~` (none). Default: what the mesh says, usually `*`.
    #[attr(optional, validate(validators::each(export::or_nowhere())))]
    pub export_to: Tf<Vec<String>>,

    /// Names of which the server's certificate must have one, where the proxy
    /// speaks TLS to it.
    #[attr(optional)]
    pub subject_alt_names: Tf<Vec<String>>,
}

/// A port of a service.
#[derive(Clone, Model)]
pub(super) struct ServicePort {
    /// Number, unique within the service.
    #[attr(required, validate(syntax::port()))]
    pub number: Tf<i64>,

    /// Name, unique within the service.
    #[attr(required, validate(syntax::subset()))]
    pub name: Tf<String>,

    /// What is spoken on it: `HTTP`, `HTTPS`, `HTTP2`, `GRPC`, `GRPC-WEB`, `TCP`,
    /// `TLS`, `MONGO`, `MYSQL` or `REDIS`. Default: found out by the proxy.
    #[attr(optional, validate(protocol()))]
    pub protocol: Tf<String>,

    /// Port of the endpoints. Default: `number`.
    #[attr(optional, validate(syntax::port()))]
    pub target_port: Tf<i64>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::istio::testing::{expect_fields, expect_round_trip};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<ServiceEntry>(include_str!("../fields/service_entry.txt"));
    }

    #[test]
    fn a_full_object_survives_both_ways() {
        expect_round_trip::<ServiceEntry>(&json!({
            "hosts": ["a.com", "*.b.com"], "addresses": ["10.0.0.0/8"],
            "ports": [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 8080}],
            "location": "MESH_INTERNAL", "resolution": "STATIC",
            "endpoints": [{
                "address": "10.0.0.1", "ports": {"http": 8080}, "labels": {"app": "a"},
                "network": "n", "locality": "r/z", "weight": 0, "serviceAccount": "s",
            }],
            "workloadSelector": {"labels": {"app": "a"}},
            "exportTo": ["~"], "subjectAltNames": ["x"],
        }));
    }
}
