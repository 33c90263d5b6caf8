//! Deletion: preconditions, finalizers, propagation to dependents.

use std::sync::Arc;

use serde_json::{Value, json};

use super::state::{State, Write};
use super::status::ApiError;
use super::store::Key;

/// What becomes of an object's dependents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Propagation {
    Background,
    Foreground,
    Orphan,
}

/// `DeleteOptions`.
#[derive(Debug, Clone)]
pub(crate) struct DeleteOptions {
    pub(crate) propagation: Propagation,
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
    /// Seconds; `None` for the kind's own.
    pub(crate) grace: Option<i64>,
}

impl DeleteOptions {
    /// Reads the body; the query's policy counts where the body names none.
    pub(crate) fn read(body: &Value, query_policy: Option<&str>) -> Result<Self, ApiError> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let policy = body["propagationPolicy"].as_str().or(query_policy);
        let propagation = match policy {
            Some("Foreground") => Propagation::Foreground,
            Some("Orphan") => Propagation::Orphan,
            Some("Background") => Propagation::Background,
            None if body["orphanDependents"] == true => Propagation::Orphan,
            None => Propagation::Background,
            Some(other) => {
                let allowed = ["Foreground", "Background", "Orphan"].map(Value::from);
                let cause = super::status::Cause::not_supported(
                    "propagationPolicy",
                    &Value::from(other),
                    &allowed,
                );
                return Err(ApiError::invalid("meta.k8s.io", "DeleteOptions", "", &[cause]));
            }
        };
        Ok(Self {
            propagation,
            uid: text(&body["preconditions"]["uid"]),
            resource_version: text(&body["preconditions"]["resourceVersion"]),
            grace: body["gracePeriodSeconds"].as_i64(),
        })
    }
}

/// What a deletion came to.
#[derive(Debug)]
pub(crate) enum Deletion {
    /// The object is gone.
    Gone(Arc<Value>),
    /// The object waits for finalizers, dependents or its grace period.
    Terminating(Arc<Value>),
}

impl State {
    /// Deletes an object, or marks it for deletion.
    pub(crate) fn delete(
        &mut self,
        write: &Write<'_>,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Deletion, ApiError> {
        let key = write.key(name);
        let Some(live) = self.store.find(&key).cloned() else {
            return Err(ApiError::not_found(write.kind, name));
        };
        check_preconditions(write, &live, name, options)?;
        let mut object = (*live).clone();
        let terminating = live["metadata"].get("deletionTimestamp").is_some();
        add_finalizers(write, &mut object, options.propagation);
        let grace = grace_period(write, &live, options);
        if grace == 0 && !holds(&object) {
            if write.options.dry_run {
                return Ok(Deletion::Gone(live));
            }
            self.remove(&key);
            return Ok(Deletion::Gone(live));
        }
        if terminating && options.grace != Some(0) {
            return Ok(Deletion::Terminating(live));
        }
        object["metadata"]["deletionGracePeriodSeconds"] = Value::from(grace);
        if !terminating {
            object["metadata"]["deletionTimestamp"] = Value::from(self.now());
            if let Some(generation) = object["metadata"]["generation"].as_i64() {
                object["metadata"]["generation"] = Value::from(generation + 1);
            }
        }
        if write.kind.is("", "namespaces") {
            object["status"]["phase"] = json!("Terminating");
        }
        if write.options.dry_run {
            return Ok(Deletion::Terminating(Arc::new(object)));
        }
        let stored = self.store.put(key, object);
        self.after_write(&stored);
        Ok(Deletion::Terminating(stored))
    }

    /// Removes an object that nothing holds any more, as a controller does.
    pub(crate) fn remove(&mut self, key: &Key) {
        if let Some(object) = self.store.remove(key) {
            self.made.remove(key);
            self.after_removal(&object);
        }
    }
}

fn check_preconditions(
    write: &Write<'_>,
    live: &Value,
    name: &str,
    options: &DeleteOptions,
) -> Result<(), ApiError> {
    let found = live["metadata"]["uid"].as_str().unwrap_or_default();
    if let Some(uid) = options.uid.as_deref().filter(|uid| *uid != found) {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({found}). The \
             object might have been deleted and then recreated"
        );
        return Err(ApiError::stale(write.kind, name, &why));
    }
    let found = live["metadata"]["resourceVersion"].as_str().unwrap_or_default();
    if let Some(version) = options.resource_version.as_deref().filter(|one| *one != found) {
        let why = format!(
            "the ResourceVersion in the precondition ({version}) does not match the \
             ResourceVersion in record ({found}). The object might have been modified"
        );
        return Err(ApiError::stale(write.kind, name, &why));
    }
    Ok(())
}

fn add_finalizers(write: &Write<'_>, object: &mut Value, propagation: Propagation) {
    let mut wanted = Vec::new();
    match propagation {
        Propagation::Foreground => wanted.push("foregroundDeletion"),
        Propagation::Orphan => wanted.push("orphan"),
        Propagation::Background => {}
    }
    if write.kind.is("apiextensions.k8s.io", "customresourcedefinitions") {
        wanted.push("customresourcecleanup.apiextensions.k8s.io");
    }
    let mut finalizers = object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    if propagation == Propagation::Background {
        finalizers.retain(|one| !matches!(one.as_str(), Some("foregroundDeletion" | "orphan")));
    }
    for name in wanted {
        if !finalizers.iter().any(|one| one == name) {
            finalizers.push(Value::from(name));
        }
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        if finalizers.is_empty() {
            metadata.remove("finalizers");
        } else {
            metadata.insert("finalizers".to_owned(), Value::Array(finalizers));
        }
    }
}

/// Pods that run get time to stop; everything else goes at once.
fn grace_period(write: &Write<'_>, live: &Value, options: &DeleteOptions) -> i64 {
    if !write.kind.is("", "pods") {
        return 0;
    }
    let own = live["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
    let waiting = live["status"]["phase"] == "Pending" && live["spec"]["nodeName"].is_null();
    options.grace.unwrap_or(if waiting { 0 } else { own })
}

/// Whether finalizers keep an object.
fn holds(object: &Value) -> bool {
    let some = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    some(&object["metadata"]["finalizers"])
        || object["kind"] == "Namespace" && some(&object["spec"]["finalizers"])
}
