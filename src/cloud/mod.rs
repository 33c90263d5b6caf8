//! Tencent Cloud API 3.0: signing, credentials, the client, and typed calls per service.
//!
//! It knows no Terraform. A process has one [`Cloud`]; each account of the configuration becomes an
//! [`Account`], and every call says on whose behalf and where:
//!
//! ```no_run
//! # use crossmesh::cloud::{Cloud, Settings, api, credentials::Credentials};
//! # async fn example() -> Result<(), crossmesh::cloud::Error> {
//! let cloud = Cloud::new(Settings::default());
//! let hub = cloud.account("hub", Some("ap-guangzhou"), Credentials::fixed("AKID…", "key", None));
//! let rows = api::ccn::attachments(&hub.in_region("ap-shanghai"), "ccn-12345678").await?;
//! # Ok(())
//! # }
//! ```
//!
//! Reads are repeated freely within a call's time. A write is repeated only while it surely did not
//! happen; once its answer is lost it ends in [`Kind::AnswerLost`], and [`settle`] looks before it
//! repeats.

pub mod api;
pub mod credentials;
pub mod page;
pub mod sign;
pub mod transport;

mod account;
mod action;
mod client;
mod clock;
mod endpoint;
mod envelope;
mod error;
mod limit;
mod settle;

#[cfg(test)]
pub(crate) mod scripted;

use std::{collections::BTreeMap, fmt, sync::Arc};

use self::{
    clock::CloudTime,
    credentials::Credentials,
    limit::Limiter,
    transport::{Connections, Network, SharedTransport},
};
use crate::wait::Chance;

pub use self::{
    account::{Account, OWN_ACCOUNT},
    action::{Action, Dialect, Effect, RegionUse, Service},
    client::Retry,
    clock::{Clock, SystemClock},
    endpoint::{ANY_SERVICE, DEFAULT_DOMAIN, Endpoint, Endpoints, Protocol},
    error::{Error, Kind, Place, found},
    limit::{DEFAULT_PER_SECOND, RateLimits},
    settle::settle,
};

/// How a process talks to the cloud.
#[derive(Debug)]
pub struct Settings {
    /// Where services are reached.
    pub endpoints: Endpoints,
    /// Other names for services, by service short name; see [`Dialect`].
    pub dialects: BTreeMap<String, Dialect>,
    /// Language of the API's messages: `en-US` or `zh-CN`.
    pub language: String,
    /// What the client calls itself to the cloud.
    pub request_client: String,
    /// Calls per second.
    pub limits: RateLimits,
    /// How calls are repeated.
    pub retry: Retry,
    /// Certificate authorities and the like.
    pub connections: Connections,
    /// Wall time.
    pub clock: Box<dyn Clock>,
    /// Seed of the jitter; `None` takes the system's randomness.
    pub seed: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            endpoints: Endpoints::default(),
            dialects: BTreeMap::new(),
            language: "en-US".to_owned(),
            request_client: format!("Terraform-crossmesh-{}", env!("CARGO_PKG_VERSION")),
            limits: RateLimits::default(),
            retry: Retry::default(),
            connections: Connections::default(),
            clock: Box::new(SystemClock),
            seed: None,
        }
    }
}

/// The cloud as one process sees it: connections, rate limits, the cloud's time. Clones share all.
#[derive(Clone)]
pub struct Cloud {
    shared: Arc<CloudShared>,
}

pub(crate) struct CloudShared {
    endpoints: Endpoints,
    dialects: BTreeMap<String, Dialect>,
    language: String,
    request_client: String,
    retry: Retry,
    limiter: Limiter,
    time: CloudTime,
    chance: Chance,
    transport: SharedTransport,
}

impl Cloud {
    /// The cloud over the network. Opens no connection yet.
    pub fn new(mut settings: Settings) -> Self {
        let connections = std::mem::take(&mut settings.connections);
        Self::over(settings, Arc::new(Network::new(connections)))
    }

    /// The cloud over another transport: what tests answer from memory.
    pub fn over(settings: Settings, transport: SharedTransport) -> Self {
        let shared = CloudShared {
            endpoints: settings.endpoints,
            dialects: settings.dialects,
            language: settings.language,
            request_client: settings.request_client,
            retry: settings.retry,
            limiter: Limiter::new(settings.limits),
            time: CloudTime::new(settings.clock),
            chance: settings.seed.map_or_else(Chance::default, Chance::seeded),
            transport,
        };
        Self { shared: Arc::new(shared) }
    }

    /// An account of the cloud; `label` is its name in messages, `region` where its calls go by default.
    ///
    /// Nothing is called yet. Keep the account: it caches credentials and identity.
    pub fn account(&self, label: &str, region: Option<&str>, credentials: Credentials) -> Account {
        Account::new(self.clone(), label, region, credentials)
    }

    /// The time now as the cloud sees it: what the ends of its tokens are held against.
    pub fn now(&self) -> jiff::Timestamp {
        self.shared.time.now()
    }

    pub(crate) fn shared(&self) -> &CloudShared {
        &self.shared
    }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloud").field("endpoints", &self.shared.endpoints).finish_non_exhaustive()
    }
}
