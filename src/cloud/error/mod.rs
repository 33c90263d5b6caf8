//! The one error of the cloud client: what went wrong, where, and whether repeating is safe.

mod advice;
mod codes;

use std::{error, fmt};

use super::account;

pub(super) use self::codes::classify;

/// What sort of failure it is; decides about retries, and what a resource makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The object does not exist (any more).
    NotFound,
    /// The object that should be created, attached or linked is so already.
    AlreadyExists,
    /// Too many calls; the client waits and repeats by itself.
    Throttled,
    /// Another task holds the object: passes by itself.
    Busy,
    /// The object's state does not allow the call; does not pass by itself.
    Conflict,
    /// CAM, the account or the cluster's RBAC does not allow the call.
    Denied,
    /// The credentials are missing, wrong or expired.
    Auth,
    /// The request is wrong.
    Invalid,
    /// The action, version or product is not open to this account.
    Unsupported,
    /// A quota or the account's balance does not suffice.
    Quota,
    /// The cloud tried and failed for good.
    Failed,
    /// The cloud has internal trouble; may pass.
    Server,
    /// There was no exchange with the cloud; may pass. `sent` is false only if the request surely did
    /// not reach it.
    Network {
        /// Whether the request may have reached the cloud.
        sent: bool,
    },
    /// A write may or may not have happened: its request was sent, its answer was lost. Look first, then
    /// decide whether to repeat it.
    AnswerLost,
    /// Time ran out before the call succeeded.
    Timeout,
    /// The answer is not what the API promises.
    Malformed,
    /// The caller cancelled.
    Cancelled,
    /// The provider's settings are unusable; nothing was called.
    Configuration,
}

impl Kind {
    /// Whether a call that ended so had no effect, so that even a write may be repeated, and may do
    /// better the next time.
    pub fn is_safe_to_repeat(self) -> bool {
        matches!(self, Self::Throttled | Self::Busy | Self::Network { sent: false })
    }

    /// Whether a read that ended so may do better the next time.
    pub fn is_passing(self) -> bool {
        self.is_safe_to_repeat()
            || matches!(self, Self::Server | Self::Network { .. } | Self::Timeout | Self::Malformed)
    }
}

/// A failed call.
///
/// It never holds secrets. `Display` is one line; [`Error::next_step`] tells users the way out.
#[derive(Debug, Clone)]
pub struct Error(Box<Report>);

#[derive(Debug, Clone)]
struct Report {
    kind: Kind,
    message: String,
    code: Option<String>,
    request_id: Option<String>,
    place: Place,
    during: Vec<String>,
    /// What stood in the way until time ran out.
    last: Option<Error>,
}

/// Which call failed, and on whose behalf.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The service's short name.
    pub service: String,
    /// The action.
    pub action: String,
    /// The account's label in the configuration.
    pub account: String,
    /// The account's root UIN, if it is known already.
    pub uin: Option<String>,
    /// The region sent.
    pub region: Option<String>,
}

impl Error {
    /// An error that comes from no answer of the API.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Report {
            kind,
            message: message.into(),
            code: None,
            request_id: None,
            place: Place::default(),
            during: Vec::new(),
            last: None,
        }))
    }

    /// The error that the API answered to an action of `service`.
    pub(super) fn answered(service: &str, code: &str, message: &str, request_id: &str) -> Self {
        let mut error = Self::new(classify(service, code, message), message.trim());
        error.0.code = Some(code.to_owned());
        error.0.request_id = (!request_id.is_empty()).then(|| request_id.to_owned());
        error
    }

    /// Says where it happened, unless that is known already.
    #[must_use]
    pub(super) fn at(mut self, place: Place) -> Self {
        if self.0.place.action.is_empty() {
            self.0.last = self.0.last.map(|last| last.at(place.clone()));
            self.0.place = place;
        }
        self
    }

    /// Says which error was met last, whose way out is this one's.
    #[must_use]
    pub(super) fn after(mut self, last: Option<&Self>) -> Self {
        self.0.last = last.cloned();
        self
    }

    /// Says what was being done, as in "assuming role qcs::…"; the outermost comes first in `Display`.
    #[must_use]
    pub fn during(mut self, what: impl Into<String>) -> Self {
        self.0.during.push(what.into());
        self
    }

    /// The same error seen as another kind: what is gone to one is broken to another.
    #[must_use]
    pub fn as_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// The sort of failure.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What the cloud said, or what happened instead.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The API's error code, as in `InvalidParameterValue.Malformed`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The API's id of the exchange, which the vendor's support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Which call failed; empty strings if it failed before there was one.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// Whether the object does not exist.
    pub fn is_not_found(&self) -> bool {
        self.kind() == Kind::NotFound
    }

    /// Whether the object exists already.
    pub fn is_already_exists(&self) -> bool {
        self.kind() == Kind::AlreadyExists
    }

    /// Whether a write may have happened although no answer came: look before repeating it.
    pub fn is_answer_lost(&self) -> bool {
        self.kind() == Kind::AnswerLost
    }

    /// Whether a read may do better the next time; the `passing` of [`crate::wait::until`].
    pub fn is_passing(&self) -> bool {
        self.kind().is_passing()
    }

    /// Whether the code is `code`, or one of its sub-codes: `LimitExceeded` holds for
    /// `LimitExceeded.Tag` too.
    pub fn has_code(&self, code: &str) -> bool {
        self.code().is_some_and(|own| {
            own.strip_prefix(code).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// What the user can do about it, in a sentence or two.
    pub fn next_step(&self) -> Option<String> {
        advice::next_step(self.0.last.as_ref().unwrap_or(self))
    }
}

/// Turns "does not exist" into `None`, and leaves every other error: forbidden is not gone.
///
/// # Errors
/// Every error of `result` but [`Kind::NotFound`].
pub fn found<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &*self.0;
        for what in report.during.iter().rev() {
            write!(f, "{what}: ")?;
        }
        let place = &report.place;
        if !place.action.is_empty() {
            write!(f, "{} {} failed", place.service, place.action)?;
            if !place.account.is_empty() {
                write!(f, " for {}", account::called(&place.account))?;
            }
            if let Some(uin) = &place.uin {
                write!(f, " (UIN {uin})")?;
            }
            if let Some(region) = &place.region {
                write!(f, " in {region}")?;
            }
            f.write_str(": ")?;
        }
        // A message of the cloud may have line breaks; an error is one line.
        let mut words = report.message.split_whitespace();
        if let Some(first) = words.next() {
            f.write_str(first)?;
        }
        words.try_for_each(|word| write!(f, " {word}"))?;
        match (&report.code, &report.request_id) {
            (Some(code), Some(id)) => write!(f, " ({code}, request {id})"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, Some(id)) => write!(f, " (request {id})"),
            (None, None) => Ok(()),
        }
    }
}

impl error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            service: "vpc".into(),
            action: "CreateCcn".into(),
            account: "hub".into(),
            uin: Some("100000000001".into()),
            region: Some("ap-guangzhou".into()),
        }
    }

    #[test]
    fn display_is_one_line_that_names_everything() {
        let error = Error::answered("vpc", "LimitExceeded", "Too many\n CCNs.\n", "req-1")
            .at(place())
            .during("creating ccn");
        assert_eq!(
            error.to_string(),
            "creating ccn: vpc CreateCcn failed for account \"hub\" (UIN 100000000001) in \
             ap-guangzhou: Too many CCNs. (LimitExceeded, request req-1)"
        );
    }

    #[test]
    fn the_innermost_place_stays() {
        let inner = Place { action: "AssumeRole".into(), ..place() };
        let error = Error::new(Kind::Auth, "no").at(inner).at(place());
        assert_eq!(error.place().action, "AssumeRole");
    }

    #[test]
    fn codes_hold_for_their_sub_codes_only() {
        let error = Error::answered("vpc", "LimitExceeded.Tag", "", "");
        assert!(error.has_code("LimitExceeded"));
        assert!(error.has_code("LimitExceeded.Tag"));
        assert!(!error.has_code("Limit"));
        assert_eq!(error.request_id(), None);
    }

    #[test]
    fn only_what_had_no_effect_is_safe_to_repeat() {
        for (kind, write, read) in [
            (Kind::Throttled, true, true),
            (Kind::Busy, true, true),
            (Kind::Network { sent: false }, true, true),
            (Kind::Network { sent: true }, false, true),
            (Kind::Server, false, true),
            (Kind::Timeout, false, true),
            (Kind::AnswerLost, false, false),
            (Kind::Denied, false, false),
            (Kind::NotFound, false, false),
        ] {
            assert_eq!((kind.is_safe_to_repeat(), kind.is_passing()), (write, read), "{kind:?}");
        }
    }

    #[test]
    fn gone_is_none_and_forbidden_is_an_error() {
        let gone = Error::answered("vpc", "ResourceNotFound", "", "");
        assert!(found::<()>(Err(gone)).unwrap().is_none());
        let forbidden = Error::answered("vpc", "UnauthorizedOperation", "", "");
        assert!(found::<()>(Err(forbidden)).is_err());
        assert_eq!(found(Ok(1)).unwrap(), Some(1));
    }
}
