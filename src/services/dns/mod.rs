//! DNSPod: the names that lead to the gateway.

mod record;

use tfsdk::engine::Registry;

use crate::services::Client;

/// What this product offers.
pub fn registry() -> Registry<Client> {
    Registry::new().resource(record::DnspodRecord)
}
