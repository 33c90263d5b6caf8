//! The provider, driven by real `terraform` against the simulated cloud: one
//! module per object.

mod cluster;
mod clusters;
mod kube;
mod moments;
mod setup;

mod ccn_attachment;
mod ccn_cluster_cidr;
mod ccn_cross_account_attachment;
mod ccn_cross_account_attachment_accepter;
mod ccn_instance;
mod data_ccn_attachments;
mod data_tcm_mesh;
mod data_tke_cluster;
mod data_traffic_probe;
mod dnspod_record;
mod flow;
mod function_cidr_conflicts;
mod istio_gateway;
mod istio_kinds;
mod istio_mesh;
mod istio_virtual_service;
mod kubernetes_manifests;
mod kubernetes_patience;
mod kubernetes_reads;
mod kubernetes_texts;
mod tcm_ingress_gateway;
mod tcm_mesh;
mod tcm_mesh_cluster;
mod tdcc_cluster_agent;
mod tdcc_hub_cluster;
mod tdcc_registered_cluster;
mod wait_for;
