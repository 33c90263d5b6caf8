//! What holds for requests to a service.

use tfsdk::{Model, schema::validators, value::Tf};

use super::{load_balancer::LoadBalancer, outlier_detection::OutlierDetection, tls::ClientTls};
use crate::services::istio::{connection_pool::ConnectionPool, destination::PortSelector, syntax};

/// What holds for requests. At least one of these.
#[derive(Clone, Model)]
#[model(
    at_least_one_of(
        "load_balancer",
        "connection_pool",
        "outlier_detection",
        "tls",
        "port_level_settings",
        "tunnel",
        "proxy_protocol",
        "retry_budget"
    ),
    at_most_one_of("tunnel", "proxy_protocol")
)]
pub(crate) struct TrafficPolicy {
    /// How hosts are chosen.
    #[attr(optional)]
    pub load_balancer: Tf<LoadBalancer>,

    /// Limits of connections and requests.
    #[attr(optional)]
    pub connection_pool: Tf<ConnectionPool>,

    /// When failing hosts are left out.
    #[attr(optional)]
    pub outlier_detection: Tf<OutlierDetection>,

    /// TLS towards the service.
    #[attr(optional)]
    pub tls: Tf<ClientTls>,

    /// What holds for single ports. What is set for a port takes the place of
    /// what is set for the service; what is not set there is Istio's default.
    #[attr(optional, validate(validators::count(..=4096)))]
    pub port_level_settings: Tf<Vec<PortPolicy>>,

    /// Sends TCP through a proxy that opens a tunnel with HTTP.
    #[attr(optional)]
    pub tunnel: Tf<Tunnel>,

    /// Names the client's address to the service, with the PROXY protocol.
    #[attr(optional)]
    pub proxy_protocol: Tf<ProxyProtocol>,

    /// Most retries at a time, as a share of the requests. Takes the place of
    /// `max_retries`.
    #[attr(optional)]
    pub retry_budget: Tf<RetryBudget>,
}

/// What holds for a single port. At least one besides the port.
#[derive(Clone, Model)]
#[model(at_least_one_of("load_balancer", "connection_pool", "outlier_detection", "tls"))]
pub(crate) struct PortPolicy {
    /// The service's port.
    #[attr(required)]
    pub port: Tf<PortSelector>,

    /// How hosts are chosen.
    #[attr(optional)]
    pub load_balancer: Tf<LoadBalancer>,

    /// Limits of connections and requests.
    #[attr(optional)]
    pub connection_pool: Tf<ConnectionPool>,

    /// When failing hosts are left out.
    #[attr(optional)]
    pub outlier_detection: Tf<OutlierDetection>,

    /// TLS towards the service.
    #[attr(optional)]
    pub tls: Tf<ClientTls>,
}

/// A tunnel through a proxy, which is the service of the rule.
#[derive(Clone, Model)]
pub(crate) struct Tunnel {
    /// Method that opens it: `CONNECT` or `POST`. Default: `CONNECT`.
    #[attr(optional, validate(validators::one_of(["CONNECT", "POST"])))]
    pub protocol: Tf<String>,

    /// Host at the other end: a domain name or an IP address.
    #[attr(required, validate(syntax::host()))]
    pub target_host: Tf<String>,

    /// Port at the other end.
    #[attr(required, validate(syntax::port()))]
    pub target_port: Tf<i64>,
}

/// The PROXY protocol.
#[derive(Clone, Model)]
pub(crate) struct ProxyProtocol {
    /// `V1` (text) or `V2` (binary). Default: `V1`.
    #[attr(optional, validate(validators::one_of(["V1", "V2"])))]
    pub version: Tf<String>,
}

/// Most retries at a time.
#[derive(Clone, Model)]
pub(crate) struct RetryBudget {
    /// Share of the requests that run or wait, 0 to 100. Default: 20.
    #[attr(optional, validate(syntax::percent()))]
    pub percent: Tf<f64>,

    /// How many are allowed however few requests there are. Default: 3.
    #[attr(optional, validate(validators::range(0..=u32::MAX)))]
    pub min_retry_concurrency: Tf<i64>,
}
