//! Creating exactly once although an answer may get lost.

use std::{future::Future, time::Duration};

use tokio::time::sleep;

use super::error::{Error, Kind};

/// How often, and with which pauses, a create with a lost answer is looked for before it is taken not to
/// have happened: what was just created may be invisible for seconds.
const LOOKS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// How often a create is made anew after nothing was found.
const REPEATS: u32 = 2;

/// Makes `write`; if its answer is lost, looks with `look` (by natural key, or by the mark that the write
/// carried) and repeats the write only when nothing is found.
///
/// `look` returns what `write` would have returned. A repetition that is answered "exists already"
/// is looked for again: the first one had merely not been visible.
///
/// # Errors
/// Those of `write` and `look`; [`Kind::AnswerLost`] if answers keep getting lost.
pub async fn settle<T, W, L>(
    mut write: impl FnMut() -> W,
    mut look: impl FnMut() -> L,
) -> Result<T, Error>
where
    W: Future<Output = Result<T, Error>>,
    L: Future<Output = Result<Option<T>, Error>>,
{
    let mut repeated = 0;
    loop {
        let error = match write().await {
            Ok(made) => return Ok(made),
            Err(error) => error,
        };
        let lost = match error.kind() {
            Kind::AnswerLost | Kind::Server => true,
            Kind::AlreadyExists => repeated > 0,
            _ => false,
        };
        if !lost {
            return Err(error);
        }
        tracing::debug!(%error, "looking whether it was done");
        for pause in LOOKS {
            sleep(pause).await;
            if let Some(made) = look().await? {
                return Ok(made);
            }
        }
        if repeated == REPEATS {
            return Err(error);
        }
        repeated += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    /// Runs `settle` against scripted outcomes; returns result, writes and looks.
    async fn run(writes: &[Option<Kind>], seen: &[bool]) -> (Result<u32, Kind>, usize, usize) {
        let (made, looked) = (Cell::new(0), Cell::new(0));
        let log = RefCell::new(Vec::new());
        let result = settle(
            || {
                let turn = made.replace(made.get() + 1);
                log.borrow_mut().push("write");
                let outcome = writes[turn.min(writes.len() - 1)];
                async move { outcome.map_or(Ok(1), |kind| Err(Error::new(kind, "lost"))) }
            },
            || {
                let turn = looked.replace(looked.get() + 1);
                let found = seen.get(turn).copied().unwrap_or(false);
                async move { Ok(found.then_some(2)) }
            },
        )
        .await;
        (result.map_err(|error| error.kind()), made.get(), looked.get())
    }

    #[tokio::test(start_paused = true)]
    async fn an_answered_write_is_made_once_and_not_looked_for() {
        assert_eq!(run(&[None], &[]).await, (Ok(1), 1, 0));
        assert_eq!(run(&[Some(Kind::Denied)], &[]).await, (Err(Kind::Denied), 1, 0));
        let exists = Some(Kind::AlreadyExists);
        assert_eq!(run(&[exists], &[]).await, (Err(Kind::AlreadyExists), 1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_write_that_happened_is_found_even_late() {
        assert_eq!(run(&[Some(Kind::AnswerLost)], &[false, false, true]).await, (Ok(2), 1, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_write_that_did_not_happen_is_repeated() {
        assert_eq!(run(&[Some(Kind::AnswerLost), None], &[]).await, (Ok(1), 2, LOOKS.len()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_repetition_that_meets_the_first_one_finds_it() {
        let writes = [Some(Kind::AnswerLost), Some(Kind::AlreadyExists)];
        let seen = [false, false, false, false, true];
        assert_eq!(run(&writes, &seen).await, (Ok(2), 2, 5));
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_keep_getting_lost_end_in_an_error() {
        let (result, writes, _) = run(&[Some(Kind::AnswerLost)], &[]).await;
        assert_eq!((result, writes), (Err(Kind::AnswerLost), 3));
    }
}
