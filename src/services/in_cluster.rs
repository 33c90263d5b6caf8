//! Where a Kubernetes object lives: which cluster, and whose credentials reach it.

use std::{future::Future, sync::Arc, time::Duration};

use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::Change,
    schema::validators,
    value::{Path, Tf},
};
use tokio::time::Instant;

use crate::{
    cloud::Account,
    cluster::{self, Cluster, ErrorKind, Patience},
    services::{
        Clusters, Cx, PlanCx, Scope,
        diagnostic::KEPT,
        fetched::{Endpoint, Fate},
    },
};

/// The cluster of a Kubernetes object.
#[derive(Clone, Default, Model)]
pub struct InCluster {
    /// The cluster: a key of the provider's `clusters`, or the id (`cls-…`) of a
    /// TKE cluster, a serverless one, or one that is registered to a hub. The
    /// kubeconfig of an id is fetched with `account` in `region`; a registered
    /// cluster's are those of its hub, and it must have let that user in. Another
    /// cluster replaces the object.
    #[attr(required, replace, validate(validators::not_empty()))]
    pub cluster: Tf<String>,

    /// Which endpoint of the API server a cluster by id is reached by: `intranet`
    /// or `extranet`. Default: `extranet` where that is open, else `intranet`. Has
    /// no effect on the provider's `clusters`. Another endpoint changes nothing
    /// in the cluster.
    #[attr(optional, validate(validators::one_of(Endpoint::WORDS)))]
    pub endpoint: Tf<String>,

    /// Whose credentials fetch the kubeconfig, and in which region.
    #[attr(flatten)]
    pub scope: Scope,
}

/// How long after its deadline an operation is cut off. Operations end by
/// themselves with a better message; this is for requests that hang.
const GRACE: Duration = Duration::from_secs(5);

/// A cluster that is ready for operations; nothing was called yet.
#[derive(Clone, Debug)]
pub struct Site {
    /// The cluster.
    pub cluster: Cluster,
    /// Who fetches the kubeconfig; `None` for a cluster of the provider's
    /// `clusters`.
    fetched: Option<Fetched>,
}

/// Who fetches the kubeconfig of which cluster.
#[derive(Clone, Debug)]
struct Fetched {
    account: Account,
    id: String,
    fate: Arc<Fate>,
}

impl InCluster {
    /// Plans cluster, account and region. A cluster of the provider's `clusters`
    /// needs neither account nor region.
    ///
    /// # Errors
    ///
    /// The configuration has no such cluster or account.
    pub async fn plan<M>(
        cx: &PlanCx,
        change: &mut Change<M>,
        of: impl Fn(&mut M) -> &mut Self + Send + Sync,
    ) -> Result<(), Diagnostics> {
        let Some(client) = cx.client() else { return Ok(()) };
        let planned = of(&mut change.planned).clone();
        let Some(name) = planned.cluster.known() else {
            // Whether it needs a region shows when it is known.
            let region = planned.scope.region;
            Scope::plan(cx, change, |model| &mut of(model).scope).await?;
            if region.is_unknown() {
                of(&mut change.planned).scope.region = region;
            }
            return Ok(());
        };
        if client.clusters.named(name).is_none() {
            return Scope::plan(cx, change, |model| &mut of(model).scope).await;
        }
        if !client.clusters.knows(name) {
            return Err(client.clusters.no_such_cluster(name));
        }
        if let Some(label) = planned.scope.account.known()
            && !client.accounts.knows(label)
        {
            return Err(client.accounts.no_such_account(label, "account"));
        }
        if planned.scope.region.is_unknown() {
            of(&mut change.planned).scope.region = Tf::Null;
        }
        Ok(())
    }

    /// The cluster of an object that exists.
    ///
    /// # Errors
    ///
    /// No such cluster or account, or it cannot be used.
    pub async fn open(&self, cx: &Cx) -> Result<Site, Diagnostics> {
        let clusters = &cx.client().clusters;
        let name = self.cluster.text();
        if let Some(cluster) = clusters.named(name) {
            return Ok(Site { cluster: cluster?, fetched: None });
        }
        let account = self.scope.open(cx).await?;
        let cluster = clusters.open(name, &account, self.endpoint())?;
        Ok(Site { cluster, fetched: Some(Fetched::of(clusters, name, account)) })
    }

    /// The cluster of an object that is to be created; settles the region, and
    /// notes beside the state whose cluster it is.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); no region is configured for a cluster id.
    pub async fn open_for_create(&mut self, cx: &Cx) -> Result<Site, Diagnostics> {
        let clusters = &cx.client().clusters;
        let name = self.cluster.text();
        if let Some(cluster) = clusters.named(name) {
            let cluster = cluster?;
            if self.scope.region.is_unknown() {
                self.scope.region = Tf::Null;
            }
            return Ok(Site { cluster, fetched: None });
        }
        let account = self.scope.open_for_create(cx).await?;
        let cluster = clusters.open(name, &account, self.endpoint())?;
        Ok(Site { cluster, fetched: Some(Fetched::of(clusters, name, account)) })
    }

    /// The endpoint that was asked for.
    fn endpoint(&self) -> Option<Endpoint> {
        Endpoint::parse(self.endpoint.text())
    }

    /// Reads the beginning of an import id: `[ACCOUNT][@REGION]/CLUSTER/REST`
    /// with account or region, or `CLUSTER/REST`. `form` says what the whole id
    /// looks like.
    ///
    /// # Errors
    ///
    /// The id has another form, or there is no such cluster.
    pub fn import<'a>(cx: &Cx, id: &'a str, form: &str) -> Result<(Self, &'a str), Diagnostics> {
        let clusters = &cx.client().clusters;
        let wrong = || {
            Diagnostic::error(
                "Malformed import id",
                format!(
                    "{id:?} is no such id: expected {form}, where CLUSTER is a key of the \
                     provider's `clusters` or the id of a cluster. Put the account's name and \
                     `/` before it (`ACCOUNT@REGION/` with another region) where it is not the \
                     provider's own."
                ),
            )
        };
        let (first, rest) = id.split_once('/').ok_or_else(wrong)?;
        let is_cluster = |name: &str| clusters.knows(name) || name.starts_with("cls-");
        let (label, region) = first.split_once('@').unwrap_or((first, ""));
        let names_account =
            if label.is_empty() { !region.is_empty() } else { cx.client().accounts.knows(label) };
        // A cluster may have the name of an account, which is meant where a cluster follows.
        let longer = rest.split_once('/').filter(|(name, _)| names_account && is_cluster(name));
        let (cluster, rest) = longer.unwrap_or((first, rest));
        if let Some(Err(unknown)) = clusters.named(cluster) {
            return Err(unknown);
        }
        let scope = match longer {
            _ if clusters.knows(cluster) => Scope {
                account: longer.map(|_| label.to_owned()).filter(|it| !it.is_empty()).into(),
                region: Tf::Null,
            },
            Some((name, _)) => Scope::import(cx, &id[..first.len() + 1 + name.len()])?.0,
            None => Scope::import(cx, cluster)?.0,
        };
        Ok((Self { cluster: cluster.into(), endpoint: Tf::Null, scope }, rest))
    }
}

impl Site {
    /// What an operation may wait out until its timeout ends: everything that
    /// passes by itself.
    pub fn patience(&self, cx: &Cx) -> Patience {
        Patience::within(left(cx))
    }

    /// What a read may wait out: as [`patience`](Self::patience), but not once
    /// more what another read of this run waited for in vain.
    pub fn reading(&self, cx: &Cx) -> Patience {
        self.patience(cx).for_reading()
    }

    /// As [`patience`](Self::patience), and the wait for kinds and namespaces
    /// that something else in the same run makes.
    pub fn expectant(&self, cx: &Cx) -> Patience {
        let left = left(cx);
        Patience::within(left).for_kind(left).for_namespace(left)
    }

    /// Runs an operation in the cluster. An interrupt ends it at once.
    ///
    /// # Errors
    ///
    /// The person interrupted it, or it hung. What the cluster says is within.
    pub async fn run<T>(
        &self,
        cx: &Cx,
        doing: &str,
        operation: impl Future<Output = cluster::Result<T>>,
    ) -> Result<cluster::Result<T>, Diagnostics> {
        self.until_cut_off(cx, doing, KEPT, operation).await
    }

    /// As [`run`](Self::run), for an operation that changes nothing.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub async fn read<T>(
        &self,
        cx: &Cx,
        doing: &str,
        operation: impl Future<Output = cluster::Result<T>>,
    ) -> Result<cluster::Result<T>, Diagnostics> {
        self.until_cut_off(cx, doing, "", operation).await
    }

    async fn until_cut_off<T>(
        &self,
        cx: &Cx,
        doing: &str,
        advice: &str,
        operation: impl Future<Output = cluster::Result<T>>,
    ) -> Result<cluster::Result<T>, Diagnostics> {
        let why = tokio::select! {
            outcome = operation => return Ok(outcome),
            () = cx.stop().cancelled() => "Interrupted.".to_owned(),
            () = tokio::time::sleep_until(cx.deadline() + GRACE) => self.silence(),
        };
        let summary = format!("Unable to {doing}");
        Err(Diagnostic::error(summary, format!("{why} {advice}").trim_end())
            .at(Path::from("cluster"))
            .into())
    }

    /// Says that the cluster did not answer, and how the last try failed.
    fn silence(&self) -> String {
        self.cluster.waited_in_vain();
        let label = self.cluster.label();
        let last = self.cluster.trouble().map(|last| {
            format!(
                " The last failure: {}. {}",
                last.message().trim_end_matches('.'),
                last.next_step()
            )
        });
        format!("The cluster {label:?} did not answer in time.{}", last.unwrap_or_default())
    }

    /// Whether the failure came of the cluster not being there any more, as the
    /// cloud tells. Never true for a cluster of the provider's `clusters`.
    pub async fn is_gone(&self, error: &cluster::Error) -> bool {
        let Some(Fetched { account, id, fate }) = &self.fetched else { return false };
        let lost = matches!(
            error.kind(),
            ErrorKind::Credentials
                | ErrorKind::Unreachable
                | ErrorKind::Unauthorized
                | ErrorKind::Certificate
        );
        lost && fate.is_gone(account, id).await
    }
}

impl Fetched {
    fn of(clusters: &Clusters, id: &str, account: Account) -> Self {
        let fate = clusters.fate(id, &account);
        Self { account, id: id.to_owned(), fate }
    }
}

fn left(cx: &Cx) -> Duration {
    cx.deadline().saturating_duration_since(Instant::now())
}
