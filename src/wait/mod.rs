//! The one waiter: polls until something is done, failed, out of time or cancelled.
//!
//! It knows neither the cloud nor Terraform. What to look at, what counts as done and which read errors
//! will pass is the caller's; pace, deadline, stability and the words of a timeout are decided here.
//!
//! ```
//! # use crossmesh::wait::{self, Observed, Wait};
//! # use std::time::Duration;
//! # async fn look() -> Result<String, std::io::Error> { Ok("ACTIVE".into()) }
//! # async fn example() -> Result<(), wait::Error<std::io::Error>> {
//! let wait = Wait::new("attachment vpc-1 to become ACTIVE", Duration::from_secs(600));
//! wait::until(&wait, |_| false, || async {
//!     Ok(match look().await?.as_str() {
//!         "ACTIVE" => Observed::Done(()),
//!         state => Observed::pending(state),
//!     })
//! })
//! .await
//! # }
//! ```

mod backoff;
mod error;

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

pub use self::{
    backoff::{Backoff, Chance},
    error::{Error, Progress},
};

/// What one poll saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed<T> {
    /// The goal is reached.
    Done(T),
    /// Not yet: worth another look.
    Pending {
        /// The state seen, in the observed system's own words; a timeout names it.
        state: String,
    },
    /// The goal will not be reached: waiting longer is in vain.
    Failed {
        /// The state seen.
        state: String,
        /// Why, as far as the observed system says; may be empty.
        detail: String,
    },
}

impl<T> Observed<T> {
    /// Not yet done, in `state`.
    pub fn pending(state: impl Into<String>) -> Self {
        Self::Pending { state: state.into() }
    }

    /// Failed for good in `state`, because of `detail`.
    pub fn failed(state: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Failed { state: state.into(), detail: detail.into() }
    }
}

/// What to wait for, how long and at which pace.
#[derive(Debug, Clone)]
pub struct Wait {
    what: String,
    deadline: Instant,
    pace: Backoff,
    stable: u32,
    patience: u32,
    cancel: Option<CancellationToken>,
    seed: Option<u64>,
}

impl Wait {
    /// Waits at most `timeout` from now for `what`, said as in "attachment vpc-1 to become ACTIVE".
    ///
    /// Polls at once, then after 1 s, growing to 10 s; up to 8 passing read errors in a row are borne.
    pub fn new(what: impl Into<String>, timeout: Duration) -> Self {
        Self {
            what: what.into(),
            deadline: Instant::now() + timeout,
            pace: Backoff {
                initial: Duration::from_secs(1),
                max: Duration::from_secs(10),
                factor: 1.5,
                jitter: 0.2,
            },
            stable: 1,
            patience: 8,
            cancel: None,
            seed: None,
        }
    }

    /// Ends at `deadline` instead: several waits of one operation share its time.
    #[must_use]
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = deadline;
        self
    }

    /// When the wait ends without success.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Polls at another pace.
    #[must_use]
    pub fn pace(mut self, pace: Backoff) -> Self {
        self.pace = pace;
        self
    }

    /// Believes [`Observed::Done`] only when it is seen `times` polls in a row (at least once): for
    /// systems whose replicas do not agree at once.
    #[must_use]
    pub fn stable(mut self, times: u32) -> Self {
        self.stable = times.max(1);
        self
    }

    /// Bears `errors` passing read errors in a row before giving up.
    #[must_use]
    pub fn patience(mut self, errors: u32) -> Self {
        self.patience = errors;
        self
    }

    /// Ends the wait at once when `token` is cancelled.
    #[must_use]
    pub fn cancel(mut self, token: CancellationToken) -> Self {
        self.cancel = Some(token);
        self
    }

    /// Fixes the jitter, for tests.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

/// Polls with `look` until it says [`Observed::Done`] and returns that value.
///
/// `passing` says which errors of `look` are worth another poll; any other ends the wait.
/// The poll under way is dropped at the deadline and on cancellation, so `look` should only read.
///
/// # Errors
/// [`Error::Failed`], [`Error::Timeout`], [`Error::Cancelled`] or [`Error::Look`]; each tells the state
/// seen last, the time spent and the number of polls.
pub async fn until<T, E, F, L>(
    wait: &Wait,
    passing: impl Fn(&E) -> bool,
    mut look: F,
) -> Result<T, Error<E>>
where
    F: FnMut() -> L,
    L: Future<Output = Result<Observed<T>, E>>,
{
    let cancelled = async {
        match &wait.cancel {
            Some(token) => token.cancelled().await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(cancelled);
    let chance = wait.seed.map_or_else(Chance::default, Chance::seeded);
    let mut seen = Progress::new(&wait.what);
    let mut last_error = None;
    let (mut done_in_a_row, mut errors_in_a_row) = (0, 0);
    loop {
        let looked = tokio::select! {
            biased;
            () = &mut cancelled => return Err(Error::Cancelled(seen.now())),
            looked = timeout_at(wait.deadline, look()) => looked,
        };
        let Ok(looked) = looked else {
            return Err(Error::Timeout { progress: seen.now(), last_error });
        };
        seen.polls += 1;
        match looked {
            Ok(Observed::Done(value)) => {
                done_in_a_row += 1;
                errors_in_a_row = 0;
                last_error = None;
                if done_in_a_row >= wait.stable {
                    return Ok(value);
                }
            }
            Ok(Observed::Pending { state }) => {
                (done_in_a_row, errors_in_a_row) = (0, 0);
                last_error = None;
                seen.enter(state);
            }
            Ok(Observed::Failed { state, detail }) => {
                seen.enter(state);
                return Err(Error::Failed { progress: seen.now(), detail });
            }
            Err(error) if passing(&error) && errors_in_a_row < wait.patience => {
                done_in_a_row = 0;
                errors_in_a_row += 1;
                last_error = Some(error);
            }
            Err(error) => return Err(Error::Look { progress: seen.now(), error }),
        }
        let next = Instant::now() + wait.pace.pause(seen.polls.saturating_sub(1), &chance);
        if next >= wait.deadline {
            return pause_to_deadline(wait.deadline, cancelled, seen, last_error).await;
        }
        tokio::select! {
            biased;
            () = &mut cancelled => return Err(Error::Cancelled(seen.now())),
            () = sleep_until(next) => {}
        }
    }
}

/// No poll fits in any more: the wait still lasts as long as it was asked to, so that the times in the
/// message are true.
async fn pause_to_deadline<T, E>(
    deadline: Instant,
    cancelled: impl Future<Output = ()>,
    seen: Progress,
    last_error: Option<E>,
) -> Result<T, Error<E>> {
    tokio::select! {
        biased;
        () = cancelled => Err(Error::Cancelled(seen.now())),
        () = sleep_until(deadline) => Err(Error::Timeout { progress: seen.now(), last_error }),
    }
}

#[cfg(test)]
mod tests;
