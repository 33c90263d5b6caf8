//! What an operator of the simulator can do and no client of the cloud: look
//! at everything, change things behind the clients' backs, let time pass.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value, json};

use super::{
    clock::Clock,
    clusters::Clusters,
    dispatch::{Cloud, seeded},
    faults::Faults,
    objects::ObjectRecord,
    recorder::Recorder,
    transition::{Progression, Release},
};
use crate::world::World;

impl Cloud {
    /// What was there at the start.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The cloud's time.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The clusters.
    pub fn clusters(&self) -> &Arc<dyn Clusters> {
        &self.clusters
    }

    /// The fault rules; shared with whoever else serves calls.
    pub fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }

    /// The record of calls; shared with whoever else serves calls.
    pub fn recorder(&self) -> &Arc<Recorder> {
        &self.recorder
    }

    /// Back to the start: objects, time, faults, progressions, limits' counts and the record.
    pub fn reset(&self) {
        let mut inner = self.lock();
        inner.state = seeded(&self.products, &self.world);
        inner.pace.reset();
        inner.before = None;
        let scale = inner.limits.scale();
        inner.limits.set_scale(scale);
        self.clusters.reset();
        self.faults.clear();
        self.recorder.clear();
        self.clock.reset();
    }

    /// Sets how long a kind of change takes from now on; `*` for all but expiries.
    pub fn set_progression(&self, kind: &str, progression: Progression) {
        self.lock().pace.set(kind, progression);
    }

    /// Every known kind of change and how long it takes.
    pub fn progressions(&self) -> BTreeMap<String, Progression> {
        self.lock().pace.listing()
    }

    /// Lets manual changes go that are under way.
    pub fn release(&self, release: Release) {
        self.lock().pace.release(release);
    }

    /// Everything that callers have created, in the cloud and in its clusters,
    /// and that is still there.
    pub fn objects(&self) -> Vec<ObjectRecord> {
        let mut inner = self.lock();
        self.settle(&mut inner);
        let mut all: Vec<ObjectRecord> = self.with_context(&mut inner, |cx| {
            self.products.iter().flat_map(|product| product.service.objects(cx)).collect()
        });
        drop(inner);
        all.extend(self.clusters.objects());
        all
    }

    /// Deletes an object at once, as if somebody else had. Returns whether it was there.
    pub fn delete_object(&self, kind: &str, id: &str) -> bool {
        let mut inner = self.lock();
        self.settle(&mut inner);
        let deleted = self.with_context(&mut inner, |cx| {
            self.products
                .iter()
                .any(|product| product.service.delete_object(cx, kind, id).is_some())
        });
        drop(inner);
        deleted || kind == "kubernetes_object" && self.clusters.delete_object(id)
    }

    /// Changes fields of an object, as if somebody else had. `Ok(false)` if it is not there.
    ///
    /// # Errors
    /// A field that cannot be changed this way.
    pub fn patch_object(
        &self,
        kind: &str,
        id: &str,
        patch: &Map<String, Value>,
    ) -> Result<bool, String> {
        let mut inner = self.lock();
        self.settle(&mut inner);
        self.with_context(&mut inner, |cx| {
            let mut services = self.products.iter().map(|product| &product.service);
            let outcome = services.find_map(|service| service.patch_object(cx, kind, id, patch));
            outcome.map_or(Ok(false), |done| done.map(|()| true))
        })
    }

    /// Multiplies all rate limits; 0 switches them off.
    pub fn set_rate_scale(&self, scale: f64) {
        self.lock().limits.set_scale(scale);
    }

    /// Sets the limit of one action (`vpc:CreateCcn`), in calls per second.
    pub fn set_rate(&self, action: &str, rate: f64) {
        self.lock().limits.set_rate(action, rate);
    }

    /// The rate limits: factor, default, and what differs from it.
    pub fn limits(&self) -> Value {
        let inner = self.lock();
        let limits = &inner.limits;
        json!({
            "scale": limits.scale(), "default": super::limits::DEFAULT_RATE,
            "rates": limits.rates(),
        })
    }

    /// Names of all actions that the cloud knows, as `service:action`.
    pub fn actions(&self) -> Vec<String> {
        let product = |product: &super::dispatch::Product| {
            let service = product.catalogue.service().to_owned();
            let names: Vec<_> =
                product.catalogue.actions().map(|name| format!("{service}:{name}")).collect();
            names
        };
        self.products.iter().flat_map(product).collect()
    }
}
