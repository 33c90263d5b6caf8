//! What a panic leaves on standard error.

use std::{any::Any, backtrace::Backtrace, io::Write, panic};

use super::masked;
use crate::engine::panics_become_diagnostics;

/// Reports panics in the form by which Terraform recognises that a plugin
/// crashed, and repeats them at the end of its own output. One that the engine
/// turns into a diagnostic is no crash: it goes to the log.
pub(crate) fn report_panics() {
    panic::set_hook(Box::new(|info| {
        let backtrace = Backtrace::capture();
        let message = payload_text(info.payload());
        if panics_become_diagnostics() {
            let location = info.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(panic = message, location, %backtrace, "provider code panicked");
            return;
        }
        let text = report(message, info.location(), &backtrace.to_string());
        // There is nowhere else to complain.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }));
}

/// What a panic said.
pub(crate) fn payload_text(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}

fn report(message: &str, location: Option<&panic::Location<'_>>, backtrace: &str) -> String {
    let message = masked(message);
    let location = location.map(|location| format!("\n  at {location}")).unwrap_or_default();
    format!("panic: {message}{location}\n{backtrace}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_begins_as_terraform_expects() {
        let here = panic::Location::caller();
        let report = report("index out of bounds", Some(here), "disabled backtrace");
        assert!(report.starts_with("panic: index out of bounds\n  at "), "{report}");
        assert!(report.contains("panics.rs"));
    }
}
