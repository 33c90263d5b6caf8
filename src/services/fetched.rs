//! The kubeconfigs of clusters that are named by id.

use std::time::Duration;

use tokio::{sync::Mutex, time::Instant};

use crate::{
    cloud::{
        self, Account, Kind,
        api::{is, tdcc, tke},
    },
    cluster::{Access, AccessError, AccessFuture, AccessSource},
    secret::Secret,
};

/// Where an API server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// Within the cluster's network.
    Intranet,
    /// Over the internet.
    Extranet,
}

impl Endpoint {
    /// The words for the endpoints in the attribute `endpoint`.
    pub const WORDS: [&str; 2] = ["intranet", "extranet"];

    /// The endpoint of this word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "intranet" => Some(Self::Intranet),
            "extranet" => Some(Self::Extranet),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Intranet => Self::WORDS[0],
            Self::Extranet => Self::WORDS[1],
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Intranet => Self::Extranet,
            Self::Extranet => Self::Intranet,
        }
    }
}

/// The kubeconfig of a cluster of the cloud, fetched with an account's
/// credentials and fetched again when the API server refuses it.
pub(super) struct FetchedKubeconfig {
    /// Whose credentials fetch it, and in which region.
    pub account: Account,
    /// The cluster's id.
    pub id: String,
    /// Which endpoint it is to name; any that is open, the public one first, if
    /// `None`.
    pub endpoint: Option<Endpoint>,
}

/// How long one look for a kubeconfig may take. Who needs it tries again as long
/// as there is time, and learns in between why it failed.
const FETCH: Duration = Duration::from_secs(12);

/// How long the cloud's word on whether a cluster exists is kept: a thousand
/// objects of one cluster ask at about the same time.
const REMEMBERED: Duration = Duration::from_secs(30);

/// Why there is no kubeconfig.
enum Problem {
    /// A call failed.
    Cloud(cloud::Error),
    /// What to tell the person, and what helps.
    Said(String, String),
}

impl From<cloud::Error> for Problem {
    fn from(error: cloud::Error) -> Self {
        Self::Cloud(error)
    }
}

impl AccessSource for FetchedKubeconfig {
    fn access(&self) -> AccessFuture<'_> {
        Box::pin(async {
            match self.fetch().await {
                Ok(kubeconfig) => Ok(Access::kubeconfig(kubeconfig.expose())),
                Err(Problem::Said(message, next_step)) => {
                    Err(AccessError { message, next_step, passes: false })
                }
                Err(Problem::Cloud(error)) => Err(AccessError {
                    message: format!("the kubeconfig of {} could not be fetched: {error}", self.id),
                    next_step: error.next_step().unwrap_or_else(|| {
                        "Check that this machine reaches the cloud's API, or reach the cluster \
                         through the provider's `clusters`."
                            .to_owned()
                    }),
                    passes: error.is_passing(),
                }),
            }
        })
    }
}

impl FetchedKubeconfig {
    async fn fetch(&self) -> Result<Secret, Problem> {
        let account = self.account.before(Instant::now() + FETCH);
        if let Some(kubeconfig) = self.of_standard(&account).await? {
            return Ok(kubeconfig);
        }
        if let Some(kubeconfig) = self.of_serverless(&account).await? {
            return Ok(kubeconfig);
        }
        if let Some(kubeconfig) = self.of_registered(&account).await? {
            return Ok(kubeconfig);
        }
        let region = self.account.region().unwrap_or("its region");
        let message = format!(
            "there is no cluster {} of {} in {region}, neither a TKE cluster, nor a serverless one, \
             nor one that is registered to a hub",
            self.id,
            self.account.called()
        );
        Err(Problem::Said(message, "Check `account`, `region` and `cluster`.".to_owned()))
    }

    /// Of a TKE cluster; `None` if it is none.
    async fn of_standard(&self, account: &Account) -> Result<Option<Secret>, Problem> {
        let Some(endpoints) = cloud::found(tke::endpoints(account, &self.id).await)? else {
            return Ok(None);
        };
        let endpoint = self.choose(|endpoint| match endpoint {
            Endpoint::Intranet => !endpoints.cluster_intranet_endpoint.is_empty(),
            Endpoint::Extranet => !endpoints.cluster_external_endpoint.is_empty(),
        })?;
        let extranet = endpoint == Endpoint::Extranet;
        Ok(Some(tke::kubeconfig(account, &self.id, extranet).await?))
    }

    /// Of a serverless cluster, which has one for all endpoints; `None` if it is
    /// none.
    async fn of_serverless(&self, account: &Account) -> Result<Option<Secret>, Problem> {
        let credential = tke::serverless_credential(account, &self.id).await;
        let Some(credential) = cloud::found(credential)? else { return Ok(None) };
        // Without a kubeconfig nothing is open, whatever the switches say.
        let none = credential.kubeconfig.is_empty();
        if none || self.endpoint.is_some() {
            self.choose(|endpoint| match endpoint {
                _ if none => false,
                Endpoint::Intranet => credential.internal_lb.enabled,
                Endpoint::Extranet => credential.public_lb.enabled,
            })?;
        }
        Ok(Some(credential.kubeconfig))
    }

    /// Of a cluster that is registered to a hub; `None` if it is none.
    async fn of_registered(&self, account: &Account) -> Result<Option<Secret>, Problem> {
        let certificates = match tdcc::certificates(account, &self.id).await {
            Ok(certificates) => certificates,
            Err(error) if is_unknown(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let valid = |it: &&tdcc::Certificate| !is(&it.certificate_status, "Expired");
        let caller = account.uin().await?;
        let own = certificates.iter().filter(valid).find(|it| it.sub_account_uin == caller);
        let Some(certificate) = own.or_else(|| certificates.iter().find(valid)) else {
            let account = account.called();
            let message = format!("TDCC has no valid certificate of {} for {account}", self.id);
            return Err(Problem::Said(message, "Renew it in the TDCC console.".to_owned()));
        };
        let kubeconfig = |endpoint| match endpoint {
            Endpoint::Intranet => &certificate.intra_kubeconfig,
            Endpoint::Extranet => &certificate.extra_kubeconfig,
        };
        let endpoint = self.choose(|endpoint| !kubeconfig(endpoint).is_empty())?;
        Ok(Some(kubeconfig(endpoint).clone()))
    }

    /// The endpoint to use: the one that was asked for, or one that is open.
    fn choose(&self, is_open: impl Fn(Endpoint) -> bool) -> Result<Endpoint, Problem> {
        let id = &self.id;
        let wanted = self.endpoint.unwrap_or(Endpoint::Extranet);
        let other = wanted.other();
        match (is_open(wanted), is_open(other), self.endpoint) {
            (true, ..) => Ok(wanted),
            (false, true, None) => Ok(other),
            (false, true, Some(_)) => Err(Problem::Said(
                format!(
                    "the {} endpoint of {id} is closed, and its {other} endpoint is open",
                    wanted.word(),
                    other = other.word()
                ),
                format!(
                    "Open the former (console, \"APIServer\"), or set `endpoint = \"{}\"`.",
                    other.word()
                ),
            )),
            (false, false, _) => Err(Problem::Said(
                format!("the API server of {id} has no endpoint"),
                "Open its intranet or internet access (console, \"APIServer\"), or reach the \
                 cluster through the provider's `clusters`."
                    .to_owned(),
            )),
        }
    }
}

/// Whether an answer of TDCC means that it knows no such cluster. It is no
/// service of every account.
fn is_unknown(error: &cloud::Error) -> bool {
    matches!(error.kind(), Kind::NotFound | Kind::Unsupported)
}

/// What the cloud said last about whether a cluster exists.
#[derive(Debug, Default)]
pub(super) struct Fate(Mutex<Option<(Instant, bool)>>);

impl Fate {
    /// Whether the cloud has no cluster of this id any more. Not knowing is no.
    pub(super) async fn is_gone(&self, account: &Account, id: &str) -> bool {
        let mut known = self.0.lock().await;
        if let Some((since, gone)) = *known
            && since.elapsed() < REMEMBERED
        {
            return gone;
        }
        let gone = is_gone(account, id).await;
        *known = Some((Instant::now(), gone));
        gone
    }
}

async fn is_gone(account: &Account, id: &str) -> bool {
    matches!(tke::find(account, id).await, Ok(None))
        && matches!(tke::find_serverless(account, id).await, Ok(None))
        && match tdcc::find_registered(account, id).await {
            Ok(found) => found.is_none(),
            Err(error) => is_unknown(&error),
        }
}
