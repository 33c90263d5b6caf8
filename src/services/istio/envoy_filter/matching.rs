//! Which parts of Envoy's configuration are changed.

use std::collections::BTreeMap;

use tfsdk::{Model, schema::validators, value::Tf};

use crate::services::istio::{re2, syntax};

/// Parts of the configuration: all conditions hold. Of `listener`,
/// `route_configuration`, `cluster` and `waypoint`, at most one.
#[derive(Clone, Model)]
#[model(at_most_one_of("listener", "route_configuration", "cluster", "waypoint"))]
pub(crate) struct PatchMatch {
    /// Whose configuration: `SIDECAR_INBOUND`, `SIDECAR_OUTBOUND`, `GATEWAY`,
    /// `WAYPOINT` or `ANY`. Default: `ANY`.
    #[attr(
        optional,
        validate(validators::one_of([
            "ANY",
            "SIDECAR_INBOUND",
            "SIDECAR_OUTBOUND",
            "GATEWAY",
            "WAYPOINT",
        ]))
    )]
    pub context: Tf<String>,

    /// Proxies by what they say of themselves.
    #[attr(optional)]
    pub proxy: Tf<ProxyMatch>,

    /// A listener, or what is in it.
    #[attr(optional)]
    pub listener: Tf<ListenerMatch>,

    /// Routes of HTTP.
    #[attr(optional)]
    pub route_configuration: Tf<RouteConfigurationMatch>,

    /// A cluster of Envoy.
    #[attr(optional)]
    pub cluster: Tf<ClusterMatch>,

    /// A part of a waypoint's configuration. With the context `WAYPOINT`, and
    /// only with it.
    #[attr(optional)]
    pub waypoint: Tf<WaypointMatch>,
}

/// Proxies.
#[derive(Clone, Model)]
pub(crate) struct ProxyMatch {
    /// Their version: all of it matches this regular expression, in the syntax of
    /// RE2, such as `^1\\.30.*`.
    #[attr(optional, validate(re2::regex()))]
    pub proxy_version: Tf<String>,

    /// Their metadata, each entry with this value.
    #[attr(optional)]
    pub metadata: Tf<BTreeMap<String, String>>,
}

/// A listener.
#[derive(Clone, Model)]
pub(crate) struct ListenerMatch {
    /// Port of the service or the gateway.
    #[attr(optional, validate(syntax::port()))]
    pub port_number: Tf<i64>,

    /// Has no effect.
    #[attr(optional, deprecated = "Has no effect: use `port_number`.")]
    pub port_name: Tf<String>,

    /// Name of the listener in Envoy.
    #[attr(optional)]
    pub name: Tf<String>,

    /// Name of a listener filter.
    #[attr(optional)]
    pub listener_filter: Tf<String>,

    /// A chain of filters in it.
    #[attr(optional)]
    pub filter_chain: Tf<FilterChainMatch>,
}

/// A chain of filters.
#[derive(Clone, Model)]
pub(crate) struct FilterChainMatch {
    /// Its name.
    #[attr(optional)]
    pub name: Tf<String>,

    /// The SNI that it is for.
    #[attr(optional)]
    pub sni: Tf<String>,

    /// The transport that it is for: `raw_buffer` or `tls`. For sidecars' inbound
    /// alone.
    #[attr(optional)]
    pub transport_protocol: Tf<String>,

    /// The protocols (ALPN) that it is for, with commas between them. For sidecars
    /// alone.
    #[attr(optional)]
    pub application_protocols: Tf<String>,

    /// The port that it is for.
    #[attr(optional, validate(syntax::port()))]
    pub destination_port: Tf<i64>,

    /// A network filter in it.
    #[attr(optional)]
    pub filter: Tf<FilterMatch>,
}

/// A network filter.
#[derive(Clone, Model)]
pub(crate) struct FilterMatch {
    /// Its name, such as `envoy.filters.network.http_connection_manager`.
    #[attr(optional)]
    pub name: Tf<String>,

    /// An HTTP filter in it, such as `envoy.filters.http.router`.
    #[attr(optional)]
    pub sub_filter: Tf<SubFilterMatch>,
}

/// A filter within a filter.
#[derive(Clone, Model)]
pub(crate) struct SubFilterMatch {
    /// Its name.
    #[attr(optional)]
    pub name: Tf<String>,
}

/// Routes of HTTP.
#[derive(Clone, Model)]
pub(crate) struct RouteConfigurationMatch {
    /// Port of the service or the gateway.
    #[attr(optional, validate(syntax::port()))]
    pub port_number: Tf<i64>,

    /// Name of the gateway's port. For gateways alone.
    #[attr(optional)]
    pub port_name: Tf<String>,

    /// The Gateway that they are made of, as `namespace/name`. For gateways
    /// alone.
    #[attr(optional)]
    pub gateway: Tf<String>,

    /// A virtual host in them.
    #[attr(optional)]
    pub vhost: Tf<VirtualHostMatch>,

    /// Their name in Envoy.
    #[attr(optional)]
    pub name: Tf<String>,
}

/// A virtual host.
#[derive(Clone, Model)]
pub(crate) struct VirtualHostMatch {
    /// Its name, `host:port`.
    #[attr(optional)]
    pub name: Tf<String>,

    /// A domain that it serves.
    #[attr(optional)]
    pub domain_name: Tf<String>,

    /// A route in it.
    #[attr(optional)]
    pub route: Tf<RouteMatch>,
}

/// A route.
#[derive(Clone, Model)]
pub(crate) struct RouteMatch {
    /// Its name: that of a VirtualService's route, or `default`.
    #[attr(optional)]
    pub name: Tf<String>,

    /// What it does: `ROUTE`, `REDIRECT`, `DIRECT_RESPONSE` or `ANY`. Default:
    /// `ANY`.
    #[attr(
        optional,
        validate(validators::one_of(["ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE"]))
    )]
    pub action: Tf<String>,
}

/// A cluster of Envoy: the endpoints of a service.
#[derive(Clone, Model)]
pub(crate) struct ClusterMatch {
    /// Port of the service.
    #[attr(optional, validate(syntax::port()))]
    pub port_number: Tf<i64>,

    /// The service's full name; a host of a ServiceEntry too.
    #[attr(optional)]
    pub service: Tf<String>,

    /// A subset of it.
    #[attr(optional)]
    pub subset: Tf<String>,

    /// Name of the cluster in Envoy.
    #[attr(optional)]
    pub name: Tf<String>,
}

/// A part of a waypoint's configuration.
#[derive(Clone, Model)]
pub(crate) struct WaypointMatch {
    /// Port of the service.
    #[attr(optional, validate(syntax::port()))]
    pub port_number: Tf<i64>,

    /// A network filter.
    #[attr(optional)]
    pub filter: Tf<FilterMatch>,

    /// A route.
    #[attr(optional)]
    pub route: Tf<WaypointRouteMatch>,
}

/// A route of a waypoint.
#[derive(Clone, Model)]
pub(crate) struct WaypointRouteMatch {
    /// Its name: that of a VirtualService's route, or `default`.
    #[attr(optional)]
    pub name: Tf<String>,
}
