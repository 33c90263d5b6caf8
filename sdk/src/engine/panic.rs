//! Panics in provider code, turned into diagnostics.

use std::{
    any::Any,
    cell::Cell,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use futures::future::poll_fn;

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

thread_local! {
    /// Whether what runs on this thread now is caught when it panics.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread now becomes a diagnostic, for those who would
/// report it otherwise.
pub(crate) fn is_caught() -> bool {
    CAUGHT.get()
}

/// Runs a future to its end or its panic. State that it shares with the caller
/// must be sound after a panic at any point: the engine's is behind locks whose
/// poison is ignored and which are held only for single assignments.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Panic> {
    let mut future = pin!(future);
    poll_fn(|context| match catch(|| future.as_mut().poll(context)) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Runs a function to its end or its panic, as [`caught`].
pub(crate) fn catch<T>(function: impl FnOnce() -> T) -> Result<T, Panic> {
    let outer = CAUGHT.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(function));
    CAUGHT.set(outer);
    outcome.map_err(|payload| Panic::new(&*payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_caught_says_so() {
        assert!(!is_caught());
        let inside = caught(async {
            tokio::task::yield_now().await;
            is_caught()
        });
        assert!(inside.await.is_ok_and(|caught| caught));
        assert!(!is_caught());
        let panicked = caught::<()>(async { panic!("boom") }).await;
        assert!(panicked.is_err_and(|panic| panic.message() == "boom"));
        assert!(!is_caught());
    }
}
