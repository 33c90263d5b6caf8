//! Faults that tests put in front of a cluster's API.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What happens instead of (or before) the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429 in plain text, with `Retry-After` in seconds.
    TooManyRequests {
        /// Seconds to wait.
        retry_after: u32,
    },
    /// A `Status` with this code and reason.
    Status {
        /// HTTP status.
        code: u16,
        /// Reason of the `Status`; may be empty.
        reason: String,
        /// Message of the `Status`.
        message: String,
    },
    /// The connection ends without an answer; the request has no effect.
    ResetBefore,
    /// The request takes effect, then the connection ends without an answer.
    ResetAfter,
    /// The answer comes this much later.
    Delay(Duration),
    /// No answer; the connection ends after this time, or never. The request
    /// has no effect.
    Hold(Option<Duration>),
}

/// When a fault strikes.
#[derive(Debug, Clone)]
pub struct FaultRule {
    /// HTTP method; any if empty.
    pub method: String,
    /// Part of the path; any if empty.
    pub path: String,
    /// How many matching requests pass before the first fault.
    pub skip: u32,
    /// How many faults; `None` for all.
    pub times: Option<u32>,
    /// What happens.
    pub fault: Fault,
}

impl FaultRule {
    /// A fault for every request.
    pub fn always(fault: Fault) -> Self {
        Self { method: String::new(), path: String::new(), skip: 0, times: None, fault }
    }

    /// Only for this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = method.to_owned();
        self
    }

    /// Only for paths that contain this.
    #[must_use]
    pub fn path(mut self, part: &str) -> Self {
        self.path = part.to_owned();
        self
    }

    /// Only so many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }
}

/// The rules in force. The first that matches strikes.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<FaultRule>>);

impl Faults {
    /// Adds a rule behind those that are there.
    pub fn add(&self, rule: FaultRule) {
        self.lock().push(rule);
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The fault that strikes a request, if any; counts it.
    pub(crate) fn strike(&self, method: &str, path: &str) -> Option<Fault> {
        for rule in self.lock().iter_mut() {
            let matches = (rule.method.is_empty() || rule.method == method)
                && path.contains(rule.path.as_str())
                && rule.times != Some(0);
            if !matches {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.times = rule.times.map(|times| times - 1);
            return Some(rule.fault.clone());
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Vec<FaultRule>> {
        // A rule changes by one counter at a time, so a poisoned list is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_as_often_as_told() {
        let faults = Faults::default();
        let mut rule = FaultRule::always(Fault::ResetBefore).method("PATCH").path("/pods").times(2);
        rule.skip = 1;
        faults.add(rule);
        let struck: Vec<bool> =
            (0..4).map(|_| faults.strike("PATCH", "/api/v1/pods/a").is_some()).collect();
        assert_eq!(struck, [false, true, true, false]);
        assert!(faults.strike("GET", "/api/v1/pods/a").is_none());
    }
}
