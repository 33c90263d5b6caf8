//! Reads of many objects: one list per kind and namespace answers all of them.
//!
//! Terraform reads object by object, a few at a time. The first read of a kind in
//! a namespace asks for its object alone; the second one lists them all, and the
//! list answers whatever is read next. Each object is handed out once: whoever
//! reads it again wants to know it anew, and gets a newer list.
//!
//! A list is no answer any more as soon as something was written through this
//! cluster, or after [`FRESH`].

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use tokio::time::Instant;

use super::{
    client::{Answer, Cluster},
    discovery::ServedKind,
    error::{Context, Error, ErrorKind, Result, Verb},
    list::{PageMetadata, named},
    object::ObjectRef,
    retry::{Pacer, Patience},
};

/// How long after its start a list is an answer.
const FRESH: Duration = Duration::from_secs(30);

/// Reads that ask for their object alone before a list is worth it.
const ALONE: u32 = 1;

/// Objects per page: those of definitions are small, and a thousand come at
/// once; a built-in kind may have objects of a MiB.
const PAGE: u32 = 1000;
const PAGE_BUILT_IN: u32 = 250;

/// Bytes that one list may keep. Where there is more, objects are read one by one.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// The lists of one cluster.
#[derive(Default)]
pub(super) struct Batches {
    shelves: Mutex<HashMap<Of, Arc<Shelf>>>,
    /// Grows before and after everything that is written.
    writes: AtomicU64,
}

/// Of which kind, in which namespace as the objects name it.
#[derive(PartialEq, Eq, Hash)]
struct Of {
    api_version: String,
    kind: String,
    namespace: Option<String>,
}

/// The list of one kind in one namespace; whoever fills it holds the lock, and
/// the others wait for it.
#[derive(Default)]
struct Shelf {
    stock: tokio::sync::Mutex<Stock>,
    /// Counts lists that failed, so that those who waited for one know it.
    failures: AtomicU64,
}

#[derive(Default)]
struct Stock {
    /// What had been written when reading began.
    writes: u64,
    /// Reads of single objects since then.
    singles: u32,
    /// The server gives no list, or one that is too long.
    unlisted: bool,
    listed: Option<Listed>,
    failure: Option<Error>,
}

struct Listed {
    since: Instant,
    /// How the kind was served; `None` if its definition was removed.
    served: Option<ServedKind>,
    /// By name; `None` was handed out.
    items: HashMap<String, Option<Bytes>>,
}

/// What a shelf has for a name.
enum Found {
    /// The object, or that there is none.
    Here(Result<Option<Value>>),
    /// The object is to be asked for alone.
    Alone,
    /// A new list is needed.
    Nothing,
}

/// As long as it lives, and whenever it ends, no earlier list is an answer.
pub(super) struct Writing<'a>(&'a AtomicU64);

impl Cluster {
    /// Reads an object as [`get`](Cluster::get) does, together with the others
    /// of its kind and namespace that are read at about the same time.
    ///
    /// Never answers with what was there before a write of this cluster that
    /// has ended. Where listing is not allowed, objects are read one by one.
    ///
    /// Source: `GET` of the collection, a page at a time.
    pub async fn get_shared(
        &self,
        object: &ObjectRef,
        patience: Patience,
    ) -> Result<Option<Value>> {
        let context = self.context(Verb::Get, Some(object));
        let mut pacer = Pacer::for_cluster(self, &context, patience)?;
        loop {
            match self.get_shared_once(&context, object).await {
                Ok(found) => return Ok(found),
                Err(error) => pacer.after(error).await?,
            }
        }
    }

    /// Marks the time in which something is written.
    pub(super) fn writing(&self) -> Writing<'_> {
        Writing::new(&self.batches().writes)
    }

    async fn get_shared_once(
        &self,
        context: &Context,
        object: &ObjectRef,
    ) -> Result<Option<Value>> {
        let shelf = self.batches().shelf(object);
        let failures = shelf.failures.load(Ordering::Acquire);
        let mut stock = shelf.stock.lock().await;
        if shelf.failures.load(Ordering::Acquire) != failures
            && let Some(failure) = &stock.failure
        {
            return Err(failure.about(context));
        }
        let writes = self.batches().writes.load(Ordering::Acquire);
        match stock.take(context, &object.name, writes) {
            Found::Here(found) => return found,
            Found::Alone => {
                drop(stock);
                return self.get_once(Verb::Get, object).await;
            }
            Found::Nothing => {}
        }
        self.batches().sweep();
        let error = match self.listed(object).await {
            Ok(mut listed) => {
                let found = listed.take(context, &object.name);
                stock.listed = Some(listed);
                return found.unwrap_or(Ok(None));
            }
            Err(error) => error,
        };
        if !is_about_the_list(error.kind()) {
            stock.failure = Some(error.clone());
            shelf.failures.fetch_add(1, Ordering::Release);
            return Err(error.about(context));
        }
        tracing::debug!(%error, "objects are read one by one");
        stock.unlisted = true;
        drop(stock);
        self.get_once(Verb::Get, object).await
    }

    async fn listed(&self, object: &ObjectRef) -> Result<Listed> {
        let since = Instant::now();
        let about = ObjectRef { name: "*".to_owned(), ..object.clone() };
        let context = self.context(Verb::List, Some(&about));
        match self.listed_served(&context, &about).await {
            Ok((served, Items { items, .. })) => Ok(Listed { since, served: Some(served), items }),
            Err(error) if error.kind() == &ErrorKind::KindNotServed => {
                self.unless_defined(error, &about).await?;
                Ok(Listed { since, served: None, items: HashMap::new() })
            }
            Err(error) => Err(error),
        }
    }

    async fn listed_served(
        &self,
        context: &Context,
        about: &ObjectRef,
    ) -> Result<(ServedKind, Items)> {
        let served = self.served(about).await?;
        let namespace = match (&about.namespace, served.namespaced) {
            (None, true) => Some(self.default_namespace_of(context).await?),
            (namespace, _) => namespace.clone(),
        };
        let limit = if about.is_built_in() { PAGE_BUILT_IN } else { PAGE };
        let base = format!("{}?limit={limit}", served.path(namespace.as_deref(), None));
        let take = |items: &mut Items, answer: Answer| items.add(context, &answer);
        let items = self.pages(context, &base, &take).await?;
        Ok((served, items))
    }
}

impl Batches {
    fn shelf(&self, object: &ObjectRef) -> Arc<Shelf> {
        let ObjectRef { api_version, kind, namespace, .. } = object.clone();
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.entry(Of { api_version, kind, namespace }).or_default().clone()
    }

    /// Gives lists back that are no answers any more.
    fn sweep(&self) {
        let writes = self.writes.load(Ordering::Acquire);
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        for shelf in shelves.values() {
            if let Ok(mut stock) = shelf.stock.try_lock() {
                stock.clear_old(writes);
            }
        }
    }
}

impl Stock {
    fn take(&mut self, context: &Context, name: &str, writes: u64) -> Found {
        self.clear_old(writes);
        if self.unlisted {
            return Found::Alone;
        }
        if let Some(listed) = &mut self.listed {
            return listed.take(context, name).map_or(Found::Nothing, Found::Here);
        }
        if self.singles < ALONE {
            self.singles += 1;
            return Found::Alone;
        }
        Found::Nothing
    }

    fn clear_old(&mut self, writes: u64) {
        if self.writes != writes {
            self.writes = writes;
            self.singles = 0;
            self.listed = None;
        }
        if self.listed.as_ref().is_some_and(|it| it.since.elapsed() > FRESH) {
            self.listed = None;
        }
    }
}

impl Listed {
    /// The object of this name; `None` if it was handed out before.
    fn take(&mut self, context: &Context, name: &str) -> Option<Result<Option<Value>>> {
        // An object that is not there was said to be absent from now on.
        let Some(item) = self.items.insert(name.to_owned(), None) else { return Some(Ok(None)) };
        let (item, served) = (item?, self.served.as_ref()?);
        Some(match serde_json::from_slice(&item) {
            Ok(object) => Ok(Some(named(object, served))),
            Err(_) => Err(context.error(ErrorKind::Malformed, "the list holds no JSON object")),
        })
    }
}

/// Objects of a list as they arrived.
#[derive(Default)]
struct Items {
    items: HashMap<String, Option<Bytes>>,
    bytes: usize,
}

#[derive(Deserialize)]
struct RawPage<'a> {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(default, borrow)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Named {
    metadata: Name,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

impl Items {
    /// Keeps the objects of a page; returns the token of the next one.
    fn add(&mut self, context: &Context, answer: &Answer) -> Result<String> {
        self.bytes += answer.body().len();
        if self.bytes > MOST_BYTES {
            return Err(context.error(ErrorKind::TooLarge, "the list is too long to be kept"));
        }
        let page: RawPage<'_> = answer.json_borrowed(context)?;
        for item in page.items.into_iter().flatten() {
            let text = item.get().as_bytes();
            let named: Named = serde_json::from_slice(text).map_err(|_| {
                context.error(ErrorKind::Malformed, "the list holds an object without a name")
            })?;
            self.items.insert(named.metadata.name, Some(answer.body().slice_ref(text)));
        }
        Ok(page.metadata.next)
    }
}

impl<'a> Writing<'a> {
    fn new(writes: &'a AtomicU64) -> Self {
        writes.fetch_add(1, Ordering::AcqRel);
        Self(writes)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Whether single objects may be read where the list may not.
fn is_about_the_list(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Forbidden | ErrorKind::TooLarge | ErrorKind::Malformed)
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use serde_json::json;

    use super::*;
    use crate::cluster::{
        ApplyOptions,
        canned::{Log, Reply, Seen, absent, calls, cluster, json_reply, refusal},
    };

    const LIST: &str = "GET /apis/networking.istio.io/v1/namespaces/shop/gateways";

    fn gateway(name: &str, version: u32) -> Value {
        json!({"metadata": {"name": name, "namespace": "shop", "resourceVersion": version.to_string()}})
    }

    fn object(name: &str) -> ObjectRef {
        ObjectRef::new("networking.istio.io/v1", "Gateway", Some("shop"), name)
    }

    fn at_once() -> Patience {
        Patience::within(Duration::ZERO)
    }

    /// Gateways `0` to `59` in two pages, each in the version that counts the
    /// writes; `99` is not there.
    fn sixty() -> (Cluster, Log) {
        let mut version = 0;
        cluster(move |seen| {
            let name = seen.path.rsplit('/').next()?;
            Some(match (seen.method.as_str(), name) {
                ("PATCH" | "DELETE", _) => {
                    version += 1;
                    json_reply(200, &gateway(name, version))
                }
                (_, "gateways") => page(seen, version),
                (_, "99") => absent("gateways", name),
                (_, name) if name.parse::<u32>().is_ok() => {
                    json_reply(200, &gateway(name, version))
                }
                _ => return None,
            })
        })
    }

    fn page(seen: &Seen, version: u32) -> Reply {
        let (from, next) = if seen.query.contains("continue=") { (30, "") } else { (0, "half") };
        let items: Vec<Value> =
            (from..from + 30).map(|number| gateway(&number.to_string(), version)).collect();
        json_reply(200, &json!({"metadata": {"continue": next}, "items": items}))
    }

    fn lists(log: &Log) -> usize {
        calls(log).iter().filter(|call| *call == LIST).count()
    }

    async fn version(cluster: &Cluster, name: &str) -> Option<String> {
        let found = cluster.get_shared(&object(name), at_once()).await.unwrap()?;
        Some(found["metadata"]["resourceVersion"].as_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn one_list_answers_all_reads() {
        let (cluster, log) = sixty();
        let reads = (0..60).map(|number| {
            let (cluster, name) = (cluster.clone(), number.to_string());
            async move { cluster.get_shared(&object(&name), at_once()).await.unwrap().unwrap() }
        });
        let found = join_all(reads).await;
        assert_eq!(found[59]["metadata"]["name"], "59");
        assert_eq!(found[59]["kind"], "Gateway");
        assert_eq!(found[59]["apiVersion"], "networking.istio.io/v1");
        assert_eq!(version(&cluster, "99").await, None);
        assert_eq!(calls(&log), [&format!("{LIST}/0"), LIST, LIST]);
        let log = log.lock().unwrap();
        assert_eq!(
            (log[1].query.as_str(), log[2].query.as_str()),
            ("limit=1000", "limit=1000&continue=half")
        );
    }

    #[tokio::test]
    async fn an_object_is_handed_out_once_from_each_list() {
        let (cluster, log) = sixty();
        for name in ["0", "1", "2", "99"] {
            version(&cluster, name).await;
        }
        assert_eq!(lists(&log), 2);
        version(&cluster, "1").await.unwrap();
        version(&cluster, "2").await.unwrap();
        assert_eq!(lists(&log), 4);
        assert_eq!(version(&cluster, "99").await, None);
        assert_eq!(version(&cluster, "99").await, None);
        assert_eq!(lists(&log), 6);
    }

    #[tokio::test]
    async fn nothing_older_than_a_write_is_an_answer() {
        let (cluster, log) = sixty();
        for name in ["0", "1"] {
            assert_eq!(version(&cluster, name).await.as_deref(), Some("0"));
        }
        let manifest = json!({"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
            "metadata": {"name": "7", "namespace": "shop"}});
        cluster.apply(&manifest, &ApplyOptions::default(), at_once()).await.unwrap();
        for name in ["7", "8", "9"] {
            assert_eq!(version(&cluster, name).await.as_deref(), Some("1"));
        }
        assert_eq!(lists(&log), 4);
        drop(cluster.writing());
        assert_eq!(version(&cluster, "10").await.as_deref(), Some("1"));
        assert_eq!(calls(&log).last(), Some(&format!("{LIST}/10")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_is_no_answer_for_long() {
        let (cluster, log) = sixty();
        for name in ["0", "1"] {
            version(&cluster, name).await;
        }
        tokio::time::advance(FRESH + Duration::from_secs(1)).await;
        version(&cluster, "2").await;
        assert_eq!(lists(&log), 4);
    }

    #[tokio::test]
    async fn who_may_not_list_reads_one_by_one() {
        let (cluster, log) = cluster(|seen| {
            let name = seen.path.split("/namespaces/shop/").nth(1)?.rsplit('/').next()?;
            Some(match name {
                "gateways" => refusal(403, "Forbidden", json!({})),
                _ => json_reply(200, &gateway(name, 0)),
            })
        });
        for name in ["0", "1", "2", "3"] {
            assert_eq!(version(&cluster, name).await.as_deref(), Some("0"));
        }
        assert_eq!((lists(&log), calls(&log).len()), (1, 5));
    }

    #[tokio::test]
    async fn those_who_waited_share_the_failure() {
        let (cluster, log) = cluster(|seen| {
            seen.path.contains("/namespaces/").then(|| (503, Vec::new(), String::new()))
        });
        let reads = (0..10).map(|number| {
            let (cluster, name) = (cluster.clone(), number.to_string());
            async move { cluster.get_shared(&object(&name), at_once()).await.unwrap_err() }
        });
        let errors = join_all(reads).await;
        assert!(errors.iter().all(|it| it.kind() == &ErrorKind::Unavailable));
        assert!(errors[9].to_string().contains("read networking.istio.io/v1/Gateway/shop/9"));
        assert_eq!((lists(&log), calls(&log).len()), (1, 2));
    }

    #[tokio::test]
    async fn objects_of_a_removed_definition_are_gone_after_one_look() {
        let (cluster, log) = cluster(|seen| {
            let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
            (seen.path == definitions).then(|| json_reply(200, &json!({"items": []})))
        });
        for name in ["0", "1", "2", "3"] {
            let thing = ObjectRef::new("example.com/v1", "Thing", Some("shop"), name);
            assert_eq!(cluster.get_shared(&thing, at_once()).await.unwrap(), None);
        }
        // One for the first object alone, one for all others.
        let looks = calls(&log).iter().filter(|it| it.contains("customresource")).count();
        assert_eq!(looks, 2);
    }
}
