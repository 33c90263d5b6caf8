//! The engine: which request goes where, with a net under it.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard},
};

use futures::future::BoxFuture;

use crate::{
    Diagnostic, Diagnostics,
    engine::{
        ApplyResource, ApplyResponse, Configure, DataResponse, Deferred, Function, FunctionError,
        ImportResource, ImportResponse, MoveResponse, MoveSource, Opened, PlanResource,
        PlanResponse, Provider, ReadDataSource, ReadResource, ReadResponse, Registry, Renewed,
        Schemas, Server, Stop, UpgradeState, ValidateResource,
        answer::within,
        call::call,
        erased::{AnyDataSource, AnyEphemeral, AnyResource},
        managed::Managed,
        query::{Ephemeral, Source, with_defaults},
        schemas::collect,
        session::Session,
        validate::validate,
    },
    schema::{Model, Schema},
    value::{Path, Value},
};

/// A provider under Terraform's rules: the [`Server`] that the wire layer
/// serves.
///
/// After [`Server::stop`] fired, no create, update or delete begins any more
/// and everything else finds its own [`Stop`] fired, until the provider is
/// configured again; closing ephemeral resources goes on undisturbed.
pub struct Engine<P: Provider> {
    provider: P,
    registry: Registry<P::Client>,
    schemas: OnceLock<Arc<Schemas>>,
    configured: RwLock<Configured<P::Client>>,
}

/// The provider as Terraform configured it last.
struct Configured<C> {
    client: Option<Arc<C>>,
    defers: bool,
    stop: Stop,
}

impl<P: Provider> Engine<P> {
    /// Takes a provider into service. Release builds look for duplicate names
    /// only; debug builds for everything that [`check`](Self::check) finds.
    ///
    /// # Errors
    ///
    /// What is wrong with the provider.
    pub fn new(provider: P) -> Result<Self, Diagnostics> {
        let registry = provider.registry();
        let configured = Configured { client: None, defers: false, stop: Stop::new() };
        let engine = Self {
            provider,
            registry,
            schemas: OnceLock::new(),
            configured: RwLock::new(configured),
        };
        let problems = if cfg!(debug_assertions) { engine.check() } else { engine.duplicates() };
        if problems.has_errors() { Err(problems) } else { Ok(engine) }
    }

    /// Names that are taken twice.
    pub(crate) fn duplicates(&self) -> Diagnostics {
        let mut found = Diagnostics::new();
        let mut look = |what: &str, names: Vec<&str>| {
            let mut seen = BTreeSet::new();
            for name in names.into_iter().filter(|name| !seen.insert(*name)) {
                found.error("Invalid provider", format!("There are two {what} named {name}."));
            }
        };
        look("resources", self.resources().iter().map(|r| r.type_name()).collect());
        look("data sources", self.data_sources().iter().map(|d| d.type_name()).collect());
        look("ephemeral resources", self.ephemeral().iter().map(|e| e.type_name()).collect());
        look("functions", self.functions().iter().map(|f| f.name()).collect());
        found
    }

    /// All schemas, made when first asked for.
    pub(crate) fn schemas_now(&self) -> &Arc<Schemas> {
        self.schemas.get_or_init(|| Arc::new(collect::<P>(&self.registry)))
    }

    pub(crate) fn resources(&self) -> &[Arc<dyn AnyResource<P::Client>>] {
        &self.registry.resources
    }

    pub(crate) fn data_sources(&self) -> &[Arc<dyn AnyDataSource<P::Client>>] {
        &self.registry.data_sources
    }

    pub(crate) fn ephemeral(&self) -> &[Arc<dyn AnyEphemeral<P::Client>>] {
        &self.registry.ephemeral
    }

    pub(crate) fn functions(&self) -> &[Arc<dyn Function>] {
        &self.registry.functions
    }

    fn managed(&self, type_name: &str) -> Result<Managed<'_, P::Client>, Diagnostic> {
        let schemas = self.schemas_now();
        let resource = self.resources().iter().find(|r| r.type_name() == type_name);
        match (resource, schemas.resources.get(type_name)) {
            (Some(resource), Some(schema)) => Ok(Managed {
                resource: &**resource,
                schema,
                identity: schemas.identities.get(type_name),
                session: self.session(),
            }),
            _ => Err(unsupported("resource", type_name)),
        }
    }

    fn source(&self, type_name: &str) -> Result<Source<'_, P::Client>, Diagnostic> {
        let schema = self.schemas_now().data_sources.get(type_name);
        let source = self.data_sources().iter().find(|d| d.type_name() == type_name);
        match (source, schema) {
            (Some(source), Some(schema)) => {
                Ok(Source { source: &**source, schema, session: self.session() })
            }
            _ => Err(unsupported("data source", type_name)),
        }
    }

    fn ephemeral_resource(&self, type_name: &str) -> Result<Ephemeral<'_, P::Client>, Diagnostic> {
        let schema = self.schemas_now().ephemeral.get(type_name);
        let resource = self.ephemeral().iter().find(|e| e.type_name() == type_name);
        match (resource, schema) {
            (Some(resource), Some(schema)) => {
                Ok(Ephemeral { resource: &**resource, schema, session: self.session() })
            }
            _ => Err(unsupported("ephemeral resource", type_name)),
        }
    }

    fn session(&self) -> Session<P::Client> {
        let configured = self.configured();
        Session {
            client: configured.client.clone(),
            defers: configured.defers,
            stop: configured.stop.clone(),
        }
    }

    fn configured(&self) -> RwLockReadGuard<'_, Configured<P::Client>> {
        self.configured.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_configured(&self, change: impl FnOnce(&mut Configured<P::Client>)) {
        change(&mut self.configured.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Checks the provider block and makes the client of it.
    async fn configured_with(&self, request: Configure) -> Result<(), Diagnostics> {
        // A new run begins: in a process that serves several, an interruption
        // of the one before is over.
        let mut stop = Stop::new();
        self.set_configured(|configured| {
            if configured.stop.is_cancelled() {
                configured.stop = stop.clone();
            }
            stop = configured.stop.clone();
            configured.client = None;
            configured.defers = false;
        });
        let config = self.config(&request.config)?;
        let defers = self.provider.defers(&config);
        let version = request.terraform_version;
        let client = self.provider.configure(config, &version, stop).await?;
        self.set_configured(|configured| {
            configured.client = Some(Arc::new(client));
            configured.defers = defers;
        });
        Ok(())
    }

    fn config(&self, config: &Value) -> Result<P::Config, Diagnostics> {
        let schema = P::Config::schema();
        let config = with_defaults((&schema.block).into(), config);
        P::Config::decode(&config, &Path::root())
    }
}

impl<P: Provider> Server for Engine<P> {
    fn schemas(&self) -> Arc<Schemas> {
        self.schemas_now().clone()
    }

    fn validate_provider(&self, config: Value) -> BoxFuture<'_, Diagnostics> {
        within("ValidateProviderConfig", String::new(), async move {
            let mut found = validate(&P::Config::schema().block, &config, true);
            match self.config(&config) {
                Ok(config) => self.provider.validate(&config, &mut found),
                Err(errors) => found.extend(errors),
            }
            found
        })
    }

    fn validate_resource(&self, request: ValidateResource) -> BoxFuture<'_, Diagnostics> {
        within("ValidateResourceConfig", request.type_name.clone(), async move {
            let managed = self.managed(&request.type_name)?;
            let write_only = request.client.write_only_attributes_allowed;
            let own = managed.strip(&request.config);
            Ok(validated(managed.schema, &request.config, write_only, || {
                managed.resource.validate(&own)
            }))
        })
    }

    fn validate_data_source(&self, type_name: String, config: Value) -> BoxFuture<'_, Diagnostics> {
        within("ValidateDataResourceConfig", type_name.clone(), async move {
            let source = self.source(&type_name)?;
            let own = source.strip(&config);
            Ok(validated(source.schema, &config, true, || source.source.validate(&own)))
        })
    }

    fn validate_ephemeral(&self, type_name: String, config: Value) -> BoxFuture<'_, Diagnostics> {
        within("ValidateEphemeralResourceConfig", type_name.clone(), async move {
            let ephemeral = self.ephemeral_resource(&type_name)?;
            Ok(validated(ephemeral.schema, &config, true, || ephemeral.resource.validate(&config)))
        })
    }

    fn configure(&self, request: Configure) -> BoxFuture<'_, Diagnostics> {
        within("ConfigureProvider", String::new(), async move {
            match self.configured_with(request).await {
                Ok(()) => Diagnostics::new(),
                Err(errors) => errors,
            }
        })
    }

    fn upgrade_state(&self, request: UpgradeState) -> BoxFuture<'_, (Option<Value>, Diagnostics)> {
        within("UpgradeResourceState", request.type_name.clone(), async move {
            let state = self.managed(&request.type_name)?.upgraded(&request);
            Ok(either(state))
        })
    }

    fn upgrade_identity(
        &self,
        request: UpgradeState,
    ) -> BoxFuture<'_, (Option<Value>, Diagnostics)> {
        within("UpgradeResourceIdentity", request.type_name.clone(), async move {
            let identity = self.managed(&request.type_name)?.upgraded_identity(&request);
            Ok(either(identity))
        })
    }

    fn read_resource(&self, request: ReadResource) -> BoxFuture<'_, ReadResponse> {
        within("ReadResource", request.type_name.clone(), async move {
            Ok(self.managed(&request.type_name)?.read(request).await)
        })
    }

    fn plan_resource(&self, request: PlanResource) -> BoxFuture<'_, PlanResponse> {
        within("PlanResourceChange", request.type_name.clone(), async move {
            Ok(self.managed(&request.type_name)?.plan(request).await)
        })
    }

    fn apply_resource(&self, request: ApplyResource) -> BoxFuture<'_, ApplyResponse> {
        within("ApplyResourceChange", request.type_name.clone(), async move {
            Ok(self.managed(&request.type_name)?.apply(request).await)
        })
    }

    fn import_resource(&self, request: ImportResource) -> BoxFuture<'_, ImportResponse> {
        within("ImportResourceState", request.type_name.clone(), async move {
            Ok(self.managed(&request.type_name)?.import(request).await)
        })
    }

    fn move_resource(&self, target: String, source: MoveSource) -> BoxFuture<'_, MoveResponse> {
        within("MoveResourceState", target.clone(), async move {
            Ok(self.managed(&target)?.take_over(&source))
        })
    }

    fn read_data_source(&self, request: ReadDataSource) -> BoxFuture<'_, DataResponse> {
        within("ReadDataSource", request.type_name.clone(), async move {
            Ok(self.source(&request.type_name)?.read(request).await)
        })
    }

    fn open_ephemeral(
        &self,
        request: ReadDataSource,
    ) -> BoxFuture<'_, (Option<Opened<Value>>, Option<Deferred>, Diagnostics)> {
        within("OpenEphemeralResource", request.type_name.clone(), async move {
            Ok(self.ephemeral_resource(&request.type_name)?.open(request).await)
        })
    }

    fn renew_ephemeral(
        &self,
        type_name: String,
        private: Vec<u8>,
    ) -> BoxFuture<'_, (Option<Renewed>, Diagnostics)> {
        within("RenewEphemeralResource", type_name.clone(), async move {
            Ok(self.ephemeral_resource(&type_name)?.renew(private).await)
        })
    }

    fn close_ephemeral(&self, type_name: String, private: Vec<u8>) -> BoxFuture<'_, Diagnostics> {
        within("CloseEphemeralResource", type_name.clone(), async move {
            let mut ephemeral = self.ephemeral_resource(&type_name)?;
            // What was opened must be closed, also when Terraform is
            // interrupted.
            ephemeral.session.stop = Stop::new();
            Ok(ephemeral.close(private).await)
        })
    }

    fn call_function(
        &self,
        name: String,
        arguments: Vec<Value>,
    ) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move {
            let function = self.functions().iter().find(|function| function.name() == name);
            match (function, self.schemas_now().functions.get(&name)) {
                (Some(function), Some(signature)) => call(&**function, signature, arguments),
                _ => Err(FunctionError {
                    text: format!("This version of the provider has no function {name}."),
                    argument: None,
                }),
            }
        })
    }

    fn stop(&self) -> Stop {
        self.configured().stop.clone()
    }
}

/// The schema's problems, and those that the type finds itself.
fn validated(
    schema: &Schema,
    config: &Value,
    write_only: bool,
    own: impl FnOnce() -> Diagnostics,
) -> Diagnostics {
    let mut found = validate(&schema.block, config, write_only);
    found.extend(own());
    found
}

fn either(result: Result<Value, Diagnostics>) -> (Option<Value>, Diagnostics) {
    match result {
        Ok(value) => (Some(value), Diagnostics::new()),
        Err(errors) => (None, errors),
    }
}

fn unsupported(what: &str, type_name: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Unknown {what}"),
        format!("This version of the provider has no {what} {type_name}."),
    )
}

#[cfg(test)]
mod tests;
