//! The configuration of a mesh as a whole.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ResourceRequirements;
use crate::secret::{Secret, exposed};

/// Configuration of a mesh.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MeshConfig {
    /// Istio itself.
    pub istio: Option<IstioConfig>,
    /// Access logs.
    pub access_log: Option<AccessLogConfig>,
    /// Metrics.
    pub prometheus: Option<PrometheusConfig>,
    /// Sidecar injection.
    pub inject: Option<InjectConfig>,
    /// Tracing.
    pub tracing: Option<TracingConfig>,
    /// Resources of sidecars.
    pub sidecar_resources: Option<ResourceRequirements>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Istio itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct IstioConfig {
    /// Where workloads may call outside the mesh: `ALLOW_ANY` or `REGISTRY_ONLY`; required in requests.
    pub outbound_traffic_policy: String,
    /// Tracing in its old place; use [`MeshConfig::tracing`].
    pub tracing: Option<TracingConfig>,
    /// Whether policy checks are off.
    pub disable_policy_checks: Option<bool>,
    /// Whether HTTP 1.0 is supported.
    #[serde(rename = "EnablePilotHTTP")]
    pub enable_pilot_http: Option<bool>,
    /// Whether the default HTTP retries are off.
    #[serde(rename = "DisableHTTPRetry")]
    pub disable_http_retry: Option<bool>,
    /// DNS in the sidecar.
    #[serde(rename = "SmartDNS")]
    pub smart_dns: Option<SmartDnsConfig>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// DNS in the sidecar.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SmartDnsConfig {
    /// Whether the sidecar answers DNS.
    #[serde(rename = "IstioMetaDNSCapture")]
    pub istio_meta_dns_capture: Option<bool>,
    /// Whether hosts without an address get one.
    #[serde(rename = "IstioMetaDNSAutoAllocate")]
    pub istio_meta_dns_auto_allocate: Option<bool>,
}

/// Sidecar injection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InjectConfig {
    /// Ranges that sidecars do not capture.
    #[serde(rename = "ExcludeIPRanges")]
    pub exclude_ip_ranges: Option<Vec<String>>,
    /// Whether containers wait for their sidecar.
    pub hold_application_until_proxy_starts: Option<bool>,
    /// Whether sidecars wait for their containers to end.
    pub hold_proxy_until_application_ends: Option<bool>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Tracing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TracingConfig {
    /// Share of requests that are traced, in percent.
    pub sampling: Option<f64>,
    /// Whether it is on.
    pub enable: Option<bool>,
    /// Tencent Cloud's tracing product.
    #[serde(rename = "APM")]
    pub apm: Option<Apm>,
    /// A server of one's own.
    pub zipkin: Option<Zipkin>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Tencent Cloud's tracing product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Apm {
    /// Whether it is used.
    pub enable: Option<bool>,
    /// Region.
    pub region: Option<String>,
    /// Instance; created if empty.
    pub instance_id: Option<String>,
    /// Whether the instance is deleted when tracing is switched off.
    pub need_delete: Option<bool>,
}

/// A Zipkin server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Zipkin {
    /// Address.
    pub address: String,
}

/// Metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PrometheusConfig {
    /// Network of a new instance.
    pub vpc_id: Option<String>,
    /// Subnet of a new instance.
    pub subnet_id: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Instance; created if empty.
    pub instance_id: Option<String>,
    /// A server of one's own.
    pub custom_prom: Option<CustomPrometheus>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A Prometheus server of one's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CustomPrometheus {
    /// Address.
    pub url: String,
    /// How to log in: `none` or `basic`.
    pub auth_type: String,
    /// Whether the address is public.
    pub is_public_addr: Option<bool>,
    /// Network that the address is in.
    pub vpc_id: Option<String>,
    /// User.
    pub username: Option<String>,
    /// Password.
    #[serde(serialize_with = "exposed_if_set")]
    pub password: Option<Secret>,
}

/// Access logs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AccessLogConfig {
    /// Whether they are written.
    pub enable: Option<bool>,
    /// `istio` (the default), `trace` or `custom`.
    pub template: Option<String>,
    /// Whose logs.
    pub selected_range: Option<SelectedRange>,
    /// Tencent Cloud's log product.
    #[serde(rename = "CLS")]
    pub cls: Option<Cls>,
    /// `TEXT` or `JSON`.
    pub encoding: Option<String>,
    /// Format.
    pub format: Option<String>,
    /// Address of a gRPC server of one's own.
    pub address: Option<String>,
    /// Whether that server is used.
    pub enable_server: Option<bool>,
    /// Whether logs go to standard output.
    pub enable_stdout: Option<bool>,
    /// Members that are not known here, written back as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Whose access logs are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SelectedRange {
    /// Chosen items.
    pub items: Option<Vec<SelectedItems>>,
    /// Whether all are.
    pub all: Option<bool>,
}

/// Items whose access logs are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SelectedItems {
    /// Namespace.
    pub namespace: Option<String>,
    /// Cluster.
    pub cluster_name: Option<String>,
    /// Item.
    pub item_name: Option<String>,
    /// Ingress gateways.
    pub gateways: Option<Vec<String>>,
}

/// Tencent Cloud's log product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cls {
    /// Whether it is used.
    pub enable: Option<bool>,
    /// Log set; created if empty.
    pub log_set: Option<String>,
    /// Log topic; created if empty.
    pub topic: Option<String>,
    /// Whether they are deleted when logging is switched off.
    pub need_delete: Option<bool>,
    /// Region of the topic.
    pub region: Option<String>,
}

fn exposed_if_set<S: serde::Serializer>(
    secret: &Option<Secret>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => exposed(secret, serializer),
        None => serializer.serialize_none(),
    }
}
