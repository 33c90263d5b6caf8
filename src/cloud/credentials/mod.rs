//! Credentials: where keys come from, and keeping them fresh.
//!
//! A [`Source`] gives keys; [`Credentials`] asks its sources in order, keeps what it got, and renews it
//! before it expires, once however many calls wait.

mod assumed_role;
mod environment;
mod fixed;
mod web_identity;

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::error::{Error, Kind};
use crate::secret::Secret;

pub use self::{
    assumed_role::{AssumedRole, Role},
    environment::Environment,
    fixed::Fixed,
    web_identity::{IdentityToken, WebIdentity, WebIdentityRole},
};

/// Temporary keys are renewed this long before they expire, or after four fifths of their life.
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// A key pair, with a token if it is temporary.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// `SecretId`: names the key in the request.
    pub secret_id: String,
    /// `SecretKey`: signs.
    pub secret_key: Secret,
    /// Security token of temporary keys.
    pub token: Option<Secret>,
    /// When temporary keys end.
    pub expires: Option<Timestamp>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("temporary", &self.token.is_some())
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// What a source came up with.
#[derive(Debug)]
pub enum Found {
    /// Keys.
    Keys(Keys),
    /// Nothing, and why, as in "TENCENTCLOUD_SECRET_ID is not set": the next source is asked.
    Nothing(String),
}

/// A place that keys come from.
pub trait Source: fmt::Debug + Send + Sync {
    /// Its name in messages, as in "environment variables".
    fn name(&self) -> String;

    /// Gets keys; called again for each renewal. An error ends the search: the source is meant to be
    /// used, and does not work.
    fn fetch(&self) -> BoxFuture<'_, Result<Found, Error>>;
}

/// The credentials of one account; clones share what is cached.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `None`: calls go out unsigned.
    signed: Option<Arc<Cached>>,
}

#[derive(Debug)]
struct Cached {
    sources: Vec<Box<dyn Source>>,
    held: RwLock<Option<Arc<Held>>>,
    renewal: Mutex<()>,
}

#[derive(Debug, PartialEq)]
struct Held {
    keys: Keys,
    fetched: Timestamp,
}

impl Credentials {
    /// Asks `sources` in order until one has keys.
    pub fn from_sources(sources: Vec<Box<dyn Source>>) -> Self {
        let cached = Cached { sources, held: RwLock::new(None), renewal: Mutex::new(()) };
        Self { signed: Some(Arc::new(cached)) }
    }

    /// One source.
    pub fn from_source(source: impl Source + 'static) -> Self {
        Self::from_sources(vec![Box::new(source)])
    }

    /// Keys that are given as they are; an empty token is none.
    pub fn fixed(
        secret_id: impl Into<String>,
        secret_key: impl Into<Secret>,
        token: Option<Secret>,
    ) -> Self {
        Self::from_source(Fixed::new(secret_id, secret_key, token))
    }

    /// None: for the calls that carry `Authorization: SKIP`.
    pub fn anonymous() -> Self {
        Self { signed: None }
    }

    /// Keys that hold at `now`; `None` for anonymous credentials.
    ///
    /// # Errors
    /// [`Kind::Auth`] if no source has keys, naming all that were tried; the error of the source that
    /// failed. Never [`Kind::NotFound`]: a missing role does not mean that an object is gone.
    pub async fn keys(&self, now: Timestamp) -> Result<Option<Keys>, Error> {
        let Some(cached) = &self.signed else { return Ok(None) };
        if let Some(held) = cached.held().filter(|held| held.is_fresh(now)) {
            return Ok(Some(held.keys.clone()));
        }
        let _renewing = cached.renewal.lock().await;
        let held = cached.held();
        if let Some(held) = held.as_ref().filter(|held| held.is_fresh(now)) {
            return Ok(Some(held.keys.clone()));
        }
        match (cached.fetch(now).await, held) {
            (Ok(keys), _) => Ok(Some(keys)),
            (Err(error), Some(held)) if held.is_valid(now) => {
                tracing::debug!(%error, "keys could not be renewed yet; the old ones still hold");
                Ok(Some(held.keys.clone()))
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Renews keys that the cloud rejected; `None` if there are no other ones to be had.
    ///
    /// # Errors
    /// As [`Credentials::keys`].
    pub async fn renewed(&self, rejected: &Keys, now: Timestamp) -> Result<Option<Keys>, Error> {
        let Some(cached) = &self.signed else { return Ok(None) };
        let _renewing = cached.renewal.lock().await;
        // Another call may have renewed them while this one waited.
        if let Some(held) = cached.held().filter(|held| held.keys != *rejected) {
            return Ok(Some(held.keys.clone()));
        }
        let keys = cached.fetch(now).await?;
        Ok((keys != *rejected).then_some(keys))
    }
}

impl Cached {
    fn held(&self) -> Option<Arc<Held>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn fetch(&self, now: Timestamp) -> Result<Keys, Error> {
        let mut tried = Vec::new();
        for source in &self.sources {
            match source.fetch().await.map_err(never_gone)? {
                Found::Keys(keys) => {
                    tracing::debug!(source = source.name(), expires = ?keys.expires, "got keys");
                    let held = Arc::new(Held { keys: keys.clone(), fetched: now });
                    *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
                    return Ok(keys);
                }
                Found::Nothing(why) => tried.push(format!("{} ({why})", source.name())),
            }
        }
        Err(Error::new(
            Kind::Auth,
            format!(
                "no credentials found; tried {}. Set secret_id and secret_key, or the environment \
                 variables TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY",
                tried.join(", ")
            ),
        ))
    }
}

impl Held {
    fn is_fresh(&self, now: Timestamp) -> bool {
        let Some(expires) = self.keys.expires else { return true };
        let fifth = expires.duration_since(self.fetched) / 5;
        let margin = fifth.min(SignedDuration::try_from(RENEW_BEFORE).unwrap_or(fifth));
        expires.duration_since(now) > margin
    }

    fn is_valid(&self, now: Timestamp) -> bool {
        self.keys.expires.is_none_or(|expires| expires > now)
    }
}

/// A role or provider that does not exist must not read as an object that does not exist.
fn never_gone(error: Error) -> Error {
    if matches!(error.kind(), Kind::NotFound | Kind::AlreadyExists | Kind::Conflict) {
        error.as_kind(Kind::Auth)
    } else {
        error
    }
}

#[cfg(test)]
mod tests;
