//! The clusters that a configuration names, and those that are named by id.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tfsdk::{Diagnostic, Diagnostics};

use crate::{
    cloud::Account,
    cluster::Cluster,
    services::fetched::{Endpoint, Fate, FetchedKubeconfig},
};

/// The provider's `clusters`, and every cluster that was reached by its id.
///
/// A cluster is connected once per run, and its connection, discovery and
/// credentials are shared by all objects in it.
#[derive(Debug)]
pub struct Clusters {
    named: BTreeMap<String, NamedCluster>,
    fetched: Mutex<HashMap<FetchedKey, Cluster>>,
    mains: Mutex<HashMap<MeshKey, String>>,
    fates: Mutex<HashMap<Named, Arc<Fate>>>,
}

/// A cluster of the provider's `clusters`.
#[derive(Debug)]
pub enum NamedCluster {
    /// It can be used.
    Ready(Cluster),
    /// This argument of the provider is not known yet.
    Unknown(String),
    /// Its arguments do not make sense together; why.
    Unusable(String),
}

/// Whose credentials, in which region, which id.
type Named = (String, Option<String>, String);

/// Which cluster, by which endpoint.
type FetchedKey = (Named, Option<Endpoint>);

/// Whose credentials, in which region, which mesh.
type MeshKey = Named;

impl Clusters {
    /// The clusters of a configuration.
    pub fn new(named: BTreeMap<String, NamedCluster>) -> Self {
        let (fetched, fates, mains) = Default::default();
        Self { named, fetched, fates, mains }
    }

    /// Whether the configuration has a cluster of this name.
    pub fn knows(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// The cluster of this name, or the one of this id, whose kubeconfig `account`
    /// may fetch, and which is reached by `endpoint`. Nothing is called yet.
    ///
    /// # Errors
    ///
    /// Neither a name of the configuration nor an id, or not known yet.
    pub fn open(
        &self,
        name: &str,
        account: &Account,
        endpoint: Option<Endpoint>,
    ) -> Result<Cluster, Diagnostics> {
        self.named(name).unwrap_or_else(|| Ok(self.fetched(name, account, endpoint)))
    }

    /// The cluster of this name, without any account; `None` if it is the id of
    /// a cluster.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn named(&self, name: &str) -> Option<Result<Cluster, Diagnostics>> {
        Some(match self.named.get(name) {
            Some(NamedCluster::Ready(cluster)) => Ok(cluster.clone()),
            Some(NamedCluster::Unknown(argument)) => Err(not_known_yet(name, argument)),
            Some(NamedCluster::Unusable(why)) => {
                Err(Diagnostic::error("Cluster cannot be used", why.clone()).at("cluster").into())
            }
            None if name.starts_with("cls-") => return None,
            None => Err(self.no_such_cluster(name)),
        })
    }

    fn fetched(&self, id: &str, account: &Account, endpoint: Option<Endpoint>) -> Cluster {
        let key = (named(id, account), endpoint);
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let cluster = fetched.entry(key).or_insert_with(|| {
            // Later operations share the cluster, and not the first one's time.
            let source =
                FetchedKubeconfig { account: account.unbound(), id: id.to_owned(), endpoint };
            Cluster::with_source(id, Arc::new(source))
        });
        cluster.clone()
    }

    /// The main clusters of meshes, as far as they were asked for.
    pub(super) fn mains(&self) -> MutexGuard<'_, HashMap<MeshKey, String>> {
        self.mains.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the cloud said about the cluster of this id, for all of its objects.
    pub(super) fn fate(&self, id: &str, account: &Account) -> Arc<Fate> {
        let mut fates = self.fates.lock().unwrap_or_else(PoisonError::into_inner);
        fates.entry(named(id, account)).or_default().clone()
    }

    /// Says that `name` is no cluster of the configuration, and which are.
    pub fn no_such_cluster(&self, name: &str) -> Diagnostics {
        let names = self.named.keys().map(|name| format!("{name:?}")).collect::<Vec<_>>();
        let known = match names.as_slice() {
            [] => "The provider block names no `clusters`.".to_owned(),
            names => format!("The provider block's `clusters` has {}.", names.join(", ")),
        };
        Diagnostic::error(
            "Unknown cluster",
            format!(
                "{name:?} is neither a cluster of the configuration nor the id of a cluster \
                 (\"cls-…\"). {known} Add it there, or use the id."
            ),
        )
        .at("cluster")
        .into()
    }
}

fn named(id: &str, account: &Account) -> Named {
    (account.label().to_owned(), account.region().map(str::to_owned), id.to_owned())
}

fn not_known_yet(name: &str, argument: &str) -> Diagnostics {
    Diagnostic::error(
        "Cluster not known yet",
        format!(
            "The cluster {name:?} is reached with the provider argument `{argument}`, whose value \
             is known only after something else is applied."
        ),
    )
    .at("cluster")
    .into()
}
