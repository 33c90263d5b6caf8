//! Log lines that Terraform understands, on standard error.
//!
//! Terraform reads each line as hclog's JSON, filters it by `TF_LOG` and
//! `TF_LOG_PROVIDER`, and shows its keys as fields. Provider code logs with
//! the macros of the crate `tracing`; fields of the spans around an event are
//! fields of its line.

mod hclog;
mod level;
mod mask;
mod panics;

pub use self::mask::mask;
pub(crate) use self::{
    level::Filter,
    mask::masked,
    panics::{payload_text, report_panics},
};

use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

/// Starts to log, unless nobody would see it. A subscriber that the program
/// has set for itself stays.
pub(crate) fn start(filter: Option<Filter>) {
    let Some(filter) = filter else { return };
    let lines = hclog::Hclog::new(filter, std::io::stderr);
    // Fails only if the program has its own subscriber.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}
