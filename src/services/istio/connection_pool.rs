//! Limits of connections, as a DestinationRule and a Sidecar say them.

use tfsdk::{
    Diagnostics, Model,
    schema::validators,
    value::{Path, Tf},
};

use crate::services::istio::syntax;

/// Limits of connections and requests: at least one of `tcp` and `http`.
#[derive(Clone, Model)]
#[model(at_least_one_of("tcp", "http"))]
pub(super) struct ConnectionPool {
    /// Connections, of TCP and of HTTP.
    #[attr(optional)]
    pub tcp: Tf<TcpPool>,

    /// Requests, and the connections of HTTP that they share.
    #[attr(optional)]
    pub http: Tf<HttpPool>,
}

/// Limits of connections.
#[derive(Clone, Model)]
pub(super) struct TcpPool {
    /// Most connections to a host of the service, of HTTP/1.1 and TCP. Default:
    /// 2147483647.
    #[attr(optional, validate(validators::range(0..=i32::MAX)))]
    pub max_connections: Tf<i64>,

    /// Longest time until a connection stands, such as `3s`. Default: `10s`.
    #[attr(optional, validate(syntax::duration()))]
    pub connect_timeout: Tf<String>,

    /// Probes that keep connections open.
    #[attr(optional)]
    pub tcp_keepalive: Tf<TcpKeepalive>,

    /// Longest life of a connection, such as `1h`. Default: no limit.
    #[attr(optional, validate(syntax::duration()))]
    pub max_connection_duration: Tf<String>,

    /// Longest time without a byte in either direction, such as `5m`; `0s` is no
    /// limit. Default: `1h`.
    #[attr(optional, validate(validators::duration()))]
    pub idle_timeout: Tf<String>,
}

/// Probes that keep connections open.
#[derive(Clone, Model)]
pub(super) struct TcpKeepalive {
    /// Probes without an answer after which a connection counts as dead. Default:
    /// what the system says, on Linux 9.
    #[attr(optional, validate(validators::range(0..=u32::MAX)))]
    pub probes: Tf<i64>,

    /// Idle time before the first probe, such as `2h`. Default: what the system
    /// says, on Linux `2h`.
    #[attr(optional, validate(syntax::duration()))]
    pub time: Tf<String>,

    /// Time between probes, such as `75s`. Default: what the system says, on
    /// Linux `75s`.
    #[attr(optional, validate(syntax::duration()))]
    pub interval: Tf<String>,
}

/// Limits of requests.
#[derive(Clone, Model)]
pub(super) struct HttpPool {
    /// Most requests that wait for a connection, with HTTP/1.1 and HTTP/2.
    /// Default: 2147483647.
    #[attr(optional, validate(validators::range(0..=i32::MAX)))]
    pub http1_max_pending_requests: Tf<i64>,

    /// Most requests at a time to the service, with HTTP/1.1 and HTTP/2. Default:
    /// 2147483647.
    #[attr(optional, validate(validators::range(0..=i32::MAX)))]
    pub http2_max_requests: Tf<i64>,

    /// Most requests of one connection; 1 switches keep-alive off. Default: no
    /// limit.
    #[attr(optional, validate(validators::range(0..=i32::MAX)))]
    pub max_requests_per_connection: Tf<i64>,

    /// Most retries at a time to the service. Default: 2147483647.
    #[attr(optional, validate(validators::range(0..=i32::MAX)))]
    pub max_retries: Tf<i64>,

    /// Longest time without a request until a connection is closed, such as `5m`.
    /// Default: `1h`.
    #[attr(optional, validate(syntax::duration()))]
    pub idle_timeout: Tf<String>,

    /// Whether connections of HTTP/1.1 become HTTP/2: `UPGRADE`, `DO_NOT_UPGRADE`,
    /// or as the mesh says, `DEFAULT`.
    #[attr(
        optional,
        validate(validators::one_of(["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"]))
    )]
    pub h2_upgrade_policy: Tf<String>,

    /// Whether the service is spoken to as the client spoke. Default: false.
    #[attr(optional)]
    pub use_client_protocol: Tf<bool>,

    /// Most requests at a time in one connection of HTTP/2. Default: 2147483647.
    #[attr(optional, validate(validators::range(0..=i32::MAX)))]
    pub max_concurrent_streams: Tf<i64>,
}

impl ConnectionPool {
    /// Checks what goes together.
    pub(super) fn check(pool: &Tf<Self>, path: &Path, diagnostics: &mut Diagnostics) {
        let Some(http) = pool.known().and_then(|pool| pool.http.known()) else { return };
        let keeps_protocol = http.use_client_protocol == Tf::Known(true);
        if keeps_protocol && http.h2_upgrade_policy.text() == "UPGRADE" {
            diagnostics.error_at(
                path.attribute("http").attribute("use_client_protocol"),
                "Protocol is kept and changed",
                "With `h2_upgrade_policy` UPGRADE the service is spoken to in HTTP/2. Remove one of \
                 them.",
            );
        }
    }
}
