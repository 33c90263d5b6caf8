//! What an operation gets of the configured provider.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    Diagnostic,
    engine::{ClientCapabilities, Cx, Deferred, Stop, context::Notes},
};

/// The provider as it is configured when an operation starts.
pub(crate) struct Session<C> {
    /// What `configure` made; `None` before it ran.
    pub(crate) client: Option<Arc<C>>,
    /// So much of the configuration is unknown that remote calls are in vain.
    pub(crate) defers: bool,
    /// Fires when the person interrupts Terraform.
    pub(crate) stop: Stop,
}

impl<C> Session<C> {
    /// The context of an operation that may take `timeout`.
    ///
    /// # Errors
    ///
    /// The provider is not configured.
    pub(crate) fn cx(
        &self,
        doing: &str,
        type_name: &str,
        timeout: Duration,
        private: Vec<u8>,
    ) -> Result<Cx<C>, Diagnostic> {
        let Some(client) = &self.client else {
            return Err(Diagnostic::error(
                "The provider is not configured",
                format!(
                    "Terraform asked for {doing} {type_name} before it configured the provider, \
                     or after the configuration failed. See the errors about the provider block; \
                     if there are none, this is a bug in Terraform or in the provider."
                ),
            ));
        };
        let notes = Notes { private, ..Notes::default() };
        Ok(Cx {
            client: client.clone(),
            stop: self.stop.clone(),
            deadline: deadline(timeout),
            timeout,
            notes: Arc::new(Mutex::new(notes)),
        })
    }

    /// Whether to put an answer off until the provider's configuration is known.
    pub(crate) fn deferral(&self, client: ClientCapabilities) -> Option<Deferred> {
        (self.defers && client.deferral_allowed).then_some(Deferred::ProviderConfigUnknown)
    }

    /// Refuses to begin a change after the person interrupted Terraform.
    pub(crate) fn check_running(&self, doing: &str, type_name: &str) -> Result<(), Diagnostic> {
        if !self.stop.is_cancelled() {
            return Ok(());
        }
        Err(Diagnostic::error(
            "Interrupted",
            format!(
                "Terraform was interrupted before {doing} {type_name} began. Nothing was changed."
            ),
        ))
    }
}

fn deadline(timeout: Duration) -> Instant {
    let now = Instant::now();
    // A timeout beyond the clock's end is as good as thirty years.
    now.checked_add(timeout).unwrap_or_else(|| now + Duration::from_secs(86400 * 365 * 30))
}
