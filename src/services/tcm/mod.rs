//! Service mesh (TCM): meshes, the clusters in them, and their ingress gateways.

mod change;
mod config;
mod existing_balancer;
mod gateway_entry;
mod gateway_parts;
mod ingress_gateway;
mod injection;
mod link;
mod mesh;
mod mesh_cluster;
mod mesh_data;
mod wire;

use tfsdk::engine::Registry;

use crate::services::Client;

/// What this product offers.
pub fn registry() -> Registry<Client> {
    Registry::new()
        .resource(mesh::TcmMesh)
        .resource(mesh_cluster::TcmMeshCluster)
        .resource(ingress_gateway::TcmIngressGateway)
        .data_source(mesh_data::TcmMeshData)
}
