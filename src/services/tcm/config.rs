//! The configuration of a mesh as a whole.

use std::collections::{BTreeMap, BTreeSet};

use tfsdk::{
    Diagnostics, Model,
    schema::validators::{cidr, each, keys, one_of, range},
    value::{Path, Tf},
};

use super::wire::{Part, quantities, wired};
use crate::cloud::api::tcm::{self, ResourceRequirements};

/// Where sidecars let calls go that leave the mesh, where nobody says.
const ALLOW_ANY: &str = "ALLOW_ANY";

/// Configuration of a mesh. Parts that are not set stay as the cloud has them;
/// to switch one off again, say so (`enable = false`).
#[derive(Clone, Model, PartialEq)]
pub(super) struct Config {
    /// Istio itself.
    #[attr(optional, computed, stable)]
    pub istio: Tf<Istio>,

    /// Access logs.
    #[attr(optional, computed, stable)]
    pub access_log: Tf<AccessLog>,

    /// Metrics.
    #[attr(optional, computed, stable)]
    pub prometheus: Tf<Prometheus>,

    /// Sidecar injection.
    #[attr(optional, computed, stable)]
    pub inject: Tf<Inject>,

    /// How requests are traced.
    #[attr(optional, computed, stable)]
    pub tracing: Tf<Tracing>,

    /// Resources of sidecars.
    #[attr(optional, computed, stable)]
    pub sidecar_resources: Tf<Resources>,
}

/// Istio itself.
#[derive(Clone, Model, PartialEq)]
pub(super) struct Istio {
    /// Where workloads may call outside the mesh: `ALLOW_ANY` (anywhere) or
    /// `REGISTRY_ONLY` (only what the mesh knows). Default: `ALLOW_ANY`.
    #[attr(optional, computed, stable, validate(one_of([ALLOW_ANY, "REGISTRY_ONLY"])))]
    pub outbound_traffic_policy: Tf<String>,

    /// Whether policy checks are off.
    #[attr(optional, computed, stable)]
    pub disable_policy_checks: Tf<bool>,

    /// Whether HTTP 1.0 is supported.
    #[attr(optional, computed, stable)]
    pub enable_pilot_http: Tf<bool>,

    /// Whether Istio's default retries of HTTP requests are off.
    #[attr(optional, computed, stable)]
    pub disable_http_retry: Tf<bool>,

    /// DNS in the sidecar.
    #[attr(optional, computed, stable)]
    pub smart_dns: Tf<SmartDns>,
}

/// DNS in the sidecar.
#[derive(Clone, Model, PartialEq)]
pub(super) struct SmartDns {
    /// Whether the sidecar answers DNS queries.
    #[attr(optional, computed, stable)]
    pub istio_meta_dns_capture: Tf<bool>,

    /// Whether hosts of service entries that have no address get one.
    #[attr(optional, computed, stable)]
    pub istio_meta_dns_auto_allocate: Tf<bool>,
}

/// Access logs.
#[derive(Clone, Model, PartialEq)]
pub(super) struct AccessLog {
    /// Whether they are written.
    #[attr(optional, computed, stable)]
    pub enable: Tf<bool>,

    /// Format template: `istio`, `trace` or `custom`.
    #[attr(optional, computed, stable, validate(one_of(["istio", "trace", "custom"])))]
    pub template: Tf<String>,

    /// Whose logs are written.
    #[attr(optional, computed, stable)]
    pub selected_range: Tf<SelectedRange>,

    /// Tencent Cloud's log product (CLS).
    #[attr(optional, computed, stable)]
    pub cls: Tf<Cls>,

    /// `TEXT` or `JSON`.
    #[attr(optional, computed, stable, validate(one_of(["TEXT", "JSON"])))]
    pub encoding: Tf<String>,

    /// Format, for the template `custom`.
    #[attr(optional, computed, stable)]
    pub format: Tf<String>,

    /// Address of a gRPC log server of one's own.
    #[attr(optional, computed, stable)]
    pub address: Tf<String>,

    /// Whether that server is used.
    #[attr(optional, computed, stable)]
    pub enable_server: Tf<bool>,

    /// Whether logs go to the sidecar's standard output.
    #[attr(optional, computed, stable)]
    pub enable_stdout: Tf<bool>,
}

/// Whose access logs are written.
#[derive(Clone, Model, PartialEq)]
pub(super) struct SelectedRange {
    /// Whether everybody's are.
    #[attr(optional, computed, stable)]
    pub all: Tf<bool>,

    /// The namespaces and gateways whose logs are written.
    #[attr(optional, computed, stable)]
    pub items: Tf<Vec<SelectedItems>>,
}

/// A choice of whose access logs are written.
#[derive(Clone, Model, PartialEq)]
pub(super) struct SelectedItems {
    /// Namespace whose access logs are written.
    #[attr(optional, computed, stable)]
    pub namespace: Tf<String>,

    /// Cluster.
    #[attr(optional, computed, stable)]
    pub cluster_name: Tf<String>,

    /// Item.
    #[attr(optional, computed, stable)]
    pub item_name: Tf<String>,

    /// Ingress gateways.
    #[attr(optional, computed, stable)]
    pub gateways: Tf<BTreeSet<String>>,
}

/// Tencent Cloud's log product (CLS).
#[derive(Clone, Model, PartialEq)]
pub(super) struct Cls {
    /// Whether it is used.
    #[attr(optional, computed, stable)]
    pub enable: Tf<bool>,

    /// Log set. Default: a new one.
    #[attr(optional, computed, stable)]
    pub log_set: Tf<String>,

    /// Log topic. Default: a new one.
    #[attr(optional, computed, stable)]
    pub topic: Tf<String>,

    /// Whether they are deleted when logging is switched off.
    #[attr(optional, computed, stable)]
    pub need_delete: Tf<bool>,

    /// Region of the topic.
    #[attr(optional, computed, stable)]
    pub region: Tf<String>,
}

/// Metrics: an instance of Tencent Cloud's Prometheus (TMP), new or existing, or
/// a server of one's own.
#[derive(Clone, Model, PartialEq)]
#[model(at_most_one_of("instance_id", "custom_prom"))]
pub(super) struct Prometheus {
    /// VPC of a new instance.
    #[attr(optional, computed, stable)]
    pub vpc_id: Tf<String>,

    /// Subnet of a new instance.
    #[attr(optional, computed, stable)]
    pub subnet_id: Tf<String>,

    /// Region of the instance.
    #[attr(optional, computed, stable)]
    pub region: Tf<String>,

    /// Instance. Default: a new one.
    #[attr(optional, computed, stable)]
    pub instance_id: Tf<String>,

    /// A Prometheus server of one's own.
    #[attr(optional, computed, stable)]
    pub custom_prom: Tf<CustomPrometheus>,
}

/// A Prometheus server of one's own.
#[derive(Clone, Model, PartialEq)]
pub(super) struct CustomPrometheus {
    /// Address.
    #[attr(required)]
    pub url: Tf<String>,

    /// How to log in: `none` or `basic` (with `username` and `password`).
    #[attr(required, validate(one_of(["none", "basic"])))]
    pub auth_type: Tf<String>,

    /// Whether the address is public.
    #[attr(optional, computed, stable)]
    pub is_public_addr: Tf<bool>,

    /// VPC that the address is in.
    #[attr(optional, computed, stable)]
    pub vpc_id: Tf<String>,

    /// User.
    #[attr(optional, computed, stable)]
    pub username: Tf<String>,

    /// Password. The API does not show it: a change outside of Terraform goes
    /// unnoticed.
    #[attr(optional, sensitive)]
    pub password: Tf<String>,
}

/// Sidecar injection.
#[derive(Clone, Model, PartialEq)]
pub(super) struct Inject {
    /// Address ranges that sidecars do not capture.
    #[attr(optional, computed, stable, validate(each(cidr())))]
    pub exclude_ip_ranges: Tf<BTreeSet<String>>,

    /// Whether containers start only once their sidecar has.
    #[attr(optional, computed, stable)]
    pub hold_application_until_proxy_starts: Tf<bool>,

    /// Whether sidecars end only once their containers have.
    #[attr(optional, computed, stable)]
    pub hold_proxy_until_application_ends: Tf<bool>,
}

/// Tracing.
#[derive(Clone, Model, PartialEq)]
pub(super) struct Tracing {
    /// Whether it is on.
    #[attr(optional, computed, stable)]
    pub enable: Tf<bool>,

    /// Share of requests that are traced, in percent.
    #[attr(optional, computed, stable, validate(range(0.0..=100.0)))]
    pub sampling: Tf<f64>,

    /// Tencent Cloud's tracing product (APM).
    #[attr(optional, computed, stable)]
    pub apm: Tf<Apm>,

    /// A Zipkin server of one's own.
    #[attr(optional, computed, stable)]
    pub zipkin: Tf<Zipkin>,
}

/// Tencent Cloud's tracing product (APM).
#[derive(Clone, Model, PartialEq)]
pub(super) struct Apm {
    /// Whether it is used.
    #[attr(optional, computed, stable)]
    pub enable: Tf<bool>,

    /// Region of the instance.
    #[attr(optional, computed, stable)]
    pub region: Tf<String>,

    /// Instance. Default: a new one.
    #[attr(optional, computed, stable)]
    pub instance_id: Tf<String>,

    /// Whether the instance is deleted when tracing is switched off.
    #[attr(optional, computed, stable)]
    pub need_delete: Tf<bool>,
}

/// A Zipkin server of one's own.
#[derive(Clone, Model, PartialEq)]
pub(super) struct Zipkin {
    /// Address, `host:port`.
    #[attr(required)]
    pub address: Tf<String>,
}

/// Resources of a container.
#[derive(Clone, Model, PartialEq)]
pub(super) struct Resources {
    /// The most it may use, by resource: `{ cpu = "2", memory = "1Gi" }`.
    #[attr(
        optional,
        computed,
        stable,
        equivalent = quantities::equivalent,
        validate(keys(one_of(["cpu", "memory"])))
    )]
    pub limits: Tf<BTreeMap<String, String>>,

    /// What it is sure of, by resource.
    #[attr(
        optional,
        computed,
        stable,
        equivalent = quantities::equivalent,
        validate(keys(one_of(["cpu", "memory"])))
    )]
    pub requests: Tf<BTreeMap<String, String>>,
}

wired!(Config = tcm::MeshConfig {
    part istio = istio,
    part access_log = access_log,
    part prometheus = prometheus,
    part inject = inject,
    part tracing = tracing,
    part sidecar_resources = sidecar_resources,
});

wired!(Istio = tcm::IstioConfig {
    text outbound_traffic_policy = outbound_traffic_policy,
    leaf disable_policy_checks = disable_policy_checks,
    leaf enable_pilot_http = enable_pilot_http,
    leaf disable_http_retry = disable_http_retry,
    part smart_dns = smart_dns,
});

wired!(SmartDns = tcm::SmartDnsConfig {
    leaf istio_meta_dns_capture = istio_meta_dns_capture,
    leaf istio_meta_dns_auto_allocate = istio_meta_dns_auto_allocate,
});

wired!(AccessLog = tcm::AccessLogConfig {
    leaf enable = enable,
    leaf template = template,
    part selected_range = selected_range,
    part cls = cls,
    leaf encoding = encoding,
    leaf format = format,
    leaf address = address,
    leaf enable_server = enable_server,
    leaf enable_stdout = enable_stdout,
});

wired!(SelectedRange = tcm::SelectedRange {
    leaf all = all,
    parts items = items,
});

wired!(SelectedItems = tcm::SelectedItems {
    leaf namespace = namespace,
    leaf cluster_name = cluster_name,
    leaf item_name = item_name,
    set gateways = gateways,
});

wired!(Cls = tcm::Cls {
    leaf enable = enable,
    leaf log_set = log_set,
    leaf topic = topic,
    leaf need_delete = need_delete,
    leaf region = region,
});

wired!(Prometheus = tcm::PrometheusConfig {
    leaf vpc_id = vpc_id,
    leaf subnet_id = subnet_id,
    leaf region = region,
    leaf instance_id = instance_id,
    part custom_prom = custom_prom,
});

wired!(CustomPrometheus = tcm::CustomPrometheus {
    text url = url,
    text auth_type = auth_type,
    leaf is_public_addr = is_public_addr,
    leaf vpc_id = vpc_id,
    leaf username = username,
    secret password = password,
});

wired!(Inject = tcm::InjectConfig {
    set exclude_ip_ranges = exclude_ip_ranges,
    leaf hold_application_until_proxy_starts = hold_application_until_proxy_starts,
    leaf hold_proxy_until_application_ends = hold_proxy_until_application_ends,
});

wired!(Tracing = tcm::TracingConfig {
    leaf enable = enable,
    leaf sampling = sampling,
    part apm = apm,
    part zipkin = zipkin,
});

wired!(Apm = tcm::Apm {
    leaf enable = enable,
    leaf region = region,
    leaf instance_id = instance_id,
    leaf need_delete = need_delete,
});

wired!(Zipkin = tcm::Zipkin { text address = address });

wired!(Resources = ResourceRequirements {
    quantities limits = limits,
    quantities requests = requests,
});

impl Config {
    /// Checks what attributes' own conditions cannot.
    pub(super) fn validate(config: &Tf<Self>, diagnostics: &mut Diagnostics) {
        let prometheus = config.known().and_then(|config| config.prometheus.known());
        let Some(server) = prometheus.and_then(|part| part.custom_prom.known()) else { return };
        if server.auth_type.text() == "basic"
            && (server.username.is_null() || server.password.is_null())
        {
            diagnostics.error_at(
                Path::from("config")
                    .attribute("prometheus")
                    .attribute("custom_prom")
                    .attribute("auth_type"),
                "Incomplete login",
                "`auth_type = \"basic\"` needs `username` and `password`.",
            );
        }
    }

    /// The configuration of a new mesh.
    pub(super) fn of_new(config: &Tf<Self>) -> tcm::MeshConfig {
        let mut made = tcm::MeshConfig::default();
        if let Some(config) = config.known() {
            config.write(&mut made);
        }
        let policy = &mut made.istio.get_or_insert_default().outbound_traffic_policy;
        if policy.is_empty() {
            ALLOW_ANY.clone_into(policy);
        }
        made
    }

    /// What to send to get from `prior` to `config` where the API has `now`: the
    /// parts that change, each as a whole with what else is in it; `None` if
    /// none does.
    pub(super) fn changes(
        prior: &Tf<Self>,
        config: &Tf<Self>,
        now: &tcm::MeshConfig,
    ) -> Option<tcm::MeshConfig> {
        let config = config.known()?;
        let mut after = now.clone();
        config.write(&mut after);
        let prior = prior.known().cloned().unwrap_or_else(Self::empty);
        let changes = tcm::MeshConfig {
            istio: after.istio.filter(|_| prior.istio != config.istio),
            access_log: after.access_log.filter(|_| prior.access_log != config.access_log),
            prometheus: after.prometheus.filter(|_| prior.prometheus != config.prometheus),
            inject: after.inject.filter(|_| prior.inject != config.inject),
            tracing: after.tracing.filter(|_| prior.tracing != config.tracing),
            sidecar_resources: after
                .sidecar_resources
                .filter(|_| prior.sidecar_resources != config.sidecar_resources),
            other: serde_json::Map::new(),
        };
        Some(changes).filter(|changes| *changes != tcm::MeshConfig::default())
    }

    /// Whether everything that `config` says holds where the API has `now`, as
    /// far as the API shows it.
    pub(super) fn is_in_effect(config: &Tf<Self>, now: &tcm::MeshConfig) -> bool {
        let Some(config) = config.known() else { return true };
        let mut after = now.clone();
        config.write(&mut after);
        shown(after) == shown(now.clone())
    }

    /// The configuration as the API tells it.
    pub(super) fn told(config: &tcm::MeshConfig) -> Tf<Self> {
        Tf::Known(Self::read(config))
    }
}

/// A configuration without what the API does not show.
fn shown(mut config: tcm::MeshConfig) -> tcm::MeshConfig {
    let server = config.prometheus.as_mut().and_then(|part| part.custom_prom.as_mut());
    if let Some(server) = server {
        server.password = None;
    }
    config
}

#[cfg(test)]
mod tests;
