//! Time as the simulated cloud sees it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Two times that move together until a test pulls them apart.
///
/// * [`now`](Clock::now), the cloud's own time: transitions finish, applications
///   and tokens expire by it. [`advance`](Clock::advance) moves it.
/// * [`wall`](Clock::wall), what the `Date` header says and what a request's
///   timestamp is held against. [`set_skew`](Clock::set_skew) moves it.
///
/// They are apart so that a test can let a week pass without making every
/// signature of a client with a real clock too old.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Hands>>);

#[derive(Debug)]
struct Hands {
    source: Source,
    /// Cloud time passes this many times as fast as real time.
    scale: f64,
    advanced: SignedDuration,
    skew: SignedDuration,
}

#[derive(Debug)]
enum Source {
    Real { start: Timestamp },
    Stopped { at: Timestamp },
}

impl Clock {
    /// Moves with real time.
    pub fn real() -> Self {
        Self::new(Source::Real { start: Timestamp::now() })
    }

    /// Stands at `at` and moves only when told.
    pub fn stopped(at: Timestamp) -> Self {
        Self::new(Source::Stopped { at })
    }

    fn new(source: Source) -> Self {
        let still = SignedDuration::ZERO;
        Self(Arc::new(Mutex::new(Hands { source, scale: 1.0, advanced: still, skew: still })))
    }

    /// The cloud's time.
    pub fn now(&self) -> Timestamp {
        let hands = self.hands();
        match hands.source {
            Source::Stopped { at } => later(at, hands.advanced),
            Source::Real { start } => {
                let passed = Timestamp::now().duration_since(start);
                later(later(start, passed.mul_f64(hands.scale)), hands.advanced)
            }
        }
    }

    /// The time of the `Date` header and of signatures. A stopped clock's wall
    /// time follows [`advance`](Clock::advance), a real one's does not.
    pub fn wall(&self) -> Timestamp {
        let hands = self.hands();
        let base = match hands.source {
            Source::Stopped { at } => later(at, hands.advanced),
            Source::Real { .. } => Timestamp::now(),
        };
        later(base, hands.skew)
    }

    /// Lets time pass in the cloud.
    pub fn advance(&self, by: SignedDuration) {
        let mut hands = self.hands();
        hands.advanced = hands.advanced.saturating_add(by);
    }

    /// Makes the cloud's wall clock wrong by `skew` (positive: ahead of the client).
    pub fn set_skew(&self, skew: SignedDuration) {
        self.hands().skew = skew;
    }

    /// Makes cloud time pass `scale` times as fast as real time, from the
    /// clock's start on. No effect on a stopped clock.
    pub fn set_scale(&self, scale: f64) {
        self.hands().scale = scale.clamp(0.0, 1e6);
    }

    /// Takes back every [`advance`](Clock::advance), skew and scale.
    pub fn reset(&self) {
        let mut hands = self.hands();
        hands.scale = 1.0;
        hands.advanced = SignedDuration::ZERO;
        hands.skew = SignedDuration::ZERO;
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        // Every critical section is a plain assignment or read, so a poisoned value is sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `at` + `by`, held at the ends of representable time.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

/// `2026-08-01 09:30:00`, the cloud's usual form, in its zone (UTC+8).
pub fn local_time(at: Timestamp) -> String {
    let shifted = later(at, SignedDuration::from_hours(8));
    jiff::tz::Offset::UTC.to_datetime(shifted).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2026-08-01T01:30:00Z`.
pub fn utc_time(at: Timestamp) -> String {
    jiff::tz::Offset::UTC.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-08-01T01:30:00Z".parse().unwrap()
    }

    #[test]
    fn stopped_clock_moves_when_told() {
        let clock = Clock::stopped(start());
        clock.advance(SignedDuration::from_secs(90));
        assert_eq!(utc_time(clock.now()), "2026-08-01T01:31:30Z");
        assert_eq!(clock.wall(), clock.now());
        clock.reset();
        assert_eq!(clock.now(), start());
    }

    #[test]
    fn advancing_a_real_clock_leaves_its_wall_time() {
        let clock = Clock::real();
        clock.advance(SignedDuration::from_hours(24 * 7));
        let apart = clock.now().duration_since(clock.wall());
        assert!(apart > SignedDuration::from_hours(24 * 7 - 1), "{apart:?}");
    }

    #[test]
    fn skew_moves_only_the_wall_time() {
        let clock = Clock::stopped(start());
        clock.set_skew(SignedDuration::from_mins(10));
        assert_eq!(utc_time(clock.wall()), "2026-08-01T01:40:00Z");
        assert_eq!(clock.now(), start());
    }

    #[test]
    fn times_read_as_the_cloud_writes_them() {
        assert_eq!(local_time(start()), "2026-08-01 09:30:00");
        assert_eq!(utc_time(start()), "2026-08-01T01:30:00Z");
    }
}
