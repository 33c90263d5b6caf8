//! What the provider notes beside an object's state, unseen by the person.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::services::Cx;

/// The UIN of the account that owns the object; see [`Scope`](crate::services::Scope).
pub const OWNER: &str = "owner";

/// Notes by name, kept as JSON in Terraform's private bytes. They stand in the
/// state file in clear, so that no secret may be among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes(BTreeMap<String, Value>);

impl Notes {
    /// Reads private bytes; what is no notes counts as none.
    pub fn read(bytes: &[u8]) -> Self {
        Self(serde_json::from_slice(bytes).unwrap_or_default())
    }

    /// The notes of the object that an operation is about.
    pub fn of(cx: &Cx) -> Self {
        Self::read(&cx.private())
    }

    /// The note of this name, if there is one of this form.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_value(self.0.get(name)?.clone()).ok()
    }

    /// Sets one note beside an object's state; the others stay.
    pub fn set<T: Serialize>(cx: &Cx, name: &str, note: &T) {
        let mut notes = Self::of(cx);
        if let Ok(note) = serde_json::to_value(note) {
            notes.0.insert(name.to_owned(), note);
            notes.write(cx);
        }
    }

    /// Removes one note beside an object's state.
    pub fn remove(cx: &Cx, name: &str) {
        let mut notes = Self::of(cx);
        if notes.0.remove(name).is_some() {
            notes.write(cx);
        }
    }

    fn write(&self, cx: &Cx) {
        // A map of JSON values always has a JSON form.
        cx.set_private(serde_json::to_vec(&self.0).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_by_name_and_form() {
        let notes = Notes::read(br#"{"owner": "100010000001", "digests": {"a": "b"}}"#);
        assert_eq!(notes.get::<String>(OWNER).as_deref(), Some("100010000001"));
        assert_eq!(notes.get::<BTreeMap<String, String>>("digests").unwrap()["a"], "b");
        assert_eq!(notes.get::<bool>(OWNER), None);
        assert_eq!(notes.get::<String>("other"), None);
    }

    #[test]
    fn what_is_no_notes_counts_as_none() {
        assert_eq!(Notes::read(b""), Notes::default());
        assert_eq!(Notes::read(b"100010000001"), Notes::default());
    }
}
