//! Growing, jittered pauses: between two polls of a waiter and between two tries of a call.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// How pauses grow: `initial`, then `factor` times the one before, never above `max`.
///
/// Jitter spreads each pause over the lower `jitter` share of its length, so that many waiters that
/// started together do not ask together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// First pause.
    pub initial: Duration,
    /// Longest pause.
    pub max: Duration,
    /// Growth from one pause to the next; 1.0 keeps it constant.
    pub factor: f64,
    /// Share of a pause that is random, from 0.0 (none) to 1.0 (anything down to zero).
    pub jitter: f64,
}

impl Backoff {
    /// The length of pause number `turn` (from 0), made random by `chance`.
    pub fn pause(&self, turn: u32, chance: &Chance) -> Duration {
        let turns = i32::try_from(turn.min(64)).unwrap_or(64);
        let grown = self.initial.as_secs_f64() * self.factor.max(1.0).powi(turns);
        let full = grown.min(self.max.as_secs_f64());
        Duration::from_secs_f64(full * (1.0 - self.jitter.clamp(0.0, 1.0) * chance.ratio()))
    }
}

/// A small source of randomness (SplitMix64) for jitter: seeded by the system, or by a test.
#[derive(Debug)]
pub struct Chance {
    state: AtomicU64,
}

impl Chance {
    /// The same seed gives the same sequence.
    pub fn seeded(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// A number in `0.0..1.0`.
    pub fn ratio(&self) -> f64 {
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.state.fetch_add(GOLDEN, Ordering::Relaxed).wrapping_add(GOLDEN);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        // 53 bits are what an f64 holds exactly.
        (z >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Default for Chance {
    fn default() -> Self {
        Self::seeded(RandomState::new().hash_one("jitter"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(jitter: f64) -> Backoff {
        Backoff {
            initial: Duration::from_secs(1),
            max: Duration::from_secs(10),
            factor: 2.0,
            jitter,
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let chance = Chance::seeded(1);
        let pauses: Vec<u64> = [0, 1, 2, 3, 4, 1000, u32::MAX]
            .into_iter()
            .map(|turn| second(0.0).pause(turn, &chance).as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10, 10]);
    }

    #[test]
    fn jitter_only_shortens_and_differs_from_pause_to_pause() {
        let chance = Chance::seeded(7);
        let pauses: Vec<Duration> = (0..100).map(|_| second(0.5).pause(0, &chance)).collect();
        assert!(pauses.iter().all(|p| *p > Duration::from_millis(499)));
        assert!(pauses.iter().all(|p| *p <= Duration::from_secs(1)));
        assert!(pauses.windows(2).any(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_seed_fixes_the_sequence() {
        let (one, two) = (Chance::seeded(42), Chance::seeded(42));
        let first: Vec<f64> = (0..5).map(|_| one.ratio()).collect();
        let again: Vec<f64> = (0..5).map(|_| two.ratio()).collect();
        assert_eq!(first, again);
        assert!(first.iter().all(|r| (0.0..1.0).contains(r)));
    }
}
