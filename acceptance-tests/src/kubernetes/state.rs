//! Everything that one cluster knows, and the steps that every write takes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::apply::managers::{Actor, Operation};
use super::apply::{self, Scope};
use super::auth::Credentials;
use super::controllers::Controllers;
use super::kinds::{Kind, Kinds};
use super::replacement::{
    check_identity, is_released, keep_other_part, keep_system_fields, reset_fields, spec_differs,
};
use super::request::Options;
use super::settings::Settings;
use super::status::ApiError;
use super::store::{Key, Store};
use super::{admission, identifiers, preparation, validation};
use crate::cloud::clock::{Clock, utc_time};

/// One cluster behind its API.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) kinds: Kinds,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) controllers: Controllers,
    /// How many Service addresses were handed out.
    pub(crate) addresses: u32,
    pub(crate) credentials: Arc<Credentials>,
    /// The mesh that the cluster is linked to.
    pub(crate) mesh: Option<admission::Mesh>,
    /// Objects that clients created through the API.
    pub(crate) made: BTreeSet<Key>,
    /// The cluster's CA certificate, PEM.
    pub(crate) ca_certificate: String,
}

/// One write: what it targets, as which field manager and with which options.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Write<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) namespace: &'a str,
    pub(crate) subresource: &'a str,
    pub(crate) options: &'a Options,
    pub(crate) manager: &'a str,
}

impl Write<'_> {
    pub(crate) fn key(&self, name: &str) -> Key {
        Key::new(&self.kind.group, &self.kind.plural, self.namespace, name)
    }

    pub(crate) fn actor(&self, operation: Operation) -> Actor {
        Actor {
            manager: self.manager.to_owned(),
            operation,
            api_version: self.kind.api_version(),
            subresource: self.subresource.to_owned(),
        }
    }
}

impl State {
    pub(crate) fn new(
        settings: Settings,
        clock: Clock,
        credentials: Arc<Credentials>,
        ca_certificate: String,
    ) -> Self {
        Self {
            store: Store::default(),
            kinds: Kinds::built_in(),
            clock,
            settings,
            controllers: Controllers::default(),
            addresses: 0,
            credentials,
            mesh: None,
            made: BTreeSet::new(),
            ca_certificate,
        }
    }

    /// Now, as objects bear it.
    pub(crate) fn now(&self) -> String {
        utc_time(self.clock.now())
    }

    pub(crate) fn scope<'a>(&self, write: &Write<'a>) -> Scope<'a> {
        Scope {
            schema: &write.kind.schema,
            reset: reset_fields(write),
            custom: write.kind.custom.is_some(),
            now: self.now(),
        }
    }

    /// Stores a new object. With `applied`, managed fields are recorded already.
    pub(crate) fn create(
        &mut self,
        write: &Write<'_>,
        mut object: Value,
        applied: bool,
    ) -> Result<Arc<Value>, ApiError> {
        let kind = write.kind;
        let name = self.name_new(write, &mut object)?;
        self.admit_creation(write, &name)?;
        if kind.status
            && let Some(object) = object.as_object_mut()
        {
            object.remove("status");
        }
        let metadata = &mut object["metadata"];
        for field in ["resourceVersion", "selfLink", "deletionTimestamp", "generation"] {
            if let Some(metadata) = metadata.as_object_mut() {
                metadata.remove(field);
            }
        }
        metadata["uid"] = Value::from(identifiers::uid());
        metadata["creationTimestamp"] = Value::from(self.now());
        if kind.namespaced {
            metadata["namespace"] = Value::from(write.namespace);
        }
        if kind.generation {
            metadata["generation"] = Value::from(1);
        }
        if !applied {
            let actor = write.actor(Operation::Update);
            apply::track_update(&self.scope(write), None, &mut object, &actor);
        }
        admission::admit(self, kind, write.namespace, true, &mut object)?;
        preparation::on_create(write, &mut object);
        self.check(write, None, &object, &name)?;
        let key = write.key(&name);
        if self.store.find(&key).is_some() {
            return Err(ApiError::already_exists(kind, &name));
        }
        if write.options.dry_run {
            return Ok(Arc::new(object));
        }
        preparation::allocate(self, kind, &mut object);
        let stored = self.store.put(key, object);
        self.after_write(&stored);
        Ok(stored)
    }

    /// Stores a changed object. With `applied`, managed fields are recorded
    /// already. What does not change the object is not written.
    pub(crate) fn update(
        &mut self,
        write: &Write<'_>,
        live: &Arc<Value>,
        mut object: Value,
        applied: bool,
    ) -> Result<Arc<Value>, ApiError> {
        let kind = write.kind;
        let name = live["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        check_identity(write, live, &object, &name)?;
        keep_system_fields(kind, live, &mut object);
        keep_other_part(write, live, &mut object);
        if !applied {
            let actor = write.actor(Operation::Update);
            apply::track_update(&self.scope(write), Some(live), &mut object, &actor);
        }
        if write.subresource.is_empty() {
            admission::admit(self, kind, write.namespace, false, &mut object)?;
        }
        preparation::on_update(write, live, &mut object);
        if kind.generation && write.subresource != "status" && spec_differs(live, &object) {
            let generation = live["metadata"]["generation"].as_i64().unwrap_or(0);
            object["metadata"]["generation"] = Value::from(generation + 1);
        }
        self.check(write, Some(live), &object, &name)?;
        if object == **live {
            return Ok(live.clone());
        }
        let key = write.key(&name);
        if write.options.dry_run {
            return Ok(Arc::new(object));
        }
        if is_released(&object) {
            let object = Arc::new(object);
            self.store.remove(&key);
            self.made.remove(&key);
            self.after_removal(&object);
            return Ok(object);
        }
        let stored = self.store.put(key, object);
        self.after_write(&stored);
        Ok(stored)
    }

    /// Replaces an object's status as a controller does. Nothing is written if
    /// nothing changes.
    pub(crate) fn set_status(&mut self, key: &Key, status: Value, manager: &str) {
        self.change(key, "status", manager, |object| object["status"] = status);
    }

    /// Changes an object as a controller does, through the endpoint that the
    /// subresource names. An object that is not there stays so.
    pub(crate) fn change(
        &mut self,
        key: &Key,
        subresource: &str,
        manager: &str,
        change: impl FnOnce(&mut Value),
    ) {
        let Some(live) = self.store.find(key).cloned() else { return };
        let Some(kind) = self.kinds.of_object(&live) else { return };
        let options = Options::default();
        let write = Write {
            kind: &kind,
            namespace: &key.namespace,
            subresource,
            options: &options,
            manager,
        };
        let mut object = (*live).clone();
        change(&mut object);
        // A controller meets its own invalid change again at the next run.
        let _ = self.update(&write, &live, object, false);
    }

    /// The name of a new object: given, or generated.
    fn name_new(&self, write: &Write<'_>, object: &mut Value) -> Result<String, ApiError> {
        if !object["metadata"].is_object() {
            object["metadata"] = Value::Object(Map::new());
        }
        let metadata = &mut object["metadata"];
        if let Some(name) = metadata["name"].as_str().filter(|name| !name.is_empty()) {
            return Ok(name.to_owned());
        }
        match metadata["generateName"].as_str().filter(|prefix| !prefix.is_empty()) {
            Some(prefix) => {
                let name = format!("{prefix}{}", identifiers::suffix(5));
                metadata["name"] = Value::from(name.clone());
                Ok(name)
            }
            None => {
                let detail = "name or generateName is required";
                let cause = super::status::Cause::required("metadata.name", detail);
                let kind = write.kind;
                Err(ApiError::invalid(&kind.group, &kind.kind, "", &[cause]))
            }
        }
    }

    /// Whether there is a place for a new object.
    fn admit_creation(&self, write: &Write<'_>, name: &str) -> Result<(), ApiError> {
        let kind = write.kind;
        if kind.custom.as_ref().is_some_and(|custom| custom.terminating) {
            let why = "create not allowed while custom resource definition is terminating";
            return Err(ApiError::forbidden(kind, name, why));
        }
        if !kind.namespaced {
            return Ok(());
        }
        let namespaces = self.kinds.preferred("", "namespaces");
        let found = self.store.find(&Key::new("", "namespaces", "", write.namespace));
        let Some(namespace) = found else {
            return Err(namespaces.map_or_else(ApiError::not_served, |kind| {
                ApiError::not_found(&kind, write.namespace)
            }));
        };
        if namespace["metadata"].get("deletionTimestamp").is_some() {
            let why = format!(
                "unable to create new content in namespace {} because it is being terminated",
                write.namespace
            );
            let mut details = kind.details(name);
            details["causes"] = json!([{
                "reason": "NamespaceTerminating",
                "message": format!("namespace {} is being terminated", write.namespace),
                "field": "metadata.namespace",
            }]);
            return Err(ApiError::forbidden(kind, name, &why).with_details(details));
        }
        Ok(())
    }

    fn check(
        &self,
        write: &Write<'_>,
        live: Option<&Value>,
        object: &Value,
        name: &str,
    ) -> Result<(), ApiError> {
        let causes = validation::causes(write.kind, live, object, write.subresource);
        if causes.is_empty() {
            return Ok(());
        }
        Err(ApiError::invalid(&write.kind.group, &write.kind.kind, name, &causes))
    }

    /// What a definition's change means for what is served.
    pub(crate) fn after_write(&mut self, object: &Value) {
        if object["kind"] != "CustomResourceDefinition" {
            return;
        }
        let conditions = object["status"]["conditions"].as_array();
        let established = conditions
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == "Established" && condition["status"] == "True");
        if established {
            self.kinds.define(object);
        }
    }

    /// Removes every object and definition.
    pub(crate) fn clear(&mut self) {
        let keys: Vec<Key> = self.store.all().map(|(key, _)| key.clone()).collect();
        for key in &keys {
            self.remove(key);
        }
        self.made.clear();
        self.mesh = None;
        self.controllers.forget();
    }

    pub(crate) fn after_removal(&mut self, object: &Value) {
        if object["kind"] == "CustomResourceDefinition"
            && let Some(name) = object["metadata"]["name"].as_str()
        {
            self.kinds.undefine(name);
        }
    }
}
