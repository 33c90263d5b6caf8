//! What others changed of our objects.

use std::collections::BTreeMap;

use serde_json::Value;
use tfsdk::Diagnostic;

use super::{
    documents::Documents,
    records::Records,
    shown::{self, CHANGED, Shown},
};
use crate::{
    cluster::{drift, owned_digest},
    services::Cx,
};

/// Shown of an object that is there and not in the text.
const LEFT: &str = "no longer in the text";

/// How many fields are named.
const SHOWN: usize = 50;

/// The changes of one resource's objects, as they are found.
#[derive(Debug)]
pub(super) struct Changes<'a> {
    stored: Option<&'a Documents>,
    records: &'a Records,
    manager: &'a str,
    /// The objects as they were applied.
    applied: BTreeMap<String, String>,
    /// Fields that others own now.
    taken: Vec<String>,
}

impl<'a> Changes<'a> {
    /// Compares with the text that the state has, if it has one, and with what
    /// was noted.
    pub(super) fn new(
        stored: Option<&'a Documents>,
        records: &'a Records,
        manager: &'a str,
    ) -> Self {
        let applied = stored.map(|stored| Shown::of(stored, false, records).texts);
        let applied = applied.unwrap_or_default();
        Self { stored, records, manager, applied, taken: Vec::new() }
    }

    /// How an object is shown that the cluster has.
    pub(super) fn show(&mut self, key: &str, object: &Value) -> String {
        let accepted = self.records.is_as_accepted(key, owned_digest(object, self.manager));
        let manifest = self.stored.and_then(|stored| stored.get(key));
        let applied = || match (self.applied.get(key), self.stored) {
            (Some(text), _) => text.clone(),
            // It left the text, and stays until it is deleted.
            (None, Some(_)) => LEFT.to_owned(),
            (None, None) => shown::as_applied(key, self.records),
        };
        let Some(manifest) = manifest.filter(|_| accepted != Some(true)) else {
            let is_changed = accepted == Some(false);
            return if is_changed { CHANGED.to_owned() } else { applied() };
        };
        let changes = drift(&manifest.object, object, self.manager, None);
        if changes.is_empty() {
            return applied();
        }
        for change in &changes {
            if let Some(manager) = &change.manager {
                self.taken.push(format!("\n  {key}: {} by {manager:?}", change.path));
            }
        }
        shown::drifted(manifest, self.records, &changes)
    }

    /// Says who changed our fields, where another manager did.
    pub(super) fn warn(self, cx: &Cx, force: bool) {
        if self.taken.is_empty() {
            return;
        }
        let more = self.taken.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        let needs = if force { "" } else { ", which needs `force_conflicts = true`" };
        let taken: String = self.taken.into_iter().take(SHOWN).collect();
        cx.warn(Diagnostic::warning(
            "Fields were changed by other managers",
            format!(
                "Others changed fields of these objects and own them now. The plan puts them \
                 back{needs}; leave them out of the text to let the others have \
                 them.\n{taken}{more}"
            ),
        ));
    }
}
