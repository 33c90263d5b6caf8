//! The interface between the rules and the wire: one method per RPC, on
//! decoded values.

use std::{collections::BTreeMap, sync::Arc};

use futures::future::BoxFuture;

use crate::{
    Diagnostics,
    engine::{FunctionError, MoveSource, Opened, Renewed, Signature, Stop},
    schema::Schema,
    value::{Path, Type, Value},
};

/// What the wire layer serves. Implemented by [`Engine`](crate::engine) over a
/// [`Provider`](crate::engine::Provider). No method panics; business errors
/// are diagnostics in the response.
pub trait Server: Send + Sync + 'static {
    /// Every schema. Never needs configuration.
    fn schemas(&self) -> Arc<Schemas>;

    /// Checks the provider block.
    fn validate_provider(&self, config: Value) -> BoxFuture<'_, Diagnostics>;
    /// Checks a resource's configuration.
    fn validate_resource(&self, request: ValidateResource) -> BoxFuture<'_, Diagnostics>;
    /// Checks a data source's configuration.
    fn validate_data_source(&self, type_name: String, config: Value) -> BoxFuture<'_, Diagnostics>;
    /// Checks an ephemeral resource's configuration.
    fn validate_ephemeral(&self, type_name: String, config: Value) -> BoxFuture<'_, Diagnostics>;
    /// Makes the client.
    fn configure(&self, request: Configure) -> BoxFuture<'_, Diagnostics>;
    /// Brings a stored state to the current schema.
    fn upgrade_state(&self, request: UpgradeState) -> BoxFuture<'_, (Option<Value>, Diagnostics)>;
    /// Brings a stored identity to the current schema.
    fn upgrade_identity(
        &self,
        request: UpgradeState,
    ) -> BoxFuture<'_, (Option<Value>, Diagnostics)>;
    /// Refreshes a state.
    fn read_resource(&self, request: ReadResource) -> BoxFuture<'_, ReadResponse>;
    /// Plans a change.
    fn plan_resource(&self, request: PlanResource) -> BoxFuture<'_, PlanResponse>;
    /// Applies a planned change.
    fn apply_resource(&self, request: ApplyResource) -> BoxFuture<'_, ApplyResponse>;
    /// Starts an import.
    fn import_resource(&self, request: ImportResource) -> BoxFuture<'_, ImportResponse>;
    /// Takes over the state of another type.
    fn move_resource(&self, target: String, source: MoveSource) -> BoxFuture<'_, MoveResponse>;
    /// Reads a data source.
    fn read_data_source(&self, request: ReadDataSource) -> BoxFuture<'_, DataResponse>;
    /// Opens an ephemeral resource.
    fn open_ephemeral(
        &self,
        request: ReadDataSource,
    ) -> BoxFuture<'_, (Option<Opened<Value>>, Option<Deferred>, Diagnostics)>;
    /// Renews an ephemeral resource.
    fn renew_ephemeral(
        &self,
        type_name: String,
        private: Vec<u8>,
    ) -> BoxFuture<'_, (Option<Renewed>, Diagnostics)>;
    /// Closes an ephemeral resource.
    fn close_ephemeral(&self, type_name: String, private: Vec<u8>) -> BoxFuture<'_, Diagnostics>;
    /// Calls a function with arguments of its parameters' types.
    fn call_function(
        &self,
        name: String,
        arguments: Vec<Value>,
    ) -> BoxFuture<'_, Result<Value, FunctionError>>;
    /// Fires when the person interrupts Terraform.
    fn stop(&self) -> Stop;
}

/// Every schema of a provider.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    /// The provider block.
    pub provider: Schema,
    /// By type name, `timeouts` included.
    pub resources: BTreeMap<String, Schema>,
    /// By type name; only resources that have one.
    pub identities: BTreeMap<String, IdentitySchema>,
    /// By type name.
    pub data_sources: BTreeMap<String, Schema>,
    /// By type name.
    pub ephemeral: BTreeMap<String, Schema>,
    /// By name.
    pub functions: BTreeMap<String, Signature>,
}

/// The shape of a resource's identity.
#[derive(Clone, Debug, Default)]
pub struct IdentitySchema {
    /// Raised when an identity of the version before needs an upgrade.
    pub version: i64,
    /// In order.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Clone, Debug)]
pub struct IdentityAttribute {
    /// The attribute's name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Must be given to import by identity.
    pub required_for_import: bool,
    /// Markdown.
    pub description: String,
}

/// What Terraform at the other end can do.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientCapabilities {
    /// It accepts that an answer is put off.
    pub deferral_allowed: bool,
    /// It knows write-only attributes.
    pub write_only_attributes_allowed: bool,
}

/// Why an answer is put off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deferred {
    /// The resource's configuration is not known enough.
    ResourceConfigUnknown,
    /// The provider's configuration is not known enough.
    ProviderConfigUnknown,
    /// Something that it needs does not exist yet.
    AbsentPrerequisite,
}

/// A request to check a resource's configuration.
pub struct ValidateResource {
    /// The resource's type.
    pub type_name: String,
    /// What the person wrote.
    pub config: Value,
    /// What Terraform can do.
    pub client: ClientCapabilities,
}

/// A request to configure the provider.
pub struct Configure {
    /// Terraform's own version.
    pub terraform_version: String,
    /// The provider block.
    pub config: Value,
    /// What Terraform can do.
    pub client: ClientCapabilities,
}

/// A request to upgrade a stored state or identity.
pub struct UpgradeState {
    /// The resource's type.
    pub type_name: String,
    /// The schema version that wrote it.
    pub version: i64,
    /// What was stored; `None` for the form of Terraform before 0.12.
    pub json: Option<Vec<u8>>,
}

/// A request to refresh a state.
pub struct ReadResource {
    /// The resource's type.
    pub type_name: String,
    /// The state as stored.
    pub state: Value,
    /// The private bytes as stored.
    pub private: Vec<u8>,
    /// The identity as stored, if any.
    pub identity: Option<Value>,
    /// What Terraform can do.
    pub client: ClientCapabilities,
}

/// A refreshed state.
#[derive(Default)]
pub struct ReadResponse {
    /// Null when the object is gone; `None` when it could not be read.
    pub state: Option<Value>,
    /// To store.
    pub private: Vec<u8>,
    /// To store.
    pub identity: Option<Value>,
    /// Put off.
    pub deferred: Option<Deferred>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// A request to plan a change.
pub struct PlanResource {
    /// The resource's type.
    pub type_name: String,
    /// Null for a create.
    pub prior: Value,
    /// Prior and configuration merged by Terraform; null for a delete.
    pub proposed: Value,
    /// What the person wrote; null for a delete.
    pub config: Value,
    /// The private bytes as stored.
    pub private: Vec<u8>,
    /// The identity as stored, if any.
    pub identity: Option<Value>,
    /// What Terraform can do.
    pub client: ClientCapabilities,
}

/// A planned change.
#[derive(Default)]
pub struct PlanResponse {
    /// `None` when planning failed.
    pub planned: Option<Value>,
    /// The changes that need a new object.
    pub replace: Vec<Path>,
    /// Handed to apply.
    pub private: Vec<u8>,
    /// Unknown parts are allowed on a create.
    pub identity: Option<Value>,
    /// Put off.
    pub deferred: Option<Deferred>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// A request to apply a planned change.
pub struct ApplyResource {
    /// The resource's type.
    pub type_name: String,
    /// Null for a create.
    pub prior: Value,
    /// Null for a delete.
    pub planned: Value,
    /// What the person wrote; null for a delete.
    pub config: Value,
    /// From the plan.
    pub private: Vec<u8>,
    /// From the plan.
    pub identity: Option<Value>,
}

/// An applied change.
#[derive(Default)]
pub struct ApplyResponse {
    /// What to store, also when there are errors; `None` keeps nothing of a
    /// create and the prior state otherwise.
    pub state: Option<Value>,
    /// To store.
    pub private: Vec<u8>,
    /// To store.
    pub identity: Option<Value>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// A request to import an object.
pub struct ImportResource {
    /// The resource's type.
    pub type_name: String,
    /// By id or by identity.
    pub by: ImportBy,
    /// What Terraform can do.
    pub client: ClientCapabilities,
}

/// How an object to import is named.
pub enum ImportBy {
    /// By its id.
    Id(String),
    /// By its identity.
    Identity(Value),
}

/// A started import.
#[derive(Default)]
pub struct ImportResponse {
    /// What a read needs to find the object.
    pub state: Option<Value>,
    /// To store.
    pub private: Vec<u8>,
    /// To store.
    pub identity: Option<Value>,
    /// Put off.
    pub deferred: Option<Deferred>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// A moved state.
#[derive(Default)]
pub struct MoveResponse {
    /// `None` when the move is not possible.
    pub state: Option<Value>,
    /// To store.
    pub private: Vec<u8>,
    /// To store.
    pub identity: Option<Value>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// A request to read a data source or to open an ephemeral resource.
pub struct ReadDataSource {
    /// The type.
    pub type_name: String,
    /// What the person wrote.
    pub config: Value,
    /// What Terraform can do.
    pub client: ClientCapabilities,
}

/// A read data source.
#[derive(Default)]
pub struct DataResponse {
    /// `None` when it could not be read.
    pub state: Option<Value>,
    /// Put off.
    pub deferred: Option<Deferred>,
    /// Messages.
    pub diagnostics: Diagnostics,
}
