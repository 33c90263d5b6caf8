//! What makes an answer a success.

use regex::Regex;

use super::{Answer, SpecProblem};

/// Characters of a body that a message shows.
const SHOWN: usize = 200;

/// Expected properties of an answer; all of them must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// Any of these statuses; any 2xx if empty.
    pub statuses: Vec<u16>,
    /// Text that the body must contain.
    pub body_contains: Option<String>,
    /// Regular expression that the body must match somewhere.
    pub body_matches: Option<String>,
    /// Headers that must be there.
    pub headers: Vec<HeaderExpectation>,
}

/// A header that must be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderExpectation {
    /// Name, in any case.
    pub name: String,
    /// Its whole value; any if `None`.
    pub value: Option<String>,
}

/// An [`Expectation`] with its expressions compiled.
#[derive(Debug)]
pub(super) struct Checks {
    expect: Expectation,
    pattern: Option<Regex>,
}

impl Checks {
    pub(super) fn new(expect: &Expectation, problems: &mut Vec<SpecProblem>) -> Option<Self> {
        let before = problems.len();
        let mut refuse = |field, message: String| problems.push(SpecProblem { field, message });
        let pattern = expect.body_matches.as_deref().map(Regex::new).transpose();
        let pattern = pattern.unwrap_or_else(|error| {
            refuse("body_matches", format!("no regular expression: {error}"));
            None
        });
        for status in expect.statuses.iter().filter(|status| !(100..600).contains(*status)) {
            refuse("statuses", format!("{status} is no HTTP status"));
        }
        for header in expect.headers.iter().filter(|it| it.name.trim().is_empty()) {
            let value = header.value.as_deref().unwrap_or_default();
            refuse("headers", format!("the expected header {value:?} has no name"));
        }
        (problems.len() == before).then(|| Self { expect: expect.clone(), pattern })
    }

    /// Says in words what is not as expected.
    pub(super) fn check(&self, answer: &Answer) -> Result<(), String> {
        let statuses = &self.expect.statuses;
        let status = answer.status;
        if statuses.is_empty() && !(200..300).contains(&status) {
            return Err(format!("status is {status}, expected 2xx{}", shown(answer)));
        }
        if !statuses.is_empty() && !statuses.contains(&status) {
            let list: Vec<String> = statuses.iter().map(u16::to_string).collect();
            let list = list.join(" or ");
            return Err(format!("status is {status}, expected {list}{}", shown(answer)));
        }
        if let Some(text) = &self.expect.body_contains
            && !answer.body.contains(text)
        {
            return Err(format!("the body does not contain {text:?}{}", shown(answer)));
        }
        if let Some(pattern) = &self.pattern
            && !pattern.is_match(&answer.body)
        {
            let pattern = pattern.as_str();
            return Err(format!("the body does not match {pattern:?}{}", shown(answer)));
        }
        self.expect.headers.iter().try_for_each(|header| check_header(header, answer))
    }
}

fn check_header(expected: &HeaderExpectation, answer: &Answer) -> Result<(), String> {
    let HeaderExpectation { name, value } = expected;
    let given: Vec<&str> = answer
        .headers
        .iter()
        .filter(|(it, _)| it.eq_ignore_ascii_case(name.trim()))
        .map(|(_, value)| value.as_str())
        .collect();
    match value {
        _ if given.is_empty() => Err(format!("the header {name} is missing")),
        Some(value) if !given.contains(&value.as_str()) => {
            Err(format!("the header {name} is {:?}, expected {value:?}", given.join(", ")))
        }
        _ => Ok(()),
    }
}

fn shown(answer: &Answer) -> String {
    let text = answer.body.trim();
    if text.is_empty() {
        return "; the body is empty".to_owned();
    }
    let cut: String = text.chars().take(SHOWN).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!("; the body begins {cut:?}{dots}")
}
