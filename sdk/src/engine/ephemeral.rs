//! Ephemeral resources: values that Terraform never stores.

use std::{future::Future, time::SystemTime};

use crate::{Diagnostics, engine::Cx, schema::Model};

/// Something that is opened for a run, renewed, and closed.
pub trait EphemeralResource: Send + Sync + 'static {
    /// Its arguments and results.
    type Model: Model;
    /// What the provider's `configure` makes.
    type Client: Send + Sync + 'static;

    /// The type's name.
    const TYPE: &'static str;

    /// See [`Resource::validate`](crate::engine::Resource::validate).
    fn validate(&self, config: &Self::Model, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Opens it.
    ///
    /// # Errors
    ///
    /// Says what failed and what to do.
    fn open(
        &self,
        cx: &Cx<Self::Client>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Opened<Self::Model>, Diagnostics>> + Send;

    /// Prolongs it; `private` is what the last call gave.
    ///
    /// # Errors
    ///
    /// Says what failed and what to do.
    fn renew(
        &self,
        cx: &Cx<Self::Client>,
        private: Vec<u8>,
    ) -> impl Future<Output = Result<Renewed, Diagnostics>> + Send {
        let _ = cx;
        async { Ok(Renewed { private, renew_at: None }) }
    }

    /// Ends it.
    ///
    /// # Errors
    ///
    /// Says what failed and what to do.
    fn close(
        &self,
        cx: &Cx<Self::Client>,
        private: Vec<u8>,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        let _ = (cx, private);
        async { Ok(()) }
    }
}

/// An opened ephemeral resource.
pub struct Opened<M> {
    /// Arguments and results, wholly known.
    pub model: M,
    /// Handed to renew and close.
    pub private: Vec<u8>,
    /// When it must be renewed.
    pub renew_at: Option<SystemTime>,
}

/// A renewed ephemeral resource.
pub struct Renewed {
    /// Handed to the next renew and to close.
    pub private: Vec<u8>,
    /// When it must be renewed again.
    pub renew_at: Option<SystemTime>,
}
