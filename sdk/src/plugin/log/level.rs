//! Which events anyone would see.

use tracing::{Level, Metadata, level_filters::LevelFilter};

/// Lets events through.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    level: LevelFilter,
    own: Vec<String>,
}

/// The level above which the events of other people's crates are dropped:
/// below it, the HTTP crates describe every frame, headers included.
const OTHERS: LevelFilter = LevelFilter::INFO;

impl Filter {
    /// What the environment asks for: `TF_LOG_PROVIDER_<SUFFIX>`, else
    /// `TF_LOG_PROVIDER`, else `TF_LOG`. `None` when nothing would be seen.
    ///
    /// The events of the crates `own` and of this one count in full.
    pub(crate) fn read<'a>(
        variable: impl Fn(&str) -> Option<String>,
        suffix: &str,
        own: impl IntoIterator<Item = &'a str>,
    ) -> Option<Self> {
        let specific = format!("TF_LOG_PROVIDER_{suffix}");
        let level = [specific.as_str(), "TF_LOG_PROVIDER", "TF_LOG"]
            .into_iter()
            .find_map(|name| variable(name).filter(|value| !value.trim().is_empty()))
            .map_or(LevelFilter::OFF, |value| level(&value));
        let own = own.into_iter().chain([env!("CARGO_CRATE_NAME")]);
        (level != LevelFilter::OFF).then(|| Self { level, own: own.map(String::from).collect() })
    }

    /// The most that any event can have.
    pub(super) fn level(&self) -> LevelFilter {
        self.level
    }

    /// Whether an event is let through.
    pub(super) fn lets(&self, metadata: &Metadata<'_>) -> bool {
        self.lets_from(metadata.target(), *metadata.level())
    }

    fn lets_from(&self, target: &str, level: Level) -> bool {
        let krate = target.split("::").next().unwrap_or(target);
        let own = self.own.iter().any(|name| name == krate);
        level <= if own { self.level } else { self.level.min(OTHERS) }
    }
}

/// As Terraform reads a level: `JSON` asks for everything in another format,
/// and what it does not know is everything, too.
fn level(text: &str) -> LevelFilter {
    match text.trim().to_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level_of(variables: &[(&str, &str)]) -> Option<LevelFilter> {
        let variable = |name: &str| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        };
        Filter::read(variable, "CROSS_MESH", []).map(|filter| filter.level())
    }

    #[test]
    fn nothing_is_logged_unless_somebody_looks() {
        assert_eq!(level_of(&[]), None);
        assert_eq!(level_of(&[("TF_LOG", "")]), None);
        assert_eq!(level_of(&[("TF_LOG", "trace"), ("TF_LOG_PROVIDER", "off")]), None);
    }

    #[test]
    fn the_more_specific_variable_counts() {
        let all = [
            ("TF_LOG", "error"),
            ("TF_LOG_PROVIDER", "info"),
            ("TF_LOG_PROVIDER_CROSS_MESH", "debug"),
        ];
        assert_eq!(level_of(&all), Some(LevelFilter::DEBUG));
        assert_eq!(level_of(&all[..2]), Some(LevelFilter::INFO));
        assert_eq!(level_of(&all[..1]), Some(LevelFilter::ERROR));
        assert_eq!(level_of(&[("TF_LOG", "json")]), Some(LevelFilter::TRACE));
        assert_eq!(level_of(&[("TF_LOG", "loud")]), Some(LevelFilter::TRACE));
    }

    #[test]
    fn other_crates_are_heard_when_it_matters() {
        let filter = Filter { level: LevelFilter::TRACE, own: vec!["mine".to_owned()] };
        assert!(filter.lets_from("mine::deep", Level::TRACE));
        assert!(filter.lets_from("h2::client", Level::INFO));
        assert!(!filter.lets_from("h2::client", Level::DEBUG));
        assert!(!filter.lets_from("mineral", Level::DEBUG));
        let quiet = Filter { level: LevelFilter::ERROR, ..filter };
        assert!(!quiet.lets_from("h2", Level::WARN));
        assert!(!quiet.lets_from("mine", Level::WARN));
    }
}
