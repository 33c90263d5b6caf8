//! Waiting until the agent runs and TDCC has heard of it.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tfsdk::{Diagnostic, Diagnostics};
use tokio::time::Instant;

use crate::{
    cloud::{
        self, Account,
        api::{
            is,
            tdcc::{self, RegisteredCluster, registered_state},
        },
    },
    cluster::{self, ErrorKind, ObjectRef, Patience, ReadyRule},
    services::{
        Cx, Site,
        diagnostic::{self, Cause},
    },
    wait::{self, Observed, Wait},
};

/// How long an agent that runs may take to register before its token counts as
/// rejected; a quarter of the operation's time where that is shorter.
const PATIENCE: Duration = Duration::from_secs(60);

/// An agent on its way to being connected.
pub(super) struct Connection<'a> {
    /// The operation.
    pub cx: &'a Cx,
    /// The account that the cluster is registered in.
    pub hub: &'a Account,
    /// The member's cluster.
    pub site: &'a Site,
    /// Id of the registration.
    pub registration: &'a str,
    /// What runs the agent.
    pub workloads: Vec<ObjectRef>,
    /// Whether a token that is not accepted could be renewed.
    pub renewable: bool,
}

/// How the wait ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// TDCC says that the cluster is connected; its status.
    Connected(String),
    /// The agent runs, and TDCC does not hear of it: its token is not accepted.
    Rejected,
}

/// An error of a look.
#[derive(Debug)]
enum Trouble {
    Cloud(cloud::Error),
    Cluster(cluster::Error),
}

impl Connection<'_> {
    /// Waits until every workload is available and TDCC says `Running`.
    ///
    /// # Errors
    ///
    /// Time ran out: TDCC's status and what keeps the workloads from running.
    /// The cluster gave up on a workload, or the registration is gone.
    pub(super) async fn established(&self) -> Result<Outcome, Diagnostics> {
        let what = format!("the agent of {} to connect", self.registration);
        let limits = Wait::new(what, self.cx.timeout())
            .until(self.cx.deadline())
            .cancel(self.cx.stop().clone());
        let available_since = Mutex::new(None);
        let outcome = wait::until(&limits, Trouble::is_passing, || self.look(&available_since));
        outcome.await.map_err(|error| {
            let mut diagnostics = diagnostic::waited("connect the cluster", &error);
            let available = available_since.into_inner().unwrap_or_else(PoisonError::into_inner);
            if available.is_some() && matches!(error, wait::Error::Timeout { .. }) {
                diagnostics = diagnostics.into_iter().map(|it| self.unheard(it)).collect();
            }
            diagnostics
        })
    }

    async fn look(
        &self,
        available_since: &Mutex<Option<Instant>>,
    ) -> Result<Observed<Outcome>, Trouble> {
        let registered = tdcc::find_registered(self.hub, self.registration).await;
        let Some(registered) = registered.map_err(Trouble::Cloud)? else {
            return Ok(Observed::failed("gone", "the cluster is not registered any more"));
        };
        let mut states = vec![format!("{} in TDCC", registered.status)];
        for workload in &self.workloads {
            let patience = Patience::within(Duration::ZERO);
            let ready = self.site.cluster.wait_ready(workload, &ReadyRule::ByKind, patience);
            match ready.await {
                Ok(_) => {}
                Err(error) if error.kind() == &ErrorKind::NotReady => {
                    let (kind, name) = (&workload.kind, &workload.name);
                    states.push(format!("{kind} {name} in the cluster: {}", error.message()));
                }
                Err(error) => return Err(Trouble::Cluster(error)),
            }
        }
        let mut since = available_since.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() > 1 {
            *since = None;
            return Ok(Observed::pending(states.join("; ")));
        }
        let since = *since.get_or_insert_with(Instant::now);
        Ok(self.judge(registered, since.elapsed()))
    }

    /// Judges a registration whose agent has been available for `time`.
    fn judge(&self, registered: RegisteredCluster, time: Duration) -> Observed<Outcome> {
        let patience = PATIENCE.min(self.cx.timeout() / 4);
        if is(&registered.status, registered_state::RUNNING) {
            Observed::Done(Outcome::Connected(registered.status))
        } else if self.renewable && time >= patience {
            Observed::Done(Outcome::Rejected)
        } else {
            let state = format!("{} in TDCC; the agent is available", registered.status);
            Observed::pending(state)
        }
    }

    /// Adds what keeps an agent that runs from registering.
    fn unheard(&self, diagnostic: Diagnostic) -> Diagnostic {
        let token = if self.renewable { "" } else { ", or its token is not accepted" };
        let detail = format!(
            "{} The agent runs and TDCC does not hear of it: it does not reach the hub{token}. \
             With `extranet = false` the cluster's network must reach the hub's VPC, directly or \
             through a CCN; with `extranet = true` it needs the internet. The agent's log in \
             namespace {} says more.",
            diagnostic.detail,
            self.workloads.iter().find_map(|it| it.namespace.as_deref()).unwrap_or_default()
        );
        Diagnostic { detail, ..diagnostic }
    }
}

impl Trouble {
    fn is_passing(&self) -> bool {
        match self {
            Self::Cloud(error) => error.is_passing(),
            Self::Cluster(error) => error.is_transient(),
        }
    }
}

impl Cause for Trouble {
    fn detail(&self) -> String {
        match self {
            Self::Cloud(error) => error.detail(),
            Self::Cluster(error) => error.detail(),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cloud(error) => error.fmt(f),
            Self::Cluster(error) => error.fmt(f),
        }
    }
}
