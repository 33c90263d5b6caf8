//! Routes of TLS and TCP.

use std::collections::BTreeMap;

use tfsdk::{Model, schema::validators, value::Tf};

use crate::services::istio::{destination::Destination, syntax};

/// One rule for TLS that is passed through.
#[derive(Clone, Model)]
pub(crate) struct TlsRoute {
    /// Connections that the rule is for: those that meet all conditions of any
    /// of these. At least one.
    #[attr(required, name = "match", validate(validators::not_empty()))]
    pub matches: Tf<Vec<TlsMatch>>,

    /// Where the connections go, by weight.
    #[attr(optional)]
    pub route: Tf<Vec<RouteDestination>>,
}

/// Conditions that a TLS connection meets all.
#[derive(Clone, Model)]
pub(crate) struct TlsMatch {
    /// Names of the client's SNI, also with `*.` at the beginning. Each must be
    /// covered by a host of the VirtualService.
    #[attr(
        required,
        validate(validators::not_empty(), validators::each(syntax::wildcard_domain()))
    )]
    pub sni_hosts: Tf<Vec<String>>,

    /// Addresses or ranges that the connection is made to.
    #[attr(optional, validate(validators::each(syntax::subnet())))]
    pub destination_subnets: Tf<Vec<String>>,

    /// Port that the connection is made to.
    #[attr(optional, validate(syntax::port()))]
    pub port: Tf<i64>,

    /// Labels of the client's workload. Not with gateways.
    #[attr(optional, validate(validators::keys(syntax::qualified_name())))]
    pub source_labels: Tf<BTreeMap<String, String>>,

    /// Gateways that the condition is for, instead of those of the
    /// VirtualService.
    #[attr(optional, validate(validators::each(syntax::gateway_name())))]
    pub gateways: Tf<Vec<String>>,

    /// Namespace of the client's workload. Not with gateways.
    #[attr(optional, validate(syntax::dns_label()))]
    pub source_namespace: Tf<String>,
}

/// One rule for TCP.
#[derive(Clone, Model)]
pub(crate) struct TcpRoute {
    /// Connections that the rule is for: those that meet all conditions of any
    /// of these. Default: every connection.
    #[attr(optional, name = "match")]
    pub matches: Tf<Vec<TcpMatch>>,

    /// Where the connections go, by weight.
    #[attr(optional)]
    pub route: Tf<Vec<RouteDestination>>,
}

/// Conditions that a TCP connection meets all.
#[derive(Clone, Model)]
pub(crate) struct TcpMatch {
    /// Addresses or ranges that the connection is made to.
    #[attr(optional, validate(validators::each(syntax::subnet())))]
    pub destination_subnets: Tf<Vec<String>>,

    /// Port that the connection is made to.
    #[attr(optional, validate(syntax::port()))]
    pub port: Tf<i64>,

    /// Address or range of the client.
    #[attr(optional, validate(syntax::subnet()))]
    pub source_subnet: Tf<String>,

    /// Labels of the client's workload. Not with gateways.
    #[attr(optional, validate(validators::keys(syntax::qualified_name())))]
    pub source_labels: Tf<BTreeMap<String, String>>,

    /// Gateways that the condition is for, instead of those of the
    /// VirtualService.
    #[attr(optional, validate(validators::each(syntax::gateway_name())))]
    pub gateways: Tf<Vec<String>>,

    /// Namespace of the client's workload. Not with gateways.
    #[attr(optional, validate(syntax::dns_label()))]
    pub source_namespace: Tf<String>,
}

/// A destination with its share of the connections.
#[derive(Clone, Model)]
pub(crate) struct RouteDestination {
    /// The service.
    #[attr(required)]
    pub destination: Tf<Destination>,

    /// Its share: its weight over the sum of all weights. 0 gets nothing. A
    /// single destination needs none.
    #[attr(optional, validate(validators::range(0..=2147483647)))]
    pub weight: Tf<i64>,
}
