//! Errors as what a person reads: what happened, what to do next, and the facts
//! that support asks for.

use std::fmt::Write as _;

use tfsdk::{Diagnostic, Diagnostics, value::Path};

use crate::{
    cloud,
    cluster::{self, FieldPath},
    wait,
};

/// Says what an operation was doing when it failed.
pub trait Doing<T> {
    /// Turns the error into diagnostics with the summary "Unable to `what`";
    /// `what` is a verb and its object, without values: "accept the CCN
    /// attachment".
    ///
    /// # Errors
    ///
    /// The same error, readable.
    fn doing(self, what: &str) -> Result<T, Diagnostics>;
}

impl<T> Doing<T> for Result<T, cloud::Error> {
    fn doing(self, what: &str) -> Result<T, Diagnostics> {
        self.map_err(|error| cloud(what, &error))
    }
}

impl<T> Doing<T> for Result<T, cluster::Error> {
    fn doing(self, what: &str) -> Result<T, Diagnostics> {
        self.map_err(|error| cluster(what, &error))
    }
}

impl<T, E: Cause> Doing<T> for Result<T, wait::Error<E>> {
    fn doing(self, what: &str) -> Result<T, Diagnostics> {
        self.map_err(|error| waited(what, &error))
    }
}

/// An error behind a wait.
pub trait Cause {
    /// The error as one paragraph and its facts.
    fn detail(&self) -> String;
}

impl Cause for cloud::Error {
    fn detail(&self) -> String {
        of_cloud(self, "")
    }
}

impl Cause for cluster::Error {
    fn detail(&self) -> String {
        let message = capitalised(&sentence(self.message()));
        let mut text = format!("{message} {}", self.next_step());
        let mut facts = Facts::of(self);
        match self.kind() {
            cluster::ErrorKind::Conflict { fields } => {
                for conflict in fields {
                    facts.add(
                        "Conflict",
                        &format!("{} with {:?}", conflict.field, conflict.manager),
                    );
                }
            }
            cluster::ErrorKind::Invalid { causes }
            | cluster::ErrorKind::SchemaMismatch { causes } => {
                for cause in causes.iter().filter(|cause| !cause.field.is_empty()) {
                    facts.add("Field", &format!("{}: {}", cause.field, cause.message));
                }
            }
            _ => {}
        }
        text.push_str(&facts.0);
        text
    }
}

/// What became of an operation that was broken off. Terraform marks what a broken
/// create leaves as tainted.
pub const KEPT: &str = "What exists is kept in the state: the next apply goes on, after a create by \
    making it anew unless `terraform untaint` is told to keep it.";

/// A failed call of the cloud.
pub fn cloud(doing: &str, error: &cloud::Error) -> Diagnostics {
    Diagnostic::error(format!("Unable to {doing}"), error.detail()).into()
}

/// A failed call of the cloud, with a way out that only the caller knows.
pub fn cloud_with_hint(doing: &str, error: &cloud::Error, hint: &str) -> Diagnostics {
    Diagnostic::error(format!("Unable to {doing}"), of_cloud(error, hint)).into()
}

/// A failed call of a cluster.
pub fn cluster(doing: &str, error: &cluster::Error) -> Diagnostics {
    Diagnostic::error(format!("Unable to {doing}"), error.detail()).into()
}

/// A cluster's refusal of fields, at the attributes that they come from, as far
/// as `locate` finds them: a diagnostic for each refused value, and one for all
/// conflicts together. Any other failure as [`cluster`] shows it.
pub fn refused(
    doing: &str,
    error: &cluster::Error,
    locate: impl Fn(&FieldPath) -> Option<Path>,
) -> Diagnostics {
    let summary = format!("Unable to {doing}");
    match error.kind() {
        cluster::ErrorKind::Conflict { fields } => {
            let place = fields.first().and_then(|first| locate(&first.field));
            let place = place.filter(|_| fields.iter().all(|it| it.field == fields[0].field));
            let conflict = Diagnostic::error(summary, error.detail());
            place.into_iter().fold(conflict, Diagnostic::at).into()
        }
        cluster::ErrorKind::Invalid { causes } | cluster::ErrorKind::SchemaMismatch { causes }
            if causes.iter().any(|cause| locate(&cause.field).is_some()) =>
        {
            let one = |cause: &cluster::Cause| {
                let place = locate(&cause.field);
                let at = place.as_ref().map_or_else(String::new, |place| format!("{place}: "));
                let (said, next) = (capitalised(&sentence(&cause.message)), error.next_step());
                let detail = format!("{at}{said} {next}{}", Facts::of(error).0);
                place.into_iter().fold(Diagnostic::error(summary.clone(), detail), Diagnostic::at)
            };
            causes.iter().map(one).collect()
        }
        _ => cluster(doing, error),
    }
}

/// A wait that did not end well.
pub fn waited<E: Cause>(doing: &str, error: &wait::Error<E>) -> Diagnostics {
    let progress = error.progress();
    let state = progress.state.as_deref().unwrap_or("unknown");
    let seconds = progress.elapsed.as_secs();
    let text = match error {
        wait::Error::Timeout { last_error, .. } => {
            let mut text = format!(
                "Waited {seconds} s for {}; the state seen last is {state}. Raise the operation's \
                 value in `timeouts` if it only needs longer. {KEPT}",
                progress.what
            );
            if let Some(error) = last_error {
                let _ = write!(text, " The last look failed: {}", error.detail());
            }
            text
        }
        wait::Error::Failed { detail, .. } => {
            let why =
                if detail.is_empty() { String::new() } else { format!(": {}", sentence(detail)) };
            format!("While waiting for {}, the state became {state}{why}", progress.what)
        }
        wait::Error::Cancelled(_) => format!(
            "Interrupted after {seconds} s of waiting for {}; the state seen last is {state}. {KEPT}",
            progress.what
        ),
        wait::Error::Look { error, .. } => error.detail(),
    };
    Diagnostic::error(format!("Unable to {doing}"), text).into()
}

/// Indented `name: value` lines to put behind a message; empty values are left
/// out.
pub fn facts(lines: &[(&str, &str)]) -> String {
    let mut facts = Facts::default();
    lines.iter().for_each(|(name, value)| facts.add(name, value));
    facts.0
}

fn of_cloud(error: &cloud::Error, hint: &str) -> String {
    let mut text = sentence(error.message());
    let next = error.next_step().unwrap_or_default();
    for step in [hint, &next].into_iter().filter(|step| !step.is_empty()) {
        let _ = write!(text, " {step}");
    }
    let place = error.place();
    let account = match &place.uin {
        Some(uin) => format!("{} ({uin})", place.account),
        None => place.account.clone(),
    };
    let action = match place.action.as_str() {
        "" => String::new(),
        action => format!("{}:{action}", place.service),
    };
    text + &facts(&[
        ("Account", &account),
        ("Region", place.region.as_deref().unwrap_or_default()),
        ("Action", &action),
        ("Code", error.code().unwrap_or_default()),
        ("Request ID", error.request_id().unwrap_or_default()),
    ])
}

/// Indented `name: value` lines, which Terraform does not re-wrap.
#[derive(Default)]
struct Facts(String);

impl Facts {
    /// Which object of which cluster.
    fn of(error: &cluster::Error) -> Self {
        let mut facts = Self::default();
        facts.add("Cluster", error.cluster());
        if let Some(object) = error.object() {
            facts.add("Object", &object.to_string());
        }
        if let Some(status) = error.status() {
            facts.add("Status", &status.to_string());
        }
        if let Some(waited) = error.waited().filter(|waited| waited.as_secs() > 0) {
            facts.add("Waited", &format!("{} s", waited.as_secs()));
        }
        facts
    }

    fn add(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            let gap = if self.0.is_empty() { "\n\n" } else { "\n" };
            let _ = write!(self.0, "{gap}  {name}: {value}");
        }
    }
}

/// The text with a full stop at its end.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?', '。']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// The text with a capital letter, where it begins with a plain word.
fn capitalised(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if word.chars().all(|letter| letter.is_ascii_lowercase()) => {
            first.to_ascii_uppercase().to_string() + letters.as_str()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_once() {
        assert_eq!(sentence("it failed"), "it failed.");
        assert_eq!(sentence("it failed."), "it failed.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn only_plain_words_get_a_capital_letter() {
        assert_eq!(capitalised("it failed"), "It failed");
        assert_eq!(capitalised("spec.hosts is wrong"), "spec.hosts is wrong");
        assert_eq!(capitalised(""), "");
    }

    #[test]
    fn empty_facts_are_left_out() {
        let mut facts = Facts::default();
        facts.add("Account", "hub");
        facts.add("Region", "");
        facts.add("Code", "InternalError");
        assert_eq!(facts.0, "\n\n  Account: hub\n  Code: InternalError");
    }
}
