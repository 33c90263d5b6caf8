//! Data sources.

use std::{future::Future, time::Duration};

use crate::{Diagnostics, engine::Cx, schema::Model};

/// Something that Terraform reads and does not manage.
pub trait DataSource: Send + Sync + 'static {
    /// Its arguments and results.
    type Model: Model;
    /// What the provider's `configure` makes.
    type Client: Send + Sync + 'static;

    /// The type's name.
    const TYPE: &'static str;

    /// The default read timeout, if a read waits. It gets the attribute
    /// `timeouts` then; the model does not mention it.
    const TIMEOUT: Option<Duration> = None;

    /// See [`Resource::validate`](crate::engine::Resource::validate).
    fn validate(&self, config: &Self::Model, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Reads; in the result every attribute is known and the configured ones
    /// are as configured.
    ///
    /// # Errors
    ///
    /// Says what could not be read and what to do.
    fn read(
        &self,
        cx: &Cx<Self::Client>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;
}
