//! Panics in provider code, turned into diagnostics.

use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
};

use futures::FutureExt;

use crate::Diagnostic;

/// What a panic said.
pub(crate) struct Panic(String);

impl Panic {
    /// The diagnostic: which operation on which type, and what became of the
    /// object. Never a backtrace.
    pub(crate) fn diagnostic(&self, doing: &str, type_name: &str, outcome: &str) -> Diagnostic {
        Diagnostic::error(
            format!("The provider panicked while {doing} {type_name}"),
            format!(
                "{}\n\nThis is a bug in the provider. Please report it with this message. {outcome}",
                self.0
            ),
        )
    }

    /// What the panic said.
    pub(crate) fn message(&self) -> &str {
        &self.0
    }

    fn new(payload: &(dyn Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        Self(text.unwrap_or_else(|| "The panic gave no message.".to_owned()))
    }
}

/// Runs a future to its end or its panic. State that it shares with the caller
/// must be sound after a panic at any point: the engine's is behind locks whose
/// poison is ignored and which are held only for single assignments.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Panic> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|payload| Panic::new(&*payload))
}

/// Runs a function to its end or its panic, as [`caught`].
pub(crate) fn catch<T>(function: impl FnOnce() -> T) -> Result<T, Panic> {
    catch_unwind(AssertUnwindSafe(function)).map_err(|payload| Panic::new(&*payload))
}
