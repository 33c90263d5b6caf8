//! Choices that are fair and the same in every run.

use std::collections::HashMap;

/// Smooth weighted round robin: over as many choices as the weights' sum, each
/// target is taken as often as its weight says, evenly spread.
#[derive(Debug, Default)]
pub(super) struct Balance {
    weighted: HashMap<String, (Vec<u32>, Vec<i64>)>,
    rounds: HashMap<String, usize>,
    shares: HashMap<String, f64>,
}

impl Balance {
    /// The index of the target to take now; nothing if all weights are 0.
    /// Other weights for the same key start anew.
    pub(super) fn weighted(&mut self, key: &str, weights: &[u32]) -> Option<usize> {
        let total: i64 = weights.iter().copied().map(i64::from).sum();
        if total == 0 {
            return None;
        }
        let fresh = || (weights.to_vec(), vec![0; weights.len()]);
        let state = self.weighted.entry(key.to_owned()).or_insert_with(fresh);
        if state.0 != weights {
            *state = fresh();
        }
        for (current, weight) in state.1.iter_mut().zip(weights) {
            *current += i64::from(*weight);
        }
        // The first of equals, so that the order of routes decides.
        let (chosen, _) = state.1.iter().enumerate().rev().max_by_key(|(_, current)| **current)?;
        state.1[chosen] -= total;
        Some(chosen)
    }

    /// Round robin over so many targets.
    pub(super) fn next(&mut self, key: &str, count: usize) -> usize {
        let round = self.rounds.entry(key.to_owned()).or_default();
        let chosen = *round % count.max(1);
        *round = round.wrapping_add(1);
        chosen
    }

    /// Whether this request is among the given percentage.
    pub(super) fn share(&mut self, key: &str, percent: f64) -> bool {
        let share = self.shares.entry(key.to_owned()).or_default();
        *share += percent;
        if *share >= 100.0 {
            *share -= 100.0;
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_by_weight() {
        let mut balance = Balance::default();
        let taken: Vec<_> = (0..6).filter_map(|_| balance.weighted("a", &[4, 0, 2])).collect();
        assert_eq!(taken, [0, 2, 0, 0, 2, 0]);
        assert_eq!(balance.weighted("a", &[0, 0]), None);
        assert_eq!(balance.weighted("a", &[0, 1]), Some(1));
    }

    #[test]
    fn rounds_and_shares() {
        let mut balance = Balance::default();
        let taken: Vec<_> = (0..4).map(|_| balance.next("a", 3)).collect();
        assert_eq!(taken, [0, 1, 2, 0]);
        let hits = (0..10).filter(|_| balance.share("f", 30.0)).count();
        assert_eq!(hits, 3);
    }
}
