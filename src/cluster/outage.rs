//! What is remembered of a cluster that cannot be reached.
//!
//! A state may have a thousand objects in a cluster that is switched off. The
//! first reads wait their time for it; once one of them has waited in vain, the
//! others of the same run are told at once.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::error::{Context, Error};

/// How long after a failed try reads are not tried again. Longer than opening a
/// connection may take, so that those who come next do not each wait for one.
const HOLD: Duration = Duration::from_secs(20);

/// The last failure of a cluster that has not answered since.
#[derive(Default)]
pub(super) struct Outage(Mutex<Option<Trouble>>);

struct Trouble {
    error: Error,
    since: Instant,
    /// An operation has waited its whole time for the cluster.
    in_vain: bool,
}

/// What a read may do.
#[derive(Debug)]
pub(super) enum Leave {
    /// Wait as long as it has time.
    Wait,
    /// Try once.
    TryOnce,
    /// Fail with this.
    Fail(Error),
}

impl Outage {
    /// Notes how a call of the cluster ended; an answer of any kind ends the
    /// outage.
    pub(super) fn note(&self, failure: Option<&Error>) {
        let mut trouble = self.lock();
        match failure.filter(|it| it.is_of_the_cluster()) {
            Some(error) => {
                let in_vain = trouble.as_ref().is_some_and(|it| it.in_vain);
                *trouble = Some(Trouble { error: error.clone(), since: Instant::now(), in_vain });
            }
            None => *trouble = None,
        }
    }

    /// Notes that an operation has waited its whole time.
    pub(super) fn waited_in_vain(&self) {
        if let Some(trouble) = &mut *self.lock() {
            trouble.in_vain = true;
        }
    }

    /// What a read may do now.
    pub(super) fn leave(&self, context: &Context) -> Leave {
        match &*self.lock() {
            Some(trouble) if trouble.in_vain && trouble.since.elapsed() < HOLD => {
                Leave::Fail(trouble.error.about(context))
            }
            Some(trouble) if trouble.in_vain => Leave::TryOnce,
            _ => Leave::Wait,
        }
    }

    /// The last failure.
    pub(super) fn last(&self) -> Option<Error> {
        self.lock().as_ref().map(|trouble| trouble.error.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Trouble>> {
        // Replaced as a whole, so a poisoned value is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::error::{ErrorKind, Verb};

    fn context() -> Context {
        Context { cluster: "hub".to_owned(), verb: Verb::Get, object: None }
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_wait_in_vain_spares_the_next_reads_theirs() {
        let outage = Outage::default();
        let off = context().error(ErrorKind::Unreachable, "refused");
        outage.waited_in_vain();
        outage.note(Some(&off));
        assert!(matches!(outage.leave(&context()), Leave::Wait));
        outage.waited_in_vain();
        assert!(matches!(outage.leave(&context()), Leave::Fail(_)));
        tokio::time::advance(HOLD).await;
        assert!(matches!(outage.leave(&context()), Leave::TryOnce));
        outage.note(Some(&off));
        assert!(matches!(outage.leave(&context()), Leave::Fail(_)));
        assert_eq!(outage.last().map(|it| it.message().to_owned()), Some("refused".to_owned()));
    }

    #[test]
    fn an_answer_ends_it() {
        let outage = Outage::default();
        outage.note(Some(&context().error(ErrorKind::Unreachable, "refused")));
        outage.waited_in_vain();
        outage.note(Some(&context().error(ErrorKind::Forbidden, "no")));
        assert!(matches!(outage.leave(&context()), Leave::Wait));
        assert!(outage.last().is_none());
    }
}
