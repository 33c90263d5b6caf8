//! Changes that must not be made at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tfsdk::{Diagnostic, Diagnostics, engine::Stop};
use tokio::{
    sync::OwnedMutexGuard,
    time::{Instant, timeout_at},
};

/// Lets the resources of one run take turns: at changes of one object that the
/// cloud answers with "busy", and where one looks at what others have done
/// before it acts itself.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits for its turn at `what` (any text, such as `ccn ccn-0a1b2c3d`) and
    /// has it until the guard is dropped.
    pub async fn take(&self, what: impl Into<String>) -> OwnedMutexGuard<()> {
        self.of(what.into()).lock_owned().await
    }

    /// Waits for its turn at `what` no longer than until `deadline` or `stop`,
    /// for what can take long. `doing` is what the turn is for, as in
    /// [`Doing::doing`](super::diagnostic::Doing::doing).
    ///
    /// # Errors
    ///
    /// Time ran out, or the person interrupted.
    pub async fn take_until(
        &self,
        what: &str,
        doing: &str,
        deadline: Instant,
        stop: &Stop,
    ) -> Result<OwnedMutexGuard<()>, Diagnostics> {
        let why = tokio::select! {
            biased;
            () = stop.cancelled() => "Interrupted",
            turn = timeout_at(deadline, self.take(what)) => match turn {
                Ok(turn) => return Ok(turn),
                Err(_) => "Time ran out",
            },
        };
        Err(Diagnostic::error(
            format!("Unable to {doing}"),
            format!(
                "{why} while waiting for earlier changes of {what} to end: it takes one at a time. \
                 Nothing was done. Apply again, with more time in `timeouts` if there was too \
                 little."
            ),
        )
        .into())
    }

    fn of(&self, what: String) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(what).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn turns_at_the_same_thing_come_one_after_the_other() {
        let turns = Arc::new(Turns::default());
        let first = turns.take("ccn-1").await;
        let other = turns.take("ccn-2").await;
        let waiting = tokio::spawn({
            let turns = turns.clone();
            async move { drop(turns.take("ccn-1").await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.unwrap();
        drop(other);
    }

    #[tokio::test]
    async fn turns_that_nobody_has_are_forgotten() {
        let turns = Turns::default();
        drop(turns.take("ccn-1").await);
        let _held = turns.take("ccn-2").await;
        assert_eq!(turns.0.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_turn_ends_with_its_time() {
        let (turns, stop) = (Turns::default(), Stop::new());
        let _first = turns.take("mesh-1").await;
        let start = Instant::now();
        let late = turns.take_until("mesh-1", "link the cluster", start + MINUTE, &stop).await;
        assert_eq!(start.elapsed(), MINUTE);
        let error = late.unwrap_err().to_string();
        assert!(error.starts_with("Unable to link the cluster: Time ran out"), "{error}");
        turns.take_until("mesh-2", "link the cluster", start + MINUTE * 2, &stop).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_interrupt_ends_the_wait_for_a_turn_at_once() {
        let (turns, stop) = (Turns::default(), Stop::new());
        let _first = turns.take("mesh-1").await;
        stop.cancel();
        let start = Instant::now();
        let ended = turns.take_until("mesh-1", "link the cluster", start + MINUTE, &stop).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(ended.unwrap_err().to_string().contains("Interrupted while waiting"));
    }
}
