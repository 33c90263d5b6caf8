//! How the hosts of a service are chosen.

use tfsdk::{
    Diagnostics, Model,
    schema::{Validator, validators},
    value::{Path, Tf},
};

use super::locality::LocalitySettings;
use crate::services::istio::syntax;

/// Largest table of Maglev's hashing.
const TABLE_LIMIT: i64 = 5_000_011;

/// How the hosts of a service are chosen: at most one of `simple` and
/// `consistent_hash`.
#[derive(Clone, Model)]
#[model(
    at_most_one_of("simple", "consistent_hash"),
    at_most_one_of("warmup", "warmup_duration_secs")
)]
pub(crate) struct LoadBalancer {
    /// `LEAST_REQUEST` (of two random hosts the one with fewer requests),
    /// `ROUND_ROBIN` (in turn), `RANDOM`, `PASSTHROUGH` (where the client connects
    /// to) or `UNSPECIFIED`. `LEAST_CONN` is an older name of `LEAST_REQUEST`.
    /// Default: `LEAST_REQUEST`.
    #[attr(
        optional,
        validate(validators::one_of([
            "UNSPECIFIED",
            "LEAST_CONN",
            "RANDOM",
            "PASSTHROUGH",
            "ROUND_ROBIN",
            "LEAST_REQUEST",
        ]))
    )]
    pub simple: Tf<String>,

    /// Sends what is alike to the same host.
    #[attr(optional)]
    pub consistent_hash: Tf<ConsistentHash>,

    /// Shares between regions and zones, and where requests go if one fails.
    /// Takes the place of what the mesh says.
    #[attr(optional)]
    pub locality_lb_setting: Tf<LocalitySettings>,

    /// How long new hosts get fewer requests, such as `30s`.
    #[attr(
        optional,
        deprecated = "Use `warmup = { duration = … }`.",
        validate(syntax::duration())
    )]
    pub warmup_duration_secs: Tf<String>,

    /// How new hosts get more and more requests, with `ROUND_ROBIN` and
    /// `LEAST_REQUEST`.
    #[attr(optional)]
    pub warmup: Tf<Warmup>,
}

/// How new hosts get more and more requests.
#[derive(Clone, Model)]
pub(crate) struct Warmup {
    /// How long it lasts, such as `30s`.
    #[attr(required, validate(syntax::duration()))]
    pub duration: Tf<String>,

    /// Share of requests to begin with, in percent of a warm host's. Default: 10.
    #[attr(optional, validate(syntax::percent()))]
    pub minimum_percent: Tf<f64>,

    /// Shape of the growth: 1 is even, larger is slow first. Default: 1.
    #[attr(optional, validate(validators::range(1.0..=f64::MAX)))]
    pub aggression: Tf<f64>,
}

/// What is looked at, and how it becomes a host. One of `http_header_name`,
/// `http_cookie`, `use_source_ip` and `http_query_parameter_name`; at most one of
/// `ring_hash`, `maglev` and `minimum_ring_size`.
#[derive(Clone, Model)]
#[model(
    at_most_one_of(
        "http_header_name",
        "http_cookie",
        "use_source_ip",
        "http_query_parameter_name"
    ),
    at_most_one_of("ring_hash", "maglev", "minimum_ring_size")
)]
pub(crate) struct ConsistentHash {
    /// A header.
    #[attr(optional)]
    pub http_header_name: Tf<String>,

    /// A cookie.
    #[attr(optional)]
    pub http_cookie: Tf<HttpCookie>,

    /// The client's address, with HTTP and TCP.
    #[attr(optional)]
    pub use_source_ip: Tf<bool>,

    /// A parameter of the query.
    #[attr(optional)]
    pub http_query_parameter_name: Tf<String>,

    /// Hosts on a ring. This is the default.
    #[attr(optional)]
    pub ring_hash: Tf<RingHash>,

    /// Hosts in a table, which is faster than a ring and less stable.
    #[attr(optional)]
    pub maglev: Tf<Maglev>,

    /// Least points on the ring.
    #[attr(
        optional,
        deprecated = "Use `ring_hash = { minimum_ring_size = … }`.",
        validate(validators::range(0..=i64::MAX))
    )]
    pub minimum_ring_size: Tf<i64>,
}

/// A cookie, which is made where a request has none.
#[derive(Clone, Model)]
pub(crate) struct HttpCookie {
    /// What the cookie is called.
    #[attr(required, validate(validators::not_empty()))]
    pub name: Tf<String>,

    /// Path of a cookie that is made.
    #[attr(optional)]
    pub path: Tf<String>,

    /// Life of a cookie that is made, such as `1h`; `0s` lasts as long as the
    /// browser runs. Left out, none is made.
    #[attr(optional, validate(validators::duration()))]
    pub ttl: Tf<String>,

    /// Further attributes of a cookie that is made, such as `SameSite`.
    #[attr(optional)]
    pub attributes: Tf<Vec<CookieAttribute>>,
}

/// An attribute of a cookie.
#[derive(Clone, Model)]
pub(crate) struct CookieAttribute {
    /// What the attribute is called, such as `SameSite` or `Secure`.
    #[attr(required, validate(validators::not_empty()))]
    pub name: Tf<String>,

    /// Value. Default: none, as with `Secure`.
    #[attr(optional)]
    pub value: Tf<String>,
}

/// Hosts on a ring.
#[derive(Clone, Model)]
pub(crate) struct RingHash {
    /// Least points on the ring. More share out more evenly. Default: 1024.
    #[attr(optional, validate(validators::range(0..=i64::MAX)))]
    pub minimum_ring_size: Tf<i64>,
}

/// Hosts in a table.
#[derive(Clone, Model)]
pub(crate) struct Maglev {
    /// Size of the table, a prime number below 5000011. Default: 65537.
    #[attr(optional, validate(table_size()))]
    pub table_size: Tf<i64>,
}

impl LoadBalancer {
    /// Checks what goes together; `ejects` says whether failing hosts are left
    /// out, where that is known.
    pub(super) fn check(&self, ejects: Option<bool>, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(hash) = self.consistent_hash.known() {
            hash.check(&path.attribute("consistent_hash"), diagnostics);
        }
        if let Some(locality) = self.locality_lb_setting.known() {
            locality.check(ejects, &path.attribute("locality_lb_setting"), diagnostics);
        }
        let warms = self.warmup.is_known() || self.warmup_duration_secs.is_known();
        let fits = ["", "UNSPECIFIED", "ROUND_ROBIN", "LEAST_REQUEST", "LEAST_CONN"];
        if warms && (self.consistent_hash.is_known() || !fits.contains(&self.simple.text())) {
            let name = if self.warmup.is_known() { "warmup" } else { "warmup_duration_secs" };
            let detail = "New hosts are warmed up with ROUND_ROBIN and LEAST_REQUEST alone.";
            diagnostics.warn_at(path.attribute(name), "Has no effect", detail);
        }
    }
}

impl ConsistentHash {
    fn check(&self, path: &Path, diagnostics: &mut Diagnostics) {
        let nothing = self.http_header_name.is_null()
            && self.http_cookie.is_null()
            && self.use_source_ip.is_null()
            && self.http_query_parameter_name.is_null();
        if nothing {
            diagnostics.warn_at(
                path,
                "Nothing to go by",
                "Without `http_header_name`, `http_cookie`, `use_source_ip` or \
                 `http_query_parameter_name` hosts are chosen at random.",
            );
        }
        if let Some(maglev) = self.maglev.known()
            && maglev.table_size.is_null()
        {
            let detail = "Set `table_size`, a prime number: 65537 is usual.";
            diagnostics.error_at(path.attribute("maglev"), "Table without a size", detail);
        }
    }
}

/// A prime number that a table of Maglev's hashing can have as its size.
fn table_size() -> impl Validator {
    validators::satisfies("must be a prime number below 5000011", |value| {
        let size = value.as_number().and_then(|number| number.to_i64());
        match size {
            Some(size) if !(2..TABLE_LIMIT).contains(&size) || !is_prime(size) => {
                Err(format!("must be a prime number below {TABLE_LIMIT}, and is {size}"))
            }
            Some(_) => Ok(()),
            None => Err(format!("must be a prime number below {TABLE_LIMIT}")),
        }
    })
}

fn is_prime(number: i64) -> bool {
    let mut factors = (2..).take_while(|factor| factor * factor <= number);
    factors.all(|factor| number % factor != 0)
}
