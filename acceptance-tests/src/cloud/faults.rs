//! Calls that go wrong on purpose.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::pattern::matches;

/// Which calls go wrong, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Product, with `*` as a wildcard; absent for all. API servers count as
    /// the product `kubernetes`.
    #[serde(default = "any")]
    pub service: String,
    /// Action, with `*` as a wildcard; absent for all. For `kubernetes`: verb
    /// and plural, `patch deployments`.
    #[serde(default = "any")]
    pub action: String,
    /// Name or UIN of the calling account; for `kubernetes`, id of the cluster. Absent for all.
    #[serde(default = "any")]
    pub account: String,
    /// First matching call that goes wrong, counted from 1 since the rule was made.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many matching calls go wrong from there on; absent for every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What goes wrong.
    pub fault: Fault,
}

/// How a call goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// `RequestLimitExceeded` (429 from an API server); no effect.
    Throttle,
    /// An error of the API; no effect.
    Error {
        /// Code.
        code: String,
        /// Text.
        #[serde(default)]
        message: String,
    },
    /// An HTTP status without a usable body, as from a gateway; no effect.
    Http {
        /// Status, 500 to 599 usually.
        status: u16,
    },
    /// No answer until the client gives up or, if given, this many
    /// milliseconds have passed and the connection closes; no effect.
    Hold {
        /// Milliseconds.
        #[serde(default)]
        ms: Option<u64>,
    },
    /// The connection closes without an answer; no effect.
    ResetBefore,
    /// The call takes effect, then the connection closes without an answer.
    ResetAfter,
    /// The call takes effect and is answered after this many milliseconds.
    Slow {
        /// Milliseconds.
        ms: u64,
    },
    /// A read is answered from how things were before the last write. Other calls are served.
    Stale,
}

impl Fault {
    /// How long to wait before the answer.
    pub fn delay(&self) -> Duration {
        match self {
            Self::Slow { ms } => Duration::from_millis(*ms),
            _ => Duration::ZERO,
        }
    }
}

/// All rules in force.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Counted>>);

/// A rule and how often it has been used.
#[derive(Clone, Debug, Serialize)]
pub struct Counted {
    /// Number by which the rule can be removed.
    pub id: u64,
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// Calls that matched.
    pub matched: u64,
    /// Calls that went wrong.
    pub fired: u64,
}

impl Faults {
    /// Adds a rule; rules are tried in the order in which they were added.
    pub fn add(&self, rule: Rule) -> u64 {
        let mut rules = self.rules();
        let id = rules.last().map_or(1, |last| last.id + 1);
        rules.push(Counted { id, rule, matched: 0, fired: 0 });
        id
    }

    /// Removes a rule. Returns whether it was there.
    pub fn remove(&self, id: u64) -> bool {
        let mut rules = self.rules();
        let before = rules.len();
        rules.retain(|rule| rule.id != id);
        rules.len() < before
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.rules().clear();
    }

    /// The rules with their counts.
    pub fn listing(&self) -> Vec<Counted> {
        self.rules().clone()
    }

    /// Whether any rule asks for stale reads.
    pub fn wants_stale(&self) -> bool {
        self.rules().iter().any(|rule| rule.rule.fault == Fault::Stale)
    }

    /// What goes wrong with this call, if anything. `accounts` are the names
    /// that the caller goes by. Every matching rule counts the call, the first
    /// that is due decides.
    pub fn decide(&self, service: &str, action: &str, accounts: &[&str]) -> Option<Fault> {
        let mut decision = None;
        for counted in self.rules().iter_mut() {
            let rule = &counted.rule;
            let matched = matches(&rule.service, service)
                && matches(&rule.action, action)
                && accounts.iter().any(|account| matches(&rule.account, account));
            if !matched {
                continue;
            }
            counted.matched += 1;
            let since = counted.matched.checked_sub(rule.nth.max(1));
            let due = since.is_some_and(|since| rule.times.is_none_or(|times| since < times));
            if due && decision.is_none() {
                counted.fired += 1;
                decision = Some(rule.fault.clone());
            }
        }
        decision
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Counted>> {
        // A rule list is whole between any two statements, so a poisoned one is sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn any() -> String {
    "*".to_owned()
}

fn one() -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).unwrap()
    }

    fn fires(faults: &Faults, count: usize) -> Vec<bool> {
        let decide = || faults.decide("vpc", "CreateCcn", &["hub", "1000"]).is_some();
        (0..count).map(|_| decide()).collect()
    }

    #[test]
    fn nth_call_and_times() {
        let faults = Faults::default();
        faults.add(rule(
            r#"{"action": "Create*", "nth": 2, "times": 2, "fault": {"kind": "throttle"}}"#,
        ));
        assert_eq!(fires(&faults, 5), [false, true, true, false, false]);
        let counted = &faults.listing()[0];
        assert_eq!((counted.matched, counted.fired), (5, 2));
    }

    #[test]
    fn every_call_without_a_count() {
        let faults = Faults::default();
        let id = faults.add(rule(r#"{"account": "1000", "fault": {"kind": "reset_after"}}"#));
        assert_eq!(fires(&faults, 3), [true; 3]);
        assert!(faults.remove(id));
        assert_eq!(fires(&faults, 1), [false]);
    }

    #[test]
    fn other_calls_are_left_alone() {
        let faults = Faults::default();
        faults.add(rule(r#"{"service": "tke", "fault": {"kind": "stale"}}"#));
        faults.add(rule(r#"{"account": "member", "fault": {"kind": "stale"}}"#));
        assert_eq!(fires(&faults, 1), [false]);
        assert!(faults.wants_stale());
    }

    #[test]
    fn misspelt_rule_is_refused() {
        for text in [
            r#"{"servce": "vpc", "fault": {"kind": "throttle"}}"#,
            r#"{"fault": {"kind": "broken"}}"#,
            r#"{"fault": {"kind": "slow"}}"#,
        ] {
            assert!(serde_json::from_str::<Rule>(text).is_err(), "{text}");
        }
    }
}
