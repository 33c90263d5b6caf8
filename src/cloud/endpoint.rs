//! Where a service is reached and which host name a request to it carries.

use std::{collections::BTreeMap, net::IpAddr};

use reqwest::Url;

use super::error::{Error, Kind};

/// The domain under which every service has its host: `vpc.tencentcloudapi.com`.
pub const DEFAULT_DOMAIN: &str = "tencentcloudapi.com";

/// The key of [`Endpoints::overrides`] that stands for every service without an entry of its own.
pub const ANY_SERVICE: &str = "*";

/// How services are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Scheme of endpoints that do not say one.
    pub protocol: Protocol,
    /// Root domain; the host is `<service>.<domain>`.
    pub domain: String,
    /// Service short name (or [`ANY_SERVICE`]) to a host name, `host:port`, or URL.
    ///
    /// A URL whose host is an address or `localhost` (a simulator, a tunnel) is only dialled: the request
    /// keeps the service's own host name. Any other endpoint is also the `Host` of the request.
    pub overrides: BTreeMap<String, String>,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            protocol: Protocol::Https,
            domain: DEFAULT_DOMAIN.to_owned(),
            overrides: BTreeMap::new(),
        }
    }
}

/// HTTP with or without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// TLS, the default.
    #[default]
    Https,
    /// Plain text: only for simulators and tunnels.
    Http,
}

impl Protocol {
    /// Reads the provider argument `protocol`: `HTTP` or `HTTPS`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "HTTPS" => Some(Self::Https),
            "HTTP" => Some(Self::Http),
            _ => None,
        }
    }

    fn scheme(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

/// One service's endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// What is dialled.
    pub url: Url,
    /// What the `Host` header says and the signature covers.
    pub host: String,
}

impl Endpoints {
    /// The endpoint of `service`; `names` are the keys to look for in the overrides, first hit first.
    ///
    /// # Errors
    /// [`Kind::Configuration`] if the override is neither a host nor an `http(s)` URL without a path.
    pub fn resolve(&self, service: &str, names: &[&str]) -> Result<Endpoint, Error> {
        let own_host = format!("{service}.{}", self.domain);
        let chosen = names
            .iter()
            .chain([&ANY_SERVICE])
            .find_map(|name| self.overrides.get(*name))
            .map_or(own_host.as_str(), |text| text.trim());
        let text = if chosen.contains("://") {
            chosen.to_owned()
        } else {
            format!("{}://{chosen}", self.protocol.scheme())
        };
        let url = parse(&text).ok_or_else(|| {
            Error::new(
                Kind::Configuration,
                format!(
                    "endpoint {chosen:?} of service {service} is not usable: give a host name such as \
                     {own_host:?}, or a URL such as \"https://{own_host}\""
                ),
            )
        })?;
        let host = if is_dialled_only(&url) { own_host } else { authority(&url) };
        Ok(Endpoint { url, host })
    }
}

fn parse(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.host_str().is_some_and(|host| !host.is_empty());
    plain.then_some(url)
}

fn is_dialled_only(url: &Url) -> bool {
    url.host_str().is_some_and(|host| host == "localhost" || address(host).is_some())
}

/// Host and port of `url`, without the port that its scheme implies.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether `url` stays on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        host == "localhost" || address(host).is_some_and(|address| address.is_loopback())
    })
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(service: &str, endpoint: &str) -> Endpoints {
        Endpoints {
            overrides: BTreeMap::from([(service.to_owned(), endpoint.to_owned())]),
            ..Endpoints::default()
        }
    }

    fn resolved(endpoints: &Endpoints) -> (String, String) {
        let endpoint = endpoints.resolve("vpc", &["vpc"]).unwrap();
        (endpoint.url.to_string(), endpoint.host)
    }

    #[test]
    fn endpoints_resolve_to_url_and_host() {
        let internal =
            Endpoints { domain: "internal.tencentcloudapi.com".into(), ..Endpoints::default() };
        let plain = Endpoints { protocol: Protocol::Http, ..Endpoints::default() };
        let vpc = "vpc.tencentcloudapi.com";
        let cases = [
            (Endpoints::default(), "https://vpc.tencentcloudapi.com/", vpc),
            (plain, "http://vpc.tencentcloudapi.com/", vpc),
            (
                internal,
                "https://vpc.internal.tencentcloudapi.com/",
                "vpc.internal.tencentcloudapi.com",
            ),
            (with("vpc", "http://127.0.0.1:7310"), "http://127.0.0.1:7310/", vpc),
            (with("*", "http://localhost:7310/"), "http://localhost:7310/", vpc),
            (with("vpc", "http://[::1]:7310"), "http://[::1]:7310/", vpc),
            (with("tke", "http://127.0.0.1:7310"), "https://vpc.tencentcloudapi.com/", vpc),
            (
                with("vpc", "vpc.ap-guangzhou.tencentcloudapi.com"),
                "https://vpc.ap-guangzhou.tencentcloudapi.com/",
                "vpc.ap-guangzhou.tencentcloudapi.com",
            ),
            (
                with("vpc", "gateway.example:8443"),
                "https://gateway.example:8443/",
                "gateway.example:8443",
            ),
        ];
        for (endpoints, url, host) in cases {
            assert_eq!(resolved(&endpoints), (url.to_owned(), host.to_owned()));
        }
    }

    #[test]
    fn a_service_with_its_own_entry_ignores_the_one_for_all() {
        let mut endpoints = with("*", "http://127.0.0.1:1");
        endpoints.overrides.insert("vpc".into(), "http://127.0.0.1:2".into());
        assert_eq!(resolved(&endpoints).0, "http://127.0.0.1:2/");
    }

    #[test]
    fn unusable_endpoints_are_named() {
        for text in ["", "ftp://host", "http://host/path", "http://me:pw@host", "http://host?x=1"] {
            let error = with("vpc", text).resolve("vpc", &["vpc"]).unwrap_err();
            assert_eq!(error.kind(), Kind::Configuration, "{text}");
            assert!(error.to_string().contains("service vpc"), "{error}");
        }
    }

    #[test]
    fn protocols_are_read_in_any_case() {
        assert_eq!(Protocol::parse("http"), Some(Protocol::Http));
        assert_eq!(Protocol::parse("HTTPS"), Some(Protocol::Https));
        assert_eq!(Protocol::parse("gopher"), None);
    }

    #[test]
    fn loopback_is_told_from_the_world() {
        for (url, here) in [
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1", true),
            ("http://localhost", true),
            ("http://10.0.0.1", false),
            ("https://vpc.tencentcloudapi.com", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), here, "{url}");
        }
    }
}
