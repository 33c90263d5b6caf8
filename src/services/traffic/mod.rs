//! Whether traffic arrives.

mod data_probe;
pub mod probe;

use tfsdk::engine::Registry;

use crate::services::Client;

/// What this service offers.
pub fn registry() -> Registry<Client> {
    Registry::new().data_source(data_probe::TrafficProbe)
}
