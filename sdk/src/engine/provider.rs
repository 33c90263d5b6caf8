//! The provider itself and the list of what it offers.

use std::{future::Future, sync::Arc};

use crate::{
    Diagnostics,
    engine::{
        DataSource, EphemeralResource, Function, Resource, Stop,
        erased::{AnyDataSource, AnyEphemeral, AnyResource, Erased},
    },
    schema::Model,
};

/// A Terraform provider.
pub trait Provider: Send + Sync + 'static {
    /// The provider block.
    type Config: Model;
    /// What [`configure`](Self::configure) makes and every resource gets.
    type Client: Send + Sync + 'static;

    /// The type name's prefix, as in `crossmesh_ccn_instance`.
    const NAME: &'static str;

    /// Everything that the provider offers.
    fn registry(&self) -> Registry<Self::Client>;

    /// Checks the provider block beyond what attributes' validators check.
    /// Values may be unknown.
    fn validate(&self, config: &Self::Config, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Whether so little of the configuration is known that no resource can be
    /// read or planned against the remote side, as when the address of what to
    /// talk to is still to be created. Terraform then puts resources off if it
    /// can, and otherwise they plan without a client; what needs the remote side
    /// all the same gets the client and should fail by the argument's name.
    fn defers(&self, config: &Self::Config) -> bool {
        let _ = config;
        false
    }

    /// Makes the client. Values may be unknown while Terraform plans: keep them
    /// so and fail only what needs them, by name.
    ///
    /// `stop` fires when the person interrupts Terraform.
    ///
    /// # Errors
    ///
    /// Says which argument is wrong and what to do.
    fn configure(
        &self,
        config: Self::Config,
        terraform_version: &str,
        stop: Stop,
    ) -> impl Future<Output = Result<Self::Client, Diagnostics>> + Send;
}

/// The list of a provider's resources, data sources, functions, ….
///
/// Built with one call per object:
/// `Registry::new().resource(Volume).data_source(Zones).function(ParseId)`.
pub struct Registry<C> {
    pub(crate) resources: Vec<Arc<dyn AnyResource<C>>>,
    pub(crate) data_sources: Vec<Arc<dyn AnyDataSource<C>>>,
    pub(crate) ephemeral: Vec<Arc<dyn AnyEphemeral<C>>>,
    pub(crate) functions: Vec<Arc<dyn Function>>,
}

impl<C: Send + Sync + 'static> Registry<C> {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            resources: Vec::new(),
            data_sources: Vec::new(),
            ephemeral: Vec::new(),
            functions: Vec::new(),
        }
    }

    /// Adds a managed resource.
    #[must_use]
    pub fn resource<R: Resource<Client = C>>(mut self, resource: R) -> Self {
        self.resources.push(Arc::new(Erased(resource)));
        self
    }

    /// Adds a data source.
    #[must_use]
    pub fn data_source<D: DataSource<Client = C>>(mut self, data_source: D) -> Self {
        self.data_sources.push(Arc::new(Erased(data_source)));
        self
    }

    /// Adds an ephemeral resource.
    #[must_use]
    pub fn ephemeral<E: EphemeralResource<Client = C>>(mut self, ephemeral: E) -> Self {
        self.ephemeral.push(Arc::new(Erased(ephemeral)));
        self
    }

    /// Adds a function.
    #[must_use]
    pub fn function<F: Function>(mut self, function: F) -> Self {
        self.functions.push(Arc::new(function));
        self
    }

    /// Adds everything of another list.
    #[must_use]
    pub fn extend(mut self, other: Self) -> Self {
        self.resources.extend(other.resources);
        self.data_sources.extend(other.data_sources);
        self.ephemeral.extend(other.ephemeral);
        self.functions.extend(other.functions);
        self
    }
}

impl<C: Send + Sync + 'static> Default for Registry<C> {
    fn default() -> Self {
        Self::new()
    }
}
