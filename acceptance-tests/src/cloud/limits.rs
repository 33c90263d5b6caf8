//! How many calls per second each caller may make.
//!
//! The cloud counts per account, region and action. Source of the numbers: the
//! frequency limit that each action's page states.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Limit of every action that has none of its own, in calls per second.
pub const DEFAULT_RATE: f64 = 20.0;

/// Documented limits that differ from [`DEFAULT_RATE`].
const DOCUMENTED: [(&str, f64); 2] =
    [("vpc:DescribeCcns", 100.0), ("vpc:AttachCcnInstances", 100.0)];

/// The limits and what is left of them.
#[derive(Clone, Debug)]
pub struct Limits {
    scale: f64,
    rates: BTreeMap<String, f64>,
    buckets: BTreeMap<(String, String, String), Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

impl Limits {
    /// The documented limits times `scale`; 0 switches them off.
    pub fn new(scale: f64) -> Self {
        let rates = DOCUMENTED.iter().map(|(name, rate)| ((*name).to_owned(), *rate)).collect();
        Self { scale, rates, buckets: BTreeMap::new() }
    }

    /// Multiplies every limit; 0 switches them off.
    pub fn set_scale(&mut self, scale: f64) {
        self.scale = scale.max(0.0);
        self.buckets.clear();
    }

    /// Sets the limit of an action (`vpc:CreateCcn`), in calls per second.
    pub fn set_rate(&mut self, action: &str, rate: f64) {
        self.rates.insert(action.to_owned(), rate.max(0.0));
        self.buckets.clear();
    }

    /// The factor on all limits.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Limits that differ from the default, before the factor.
    pub fn rates(&self) -> &BTreeMap<String, f64> {
        &self.rates
    }

    /// Takes one call out of the caller's allowance. `Err` carries the limit
    /// that it is over. Allowance returns evenly, at most one second of it.
    pub fn take(
        &mut self,
        uin: &str,
        region: &str,
        action: &str,
        at: Timestamp,
    ) -> Result<(), f64> {
        if self.scale == 0.0 {
            return Ok(());
        }
        let rate = self.rates.get(action).copied().unwrap_or(DEFAULT_RATE) * self.scale;
        let full = rate.max(1.0);
        let key = (uin.to_owned(), region.to_owned(), action.to_owned());
        let bucket = self.buckets.entry(key).or_insert(Bucket { left: full, at });
        let passed = at.duration_since(bucket.at).as_secs_f64().max(0.0);
        bucket.left = passed.mul_add(rate, bucket.left).min(full);
        bucket.at = at;
        if bucket.left < 1.0 {
            return Err(rate);
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    fn passed(limits: &mut Limits, action: &str, calls: usize, millis: i64) -> usize {
        (0..calls).filter(|_| limits.take("1", "gz", action, at(millis)).is_ok()).count()
    }

    #[test]
    fn default_and_documented_rates() {
        let mut limits = Limits::new(1.0);
        assert_eq!(passed(&mut limits, "vpc:CreateCcn", 50, 0), 20);
        assert_eq!(passed(&mut limits, "vpc:DescribeCcns", 150, 0), 100);
    }

    #[test]
    fn allowance_returns_evenly() {
        let mut limits = Limits::new(1.0);
        passed(&mut limits, "a", 20, 0);
        assert_eq!(passed(&mut limits, "a", 20, 500), 10);
        assert_eq!(passed(&mut limits, "a", 50, 60_000), 20);
    }

    #[test]
    fn callers_regions_and_actions_are_apart() {
        let mut limits = Limits::new(0.05);
        for (uin, region, action) in
            [("1", "gz", "a"), ("2", "gz", "a"), ("1", "sh", "a"), ("1", "gz", "b")]
        {
            assert!(limits.take(uin, region, action, at(0)).is_ok());
            assert_eq!(limits.take(uin, region, action, at(0)), Err(1.0));
        }
    }

    #[test]
    fn scale_zero_switches_off() {
        let mut limits = Limits::new(0.0);
        assert_eq!(passed(&mut limits, "a", 1_000, 0), 1_000);
        limits.set_scale(0.5);
        assert_eq!(passed(&mut limits, "a", 1_000, 0), 10);
    }
}
