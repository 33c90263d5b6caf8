//! How long and how fast an operation is tried again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{
    client::Cluster,
    error::{Context, Error, ErrorKind, Result},
    outage::Leave,
};
use crate::wait::{Backoff, Chance};

const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Keeps sums with the present in range.
const LONGEST_PATIENCE: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long what passes within seconds or not at all is tried again.
const BRIEFLY: Duration = Duration::from_secs(15);

/// Pace of tries after transient failures.
const TRIES: Backoff =
    Backoff { initial: FIRST_PAUSE, max: Duration::from_secs(10), factor: 2.0, jitter: 0.25 };

/// Pace of looks at an object that is expected to change.
const LOOKS: Backoff =
    Backoff { initial: FIRST_PAUSE, max: Duration::from_secs(5), factor: 1.5, jitter: 0.25 };

/// What an operation may wait out, and until when.
///
/// Throttling, 5xx, an unreachable API server, a webhook that does not answer
/// and an object in deletion are waited out until the deadline. A kind or a
/// namespace that does not exist is an error at once unless its own time is
/// given, since only the caller knows whether it is on its way.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    deadline: Instant,
    kind: Instant,
    namespace: Instant,
    briefly: Instant,
    reading: bool,
}

impl Patience {
    /// Waits transient failures out for up to `time` from now. With no time
    /// there is one try, which may take as long as one request may (45 s).
    pub fn within(time: Duration) -> Self {
        let now = Instant::now();
        let deadline = now + time.min(LONGEST_PATIENCE);
        let briefly = deadline.min(now + BRIEFLY);
        Self { deadline, kind: now, namespace: now, briefly, reading: false }
    }

    /// For a read: makes one try, or none, when another operation has already
    /// waited its whole time for the cluster in vain.
    #[must_use]
    pub fn for_reading(mut self) -> Self {
        self.reading = true;
        self
    }

    /// Also waits up to `time` (within the deadline) for a kind to be served.
    #[must_use]
    pub fn for_kind(mut self, time: Duration) -> Self {
        self.kind = self.deadline.min(Instant::now() + time.min(LONGEST_PATIENCE));
        self
    }

    /// Also waits up to `time` (within the deadline) for a namespace to exist.
    #[must_use]
    pub fn for_namespace(mut self, time: Duration) -> Self {
        self.namespace = self.deadline.min(Instant::now() + time.min(LONGEST_PATIENCE));
        self
    }

    /// Time that is left until the deadline.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// When everything is given up.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    fn until(&self, error: &Error) -> Option<Instant> {
        match error.kind() {
            ErrorKind::KindNotServed if !error.is_transient() => Some(self.kind),
            ErrorKind::NamespaceMissing { .. } => Some(self.namespace),
            _ if error.is_transient() => Some(self.deadline),
            _ if error.is_brief() => Some(self.briefly),
            _ => None,
        }
    }
}

/// The pauses of one operation.
#[derive(Debug)]
pub(super) struct Pacer {
    patience: Patience,
    started: Instant,
    pauses: Pauses,
    /// Whom to tell when the time is up.
    cluster: Option<Cluster>,
}

#[derive(Debug)]
struct Pauses {
    pace: Backoff,
    turn: u32,
    chance: Chance,
}

impl Pacer {
    /// For an operation that is tried again.
    pub(super) fn new(patience: Patience) -> Self {
        Self::at(TRIES, patience)
    }

    /// As [`new`](Self::new); a read in a cluster that was waited for in vain
    /// fails at once, or after one try.
    pub(super) fn for_cluster(
        cluster: &Cluster,
        context: &Context,
        patience: Patience,
    ) -> Result<Self> {
        let leave = if patience.reading { cluster.outage().leave(context) } else { Leave::Wait };
        let patience = match leave {
            Leave::Wait => patience,
            Leave::TryOnce => Patience::within(Duration::ZERO),
            Leave::Fail(error) => return Err(error),
        };
        Ok(Self { cluster: Some(cluster.clone()), ..Self::new(patience) })
    }

    /// For an object that is looked at again and again.
    pub(super) fn looking(patience: Patience) -> Self {
        Self::at(LOOKS, patience)
    }

    fn at(pace: Backoff, patience: Patience) -> Self {
        let pauses = Pauses { pace, turn: 0, chance: Chance::default() };
        Self { patience, started: Instant::now(), pauses, cluster: None }
    }

    /// Returns after a pause if another try makes sense, else the error.
    ///
    /// A pause that the server asks for and that does not fit before the
    /// deadline ends the operation at once instead of at the deadline.
    pub(super) async fn after(&mut self, error: Error) -> Result<()> {
        let Some(until) = self.patience.until(&error) else { return Err(error) };
        let left = until.saturating_duration_since(Instant::now());
        let pause = match error.retry_after() {
            Some(asked) => asked.max(FIRST_PAUSE),
            None => self.pauses.next().min(left),
        };
        if left.is_zero() || pause > left {
            if let Some(cluster) = self.cluster.as_ref().filter(|_| error.is_of_the_cluster()) {
                cluster.waited_in_vain();
            }
            return Err(error.with_waited(self.started.elapsed()));
        }
        tracing::debug!(%error, pause_ms = pause.as_millis() as u64, "trying again");
        sleep(pause).await;
        Ok(())
    }

    /// Pauses, but not beyond the deadline.
    pub(super) async fn pause(&mut self) {
        sleep(self.pauses.next().min(self.patience.left())).await;
    }

    /// Time since the operation began.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Pauses {
    fn next(&mut self) -> Duration {
        let pause = self.pace.pause(self.turn, &self.chance);
        self.turn += 1;
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::error::Verb;

    fn error(kind: ErrorKind) -> Error {
        let context = Context { cluster: "hub".to_owned(), verb: Verb::Apply, object: None };
        context.error(kind, "no")
    }

    async fn tries(patience: Patience, kind: ErrorKind, after: Option<u64>) -> (u32, Duration) {
        let started = Instant::now();
        let mut pacer = Pacer::new(patience);
        let mut tries = 1;
        let after = after.map(Duration::from_secs);
        while pacer.after(error(kind.clone()).with_retry_after(after)).await.is_ok() {
            tries += 1;
        }
        (tries, started.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn transient_errors_are_tried_until_the_deadline() {
        let patience = Patience::within(Duration::from_secs(60));
        let (tries, spent) = tries(patience, ErrorKind::Unavailable, None).await;
        assert!((8..16).contains(&tries), "{tries}");
        assert_eq!(spent.as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn permanent_errors_are_not_tried_again() {
        for kind in [ErrorKind::Forbidden, ErrorKind::Stale, ErrorKind::KindNotServed] {
            let patience = Patience::within(Duration::from_secs(60));
            assert_eq!(tries(patience, kind, None).await, (1, Duration::ZERO));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn missing_kinds_and_namespaces_have_their_own_time() {
        let patience = Patience::within(Duration::from_secs(100)).for_kind(Duration::from_secs(20));
        let (tries_made, spent) = tries(patience, ErrorKind::KindNotServed, None).await;
        assert!(tries_made > 3 && spent.as_secs() == 20, "{tries_made} {spent:?}");
        let missing = ErrorKind::NamespaceMissing { namespace: "a".to_owned() };
        assert_eq!(tries(patience, missing, None).await.0, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_server_s_own_time_is_kept_and_bounded() {
        let patience = Patience::within(Duration::from_secs(10));
        let (made, spent) = tries(patience, ErrorKind::Throttled, Some(3)).await;
        assert_eq!((made, spent), (4, Duration::from_secs(9)));
        let patience = Patience::within(Duration::from_secs(10));
        assert_eq!(tries(patience, ErrorKind::Throttled, Some(30)).await, (1, Duration::ZERO));
    }
}
