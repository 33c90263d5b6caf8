//! Istio's kinds, each with its `spec` fully typed.
//!
//! `object` is the one resource behind all of them, `kind` their common model,
//! `wire` the mapping between HCL and JSON. A kind is one file (or folder): the
//! `spec` as models, and the checks of Istio's own webhook at plan.

mod authorization_policy;
mod connection_pool;
mod destination;
mod destination_rule;
mod drifted;
mod envoy_filter;
mod export;
mod gateway;
mod kind;
mod loose;
mod mesh;
mod metadata;
mod object;
mod peer_authentication;
mod plugin;
mod protocol;
mod proxy_config;
mod re2;
mod request_authentication;
mod selector;
mod server_tls;
mod service_entry;
mod sidecar;
mod syntax;
mod target;
mod telemetry;
#[cfg(test)]
mod testing;
mod traffic_extension;
mod virtual_service;
mod wasm_plugin;
mod wire;
mod workload;
mod workload_entry;
mod workload_group;

use tfsdk::engine::Registry;

use crate::services::Client;

/// What this product offers.
pub fn registry() -> Registry<Client> {
    Registry::new()
        .resource(object::IstioObject::<authorization_policy::AuthorizationPolicy>::default())
        .resource(object::IstioObject::<destination_rule::DestinationRule>::default())
        .resource(object::IstioObject::<envoy_filter::EnvoyFilter>::default())
        .resource(object::IstioObject::<gateway::Gateway>::default())
        .resource(object::IstioObject::<peer_authentication::PeerAuthentication>::default())
        .resource(object::IstioObject::<proxy_config::ProxyConfig>::default())
        .resource(object::IstioObject::<request_authentication::RequestAuthentication>::default())
        .resource(object::IstioObject::<service_entry::ServiceEntry>::default())
        .resource(object::IstioObject::<sidecar::Sidecar>::default())
        .resource(object::IstioObject::<telemetry::Telemetry>::default())
        .resource(object::IstioObject::<traffic_extension::TrafficExtension>::default())
        .resource(object::IstioObject::<virtual_service::VirtualService>::default())
        .resource(object::IstioObject::<wasm_plugin::WasmPlugin>::default())
        .resource(object::IstioObject::<workload_entry::WorkloadEntry>::default())
        .resource(object::IstioObject::<workload_group::WorkloadGroup>::default())
}
