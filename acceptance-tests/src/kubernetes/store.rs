//! The objects of one cluster, their revisions and the history that watches read.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

/// Where an object lives. Versions of one kind share objects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) group: String,
    pub(crate) plural: String,
    /// Empty for cluster-scoped objects.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn new(group: &str, plural: &str, namespace: &str, name: &str) -> Self {
        let (group, plural) = (group.to_owned(), plural.to_owned());
        Self { group, plural, namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// A change of one object.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) revision: u64,
    pub(crate) key: Key,
    /// The object after the change; before a deletion.
    pub(crate) object: Arc<Value>,
    /// The object before the change.
    pub(crate) previous: Option<Arc<Value>>,
    pub(crate) deleted: bool,
}

/// How many changes a watch may lag behind before it must list again.
const HISTORY: usize = 20_000;

/// Objects by key. Every write counts one revision for the whole cluster.
#[derive(Debug)]
pub(crate) struct Store {
    objects: BTreeMap<Key, Arc<Value>>,
    history: VecDeque<Event>,
    revision: u64,
    /// Changes up to this revision are forgotten.
    forgotten: u64,
    changed: watch::Sender<u64>,
}

impl Default for Store {
    fn default() -> Self {
        let revision = 1;
        Self {
            objects: BTreeMap::new(),
            history: VecDeque::new(),
            revision,
            forgotten: 0,
            changed: watch::Sender::new(revision),
        }
    }
}

impl Store {
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Follows the current revision.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(crate) fn find(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    /// Objects of a kind in a namespace (`None`: in all), by namespace and name.
    pub(crate) fn list<'a>(
        &'a self,
        group: &'a str,
        plural: &'a str,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Value>)> {
        let from = Key::new(group, plural, namespace.unwrap_or_default(), "");
        self.objects.range((Bound::Included(from), Bound::Unbounded)).take_while(move |(key, _)| {
            key.group == group
                && key.plural == plural
                && namespace.is_none_or(|namespace| key.namespace == namespace)
        })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        self.objects.iter()
    }

    /// Stores an object and stamps it with its `resourceVersion`.
    pub(crate) fn put(&mut self, key: Key, mut object: Value) -> Arc<Value> {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = Value::from(self.revision.to_string());
        let object = Arc::new(object);
        let previous = self.objects.insert(key.clone(), object.clone());
        self.record(key, object.clone(), previous, false);
        object
    }

    /// Removes an object. Its last state bears the revision of the removal.
    pub(crate) fn remove(&mut self, key: &Key) -> Option<Arc<Value>> {
        let previous = self.objects.remove(key)?;
        self.revision += 1;
        let mut last = (*previous).clone();
        last["metadata"]["resourceVersion"] = Value::from(self.revision.to_string());
        self.record(key.clone(), Arc::new(last), Some(previous.clone()), true);
        Some(previous)
    }

    /// Changes after a revision; the oldest revision still known, if some of
    /// them are forgotten.
    pub(crate) fn since(&self, revision: u64) -> Result<Vec<Event>, u64> {
        if revision < self.forgotten {
            return Err(self.forgotten);
        }
        let from = self.history.partition_point(|event| event.revision <= revision);
        Ok(self.history.range(from..).cloned().collect())
    }

    /// Forgets all history, as compaction does: older watches get 410.
    pub(crate) fn compact(&mut self) {
        self.history.clear();
        self.forgotten = self.revision;
    }

    fn record(
        &mut self,
        key: Key,
        object: Arc<Value>,
        previous: Option<Arc<Value>>,
        deleted: bool,
    ) {
        let event = Event { revision: self.revision, key, object, previous, deleted };
        self.history.push_back(event);
        if self.history.len() > HISTORY
            && let Some(event) = self.history.pop_front()
        {
            self.forgotten = event.revision;
        }
        self.changed.send_replace(self.revision);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_revisions_and_keeps_history() {
        let mut store = Store::default();
        let key = Key::new("", "configmaps", "default", "a");
        let start = store.revision();
        store.put(key.clone(), json!({"metadata": {"name": "a"}}));
        store.put(key.clone(), json!({"metadata": {"name": "a"}}));
        store.remove(&key);
        let events = store.since(start).unwrap();
        assert_eq!(events.len(), 3);
        assert!(events[0].previous.is_none() && events[2].deleted);
        assert_eq!(events[2].object["metadata"]["resourceVersion"], store.revision().to_string());
        store.compact();
        assert_eq!(store.since(start).unwrap_err(), store.revision());
    }

    #[test]
    fn lists_one_kind_and_namespace() {
        let mut store = Store::default();
        for (plural, namespace, name) in
            [("pods", "a", "1"), ("pods", "b", "1"), ("podsx", "a", "1"), ("pods", "a", "2")]
        {
            store.put(Key::new("", plural, namespace, name), json!({"metadata": {}}));
        }
        let names = |namespace| store.list("", "pods", namespace).count();
        assert_eq!((names(Some("a")), names(None)), (2, 3));
    }
}
