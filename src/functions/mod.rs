//! Provider functions: pure calculations over values.

pub mod cidr;
mod cidr_conflicts;

use tfsdk::engine::Registry;

/// Every function.
pub fn registry<C: Send + Sync + 'static>() -> Registry<C> {
    Registry::new().function(cidr_conflicts::CidrConflicts)
}
