//! Changes that must not be made at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedMutexGuard;

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

    fn of(&self, what: String) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(what).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
