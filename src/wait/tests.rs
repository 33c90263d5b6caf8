use std::cell::Cell;

use super::*;

type Seen = Result<Observed<u32>, &'static str>;

/// Replays `script`, repeating its last entry for ever, and counts the polls.
struct Script {
    entries: Vec<Seen>,
    next: Cell<usize>,
}

impl Script {
    fn new<const N: usize>(entries: [Seen; N]) -> Self {
        Self { entries: entries.into(), next: Cell::new(0) }
    }

    fn look(&self) -> Seen {
        let at = self.next.get();
        self.next.set(at + 1);
        self.entries[at.min(self.entries.len() - 1)].clone()
    }
}

async fn run(wait: &Wait, script: &Script) -> Result<u32, Error<&'static str>> {
    until(wait, |error| *error == "passing", || async { script.look() }).await
}

fn wait(seconds: u64) -> Wait {
    Wait::new("mesh-1 to run", Duration::from_secs(seconds)).seed(1)
}

#[tokio::test(start_paused = true)]
async fn polls_at_once_and_returns_the_value() {
    let started = Instant::now();
    let script = Script::new([Ok(Observed::Done(7))]);
    assert_eq!(run(&wait(60), &script).await, Ok(7));
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn keeps_its_pace_between_polls() {
    let started = Instant::now();
    let steady = Backoff {
        initial: Duration::from_secs(2),
        max: Duration::from_secs(2),
        factor: 1.0,
        jitter: 0.0,
    };
    let script = Script::new([
        Ok(Observed::pending("CREATING")),
        Ok(Observed::pending("CREATING")),
        Ok(Observed::Done(1)),
    ]);
    assert_eq!(run(&wait(60).pace(steady), &script).await, Ok(1));
    assert_eq!(started.elapsed(), Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_names_state_time_and_polls() {
    let script = Script::new([Ok(Observed::pending("CREATING"))]);
    let error = run(&wait(90), &script).await.unwrap_err();
    let polls = error.progress().polls;
    assert!(polls > 5, "{polls} polls");
    assert_eq!(
        error.to_string(),
        format!(
            "timed out after 1m30s waiting for mesh-1 to run: last state CREATING, {polls} polls"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_never_answers_ends_at_the_deadline() {
    let error = until::<(), &str, _, _>(
        &wait(30),
        |_| true,
        || async {
            std::future::pending::<()>().await;
            Ok(Observed::Done(()))
        },
    )
    .await
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "timed out after 30s waiting for mesh-1 to run: last state unknown, 0 polls"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_state_ends_the_wait_with_its_detail() {
    let script =
        Script::new([Ok(Observed::pending("LINKING")), Ok(Observed::failed("LINK_FAILED", "no"))]);
    let error = run(&wait(60), &script).await.unwrap_err();
    assert!(matches!(&error, Error::Failed { detail, .. } if detail == "no"));
    assert!(error.to_string().ends_with("state LINK_FAILED: no"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn done_must_hold_as_often_as_asked() {
    let script = Script::new([
        Ok(Observed::Done(1)),
        Ok(Observed::pending("gone again")),
        Ok(Observed::Done(2)),
        Err("passing"),
        Ok(Observed::Done(3)),
        Ok(Observed::Done(4)),
    ]);
    assert_eq!(run(&wait(600).stable(2), &script).await, Ok(4));
    assert_eq!(script.next.get(), 6);
}

#[tokio::test(start_paused = true)]
async fn passing_errors_are_borne_but_not_for_ever() {
    let script = Script::new([Err("passing"), Err("passing"), Ok(Observed::Done(1))]);
    assert_eq!(run(&wait(60), &script).await, Ok(1));

    let script = Script::new([Err("passing")]);
    let error = run(&wait(600).patience(2), &script).await.unwrap_err();
    assert_eq!(error.cause(), Some(&"passing"));
    assert_eq!(script.next.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn other_errors_end_the_wait_at_once() {
    let script = Script::new([Err("denied"), Ok(Observed::Done(1))]);
    let error = run(&wait(60), &script).await.unwrap_err();
    assert!(matches!(error, Error::Look { error: "denied", .. }));
    assert_eq!(script.next.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_tells_the_error_of_the_last_poll() {
    let script = Script::new([Ok(Observed::pending("CREATING")), Err("passing")]);
    let error = run(&wait(5), &script).await.unwrap_err();
    assert!(error.to_string().ends_with("the last poll failed: passing"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_a_pause_at_once() {
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        stop.cancel();
    });
    let script = Script::new([Ok(Observed::pending("PENDING"))]);
    let started = Instant::now();
    let error = run(&wait(3600).cancel(token), &script).await.unwrap_err();
    assert!(matches!(error, Error::Cancelled(_)));
    assert_eq!(started.elapsed(), Duration::from_millis(2500));
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_a_poll_under_way() {
    let token = CancellationToken::new();
    token.cancel();
    let error = until::<(), &str, _, _>(
        &wait(30).cancel(token),
        |_| true,
        || async {
            std::future::pending::<()>().await;
            Ok(Observed::Done(()))
        },
    )
    .await
    .unwrap_err();
    assert!(matches!(error, Error::Cancelled(_)));
}

#[tokio::test(start_paused = true)]
async fn several_waits_can_share_one_deadline() {
    let first = wait(10);
    let script = Script::new([Ok(Observed::pending("A"))]);
    let started = Instant::now();
    assert!(run(&first, &script).await.is_err());
    let second = wait(3600).until(first.deadline());
    assert!(run(&second, &script).await.is_err());
    assert_eq!(started.elapsed(), Duration::from_secs(10));
}
