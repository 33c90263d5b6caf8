//! `crossmesh_traffic_probe`: real requests, and what came back.

use std::{collections::BTreeMap, time::Duration};

use futures::future::join_all;
use tfsdk::{
    Diagnostics, Model,
    engine::DataSource,
    schema::validators,
    value::{Path, Tf},
};

use super::probe::{Answer, Expectation, HeaderExpectation, Probe, ProbeSpec, Report, SpecProblem};
use crate::services::{Client, Cx};

/// Sends real HTTP requests and tells what came back: the proof that traffic
/// arrives. An answer that is not the expected one is no error: it makes `ok`
/// false and says why in `error`, for a `check` block to assert. Write the data
/// source beside the `check` block rather than in it: Terraform plans to read a
/// nested one again at every run.
#[derive(Clone, Model)]
pub(super) struct TrafficProbes {
    /// The requests, by a name of your choice.
    #[attr(required, validate(validators::not_empty()))]
    pub targets: Tf<BTreeMap<String, Target>>,

    /// `host:port` to dial instead of what the URLs say; name and port of the
    /// requests stay. For a gateway that DNS does not lead to yet.
    #[attr(optional)]
    pub connect_to: Tf<String>,

    /// Longest time for one attempt, as a duration such as `5s`.
    #[attr(optional, validate(validators::duration()))]
    pub attempt_timeout: Tf<String>,

    /// Pause between two attempts, as a duration. Default: `2s`.
    #[attr(optional, validate(validators::duration()))]
    pub interval: Tf<String>,

    /// How often each target is asked, at most, until it answers as expected.
    /// Default: 15.
    #[attr(optional, validate(validators::range(1..=1000)))]
    pub attempts: Tf<i64>,

    /// How many expected answers in a row are needed. Default: 1.
    #[attr(optional, validate(validators::range(1..=1000)))]
    pub consecutive_successes: Tf<i64>,

    /// What came back, by the targets' names.
    #[attr(computed)]
    pub results: Tf<BTreeMap<String, Outcome>>,

    /// Whether every target answered as expected.
    #[attr(computed)]
    pub ok: Tf<bool>,
}

/// A request and the expected answer.
#[derive(Clone, Model)]
pub(super) struct Target {
    /// The URL, `http://` or `https://`.
    #[attr(required, validate(validators::url_with_scheme(["http", "https"])))]
    pub url: Tf<String>,

    /// The method. Default: `GET`.
    #[attr(optional, validate(validators::not_empty()))]
    pub method: Tf<String>,

    /// Request headers by name.
    #[attr(optional)]
    pub headers: Tf<BTreeMap<String, String>>,

    /// The request's body.
    #[attr(optional)]
    pub body: Tf<String>,

    /// `host:port` to dial for this target; wins over the data source's.
    #[attr(optional)]
    pub connect_to: Tf<String>,

    /// Authorities (PEM) that the server's certificate is checked against.
    /// Default: the system's.
    #[attr(optional)]
    pub ca_certificate: Tf<String>,

    /// Redirects to follow, at most. Default: none.
    #[attr(optional, validate(validators::range(0..=20)))]
    pub max_redirects: Tf<i64>,

    /// The expected status. Default: any from 200 to 299.
    #[attr(optional, validate(validators::range(100..=599)))]
    pub expected_status: Tf<i64>,

    /// Text that the body must contain.
    #[attr(optional)]
    pub expected_body: Tf<String>,

    /// Headers, with their whole values, that the answer must have.
    #[attr(optional)]
    pub expected_headers: Tf<BTreeMap<String, String>>,
}

/// What came back from a target.
#[derive(Clone, Model)]
pub(super) struct Outcome {
    /// Whether it was as expected.
    #[attr(computed)]
    pub ok: Tf<bool>,

    /// The last answer's status; null if there was none.
    #[attr(computed)]
    pub status: Tf<i64>,

    /// The last answer's body, at most 64 KiB of it.
    #[attr(computed)]
    pub body: Tf<String>,

    /// The last answer's headers, by their names in lower case; values of one
    /// name are joined with a comma.
    #[attr(computed)]
    pub headers: Tf<BTreeMap<String, String>>,

    /// The address that answered last.
    #[attr(computed)]
    pub remote_address: Tf<String>,

    /// Time of the last answer, in milliseconds.
    #[attr(computed)]
    pub elapsed_ms: Tf<i64>,

    /// Attempts made.
    #[attr(computed)]
    pub attempts: Tf<i64>,

    /// Why it was not as expected, in words; null if it was.
    #[attr(computed)]
    pub error: Tf<String>,
}

/// The data source.
#[derive(Clone, Copy, Debug)]
pub(super) struct TrafficProbe;

impl DataSource for TrafficProbe {
    type Model = TrafficProbes;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_traffic_probe";
    const TIMEOUT: Option<Duration> = Some(Duration::from_secs(300));

    fn validate(&self, config: &TrafficProbes, diagnostics: &mut Diagnostics) {
        for (name, target) in config.targets.known().into_iter().flatten() {
            if target.url.is_known()
                && let Err(problems) = Probe::new(config.spec(target))
            {
                report(name, problems, diagnostics);
            }
        }
    }

    async fn read(&self, cx: &Cx, mut config: TrafficProbes) -> Result<TrafficProbes, Diagnostics> {
        let mut diagnostics = Diagnostics::new();
        let mut probes = Vec::new();
        for (name, target) in config.targets.known().into_iter().flatten() {
            match Probe::new(config.spec(target)) {
                Ok(probe) => probes.push((name.clone(), probe)),
                Err(problems) => report(name, problems, &mut diagnostics),
            }
        }
        diagnostics.into_result()?;
        let outcomes = join_all(probes.iter().map(|(_, probe)| run(cx, probe))).await;
        let results: BTreeMap<String, Outcome> =
            probes.into_iter().map(|(name, _)| name).zip(outcomes).collect();
        config.ok = results.values().all(|outcome| outcome.ok.or_default()).into();
        config.results = results.into();
        Ok(config)
    }
}

impl TrafficProbes {
    fn spec(&self, target: &Target) -> ProbeSpec {
        let defaults = ProbeSpec::default();
        let count = |value: &Tf<i64>, default: u32| {
            value.known().and_then(|n| u32::try_from(*n).ok()).unwrap_or(default)
        };
        let time = |value: &Tf<String>, default: Duration| {
            value.known().and_then(|text| validators::parse_duration(text).ok()).unwrap_or(default)
        };
        ProbeSpec {
            url: target.url.text().to_owned(),
            method: target.method.text().to_owned(),
            headers: pairs(&target.headers),
            body: target.body.known().cloned(),
            connect_to: target.connect_to.known().or_else(|| self.connect_to.known()).cloned(),
            ca_certificate: target.ca_certificate.known().cloned(),
            max_redirects: count(&target.max_redirects, defaults.max_redirects),
            expect: target.expectation(),
            timeout: time(&self.attempt_timeout, Duration::from_secs(5)),
            interval: time(&self.interval, Duration::from_secs(2)),
            attempts: count(&self.attempts, 15),
            consecutive_successes: count(&self.consecutive_successes, 1),
            ..defaults
        }
    }
}

impl Target {
    fn expectation(&self) -> Expectation {
        let headers = pairs(&self.expected_headers);
        Expectation {
            statuses: self
                .expected_status
                .known()
                .and_then(|n| u16::try_from(*n).ok())
                .into_iter()
                .collect(),
            body_contains: self.expected_body.known().cloned(),
            headers: headers
                .into_iter()
                .map(|(name, value)| HeaderExpectation { name, value: Some(value) })
                .collect(),
            ..Expectation::default()
        }
    }
}

impl Outcome {
    fn new(report: Report) -> Self {
        let answer = report.answer;
        let take = |part: fn(&Answer) -> String| answer.as_ref().map(part).into();
        Self {
            ok: report.success.into(),
            status: answer.as_ref().map(|answer| i64::from(answer.status)).into(),
            body: take(|answer| answer.body.clone()),
            headers: answer.as_ref().map(joined).into(),
            remote_address: take(|answer| answer.remote.to_string()),
            elapsed_ms: answer.as_ref().map(|answer| millis(answer.elapsed)).into(),
            attempts: i64::from(report.attempts).into(),
            error: report.failure.into(),
        }
    }

    /// The read's time ran out, or the person interrupted it.
    fn cut_off(why: &str) -> Self {
        Self { ok: false.into(), attempts: 0.into(), error: why.into(), ..Self::empty() }
    }
}

async fn run(cx: &Cx, probe: &Probe) -> Outcome {
    tokio::select! {
        report = probe.run() => Outcome::new(report),
        () = cx.stop().cancelled() => Outcome::cut_off("interrupted"),
        () = tokio::time::sleep_until(cx.deadline()) => {
            Outcome::cut_off("the time for reading (`timeouts.read`) ran out")
        }
    }
}

/// Puts a specification's problems to the attributes that they come from.
fn report(target: &str, problems: Vec<SpecProblem>, diagnostics: &mut Diagnostics) {
    for SpecProblem { field, message } in problems {
        let of_target = Path::from("targets").key(target);
        let path = match field {
            "attempts" | "consecutive_successes" => Path::from(field),
            "timeout" => Path::from("attempt_timeout"),
            "statuses" => of_target.attribute("expected_status"),
            "body_contains" => of_target.attribute("expected_body"),
            field => of_target.attribute(field),
        };
        diagnostics.error_at(path, "Unusable probe", format!("{message}."));
    }
}

fn pairs(map: &Tf<BTreeMap<String, String>>) -> Vec<(String, String)> {
    map.known().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn joined(answer: &Answer) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &answer.headers {
        let entry = headers.entry(name.clone()).or_default();
        if !entry.is_empty() {
            entry.push_str(", ");
        }
        entry.push_str(value);
    }
    headers
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
