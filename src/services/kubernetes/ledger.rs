//! The books of an operation: what is applied and what is gone, kept in the state
//! and in the notes whatever becomes of the operation.

use std::collections::BTreeMap;

use tfsdk::value::Tf;

use super::{manifests::Manifests, records::Records, shown::Shown};
use crate::{
    cluster::{Applied, Document, owned_digest},
    services::Cx,
};

/// The books. They are written when they are dropped, once, and only if anything
/// has changed: an operation on thousands of objects would spend its time on
/// writing else, and one that fails at once leaves everything as it was.
pub(super) struct Ledger<'a> {
    cx: &'a Cx,
    /// The state as far as it was reached.
    state: Manifests,
    /// What was noted of the objects.
    records: Records,
    /// The objects as they are wanted.
    wanted: Shown,
    /// Whether an object was changed.
    changed: bool,
}

impl<'a> Ledger<'a> {
    /// The books of an operation that has reached `state`, on its way to `wanted`.
    pub(super) fn new(cx: &'a Cx, state: Manifests, records: Records, wanted: Shown) -> Self {
        Self { cx, state, records, wanted, changed: false }
    }

    /// Notes that an object is there as it is wanted.
    pub(super) fn applied(&mut self, document: &Document, applied: &Applied) {
        self.changed = true;
        let key = document.reference.to_string();
        let owned = owned_digest(&applied.object, self.state.field_manager.text());
        let hidden = self.wanted.hidden.remove(&key).unwrap_or_default();
        self.records.see(&key, &applied.object);
        self.records.accept(&key, owned, &hidden);
        let text = self.wanted.texts.get(&key).cloned().unwrap_or_default();
        if let Tf::Known(objects) = &mut self.state.objects {
            objects.insert(key, text);
        }
    }

    /// Notes that an object is gone.
    pub(super) fn gone(&mut self, key: &str) {
        self.changed = true;
        self.records.forget(key);
        if let Tf::Known(objects) = &mut self.state.objects {
            objects.remove(key);
        }
    }

    /// The value of `objects` that is wanted.
    pub(super) fn wanted(&self) -> &BTreeMap<String, String> {
        &self.wanted.texts
    }

    /// Keys, with the uid that each object had when it was seen last.
    pub(super) fn with_uids(&self, keys: Vec<String>) -> BTreeMap<String, Option<String>> {
        let uid = |key: String| (key.clone(), self.records.uid(&key));
        keys.into_iter().map(uid).collect()
    }

    /// The state that was reached.
    pub(super) fn state(&self) -> Manifests {
        self.state.clone()
    }
}

impl Drop for Ledger<'_> {
    fn drop(&mut self) {
        if self.changed {
            self.records.write(self.cx);
            self.cx.save(&self.state);
        }
    }
}
