//! HTTP probes: asks a URL until the answer is the expected one.
//!
//! Pure of Terraform. A [`Probe`] is made from a [`ProbeSpec`], which is checked
//! as a whole; [`Probe::run`] is bounded by its attempts and time limits, and
//! always gives a [`Report`], whatever the network does.

mod exchange;
mod expectation;
mod target;

use std::{fmt, time::Duration};

use tokio::time::{Instant, sleep};

pub use self::{
    exchange::Answer,
    expectation::{Expectation, HeaderExpectation},
};
use self::{exchange::Exchange, target::Target};

/// What to ask for and what to expect, as the user writes it.
#[derive(Clone)]
pub struct ProbeSpec {
    /// `http://` or `https://` URL; its host is dialled unless `connect_to`
    /// says otherwise.
    pub url: String,
    /// Name for the `Host` header and TLS, instead of the URL's.
    pub host: Option<String>,
    /// Path with query, instead of the URL's.
    pub path: Option<String>,
    /// Request method; `GET` if empty.
    pub method: String,
    /// Request headers.
    pub headers: Vec<(String, String)>,
    /// Request body.
    pub body: Option<String>,
    /// `host:port` to dial instead; name, TLS name and port of the request
    /// stay as they are.
    pub connect_to: Option<String>,
    /// Authorities that the server's certificate is checked against, PEM; the
    /// system's if `None`.
    pub ca_certificate: Option<String>,
    /// Redirects to follow, at most; none by default.
    pub max_redirects: u32,
    /// What makes an answer a success.
    pub expect: Expectation,
    /// Longest time for one attempt, redirects included.
    pub timeout: Duration,
    /// Pause between two attempts.
    pub interval: Duration,
    /// Attempts, at most.
    pub attempts: u32,
    /// Successes in a row that are needed.
    pub consecutive_successes: u32,
    /// Bytes of the body that are kept and looked at, at most.
    pub body_limit: usize,
}

impl Default for ProbeSpec {
    /// One `GET` with 10 s, any 2xx status expected, 64 KiB of the body kept.
    fn default() -> Self {
        Self {
            url: String::new(),
            host: None,
            path: None,
            method: String::new(),
            headers: Vec::new(),
            body: None,
            connect_to: None,
            ca_certificate: None,
            max_redirects: 0,
            expect: Expectation::default(),
            timeout: Duration::from_secs(10),
            interval: Duration::from_secs(2),
            attempts: 1,
            consecutive_successes: 1,
            body_limit: 64 * 1024,
        }
    }
}

/// A field of a [`ProbeSpec`] that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecProblem {
    /// Name of the field.
    pub field: &'static str,
    /// A sentence.
    pub message: String,
}

/// A probe that is ready to run.
pub struct Probe {
    exchange: Exchange,
    target: Target,
    expect: expectation::Checks,
    timeout: Duration,
    interval: Duration,
    attempts: u32,
    consecutive_successes: u32,
}

/// How a probe ended.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whether the expected answer came often enough in a row.
    pub success: bool,
    /// The last answer; `None` if the last attempt got none.
    pub answer: Option<Answer>,
    /// Why the last failed attempt failed, in words; `None` on success.
    pub failure: Option<String>,
    /// Attempts made.
    pub attempts: u32,
    /// Time from the first request to the end.
    pub elapsed: Duration,
}

impl Probe {
    /// Checks a specification. Reports all problems at once.
    pub fn new(spec: ProbeSpec) -> Result<Self, Vec<SpecProblem>> {
        let mut problems = Vec::new();
        let target = Target::new(&spec, &mut problems);
        let exchange = Exchange::new(&spec, &mut problems);
        let expect = expectation::Checks::new(&spec.expect, &mut problems);
        let mut refuse = |field, message: &str| {
            problems.push(SpecProblem { field, message: message.to_owned() });
        };
        if spec.attempts == 0 {
            refuse("attempts", "at least one attempt is needed");
        }
        if spec.consecutive_successes == 0 || spec.consecutive_successes > spec.attempts {
            refuse("consecutive_successes", "must lie between 1 and attempts");
        }
        if spec.timeout.is_zero() {
            refuse("timeout", "must be longer than zero");
        }
        match (target, exchange, expect) {
            (Some(target), Some(exchange), Some(expect)) if problems.is_empty() => Ok(Self {
                exchange,
                target,
                expect,
                timeout: spec.timeout,
                interval: spec.interval,
                attempts: spec.attempts,
                consecutive_successes: spec.consecutive_successes,
            }),
            _ => Err(problems),
        }
    }

    /// Longest time that [`Probe::run`] may take.
    pub fn time_bound(&self) -> Duration {
        self.timeout.saturating_mul(self.attempts)
            + self.interval.saturating_mul(self.attempts.saturating_sub(1))
    }

    /// Asks until the expected answer came often enough in a row, or the
    /// attempts are used up, or can no longer suffice.
    ///
    /// May be cancelled by dropping the future.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let mut report = Report {
            success: false,
            answer: None,
            failure: None,
            attempts: 0,
            elapsed: Duration::ZERO,
        };
        let mut in_a_row = 0;
        while report.attempts < self.attempts {
            if report.attempts > 0 {
                sleep(self.interval).await;
            }
            report.attempts += 1;
            match self.attempt(&mut report.answer).await {
                Ok(()) => in_a_row += 1,
                Err(failure) => {
                    in_a_row = 0;
                    report.failure = Some(failure);
                }
            }
            let missing = self.consecutive_successes - in_a_row;
            if missing == 0 {
                report.success = true;
                report.failure = None;
            }
            if missing == 0 || missing > self.attempts - report.attempts {
                break;
            }
        }
        report.elapsed = started.elapsed();
        report
    }

    async fn attempt(&self, last: &mut Option<Answer>) -> Result<(), String> {
        *last = None;
        let exchange = self.exchange.run(&self.target);
        let answer = tokio::time::timeout(self.timeout, exchange).await.unwrap_or_else(|_| {
            Err(format!("no answer from {} within {:?}", self.target.dialled(), self.timeout))
        })?;
        let outcome = self.expect.check(&answer);
        *last = Some(answer);
        outcome
    }
}

impl fmt::Debug for Probe {
    /// The target only: headers and body may hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Probe").field(&self.target).finish()
    }
}

#[cfg(test)]
mod tests;
