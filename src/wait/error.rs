//! How a wait ends without success.

use std::{fmt, time::Duration};

use tokio::time::Instant;

/// How far a wait came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What was waited for.
    pub what: String,
    /// The state seen last; `None` if no poll saw one.
    pub state: Option<String>,
    /// Polls that were answered.
    pub polls: u32,
    /// Time spent.
    pub elapsed: Duration,
    started: Instant,
}

impl Progress {
    pub(super) fn new(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            state: None,
            polls: 0,
            elapsed: Duration::ZERO,
            started: Instant::now(),
        }
    }

    pub(super) fn enter(&mut self, state: String) {
        if self.state.as_deref() != Some(state.as_str()) {
            tracing::debug!(what = self.what, state, polls = self.polls, "waiting");
            self.state = Some(state);
        }
    }

    pub(super) fn now(mut self) -> Self {
        self.elapsed = self.started.elapsed();
        self
    }

    fn last_state(&self) -> &str {
        self.state.as_deref().unwrap_or("unknown")
    }
}

/// How a wait ended without success; `E` is the error type of the polls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error<E> {
    /// The time ran out.
    Timeout {
        /// How far it came.
        progress: Progress,
        /// The error of the last poll, if it was one.
        last_error: Option<E>,
    },
    /// A state was seen from which the goal cannot be reached.
    Failed {
        /// How far it came; its state is the failed one.
        progress: Progress,
        /// Why, in the observed system's words; may be empty.
        detail: String,
    },
    /// The wait was cancelled.
    Cancelled(Progress),
    /// A poll failed with an error that will not pass, or too many in a row that should have.
    Look {
        /// How far it came.
        progress: Progress,
        /// The poll's error.
        error: E,
    },
}

impl<E> Error<E> {
    /// How far the wait came.
    pub fn progress(&self) -> &Progress {
        match self {
            Self::Timeout { progress, .. }
            | Self::Failed { progress, .. }
            | Self::Look { progress, .. }
            | Self::Cancelled(progress) => progress,
        }
    }

    /// The error of a poll behind this one, if any.
    pub fn cause(&self) -> Option<&E> {
        match self {
            Self::Timeout { last_error, .. } => last_error.as_ref(),
            Self::Look { error, .. } => Some(error),
            Self::Failed { .. } | Self::Cancelled(_) => None,
        }
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let progress = self.progress();
        let (what, state) = (&progress.what, progress.last_state());
        let spent = Spent(progress.elapsed);
        let polls = progress.polls;
        match self {
            Self::Timeout { last_error, .. } => {
                write!(
                    f,
                    "timed out after {spent} waiting for {what}: last state {state}, {polls} polls"
                )?;
                last_error.iter().try_for_each(|error| write!(f, "; the last poll failed: {error}"))
            }
            Self::Failed { detail, .. } => {
                write!(f, "waiting for {what} failed after {spent}: state {state}")?;
                if detail.is_empty() { Ok(()) } else { write!(f, ": {detail}") }
            }
            Self::Cancelled(_) => {
                write!(f, "cancelled after {spent} while waiting for {what}: last state {state}")
            }
            Self::Look { error, .. } => {
                write!(f, "waiting for {what} ended after {spent} in state {state}: {error}")
            }
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for Error<E> {}

/// A duration as people write it: `45s`, `20m`, `1h5m`.
struct Spent(Duration);

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        match (h, m, s) {
            (0, 0, s) => write!(f, "{s}s"),
            (0, m, 0) => write!(f, "{m}m"),
            (0, m, s) => write!(f, "{m}m{s}s"),
            (h, 0, _) => write!(f, "{h}h"),
            (h, m, _) => write!(f, "{h}h{m}m"),
        }
    }
}
