//! Things that take time: every asynchronous object is a state that the API
//! shows and, while a change is under way, a state that was asked for.
//!
//! How long a change takes is set per kind of change (`vpc/attach`,
//! `tcm/mesh-create`, …) with a [`Progression`], at run time.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use jiff::{SignedDuration, Timestamp};

/// When a change is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progression {
    /// With the call that asks for it.
    Immediate,
    /// After this long on the cloud's clock.
    After(Duration),
    /// After this many reads have shown it unfinished.
    Polls(u32),
    /// When a [`Release`] lets it.
    Manual,
}

/// What is used where nothing is set: long enough that a client sees the
/// intermediate state, short enough for a demonstration.
pub const DEFAULT_PROGRESSION: Progression = Progression::After(Duration::from_millis(300));

impl fmt::Display for Progression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Immediate => f.write_str("immediate"),
            Self::After(time) => write!(f, "after {}ms", time.as_millis()),
            Self::Polls(count) => write!(f, "polls {count}"),
            Self::Manual => f.write_str("manual"),
        }
    }
}

impl FromStr for Progression {
    type Err = String;

    /// Reads `immediate`, `after 500ms`, `after 2s`, `after 10m`, `after 7d`, `polls 3`, `manual`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no progression: immediate, after <n>ms|s|m|h|d, polls <n> or manual"
            )
        };
        match text.split_once(' ') {
            None if text == "immediate" => Ok(Self::Immediate),
            None if text == "manual" => Ok(Self::Manual),
            Some(("polls", count)) => count.parse().map(Self::Polls).map_err(|_| wrong()),
            Some(("after", time)) => parse_duration(time).map(Self::After).ok_or_else(wrong),
            _ => Err(wrong()),
        }
    }
}

/// `250ms`, `2s`, `10m`, `3h` or `7d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(split);
    let count: u64 = count.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    count.checked_mul(millis).map(Duration::from_millis)
}

/// How long changes take, and which manual ones have been let go.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    defaults: BTreeMap<String, Progression>,
    settings: BTreeMap<String, Progression>,
    releases: Vec<Release>,
}

/// Lets manual changes finish that were asked for before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Kind of change; `None` for every kind.
    pub kind: Option<String>,
    /// Id of the object; `None` for every object.
    pub id: Option<String>,
}

impl Pace {
    /// Sets what a kind of change does where nobody sets anything else.
    pub fn set_default(&mut self, kind: &str, progression: Progression) {
        self.defaults.insert(kind.to_owned(), progression);
    }

    /// Sets a kind's progression from now on; `*` for every kind that has no setting of its own.
    pub fn set(&mut self, kind: &str, progression: Progression) {
        self.settings.insert(kind.to_owned(), progression);
    }

    /// Forgets all settings and releases.
    pub fn reset(&mut self) {
        self.settings.clear();
        self.releases.clear();
    }

    /// Lets manual changes go that are under way now.
    pub fn release(&mut self, release: Release) {
        self.releases.push(release);
    }

    /// Progression of a kind of change. What lasts for days of its own nature
    /// (an application's expiry) is set under its own name and not by `*`.
    pub fn progression(&self, kind: &str) -> Progression {
        let settings = &self.settings;
        let own = settings.get(kind).or_else(|| match self.defaults.get(kind) {
            Some(Progression::After(time)) if *time > LONG => None,
            _ => settings.get("*"),
        });
        own.or_else(|| self.defaults.get(kind)).copied().unwrap_or(DEFAULT_PROGRESSION)
    }

    /// Every kind that has a default or a setting, with its progression.
    pub fn listing(&self) -> BTreeMap<String, Progression> {
        let kinds = self.defaults.keys().chain(self.settings.keys());
        kinds.map(|kind| (kind.clone(), self.progression(kind))).collect()
    }

    fn released_since(&self, mark: usize, kind: &str, id: &str) -> bool {
        let newer = self.releases.get(mark..).unwrap_or_default();
        newer.iter().any(|release| {
            release.kind.as_deref().is_none_or(|k| k == kind)
                && release.id.as_deref().is_none_or(|i| i == id)
        })
    }
}

/// Defaults longer than this are not subject to the `*` setting.
const LONG: Duration = Duration::from_secs(600);

/// The instant at which a call is served, and the pace of the cloud then.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The cloud's time.
    pub now: Timestamp,
    /// How long changes take.
    pub pace: &'a Pace,
}

/// A state that changes asynchronously.
#[derive(Clone, Debug)]
pub struct Managed<S> {
    current: S,
    pending: Option<Pending<S>>,
}

#[derive(Clone, Debug)]
struct Pending<S> {
    target: S,
    kind: String,
    id: String,
    progression: Progression,
    since: Timestamp,
    polls: u32,
    release_mark: usize,
}

impl<S> Managed<S> {
    /// A state with no change under way.
    pub fn settled(state: S) -> Self {
        Self { current: state, pending: None }
    }

    /// Begins a change: shows `via` until the change of `kind` to the object
    /// `id` is finished, and `target` then. A change that was under way is
    /// dropped. Returns true if it was finished at once.
    pub fn begin(&mut self, kind: &str, id: &str, via: S, target: S, moment: Moment<'_>) -> bool {
        let progression = moment.pace.progression(kind);
        self.current = via;
        self.pending = Some(Pending {
            target,
            kind: kind.to_owned(),
            id: id.to_owned(),
            progression,
            since: moment.now,
            polls: 0,
            release_mark: moment.pace.releases.len(),
        });
        self.settle(moment)
    }

    /// What the API shows.
    pub fn current(&self) -> &S {
        &self.current
    }

    /// What was asked for, if it is not there yet.
    pub fn requested(&self) -> Option<&S> {
        self.pending.as_ref().map(|pending| &pending.target)
    }

    /// Finishes the change if it is due. Returns true in the one call that
    /// finishes it, so that the caller can act on it.
    pub fn settle(&mut self, moment: Moment<'_>) -> bool {
        match self.pending.take_if(|pending| pending.due(moment)) {
            Some(pending) => {
                self.current = pending.target;
                true
            }
            None => false,
        }
    }

    /// Notes that a read has shown this state to a client; call it once for
    /// every object that a Describe answer contains.
    pub fn observe(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.polls = pending.polls.saturating_add(1);
        }
    }

    /// Sets the state by hand and drops a change under way.
    pub fn force(&mut self, state: S) {
        *self = Self::settled(state);
    }
}

impl<S> Pending<S> {
    fn due(&self, moment: Moment<'_>) -> bool {
        match self.progression {
            Progression::Immediate => true,
            Progression::After(time) => {
                let passed = moment.now.duration_since(self.since);
                passed >= SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX)
            }
            Progression::Polls(count) => self.polls >= count,
            Progression::Manual => {
                moment.pace.released_since(self.release_mark, &self.kind, &self.id)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn pace(progression: &str) -> Pace {
        let mut pace = Pace::default();
        pace.set("k", progression.parse().unwrap());
        pace
    }

    fn begun(pace: &Pace) -> Managed<&'static str> {
        let mut state = Managed::settled("off");
        state.begin("k", "x-1", "starting", "on", Moment { now: at(0), pace });
        state
    }

    #[test]
    fn immediate_shows_no_intermediate_state() {
        let state = begun(&pace("immediate"));
        assert_eq!(*state.current(), "on");
        assert_eq!(state.requested(), None);
    }

    #[test]
    fn after_follows_the_clock() {
        let pace = pace("after 10s");
        let mut state = begun(&pace);
        assert!(!state.settle(Moment { now: at(9), pace: &pace }));
        assert_eq!((*state.current(), state.requested()), ("starting", Some(&"on")));
        assert!(state.settle(Moment { now: at(10), pace: &pace }));
        assert!(!state.settle(Moment { now: at(11), pace: &pace }), "reported once");
        assert_eq!(*state.current(), "on");
    }

    #[test]
    fn polls_counts_reads_and_not_time() {
        let pace = pace("polls 2");
        let mut state = begun(&pace);
        let moment = Moment { now: at(1_000_000), pace: &pace };
        for _ in 0..2 {
            assert!(!state.settle(moment));
            state.observe();
        }
        assert!(state.settle(moment));
    }

    #[test]
    fn manual_waits_for_a_later_release_of_its_kind_and_object() {
        let mut pace = pace("manual");
        pace.release(Release { kind: None, id: None });
        let mut state = begun(&pace);
        pace.release(Release { kind: Some("other".to_owned()), id: None });
        pace.release(Release { kind: Some("k".to_owned()), id: Some("x-2".to_owned()) });
        assert!(!state.settle(Moment { now: at(1), pace: &pace }));
        pace.release(Release { kind: Some("k".to_owned()), id: Some("x-1".to_owned()) });
        assert!(state.settle(Moment { now: at(1), pace: &pace }));
    }

    #[test]
    fn star_leaves_expiries_alone() {
        let mut pace = Pace::default();
        pace.set_default(
            "vpc/application-expiry",
            Progression::After(Duration::from_secs(604_800)),
        );
        pace.set("*", Progression::Immediate);
        assert_eq!(pace.progression("vpc/attach"), Progression::Immediate);
        assert_ne!(pace.progression("vpc/application-expiry"), Progression::Immediate);
        pace.set("vpc/application-expiry", Progression::Manual);
        assert_eq!(pace.progression("vpc/application-expiry"), Progression::Manual);
    }

    #[test]
    fn progressions_are_read_as_they_are_written() {
        for text in ["immediate", "after 1500ms", "polls 4", "manual"] {
            assert_eq!(text.parse::<Progression>().unwrap().to_string(), text);
        }
        assert_eq!("after 7d".parse(), Ok(Progression::After(Duration::from_secs(7 * 86_400))));
        for text in ["", "after", "after 5", "after 5w", "polls x", "soon"] {
            assert!(text.parse::<Progression>().is_err(), "{text}");
        }
    }
}
