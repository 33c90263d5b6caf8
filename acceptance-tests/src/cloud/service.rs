//! The one shape of every product of the cloud.

use std::{borrow::Cow, fmt};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    clusters::{Clusters, KubeUser},
    objects::ObjectRecord,
    state::State,
    transition::{Moment, Pace},
};
use crate::world::World;

pub use super::params::Params;

/// A product (`vpc`, `tke`, …): its actions over the cloud's shared state.
///
/// Before [`call`](Service::call) the front has checked signature, permission,
/// region, rate, and the parameters' names, types and presence against the
/// catalogue; what is left for the service is meaning.
pub trait Service: Send + Sync {
    /// Short name: first label of the host name and service of the credential
    /// scope. The catalogue's `service` says the same.
    fn name(&self) -> &'static str;

    /// The action catalogue: the JSON of this service's files in
    /// `acceptance-tests/catalogue/`, all of one version.
    fn catalogue(&self) -> &'static [&'static str];

    /// Whether the action needs the `X-TC-Region` header.
    fn needs_region(&self, action: &str) -> bool {
        let _ = action;
        true
    }

    /// Sets what this service's kinds of change do where nobody sets anything
    /// else. Kinds are named `<service>/<change>`, for instance `vpc/attach`.
    fn set_defaults(&self, pace: &mut Pace) {
        let _ = pace;
    }

    /// Puts what the world says is there into an empty state.
    fn seed(&self, world: &World, state: &mut State) {
        let _ = (world, state);
    }

    /// Finishes what is due at this moment. Called for every service, in the
    /// order of [`all`](super::services::all), before each call and each look at objects.
    fn settle(&self, cx: &mut Context<'_>) {
        let _ = cx;
    }

    /// Answers one call: the fields of `Response` without `RequestId`.
    ///
    /// # Errors
    /// The cloud's own code and a message. Actions that the catalogue has and
    /// the service has not answer [`ApiError::not_simulated`].
    fn call(&self, cx: &mut Context<'_>, action: &str, params: &Params) -> Answer;

    /// What callers have created and not deleted.
    fn objects(&self, cx: &Context<'_>) -> Vec<ObjectRecord> {
        let _ = cx;
        Vec::new()
    }

    /// Deletes an object as somebody else would, at once and without regard to
    /// who may. `None` if the kind is not of this service or the id unknown.
    fn delete_object(&self, cx: &mut Context<'_>, kind: &str, id: &str) -> Option<()> {
        let _ = (cx, kind, id);
        None
    }

    /// Changes an object as somebody else would. The keys are fields of the
    /// API's own read shape, `State` among them. `None` as in
    /// [`delete_object`](Service::delete_object).
    ///
    /// # Errors
    /// A field that cannot be changed this way, by name.
    fn patch_object(
        &self,
        cx: &mut Context<'_>,
        kind: &str,
        id: &str,
        patch: &Map<String, Value>,
    ) -> Option<Result<(), String>> {
        let _ = (cx, kind, id, patch);
        None
    }
}

/// What a service answers.
pub type Answer = Result<Map<String, Value>, ApiError>;

/// Builds an [`Answer`]'s fields: `fields!{"MeshId": id}` is `json!({…})` as an object.
#[macro_export]
macro_rules! fields {
    ($($body:tt)*) => {
        match ::serde_json::json!({ $($body)* }) {
            ::serde_json::Value::Object(fields) => fields,
            _ => ::serde_json::Map::new(),
        }
    };
}

/// Who calls, where, and what they may see and change.
pub struct Context<'a> {
    /// Whose key signed the request.
    pub caller: &'a Caller,
    /// `X-TC-Region`; empty where it is not needed and not given.
    pub region: &'a str,
    /// What was there at the start.
    pub world: &'a World,
    /// Everything that can change.
    pub state: &'a mut State,
    /// The time of this call, and how long changes take.
    pub moment: Moment<'a>,
    /// The cloud's wall clock, for times that clients compare with their own.
    pub wall: Timestamp,
    /// The clusters and their gateways.
    pub clusters: &'a dyn Clusters,
}

impl Context<'_> {
    /// A new id of the cloud's form, `prefix-` and eight characters; the n-th
    /// id of a run is the same in every run.
    pub fn new_id(&mut self, prefix: &str) -> String {
        self.state.ids.next(prefix)
    }

    /// A new numeric id, as DNSPod's.
    pub fn new_number(&mut self) -> u64 {
        self.state.ids.next_number()
    }

    /// Whether the caller belongs to the account with this UIN.
    pub fn is_caller(&self, uin: &str) -> bool {
        self.caller.uin == uin
    }
}

/// Whose key signed a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Account (root UIN).
    pub uin: String,
    /// APPID of the account.
    pub app_id: u64,
    /// Name of the account in the world.
    pub account: String,
    /// Key id.
    pub secret_id: String,
    /// What the key stands for.
    pub principal: Principal,
    /// What it may do; see [`Account::allow`](crate::world::Account::allow).
    pub allow: Vec<String>,
}

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The account's own key.
    Root,
    /// A session of a role.
    Role {
        /// Name of the role.
        role: String,
        /// `RoleSessionName`.
        session: String,
    },
    /// Nobody: an action that needs no key.
    Anonymous,
}

impl Caller {
    /// Caller of the few actions that need no key.
    pub fn anonymous() -> Self {
        Self {
            uin: String::new(),
            app_id: 0,
            account: String::new(),
            secret_id: String::new(),
            principal: Principal::Anonymous,
            allow: vec!["sts:*".to_owned()],
        }
    }

    /// The caller as a user of an account's cluster. The account's own keys
    /// and roles are administrators of the account's clusters.
    pub fn kube_user(&self, cluster_owner: &str) -> KubeUser {
        let user = match &self.principal {
            Principal::Role { role, .. } => format!("{}-{role}", self.uin),
            Principal::Root | Principal::Anonymous => self.uin.clone(),
        };
        KubeUser { account: self.uin.clone(), user, admin: self.uin == cluster_owner }
    }
}

/// An error as the cloud reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// `ResourceNotFound`, `UnsupportedOperation.CcnAttached`, …
    pub code: Cow<'static, str>,
    /// Text for people.
    pub message: String,
}

impl ApiError {
    /// An error with this code.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    /// `ResourceNotFound`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFound", message)
    }

    /// `InvalidParameterValue`.
    pub fn invalid_value(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", message)
    }

    /// `MissingParameter` for the parameter of this name.
    pub fn missing(parameter: &str) -> Self {
        Self::new(
            "MissingParameter",
            format!("The request is missing a required parameter `{parameter}`."),
        )
    }

    /// The published API has this action, the simulator does not.
    pub fn not_simulated(service: &str, action: &str) -> Self {
        let text = format!("The simulator does not implement {service}:{action}.");
        Self::new("UnsupportedOperation.ActionNotFound", text)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}
