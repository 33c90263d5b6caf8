//! Endpoints of a cluster's API server.

use serde::{Deserialize, Serialize};

use super::{ClusterId, TKE};
use crate::cloud::{Account, Action, Error, Kind};

const DESCRIBE: Action = Action::read(&TKE, "DescribeClusterEndpoints");
const STATUS: Action = Action::read(&TKE, "DescribeClusterEndpointStatus");
const CREATE: Action = Action::write(&TKE, "CreateClusterEndpoint");
const DELETE: Action = Action::repeatable(&TKE, "DeleteClusterEndpoint");

/// States of an endpoint.
pub mod endpoint_state {
    /// Open.
    pub const CREATED: &str = "Created";
    /// Being opened.
    pub const CREATING: &str = "Creating";
    /// Not open.
    pub const NOT_FOUND: &str = "NotFound";
    /// Opening failed.
    pub const CREATE_FAILED: &str = "CreateFailed";
}

/// Addresses of a cluster's API server (`DescribeClusterEndpoints`); hosts may lack a scheme.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Endpoints {
    /// Certificate authority, PEM.
    pub certification_authority: String,
    /// Public address; empty if not open.
    pub cluster_external_endpoint: String,
    /// Address within the network; empty if not open.
    pub cluster_intranet_endpoint: String,
    /// Host name.
    pub cluster_domain: String,
    /// Ranges that may call from the internet.
    #[serde(rename = "ClusterExternalACL")]
    pub cluster_external_acl: Vec<String>,
    /// Public host name.
    pub cluster_external_domain: String,
    /// Host name within the network.
    pub cluster_intranet_domain: String,
    /// Security group of the public endpoint.
    pub security_group: String,
    /// Subnet of the endpoint within the network.
    pub cluster_intranet_subnet_id: String,
    /// Security group of the endpoint within the network.
    pub intranet_security_group: String,
}

/// The endpoint to open (`CreateClusterEndpoint`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateEndpoint {
    /// Which cluster.
    pub cluster_id: String,
    /// Whether it is open to the internet.
    pub is_extranet: bool,
    /// Subnet of an endpoint within the network.
    pub subnet_id: Option<String>,
    /// Host name.
    pub domain: Option<String>,
    /// Security group.
    pub security_group: Option<String>,
    /// Parameters of a new load balancer, JSON.
    pub extensive_parameters: Option<String>,
    /// Existing load balancer to use.
    pub existed_load_balancer_id: Option<String>,
}

/// State of an endpoint (`DescribeClusterEndpointStatus`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EndpointStatus {
    /// State; see [`endpoint_state`].
    pub status: String,
    /// Why opening failed.
    pub error_msg: String,
}

/// Addresses of a cluster's API server (`DescribeClusterEndpoints`).
///
/// # Errors
/// Those of the call; [`Kind::NotFound`] if there is no such cluster.
pub async fn endpoints(account: &Account, cluster_id: &str) -> Result<Endpoints, Error> {
    account.call(&DESCRIBE, &ClusterId { cluster_id }).await
}

/// State of a cluster's endpoint, the public one with `extranet` (`DescribeClusterEndpointStatus`).
///
/// # Errors
/// Those of the call.
pub async fn endpoint_status(
    account: &Account,
    cluster_id: &str,
    extranet: bool,
) -> Result<EndpointStatus, Error> {
    account.call(&STATUS, &Which { cluster_id, is_extranet: extranet }).await
}

/// Opens an endpoint (`CreateClusterEndpoint`); asynchronous, see [`endpoint_status`].
///
/// # Errors
/// Those of the call; [`endpoint_status`] is the look after [`Kind::AnswerLost`].
pub async fn create_endpoint(account: &Account, request: &CreateEndpoint) -> Result<(), Error> {
    account.perform(&CREATE, request).await
}

/// Closes an endpoint (`DeleteClusterEndpoint`); asynchronous, ends in `NotFound`. That it is gone
/// already is no error.
///
/// # Errors
/// Those of the call.
pub async fn delete_endpoint(
    account: &Account,
    cluster_id: &str,
    extranet: bool,
) -> Result<(), Error> {
    let request = Which { cluster_id, is_extranet: extranet };
    match account.perform(&DELETE, &request).await {
        Err(error) if error.kind() == Kind::NotFound => Ok(()),
        outcome => outcome,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Which<'a> {
    cluster_id: &'a str,
    is_extranet: bool,
}
