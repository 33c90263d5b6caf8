//! An account of the cloud as calls use it: credentials, region, deadline.

use std::{fmt, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};
use tokio::{sync::OnceCell, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    Cloud,
    action::Action,
    api::sts::{self, CallerIdentity},
    client,
    credentials::Credentials,
    envelope,
    error::{Error, Kind},
};

/// Label of the account that the provider's own credentials belong to. No
/// configuration can name one so.
pub const OWN_ACCOUNT: &str = "the provider's own";

/// An account, seen from one region and within one operation's time.
///
/// A handle is cheap to clone and to narrow: `account.in_region("ap-guangzhou").before(deadline)`. All
/// handles of one account share credentials and identity.
#[derive(Clone)]
pub struct Account {
    shared: Arc<Shared>,
    region: Option<Arc<str>>,
    deadline: Option<Instant>,
    cancel: Option<CancellationToken>,
}

struct Shared {
    cloud: Cloud,
    label: String,
    credentials: Credentials,
    identity: OnceCell<CallerIdentity>,
}

impl Account {
    pub(super) fn new(
        cloud: Cloud,
        label: &str,
        region: Option<&str>,
        credentials: Credentials,
    ) -> Self {
        let shared =
            Shared { cloud, label: label.to_owned(), credentials, identity: OnceCell::new() };
        Self {
            shared: Arc::new(shared),
            region: region.map(Arc::from),
            deadline: None,
            cancel: None,
        }
    }

    /// The account's name in the configuration; part of every error.
    pub fn label(&self) -> &str {
        &self.shared.label
    }

    /// What a sentence calls the account: `account "member"`, or in words where
    /// it has no name.
    pub fn called(&self) -> String {
        called(self.label())
    }

    /// As [`called`](Self::called), for the beginning of a sentence.
    pub fn called_first(&self) -> String {
        match self.label() {
            OWN_ACCOUNT => "The provider's own account".to_owned(),
            label => format!("Account {label:?}"),
        }
    }

    /// The region that calls go to, as in `ap-guangzhou`.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The same account in another region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: Some(Arc::from(region)), ..self.clone() }
    }

    /// The same account for calls that must end by `deadline`. Without one, a call has a few minutes for
    /// its retries, and half an hour while it is throttled.
    #[must_use]
    pub fn before(&self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self.clone() }
    }

    /// The same account for calls that `token` cancels: pauses and reads end at once, a write that is
    /// under way is not torn from its answer.
    #[must_use]
    pub fn cancelled_by(&self, token: CancellationToken) -> Self {
        Self { cancel: Some(token), ..self.clone() }
    }

    /// The same account without deadline and cancellation, for what outlives the operation that needs
    /// it first, such as the credentials of a cluster.
    #[must_use]
    pub fn unbound(&self) -> Self {
        Self { deadline: None, cancel: None, ..self.clone() }
    }

    /// The cloud that the account belongs to.
    pub fn cloud(&self) -> &Cloud {
        &self.shared.cloud
    }

    /// Who the credentials are (STS `GetCallerIdentity`); asked once per account.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn identity(&self) -> Result<&CallerIdentity, Error> {
        self.shared.identity.get_or_try_init(|| sts::caller_identity(self)).await
    }

    /// The root UIN of the account, as in `100000000001`; asked once.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn uin(&self) -> Result<&str, Error> {
        self.identity().await.map(|identity| identity.account_id.as_str())
    }

    /// The root UIN if it was asked for before.
    pub fn known_uin(&self) -> Option<&str> {
        self.shared.identity.get().map(|identity| identity.account_id.as_str())
    }

    /// Whether two handles are of the same account of the cloud, whatever their labels.
    ///
    /// # Errors
    /// Those of asking both identities.
    pub async fn is_same_as(&self, other: &Self) -> Result<bool, Error> {
        Ok(Arc::ptr_eq(&self.shared, &other.shared) || self.uin().await? == other.uin().await?)
    }

    /// Holds the account against `allowed_account_ids` and `forbidden_account_ids` (root UINs). An empty
    /// list of allowed ones allows all; with both lists empty nothing is asked.
    ///
    /// # Errors
    /// [`Kind::Configuration`] if the account is not among the allowed ones or among the forbidden ones;
    /// those of asking the identity.
    pub async fn check_allowed(
        &self,
        allowed: &[String],
        forbidden: &[String],
    ) -> Result<(), Error> {
        if allowed.is_empty() && forbidden.is_empty() {
            return Ok(());
        }
        let uin = self.uin().await?;
        let listed = |list: &[String]| list.iter().any(|id| id.trim() == uin);
        let problem = if listed(forbidden) {
            "is in forbidden_account_ids".to_owned()
        } else if !allowed.is_empty() && !listed(allowed) {
            format!("is not in allowed_account_ids ({})", allowed.join(", "))
        } else {
            return Ok(());
        };
        Err(Error::new(
            Kind::Configuration,
            format!("the credentials of {} belong to UIN {uin}, which {problem}", self.called()),
        ))
    }

    /// Calls `action` and reads its answer as `A`.
    ///
    /// # Errors
    /// [`Error`]; a write ends in [`Kind::AnswerLost`] when it may have happened without an answer.
    pub async fn call<Q, A>(&self, action: &Action, request: &Q) -> Result<A, Error>
    where
        Q: Serialize + Sync,
        A: DeserializeOwned,
    {
        let response = client::exchange(self, action, envelope::encode(request)?).await?;
        envelope::decode(response)
            .map_err(|error| client::undecided(action, error).at(client::place(self, action)))
    }

    /// Calls `action`, whose answer says nothing but that it was done.
    ///
    /// # Errors
    /// As [`Account::call`].
    pub async fn perform<Q>(&self, action: &Action, request: &Q) -> Result<(), Error>
    where
        Q: Serialize + Sync,
    {
        client::exchange(self, action, envelope::encode(request)?).await.map(drop)
    }

    pub(super) fn credentials(&self) -> &Credentials {
        &self.shared.credentials
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) fn cancel(&self) -> Option<&CancellationToken> {
        self.cancel.as_ref()
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("label", &self.label())
            .field("region", &self.region())
            .field("uin", &self.known_uin())
            .finish_non_exhaustive()
    }
}

/// What a sentence calls the account of this label; see [`Account::called`].
pub(super) fn called(label: &str) -> String {
    match label {
        "" => "the account".to_owned(),
        OWN_ACCOUNT => format!("{OWN_ACCOUNT} account"),
        label => format!("account {label:?}"),
    }
}
