//! Watches: a stream of changes from a revision on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use futures::stream::unfold;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::cluster::Shared;
use super::kinds::Kind;
use super::read::{Form, Selection, in_version, shown};
use super::request::Options;
use super::state::State;
use super::status::ApiError;
use super::store::Event;

/// How long a watch lasts if the client names no time.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// A watch that is ready to run.
pub(crate) struct Watch {
    kind: Arc<Kind>,
    selection: Selection,
    form: Form,
    /// Lines that are due before any change.
    first: VecDeque<Bytes>,
    /// Changes after this revision are still to be sent.
    revision: u64,
    ends: Instant,
    finished: bool,
}

impl Watch {
    /// Starts from the options' revision, or from the present objects.
    pub(crate) fn new(
        state: &State,
        kind: Arc<Kind>,
        selection: Selection,
        options: &Options,
        form: Form,
    ) -> Result<Self, ApiError> {
        let timeout = options.timeout_seconds.map_or(DEFAULT_TIMEOUT, Duration::from_secs);
        let asked = options.resource_version.as_deref().unwrap_or("0");
        let asked: u64 = asked.parse().map_err(|_| {
            ApiError::bad_request(format!("resourceVersion: Invalid value: {asked:?}: strconv.ParseUint: parsing {asked:?}: invalid syntax"))
        })?;
        let mut watch = Self {
            kind,
            selection,
            form,
            first: VecDeque::new(),
            revision: asked,
            ends: Instant::now() + timeout,
            finished: false,
        };
        if asked == 0 || options.initial_events {
            watch.revision = state.store.revision();
            for object in watch.selection.find(state, &watch.kind) {
                let line = watch.line("ADDED", object, state);
                watch.first.push_back(line);
            }
            if options.initial_events && options.bookmarks {
                let bookmark = watch.bookmark();
                watch.first.push_back(bookmark);
            }
        }
        Ok(watch)
    }

    /// The lines of the answer's body.
    pub(crate) fn stream(self, shared: Arc<Shared>) -> impl Stream<Item = Bytes> + Send {
        let changes = shared.lock().store.subscribe();
        unfold((self, shared, changes), |(mut watch, shared, mut changes)| async move {
            loop {
                if let Some(line) = watch.first.pop_front() {
                    return Some((line, (watch, shared, changes)));
                }
                if watch.finished {
                    return None;
                }
                changes.mark_unchanged();
                watch.collect(&shared.lock());
                if !watch.first.is_empty() || watch.finished {
                    continue;
                }
                tokio::select! {
                    changed = changes.changed() => watch.finished = changed.is_err(),
                    () = tokio::time::sleep_until(watch.ends) => watch.finished = true,
                }
            }
        })
    }

    /// Takes what changed since the last time.
    fn collect(&mut self, state: &State) {
        match state.store.since(self.revision) {
            Ok(events) => {
                for event in &events {
                    self.revision = event.revision;
                    if let Some(line) = self.event_line(event, state) {
                        self.first.push_back(line);
                    }
                }
            }
            Err(oldest) => {
                let status = ApiError::expired(self.revision, oldest).to_value();
                self.first.push_back(line("ERROR", &status));
                self.finished = true;
            }
        }
    }

    /// What a change means to someone who sees only the selected objects.
    fn event_line(&self, event: &Event, state: &State) -> Option<Bytes> {
        let key = &event.key;
        let here = self.kind.is(&key.group, &key.plural)
            && self
                .selection
                .namespace
                .as_ref()
                .is_none_or(|namespace| *namespace == key.namespace);
        if !here {
            return None;
        }
        let after = !event.deleted && self.selection.matches(&event.object);
        let before = event.previous.as_ref().is_some_and(|object| self.selection.matches(object));
        let kind = match (before, after) {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            (false, false) => return None,
        };
        Some(self.line(kind, &event.object, state))
    }

    fn line(&self, event: &str, object: &Value, state: &State) -> Bytes {
        let object = in_version(&self.kind, object);
        line(event, &shown(&self.kind, &object, self.form, state.clock.now()))
    }

    fn bookmark(&self) -> Bytes {
        let object = json!({
            "kind": self.kind.kind,
            "apiVersion": self.kind.api_version(),
            "metadata": {
                "resourceVersion": self.revision.to_string(),
                "creationTimestamp": null,
                "annotations": {"k8s.io/initial-events-end": "true"},
            },
        });
        line("BOOKMARK", &object)
    }
}

fn line(event: &str, object: &Value) -> Bytes {
    let mut text = json!({"type": event, "object": object}).to_string();
    text.push('\n');
    Bytes::from(text)
}
