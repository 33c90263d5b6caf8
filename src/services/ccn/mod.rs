//! Cloud Connect Network (云联网): the network that joins the VPCs.

mod instance;

use tfsdk::engine::Registry;

use crate::services::Client;

/// What this product offers.
pub fn registry() -> Registry<Client> {
    Registry::new().resource(instance::CcnInstance)
}
