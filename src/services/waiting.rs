//! Waits of an operation: within its timeout, ended by an interrupt.

use std::future::Future;

use crate::{
    cloud,
    services::Cx,
    wait::{self, Wait},
};

pub use crate::wait::Observed as Seen;

/// Polls the cloud until it is done, within the operation's time. `what` is
/// said as in "the attachment vpc-1 to become ACTIVE".
///
/// # Errors
///
/// As [`wait::until`]; passing errors of the cloud are borne.
pub async fn wait<T, F, L>(
    cx: &Cx,
    what: impl Into<String>,
    look: F,
) -> Result<T, wait::Error<cloud::Error>>
where
    F: FnMut() -> L,
    L: Future<Output = Result<Seen<T>, cloud::Error>>,
{
    let limits = Wait::new(what, cx.timeout()).until(cx.deadline()).cancel(cx.stop().clone());
    wait::until(&limits, cloud::Error::is_passing, look).await
}
