//! Registered clusters (云原生分布式云中心), `tdcc` 2022-01-25.
//!
//! This API is **not published**. Action names come from the vendor's permission catalogue and console;
//! shapes come from the private cloud's SDK, in two generations whose answers spell members differently,
//! and both are read. Names and version can be changed with a [`crate::cloud::Dialect`] for `tdcc`, the
//! host with an endpoint override.

mod hub;
mod registered;

use serde::Serialize;

use crate::cloud::{RegionUse, Service};

pub use self::{
    hub::{
        HubCluster, HubInit, OpenStatus, Region, create_hub, delete_hub, find_hub, hub_state, hubs,
        open_state, open_status, regions,
    },
    registered::{
        AgentSpec, Certificate, RegisterCluster, RegisteredCluster, UpdateRegistered,
        acquire_admin_role, agent_spec, certificates, delete_registered, find_registered,
        list_registered, register, registered_state, update_registered,
    },
};

pub(super) static TDCC: Service =
    Service { name: "tdcc", version: "2022-01-25", region: RegionUse::Needed };

/// Largest page of the lists; the API's own default is 20.
const PAGE: u64 = 100;

/// A request that only names the cluster.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ClusterId<'a> {
    cluster_id: &'a str,
}

#[cfg(test)]
mod tests;
