//! Wall time for signatures and for the expiry of credentials, corrected by what the cloud says.

use std::{
    fmt,
    sync::atomic::{AtomicI64, Ordering},
};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};

/// Where wall time comes from: the system, or a test.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The cloud's time: a clock plus the skew learnt from a server's `Date` header.
///
/// A machine whose clock is more than five minutes off cannot sign; its skew is learnt once and then
/// used for every call of the process.
#[derive(Debug)]
pub(super) struct CloudTime {
    clock: Box<dyn Clock>,
    skew_seconds: AtomicI64,
}

impl CloudTime {
    pub(super) fn new(clock: Box<dyn Clock>) -> Self {
        Self { clock, skew_seconds: AtomicI64::new(0) }
    }

    /// The time now as the cloud sees it.
    pub(super) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        let skew = SignedDuration::from_secs(self.skew_seconds.load(Ordering::Relaxed));
        now.checked_add(skew).unwrap_or(now)
    }

    /// Learns the skew from a `Date` header; `false` if the header is missing or unreadable.
    pub(super) fn learn(&self, date: Option<&str>) -> bool {
        let server = date.and_then(|text| DateTimeParser::new().parse_timestamp(text).ok());
        let Some(server) = server else { return false };
        let skew = server.as_second() - self.clock.now().as_second();
        self.skew_seconds.store(skew, Ordering::Relaxed);
        tracing::debug!(skew_seconds = skew, "learnt the cloud's time");
        true
    }
}

#[cfg(test)]
pub(crate) mod fixed {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A clock that stands still until it is set.
    #[derive(Debug, Clone)]
    pub(crate) struct FixedClock(Arc<Mutex<Timestamp>>);

    impl FixedClock {
        pub(crate) fn at(second: i64) -> Self {
            Self(Arc::new(Mutex::new(Timestamp::from_second(second).unwrap())))
        }

        pub(crate) fn set(&self, second: i64) {
            *self.0.lock().unwrap() = Timestamp::from_second(second).unwrap();
        }
    }

    impl Clock for FixedClock {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{fixed::FixedClock, *};

    #[test]
    fn learns_the_skew_from_a_date_header() {
        let local = FixedClock::at(1_551_113_065 - 4000);
        let time = CloudTime::new(Box::new(local.clone()));
        assert!(time.learn(Some("Mon, 25 Feb 2019 16:44:25 GMT")));
        assert_eq!(time.now().as_second(), 1_551_113_065);
        local.set(1_551_113_065);
        assert_eq!(time.now().as_second(), 1_551_113_065 + 4000);
    }

    #[test]
    fn an_unreadable_date_teaches_nothing() {
        let time = CloudTime::new(Box::new(FixedClock::at(1000)));
        assert!(!time.learn(None));
        assert!(!time.learn(Some("yesterday")));
        assert_eq!(time.now().as_second(), 1000);
    }
}
