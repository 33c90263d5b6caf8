//! What is noted beside the state of each object: which one it is, what the
//! server made of it, and by what changes of hidden values are found.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    hash::{BuildHasher as _, RandomState},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::services::{Cx, notes::Notes};

/// Name of the note.
const RECORDS: &str = "objects";

/// Bytes of a digest that are kept.
const DIGEST: usize = 16;

/// The records of one resource by the keys of its objects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Records {
    /// Random, so that no table tells what a digest was made of.
    salt: String,
    objects: BTreeMap<String, Record>,
}

/// What is noted of one object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Record {
    uid: String,
    /// Digest of what we own of it, right after it was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<String>,
    /// Values that `objects` hides, by their place.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    hidden: BTreeMap<String, Seal>,
}

/// A hidden value as it was applied last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Seal {
    /// Counts its changes, from 1.
    revision: u64,
    digest: String,
}

impl Records {
    /// What was noted.
    pub(super) fn of(notes: &Notes) -> Self {
        notes.get(RECORDS).unwrap_or_default()
    }

    /// What was noted, for an operation that notes more.
    pub(super) fn open(cx: &Cx) -> Self {
        let mut records = Self::of(&Notes::of(cx));
        if records.salt.is_empty() {
            for part in ["one", "two"] {
                // Each state of hashing is seeded by the system.
                let _ = write!(records.salt, "{:016x}", RandomState::new().hash_one(part));
            }
        }
        records
    }

    /// Notes it all beside the state.
    pub(super) fn write(&self, cx: &Cx) {
        Notes::set(cx, RECORDS, self);
    }

    /// The uid of an object, as it was seen last.
    pub(super) fn uid(&self, key: &str) -> Option<String> {
        self.objects.get(key).map(|it| it.uid.clone()).filter(|uid| !uid.is_empty())
    }

    /// Notes which object it is.
    pub(super) fn see(&mut self, key: &str, object: &Value) {
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
        self.objects.entry(key.to_owned()).or_default().uid = uid.to_owned();
    }

    /// Notes what the server made of an object (the digest of what we own of it),
    /// and its hidden values.
    pub(super) fn accept(
        &mut self,
        key: &str,
        owned: Option<String>,
        hidden: &BTreeMap<String, String>,
    ) {
        let seal = |(place, value): (&String, &String)| {
            let revision = self.revision(key, place, value);
            (place.clone(), Seal { revision, digest: self.digest(value) })
        };
        let hidden = hidden.iter().map(seal).collect();
        let accepted = owned.map(|owned| self.digest(&owned));
        let record = self.objects.entry(key.to_owned()).or_default();
        (record.accepted, record.hidden) = (accepted, hidden);
    }

    /// Whether what we own of an object is what the server made of it when it was
    /// applied; `None` if that was not noted.
    pub(super) fn is_as_accepted(&self, key: &str, owned: Option<String>) -> Option<bool> {
        let accepted = self.objects.get(key)?.accepted.as_ref()?;
        Some(owned.map(|owned| self.digest(&owned)).as_ref() == Some(accepted))
    }

    /// The revision of a hidden value: one more than the last if it changed.
    pub(super) fn revision(&self, key: &str, place: &str, value: &str) -> u64 {
        match self.objects.get(key).and_then(|it| it.hidden.get(place)) {
            Some(seal) if seal.digest == self.digest(value) => seal.revision,
            Some(seal) => seal.revision + 1,
            None => 1,
        }
    }

    /// The revision of a hidden value as it was applied last.
    pub(super) fn applied_revision(&self, key: &str, place: &str) -> u64 {
        let seal = self.objects.get(key).and_then(|it| it.hidden.get(place));
        seal.map_or(1, |seal| seal.revision)
    }

    /// Forgets an object.
    pub(super) fn forget(&mut self, key: &str) {
        self.objects.remove(key);
    }

    fn digest(&self, value: &str) -> String {
        let digest = Sha256::new().chain_update(&self.salt).chain_update(value).finalize();
        let mut text = String::with_capacity(2 * DIGEST);
        for byte in digest.iter().take(DIGEST) {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salted(salt: &str) -> Records {
        Records { salt: salt.to_owned(), ..Records::default() }
    }

    fn hidden(value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("data.a".to_owned(), value.to_owned())])
    }

    #[test]
    fn revisions_count_changes() {
        let mut records = salted("x");
        assert_eq!(records.revision("k", "data.a", "one"), 1);
        records.accept("k", None, &hidden("one"));
        assert_eq!(records.revision("k", "data.a", "one"), 1);
        assert_eq!(records.revision("k", "data.a", "two"), 2);
        records.accept("k", None, &hidden("two"));
        assert_eq!(records.applied_revision("k", "data.a"), 2);
        assert_eq!(records.revision("k", "data.a", "one"), 3);
        records.forget("k");
        assert_eq!(records.revision("k", "data.a", "one"), 1);
    }

    #[test]
    fn digests_depend_on_the_salt() {
        assert_ne!(salted("x").digest("hunter2"), salted("y").digest("hunter2"));
        let mut records = salted("x");
        records.accept("k", Some("owned".to_owned()), &hidden("hunter2"));
        let note = serde_json::to_string(&records).unwrap();
        assert!(!note.contains("hunter2") && !note.contains("owned"), "{note}");
        let read: Records = serde_json::from_str(&note).unwrap();
        assert_eq!(read, records);
        assert_eq!(read.is_as_accepted("k", Some("owned".to_owned())), Some(true));
        assert_eq!(read.is_as_accepted("k", Some("other".to_owned())), Some(false));
        assert_eq!(read.is_as_accepted("other", None), None);
    }
}
