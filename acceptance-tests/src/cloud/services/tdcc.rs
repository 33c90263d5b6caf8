//! TDCC 2022-01-25: the hub cluster and the clusters registered with it.
//!
//! No SDK of this product is published; the shapes are those of the private
//! cloud's edition. A registered cluster runs once its agent is seen in a
//! cluster with a token that was still valid then, and is lost when the agent
//! goes away.

mod agent_manifest;
mod connection;
mod credentials;
mod forward;
mod hub;
mod registered;

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value};

use crate::{
    cloud::{
        objects::ObjectRecord,
        service::{Answer, ApiError, Context, Params, Service},
        transition::{DEFAULT_PROGRESSION, Pace, Progression},
    },
    fields,
};

pub use {
    connection::Ghost,
    hub::{Hub, HubStatus},
    registered::{Registered, RegisteredStatus},
};
pub(in crate::cloud::services) use {hub::long_region, registered::rows as registered_rows};

/// Hubs and registered clusters of all accounts.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Hub clusters by id.
    pub hubs: BTreeMap<String, Hub>,
    /// Registered clusters by id.
    pub registered: BTreeMap<String, Registered>,
    /// Registrations that were deleted while their agent may still run.
    pub ghosts: Vec<Ghost>,
}

/// Kinds of change.
const HUB_CREATE: &str = "tdcc/hub-create";
const HUB_DELETE: &str = "tdcc/hub-delete";
const REGISTER: &str = "tdcc/register";
const AGENT_LOST: &str = "tdcc/agent-lost";
const UNREGISTER: &str = "tdcc/unregister";
/// How long a registration token is valid; only `after` has an effect.
const TOKEN_EXPIRY: &str = "tdcc/token-expiry";
/// After how long an agent whose registration was deleted registers anew.
const ZOMBIE: &str = "tdcc/zombie";

const DAY: Duration = Duration::from_secs(86_400);

/// The product.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tdcc;

impl Service for Tdcc {
    fn name(&self) -> &'static str {
        "tdcc"
    }

    fn catalogue(&self) -> &'static [&'static str] {
        &[include_str!("../../../catalogue/tdcc.json")]
    }

    fn needs_region(&self, action: &str) -> bool {
        action == "CreateHubCluster"
    }

    fn set_defaults(&self, pace: &mut Pace) {
        for kind in [HUB_CREATE, HUB_DELETE, REGISTER, AGENT_LOST, UNREGISTER] {
            pace.set_default(kind, DEFAULT_PROGRESSION);
        }
        pace.set_default(TOKEN_EXPIRY, Progression::After(DAY));
        // Off unless a test sets it: nobody has seen how long the cloud takes.
        pace.set_default(ZOMBIE, Progression::After(DAY * 3_650));
    }

    fn settle(&self, cx: &mut Context<'_>) {
        hub::settle(cx);
        connection::settle(cx);
    }

    fn call(&self, cx: &mut Context<'_>, action: &str, params: &Params) -> Answer {
        match action {
            "DescribeOpenStatus" => hub::open_status(cx),
            "ListRegion" => hub::regions(cx),
            "CreateHubCluster" => hub::create(cx, params),
            "DescribeHubClusters" => hub::describe(cx, params),
            "DeleteHubCluster" => hub::delete(cx, params),
            "CreateExternalCluster" => registered::create(cx, params),
            "DescribeExternalClusters" => registered::describe(cx, params),
            "UpdateExternalCluster" => registered::update(cx, params),
            "DeleteExternalCluster" => registered::delete(cx, params),
            "DescribeExternalClusterSpec" => registered::spec(cx, params),
            "ListClusterCertificates" => credentials::list(cx, params),
            "UpdateClusterKubeconfig" => credentials::update(cx, params),
            "AcquireClusterAdminRole" => credentials::acquire_admin_role(cx, params),
            "ForwardRequestTDCC" => forward::request(cx, params),
            _ => Err(ApiError::not_simulated(self.name(), action)),
        }
    }

    fn objects(&self, cx: &Context<'_>) -> Vec<ObjectRecord> {
        let mut objects = hub::objects(cx);
        objects.extend(registered::objects(cx));
        objects
    }

    fn delete_object(&self, cx: &mut Context<'_>, kind: &str, id: &str) -> Option<()> {
        match kind {
            "tdcc_hub_cluster" => cx.state.tdcc.hubs.remove(id).map(drop),
            "tdcc_registered_cluster" => connection::remove(cx, id),
            _ => None,
        }
    }

    fn patch_object(
        &self,
        cx: &mut Context<'_>,
        kind: &str,
        id: &str,
        patch: &Map<String, Value>,
    ) -> Option<Result<(), String>> {
        match kind {
            "tdcc_hub_cluster" => hub::patch(cx, id, patch),
            "tdcc_registered_cluster" => registered::patch(cx, id, patch),
            _ => None,
        }
    }
}

/// `ResourceNotFound.ClusterNotFound`.
fn not_found(id: &str) -> ApiError {
    ApiError::new("ResourceNotFound.ClusterNotFound", format!("cluster {id} not found"))
}

/// Refuses filters other than the one that the product has.
///
/// # Errors
/// `InvalidParameter.Param` for another filter or more than one.
fn name_filter(params: &Params) -> Result<Option<Vec<String>>, ApiError> {
    let mut filters = params.filters("Filters");
    let filter = filters.pop();
    match filter {
        Some((name, values)) if name == "ClusterName" && filters.is_empty() => Ok(Some(values)),
        None => Ok(None),
        Some(_) => {
            let text = "only a single ClusterName filter is supported";
            Err(ApiError::new("InvalidParameter.Param", text))
        }
    }
}

/// An answer without fields.
fn done() -> Answer {
    Ok(fields! {})
}

#[cfg(test)]
mod tests;
