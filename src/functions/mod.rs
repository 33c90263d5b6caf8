//! Provider functions: pure calculations over values.

pub mod cidr;
mod cidr_conflicts;

use tfsdk::engine::Registry;

use crate::services::Client;

/// Every function.
pub fn registry() -> Registry<Client> {
    Registry::new().function(cidr_conflicts::CidrConflicts)
}
