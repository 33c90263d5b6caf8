//! What the engine hands to provider code beside the values.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    Diagnostic, Diagnostics,
    schema::Model,
    value::{Path, Tf, Value},
};

/// Fires when the person interrupts Terraform.
///
/// Waits must end at once then, with what exists kept in the state; a request
/// that is under way should be finished.
pub type Stop = CancellationToken;

/// The context of an operation that talks to the remote side.
pub struct Cx<C> {
    pub(crate) client: Arc<C>,
    pub(crate) stop: Stop,
    pub(crate) deadline: Instant,
    pub(crate) timeout: Duration,
    pub(crate) notes: Arc<Mutex<Notes>>,
}

/// What provider code tells the engine while an operation runs.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) warnings: Diagnostics,
    /// The last state that was saved, encoded.
    pub(crate) saved: Option<Value>,
    /// The private bytes.
    pub(crate) private: Vec<u8>,
}

impl<C> Cx<C> {
    /// What the provider's `configure` made.
    pub fn client(&self) -> &C {
        &self.client
    }

    /// Fires when the person interrupts Terraform.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// When the operation's timeout ends.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The operation's whole timeout, for messages.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Shows a warning when the operation ends.
    pub fn warn(&self, warning: Diagnostic) {
        self.notes().warnings.push(warning);
    }

    /// Keeps `model` as the object's state even if the operation fails, panics
    /// or is interrupted from here on. Call it as soon as the object exists
    /// remotely, before waiting for it. Unknown values become null if it comes
    /// to that.
    pub fn save<M: Model>(&self, model: &M) {
        self.notes().saved = Some(model.encode());
    }

    /// Bytes that the provider stores beside the state, unseen by the person.
    pub fn private(&self) -> Vec<u8> {
        self.notes().private.clone()
    }

    /// Replaces the private bytes.
    pub fn set_private(&self, bytes: Vec<u8>) {
        self.notes().private = bytes;
    }

    /// What provider code told while the operation ran.
    pub(crate) fn into_notes(self) -> Notes {
        std::mem::take(&mut *self.notes())
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The context of planning. There may be no client: then the provider's own
/// configuration is not known yet, or was never given.
pub struct PlanCx<C> {
    pub(crate) client: Option<Arc<C>>,
    pub(crate) private: Vec<u8>,
    pub(crate) warnings: Arc<Mutex<Diagnostics>>,
}

impl<C> PlanCx<C> {
    /// What the provider's `configure` made, if it ran.
    pub fn client(&self) -> Option<&C> {
        self.client.as_deref()
    }

    /// The private bytes of the object as it is.
    pub fn private(&self) -> &[u8] {
        &self.private
    }

    /// Shows a warning with the plan.
    pub fn warn(&self, warning: Diagnostic) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }
}

/// A planned create or update, as far as the schema's rules have made it.
///
/// A resource's `plan` may set computed attributes of `planned` to what they
/// will be (or to unknown), and ask for replacement.
pub struct Change<M> {
    /// The object as it is; `None` when it is to be created.
    pub prior: Option<M>,
    /// What the person wrote.
    pub config: M,
    /// What is planned.
    pub planned: M,
    pub(crate) replace: Vec<Path>,
}

impl<M> Change<M> {
    /// Whether there is no object yet.
    pub fn is_create(&self) -> bool {
        self.prior.is_none()
    }

    /// Says that the change of this attribute needs a new object.
    pub fn replace(&mut self, path: impl Into<Path>) {
        self.replace.push(path.into());
    }

    /// Whether an attribute differs between the object as it is and the plan.
    /// False for a create.
    pub fn changes<T: PartialEq>(&self, attribute: impl Fn(&M) -> &Tf<T>) -> bool {
        self.prior.as_ref().is_some_and(|prior| attribute(prior) != attribute(&self.planned))
    }
}
