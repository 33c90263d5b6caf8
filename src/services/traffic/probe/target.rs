//! Which server is asked under which name.

use http::{Uri, uri::PathAndQuery};

use super::{ProbeSpec, SpecProblem};

/// One request's scheme, name, path, and where its connection goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) https: bool,
    /// Value of the `Host` header: name, and the port if it is no default.
    pub(super) host: String,
    /// Name in the TLS handshake, without brackets.
    pub(super) tls_name: String,
    pub(super) path: PathAndQuery,
    /// Host and port to dial.
    dial: (String, u16),
    /// Set if `dial` is not what the URL says.
    diverted: bool,
}

impl Target {
    pub(super) fn new(spec: &ProbeSpec, problems: &mut Vec<SpecProblem>) -> Option<Self> {
        let mut refuse = |field, message: String| problems.push(SpecProblem { field, message });
        let mut target = match parse(&spec.url) {
            Ok(target) => Some(target),
            Err(problem) => {
                refuse("url", problem);
                None
            }
        };
        if let Some(host) = &spec.host {
            match (host_and_port(host), &mut target) {
                (Some((name, _)), Some(target)) => {
                    target.tls_name = name;
                    target.host.clone_from(host);
                }
                (None, _) => refuse("host", format!("{host:?} is no host name")),
                _ => {}
            }
        }
        if let Some(path) = &spec.path {
            match (path.parse(), &mut target) {
                (Ok(parsed), Some(target)) if path.starts_with('/') => target.path = parsed,
                (Ok(_), None) if path.starts_with('/') => {}
                _ => refuse("path", format!("{path:?} is no path that begins with /")),
            }
        }
        if let Some(address) = &spec.connect_to {
            match (host_and_port(address), &mut target) {
                (Some((host, Some(port))), Some(target)) => {
                    target.dial = (host, port);
                    target.diverted = true;
                }
                (Some((_, Some(_))), None) => {}
                _ => refuse("connect_to", format!("{address:?} is not host:port")),
            }
        }
        target
    }

    /// The target of a redirect. The connection goes where it went before as
    /// long as scheme and host stay the same.
    pub(super) fn redirected(&self, location: &str) -> Result<Self, String> {
        let mut next = if location.starts_with('/') && !location.starts_with("//") {
            let path = location.parse().map_err(|_| unusable(location))?;
            return Ok(Self { path, ..self.clone() });
        } else if let Some(rest) = location.strip_prefix("//") {
            let scheme = if self.https { "https" } else { "http" };
            parse(&format!("{scheme}://{rest}")).map_err(|_| unusable(location))?
        } else {
            parse(location).map_err(|_| unusable(location))?
        };
        if self.same_origin(&next) && self.diverted {
            next.dial.clone_from(&self.dial);
            next.diverted = true;
        }
        Ok(next)
    }

    /// Whether credentials of a request to this target may go to the other.
    pub(super) fn same_origin(&self, other: &Self) -> bool {
        self.https == other.https && self.host == other.host
    }

    /// Where the connection goes: host and port.
    pub(super) fn dial(&self) -> (&str, u16) {
        (&self.dial.0, self.dial.1)
    }

    /// Where the connection goes, for messages.
    pub(super) fn dialled(&self) -> String {
        match self.dial() {
            (host, port) if host.contains(':') => format!("[{host}]:{port}"),
            (host, port) => format!("{host}:{port}"),
        }
    }
}

fn unusable(location: &str) -> String {
    format!("redirected to {location:?}, which is no http or https URL")
}

fn parse(url: &str) -> Result<Target, String> {
    let wrong = || format!("{url:?} is no URL that begins with http:// or https://");
    let uri: Uri = url.trim().parse().map_err(|_| wrong())?;
    let https = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(wrong()),
    };
    let authority = uri.authority().ok_or_else(wrong)?;
    if authority.as_str().contains('@') {
        return Err("the URL holds a user name; set the header Authorization instead".to_owned());
    }
    let (name, port) = host_and_port(authority.as_str()).ok_or_else(wrong)?;
    let default = if https { 443 } else { 80 };
    let host = match port.filter(|port| *port != default) {
        Some(port) => format!("{}:{port}", authority.host()),
        None => authority.host().to_owned(),
    };
    let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    let dial = (name.clone(), port.unwrap_or(default));
    Ok(Target { https, host, tls_name: name, path, dial, diverted: false })
}

/// Splits `name`, `name:80`, `[::1]` and `[::1]:80`.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, rest.strip_prefix(':').or_else(|| rest.is_empty().then_some(""))?)
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let fits = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(fits) {
        return None;
    }
    let port = if port.is_empty() { None } else { Some(port.parse().ok().filter(|it| *it > 0)?) };
    Some((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(change: impl FnOnce(&mut ProbeSpec)) -> Result<Target, Vec<SpecProblem>> {
        let mut spec =
            ProbeSpec { url: "http://a.example/x?y=1".to_owned(), ..ProbeSpec::default() };
        change(&mut spec);
        let mut problems = Vec::new();
        let target = Target::new(&spec, &mut problems);
        target.filter(|_| problems.is_empty()).ok_or(problems)
    }

    #[test]
    fn the_url_says_everything_unless_it_is_overridden() {
        let plain = target(|_| {}).unwrap();
        assert_eq!((plain.host.as_str(), plain.path.as_str()), ("a.example", "/x?y=1"));
        assert_eq!(plain.dial(), ("a.example", 80));
        let port = target(|it| it.url = "https://[::1]:8443".to_owned()).unwrap();
        assert_eq!((port.host.as_str(), port.tls_name.as_str()), ("[::1]:8443", "::1"));
        assert_eq!((port.dial(), port.path.as_str()), (("::1", 8443), "/"));
        assert_eq!(port.dialled(), "[::1]:8443");
    }

    #[test]
    fn only_the_connection_is_diverted() {
        let diverted = target(|it| it.connect_to = Some("127.0.0.1:9".to_owned())).unwrap();
        assert_eq!((diverted.dial(), diverted.host.as_str()), (("127.0.0.1", 9), "a.example"));
        let named = target(|it| it.host = Some("shop.example".to_owned())).unwrap();
        assert_eq!((named.dial(), named.host.as_str()), (("a.example", 80), "shop.example"));
        assert_eq!(named.tls_name, "shop.example");
        let path = target(|it| it.path = Some("/z".to_owned())).unwrap();
        assert_eq!(path.path, "/z");
    }

    #[test]
    fn redirects_keep_the_diversion_on_the_same_origin_only() {
        let from = target(|it| it.connect_to = Some("127.0.0.1:9".to_owned())).unwrap();
        assert_eq!(from.redirected("/next").unwrap().dial(), ("127.0.0.1", 9));
        assert_eq!(from.redirected("http://a.example/n").unwrap().dial(), ("127.0.0.1", 9));
        let other = from.redirected("https://a.example/n").unwrap();
        assert_eq!((other.dial(), other.https), (("a.example", 443), true));
        assert_eq!(from.redirected("//b.example:81/").unwrap().dial(), ("b.example", 81));
        assert!(from.redirected("ftp://b").is_err() && from.redirected("next").is_err());
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let field = |change: fn(&mut ProbeSpec)| target(change).unwrap_err()[0].field;
        assert_eq!(field(|it| it.url = "a.example".to_owned()), "url");
        assert_eq!(field(|it| it.url = "http://u:p@a".to_owned()), "url");
        assert_eq!(field(|it| it.url = "ftp://a".to_owned()), "url");
        assert_eq!(field(|it| it.host = Some("a b".to_owned())), "host");
        assert_eq!(field(|it| it.path = Some("x".to_owned())), "path");
        for address in ["a", "a:", "a:0", "a:99999", ":1", "[::1", "::1"] {
            let problem = target(|it| it.connect_to = Some(address.to_owned())).unwrap_err();
            assert_eq!(problem[0].field, "connect_to", "{address}");
        }
    }
}
