//! How often each action is called: one lane per account, region and action.
//!
//! A lane lets as many calls through per rolling second as the API documents. When the cloud throttles
//! anyway (other tools use the same quota), the lane slows down and finds its way back.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// What most actions allow per second, account and region.
pub const DEFAULT_PER_SECOND: f64 = 20.0;

/// Documented limits that differ from the default: service, action, calls per second.
const DOCUMENTED: &[(&str, &str, f64)] =
    &[("vpc", "DescribeCcns", 100.0), ("vpc", "AttachCcnInstances", 100.0)];

/// A second as the cloud may count it: its window and ours do not start together.
const WINDOW: Duration = Duration::from_millis(1050);

/// The slowest a lane gets: one call in five seconds.
const FLOOR: f64 = 0.2;

/// The share of the rate that a throttled lane keeps, and the share of the ceiling that it regains per
/// quiet window.
const CUT: f64 = 0.7;
const REGAIN: f64 = 0.05;

/// Calls per second that actions allow.
#[derive(Debug, Clone, PartialEq)]
pub struct RateLimits {
    /// For actions without an entry.
    pub default: f64,
    /// By service and action.
    pub by_action: BTreeMap<(String, String), f64>,
}

impl Default for RateLimits {
    fn default() -> Self {
        let by_action = DOCUMENTED
            .iter()
            .map(|(service, action, rate)| (((*service).to_owned(), (*action).to_owned()), *rate))
            .collect();
        Self { default: DEFAULT_PER_SECOND, by_action }
    }
}

impl RateLimits {
    fn per_second(&self, service: &str, action: &str) -> f64 {
        let key = (service.to_owned(), action.to_owned());
        self.by_action.get(&key).copied().unwrap_or(self.default).max(FLOOR)
    }
}

/// All lanes of a process.
#[derive(Debug)]
pub(super) struct Limiter {
    limits: RateLimits,
    lanes: Mutex<HashMap<LaneKey, Arc<Lane>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct LaneKey {
    account: String,
    region: String,
    service: String,
    action: String,
}

impl Limiter {
    pub(super) fn new(limits: RateLimits) -> Self {
        Self { limits, lanes: Mutex::default() }
    }

    pub(super) fn lane(
        &self,
        account: &str,
        region: &str,
        service: &str,
        action: &str,
    ) -> Arc<Lane> {
        let key = LaneKey {
            account: account.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            action: action.to_owned(),
        };
        let rate = self.limits.per_second(service, action);
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(key).or_insert_with(|| Arc::new(Lane::new(rate))))
    }
}

/// The calls of one action by one account in one region.
#[derive(Debug)]
pub(super) struct Lane {
    ceiling: f64,
    traffic: Mutex<Traffic>,
}

#[derive(Debug)]
struct Traffic {
    /// Calls per second at present.
    rate: f64,
    /// When the latest calls go out, oldest first; at most a ceiling's worth.
    slots: VecDeque<Instant>,
    /// Nothing goes out before.
    closed_until: Instant,
    /// When the rate was last cut.
    cut: Option<Instant>,
    /// When the rate was last changed.
    changed: Instant,
}

impl Lane {
    fn new(ceiling: f64) -> Self {
        let now = Instant::now();
        let traffic = Traffic {
            rate: ceiling,
            slots: VecDeque::new(),
            closed_until: now,
            cut: None,
            changed: now,
        };
        Self { ceiling, traffic: Mutex::new(traffic) }
    }

    /// Waits for this call's turn; turns come in the order of asking.
    pub(super) async fn turn(&self) {
        let slot = self.traffic().reserve(Instant::now(), self.ceiling);
        sleep_until(slot).await;
    }

    /// A call went through: a slowed lane speeds up again, step by step.
    pub(super) fn succeeded(&self) {
        let now = Instant::now();
        let mut traffic = self.traffic();
        if traffic.rate < self.ceiling && now.duration_since(traffic.changed) >= traffic.window() {
            traffic.rate = (traffic.rate + self.ceiling * REGAIN).min(self.ceiling);
            traffic.changed = now;
        }
    }

    /// The call that went out at `sent` was throttled: slows down, once for all calls of one burst, and
    /// closes the lane for `pause`.
    pub(super) fn throttled(&self, sent: Instant, pause: Duration) {
        let now = Instant::now();
        let mut traffic = self.traffic();
        traffic.closed_until = traffic.closed_until.max(now + pause);
        if traffic.cut.is_none_or(|cut| sent > cut) {
            traffic.rate = (traffic.rate * CUT).max(FLOOR);
            traffic.cut = Some(now);
            traffic.changed = now;
        }
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Traffic {
    fn reserve(&mut self, now: Instant, ceiling: f64) -> Instant {
        let burst = self.rate.floor().max(1.0) as usize;
        let mut slot = now.max(self.closed_until);
        if let Some(last) = self.slots.back() {
            slot = slot.max(*last);
        }
        if let Some(earlier) =
            self.slots.len().checked_sub(burst).and_then(|index| self.slots.get(index))
        {
            slot = slot.max(*earlier + self.window());
        }
        self.slots.push_back(slot);
        while self.slots.len() > ceiling.max(1.0) as usize {
            self.slots.pop_front();
        }
        slot
    }

    /// The time in which a burst may go out.
    fn window(&self) -> Duration {
        if self.rate < 1.0 { WINDOW.div_f64(self.rate) } else { WINDOW }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn take(lane: &Lane, calls: usize) -> Vec<Duration> {
        let start = Instant::now();
        let mut turns = Vec::new();
        for _ in 0..calls {
            lane.turn().await;
            turns.push(start.elapsed());
        }
        turns
    }

    #[test]
    fn limits_come_from_the_documents() {
        let limits = RateLimits::default();
        assert_eq!(limits.per_second("vpc", "DescribeCcns"), 100.0);
        assert_eq!(limits.per_second("tke", "DescribeClusters"), 20.0);
    }

    #[tokio::test(start_paused = true)]
    async fn no_rolling_second_sees_more_than_the_rate() {
        let turns = take(&Lane::new(20.0), 100).await;
        assert_eq!(turns[19], Duration::ZERO);
        for pair in turns.windows(21) {
            assert!(pair[20] - pair[0] > Duration::from_secs(1));
        }
        // 95 % of what is allowed is used.
        assert_eq!(turns[99], WINDOW * 4);
    }

    #[tokio::test(start_paused = true)]
    async fn turns_come_in_the_order_of_asking() {
        let lane = Arc::new(Lane::new(1.0));
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        for number in 0..5 {
            let (lane, sender) = (Arc::clone(&lane), sender.clone());
            tokio::spawn(async move {
                lane.turn().await;
                sender.send(number).unwrap();
            });
            tokio::task::yield_now().await;
        }
        for number in 0..5 {
            assert_eq!(receiver.recv().await, Some(number));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_lane_pauses_slows_down_once_per_burst_and_recovers() {
        let lane = Lane::new(20.0);
        take(&lane, 20).await;
        let sent = Instant::now();
        for _ in 0..20 {
            lane.throttled(sent, Duration::from_secs(3));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(lane.traffic().rate, 14.0);
        assert!(take(&lane, 1).await[0] >= Duration::from_millis(2980));

        for _ in 0..3 {
            tokio::time::advance(WINDOW).await;
            lane.succeeded();
            lane.succeeded();
        }
        assert_eq!(lane.traffic().rate, 17.0);
        for _ in 0..30 {
            tokio::time::advance(WINDOW).await;
            lane.succeeded();
        }
        assert_eq!(lane.traffic().rate, 20.0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_lane_still_moves() {
        let lane = Lane::new(1.0);
        for _ in 0..20 {
            tokio::time::advance(Duration::from_secs(1)).await;
            lane.throttled(Instant::now(), Duration::ZERO);
        }
        let turns = take(&lane, 3).await;
        assert_eq!(turns[2] - turns[1], WINDOW * 5);
    }

    #[tokio::test(start_paused = true)]
    async fn lanes_are_told_apart() {
        let limiter = Limiter::new(RateLimits::default());
        let hub = limiter.lane("hub", "ap-guangzhou", "vpc", "DescribeVpcs");
        assert!(Arc::ptr_eq(&hub, &limiter.lane("hub", "ap-guangzhou", "vpc", "DescribeVpcs")));
        for other in [
            limiter.lane("member", "ap-guangzhou", "vpc", "DescribeVpcs"),
            limiter.lane("hub", "ap-shanghai", "vpc", "DescribeVpcs"),
            limiter.lane("hub", "ap-guangzhou", "vpc", "DescribeSubnets"),
        ] {
            assert!(!Arc::ptr_eq(&hub, &other));
        }
    }
}
