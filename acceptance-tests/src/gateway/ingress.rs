//! From a request at an ingress gateway to its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use regex::Regex;

use super::balance::Balance;
use super::config::{Config, VirtualService, full_host};
use super::endpoints::{Endpoint, Found, find, service_of};
use super::hosts::without_port;
use super::routes::{Destination, Fault, Redirect, Rewrite, Route, Weighted, duration};
use super::workload;
use crate::kubernetes::Cluster;

/// A request as a gateway's proxy sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Port of the load balancer.
    pub port: u16,
    /// `GET`.
    pub method: String,
    /// Host header, with its port if it has one.
    pub authority: String,
    /// Path without the query.
    pub path: String,
    /// Query without `?`.
    pub query: String,
    /// Other headers.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// A query parameter, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.filter(|(found, _)| *found == name).map(|(_, value)| decode(value)).next()
    }
}

/// What a gateway answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers; `x-cluster-id` names the cluster whose pod answered.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// How long the answer is held back (fault injection).
    pub delay: Duration,
}

/// A cluster of the gateway's mesh.
#[derive(Debug, Clone)]
pub struct IngressMember {
    /// The cluster.
    pub cluster: Cluster,
    /// Whether the mesh's Istio objects are read from it.
    pub primary: bool,
    /// Whether the gateway can reach its pods.
    pub reachable: bool,
}

/// An ingress gateway's proxy.
#[derive(Debug)]
pub struct Ingress {
    name: String,
    members: Vec<IngressMember>,
    balance: Mutex<Balance>,
    /// The configuration, and the revisions of the clusters it was read from.
    config: Mutex<Option<(Vec<u64>, Arc<Config>)>>,
}

impl Ingress {
    /// The proxy of the gateway of this name. Gateway objects select it by
    /// `app: <name>` and `istio: <name>`, the latter also without `istio-`.
    pub fn new(name: &str, members: Vec<IngressMember>) -> Self {
        let (balance, config) = (Mutex::default(), Mutex::default());
        Self { name: name.to_owned(), members, balance, config }
    }

    /// Ports on which its Gateway objects have servers.
    pub fn ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.config().servers.iter().map(|server| server.port).collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// The clusters whose Istio objects it follows.
    pub(super) fn primaries(&self) -> impl Iterator<Item = &Cluster> {
        self.members.iter().filter(|member| member.primary).map(|member| &member.cluster)
    }

    /// Answers a request.
    pub fn answer(&self, request: &Request) -> Answer {
        let config = self.config();
        let host = without_port(&request.authority).to_lowercase();
        let servers = config.servers_for(request.port, &host);
        if let Some(server) = servers.first()
            && server.https_redirect
        {
            let location = format!("https://{host}{}", target(&request.path, &request.query));
            return redirected(301, location);
        }
        let servers: Vec<_> = servers.into_iter().filter(|one| one.speaks_http()).collect();
        for (service, gateway) in config.services_for(&servers, &host) {
            if let Some(answer) = self.follow(&config, service, request, gateway, 0) {
                return answer;
            }
        }
        plain(404, "")
    }

    /// The first route of a VirtualService that fits, if any.
    fn follow(
        &self,
        config: &Config,
        service: &VirtualService,
        request: &Request,
        gateway: &str,
        depth: u8,
    ) -> Option<Answer> {
        for (at, route) in service.http.iter().enumerate() {
            let fits = |one: &&super::matching::RequestMatch| {
                one.fits(request, gateway, &service.namespace)
            };
            let matched = route.matches.iter().find(fits);
            if matched.is_none() && !route.matches.is_empty() {
                continue;
            }
            // Istio allows one level of delegation.
            if let Some(delegate) = route.delegate.as_ref().filter(|_| depth == 0) {
                let namespace = if delegate.namespace.is_empty() {
                    &service.namespace
                } else {
                    &delegate.namespace
                };
                let next = config.service(namespace, &delegate.name)?;
                return self.follow(config, next, request, gateway, depth + 1);
            }
            let prefix = matched.and_then(|one| one.uri.as_ref()).and_then(|uri| uri.prefix());
            let key = format!("{}/{}#{at}", service.namespace, service.name);
            return Some(self.act(config, service, route, request, prefix, &key));
        }
        None
    }

    fn act(
        &self,
        config: &Config,
        service: &VirtualService,
        route: &Route,
        request: &Request,
        prefix: Option<&str>,
        key: &str,
    ) -> Answer {
        if let Some(redirect) = &route.redirect {
            return redirect_answer(redirect, request, prefix);
        }
        let (delay, abort) = self.faults(route.fault.as_ref(), key);
        if let Some(status) = abort {
            return Answer { delay, ..plain(status, "fault filter abort") };
        }
        if let Some(direct) = &route.direct_response {
            let body = direct.body.clone().unwrap_or_default();
            let bytes = body.bytes.and_then(|bytes| STANDARD.decode(bytes).ok());
            let bytes = bytes.unwrap_or_else(|| body.string.unwrap_or_default().into_bytes());
            let mut answer = Answer { body: bytes, delay, ..plain(direct.status, "") };
            route.headers.response.change(&mut answer.headers);
            return answer;
        }
        let Some(chosen) = self.choose(&route.route, key) else { return plain(503, "") };
        let sent = rewritten(route, chosen, request, prefix);
        let mut answer = self.forward(config, service, &chosen.destination, &sent);
        answer.delay = delay;
        chosen.headers.response.change(&mut answer.headers);
        route.headers.response.change(&mut answer.headers);
        answer
    }

    /// A single destination takes all; several share by weight.
    fn choose<'a>(&self, destinations: &'a [Weighted], key: &str) -> Option<&'a Weighted> {
        if let [only] = destinations {
            return Some(only);
        }
        let weights: Vec<u32> = destinations.iter().map(|one| one.weight).collect();
        let chosen = self.balance().weighted(key, &weights)?;
        destinations.get(chosen)
    }

    fn forward(
        &self,
        config: &Config,
        service: &VirtualService,
        destination: &Destination,
        sent: &Request,
    ) -> Answer {
        let host = full_host(&destination.host, &service.namespace);
        let subset = match destination.subset.as_str() {
            "" => None,
            name => match config.subset(&host, name) {
                Some(labels) => Some(labels),
                None => return plain(503, ""),
            },
        };
        let port = destination.port.as_ref().map(|port| port.number);
        let endpoints = match find(&self.members, &host, port, subset) {
            Found::NoService => return plain(503, ""),
            Found::Endpoints(endpoints) => endpoints,
        };
        let reachable: Vec<&Endpoint> = endpoints.iter().filter(|one| one.reachable).collect();
        if reachable.is_empty() {
            return plain(503, if endpoints.is_empty() { NO_ENDPOINT } else { NO_CONNECTION });
        }
        let round = format!("{host}|{}", destination.subset);
        let chosen = reachable[self.balance().next(&round, reachable.len())];
        let name = service_of(&host).map_or("", |(name, _)| name);
        let said = workload::answer(&chosen.cluster, name, &chosen.pod, sent);
        let headers = [
            ("content-type", said.content_type),
            ("server", "istio-envoy"),
            ("x-envoy-upstream-service-time", "1"),
            ("x-cluster-id", &chosen.cluster),
        ];
        Answer {
            status: said.status,
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: said.body.into_bytes(),
            delay: Duration::ZERO,
        }
    }

    fn faults(&self, fault: Option<&Fault>, key: &str) -> (Duration, Option<u16>) {
        let Some(fault) = fault else { return (Duration::ZERO, None) };
        let mut balance = self.balance();
        let mut strikes = |what: &str, percent: Option<f64>| {
            balance.share(&format!("{key}/{what}"), percent.unwrap_or(100.0))
        };
        let delay = fault.delay.as_ref().filter(|delay| strikes("delay", delay.percentage.value));
        let abort = fault.abort.as_ref().filter(|abort| strikes("abort", abort.percentage.value));
        let held = delay.and_then(|delay| duration(&delay.fixed_delay)).unwrap_or_default();
        (held, abort.map(|abort| abort.http_status))
    }

    /// The configuration, read again if a primary cluster has changed.
    fn config(&self) -> Arc<Config> {
        let primaries: Vec<Cluster> = self.primaries().cloned().collect();
        let revisions: Vec<u64> = primaries.iter().map(Cluster::revision).collect();
        // Replaced whole, so a poisoned value is sound.
        let mut config = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, config)) = &*config
            && *known == revisions
        {
            return Arc::clone(config);
        }
        let short = self.name.strip_prefix("istio-").unwrap_or(&self.name);
        let labels = [("app", self.name.as_str()), ("istio", &self.name), ("istio", short)];
        let read = Arc::new(Config::read(&primaries, &labels));
        *config = Some((revisions, Arc::clone(&read)));
        read
    }

    fn balance(&self) -> std::sync::MutexGuard<'_, Balance> {
        // Counters only; any value of them is sound.
        self.balance.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const NO_ENDPOINT: &str = "no healthy upstream";
const NO_CONNECTION: &str = "upstream connect error or disconnect/reset before headers. retried \
     and the latest reset reason: connection timeout";

fn plain(status: u16, body: &str) -> Answer {
    let mut headers = vec![("server".to_owned(), "istio-envoy".to_owned())];
    if !body.is_empty() {
        headers.push(("content-type".to_owned(), "text/plain".to_owned()));
    }
    Answer { status, headers, body: body.as_bytes().to_vec(), delay: Duration::ZERO }
}

fn redirected(status: u16, location: String) -> Answer {
    let mut answer = plain(status, "");
    answer.headers.push(("location".to_owned(), location));
    answer
}

fn redirect_answer(redirect: &Redirect, request: &Request, prefix: Option<&str>) -> Answer {
    let scheme = redirect.scheme.as_deref().unwrap_or("http");
    let authority = redirect.authority.clone().unwrap_or_else(|| request.authority.clone());
    let authority = match (redirect.port, redirect.derive_port.as_deref()) {
        (Some(port), _) => format!("{}:{port}", without_port(&authority)),
        (None, Some("FROM_PROTOCOL_DEFAULT")) => without_port(&authority).to_owned(),
        (None, Some("FROM_REQUEST_PORT")) => {
            format!("{}:{}", without_port(&authority), request.port)
        }
        _ => authority,
    };
    let path = match redirect.uri.as_deref() {
        Some(uri) => match uri.strip_prefix("%PREFIX()%") {
            Some(uri) => replace_prefix(&request.path, prefix, uri),
            None => uri.to_owned(),
        },
        None => request.path.clone(),
    };
    let location = format!("{scheme}://{authority}{}", target(&path, &request.query));
    redirected(redirect.redirect_code.unwrap_or(301), location)
}

/// The request as the workload gets it.
fn rewritten(route: &Route, chosen: &Weighted, request: &Request, prefix: Option<&str>) -> Request {
    let mut sent = request.clone();
    if let Some(rewrite) = &route.rewrite {
        apply_rewrite(rewrite, &mut sent, prefix);
    }
    route.headers.request.change(&mut sent.headers);
    chosen.headers.request.change(&mut sent.headers);
    sent
}

fn apply_rewrite(rewrite: &Rewrite, request: &mut Request, prefix: Option<&str>) {
    if let Some(authority) = &rewrite.authority {
        request.authority.clone_from(authority);
    }
    if let Some(uri) = &rewrite.uri {
        request.path = replace_prefix(&request.path, prefix, uri);
    }
    if let Some(regex) = &rewrite.uri_regex_rewrite
        && let Ok(pattern) = Regex::new(&regex.pattern)
    {
        let groups = regex.rewrite.replace('$', "$$");
        let digits = Regex::new(r"\\(\d)").map(|it| it.replace_all(&groups, "$${$1}").into_owned());
        let replacement = digits.unwrap_or(groups);
        request.path = pattern.replace_all(&request.path, replacement.as_str()).into_owned();
    }
}

/// A matched prefix is replaced, a path matched otherwise as a whole.
fn replace_prefix(path: &str, prefix: Option<&str>, replacement: &str) -> String {
    match prefix.and_then(|prefix| path.get(prefix.len()..)) {
        Some(rest) => format!("{replacement}{rest}"),
        None => replacement.to_owned(),
    }
}

pub(super) fn target(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
