//! Managed resources.

use std::{future::Future, time::Duration};

use crate::{
    Diagnostic, Diagnostics,
    engine::{Change, Cx, PlanCx},
    schema::Model,
    value::Value,
};

/// An operation on a remote object that can take its time.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Operation {
    /// Making it.
    Create,
    /// Reading it.
    Read,
    /// Changing it in place.
    Update,
    /// Removing it.
    Delete,
}

/// One kind of remote object that Terraform manages.
pub trait Resource: Send + Sync + 'static {
    /// The object's attributes.
    type Model: Model;
    /// What the provider's `configure` makes.
    type Client: Send + Sync + 'static;

    /// The type's name, as in `crossmesh_ccn_instance`.
    const TYPE: &'static str;

    /// The operations that wait, with their default timeouts. A resource with
    /// any gets the attribute `timeouts`; its model does not mention it.
    const TIMEOUTS: &'static [(Operation, Duration)] = &[];

    /// The attributes that identify the remote object, for import by identity.
    /// They are required attributes, or computed ones that never change.
    const IDENTITY: &'static [&'static str] = &[];

    /// Checks a configuration beyond what attributes' validators check. Values
    /// may be unknown: skip those. Report all problems.
    fn validate(&self, config: &Self::Model, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Refines a planned create or update after the schema's rules ran.
    ///
    /// # Errors
    ///
    /// Says what cannot be done, and the way out.
    fn plan(
        &self,
        cx: &PlanCx<Self::Client>,
        change: &mut Change<Self::Model>,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        let _ = (cx, change);
        async { Ok(()) }
    }

    /// Makes the object. Calls [`Cx::save`] as soon as it exists. In the result
    /// every attribute is known, and those that were planned are as planned.
    ///
    /// # Errors
    ///
    /// The state that was saved is kept, and tainted.
    fn create(
        &self,
        cx: &Cx<Self::Client>,
        plan: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// Reads the object; `None` when it is gone.
    ///
    /// # Errors
    ///
    /// Anything but the object's absence. Denied access is an error.
    fn read(
        &self,
        cx: &Cx<Self::Client>,
        state: Self::Model,
    ) -> impl Future<Output = Result<Option<Self::Model>, Diagnostics>> + Send;

    /// Changes the object from `prior` to `plan`. [`Cx::save`] keeps what has
    /// taken effect if a later step fails.
    ///
    /// # Errors
    ///
    /// The state that was saved is kept; if none was, the prior state.
    fn update(
        &self,
        cx: &Cx<Self::Client>,
        prior: Self::Model,
        plan: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send {
        let _ = (cx, prior, plan);
        async {
            Err(Diagnostic::error(
                format!("Unable to change a {} in place", Self::TYPE),
                "None of its attributes can be changed in place. This is a bug in the provider: \
                 the change should have been planned as a replacement.",
            )
            .into())
        }
    }

    /// Removes the object. That it is gone already is success.
    ///
    /// # Errors
    ///
    /// The object stays in the state.
    fn delete(
        &self,
        cx: &Cx<Self::Client>,
        state: Self::Model,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;

    /// Makes of an import id what [`read`](Self::read) needs to find the object.
    ///
    /// # Errors
    ///
    /// Names the form that the id must have, and what was given.
    fn import(
        &self,
        cx: &Cx<Self::Client>,
        id: &str,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send {
        let _ = (cx, id);
        async {
            Err(Diagnostic::error(
                format!("Unable to import a {}", Self::TYPE),
                "This resource cannot be imported by id.",
            )
            .into())
        }
    }

    /// Makes a state of the current schema version of one of an older version.
    ///
    /// # Errors
    ///
    /// Says why the state cannot be upgraded.
    fn upgrade(&self, from_version: i64, state: serde_json::Value) -> Result<Value, Diagnostics> {
        let _ = state;
        Err(Diagnostic::error(
            "Unable to upgrade the state",
            format!(
                "The state of this {} has schema version {from_version}, which this version of \
                 the provider does not know. Apply once with the provider version that wrote it, \
                 or remove the object from the state and import it again.",
                Self::TYPE
            ),
        )
        .into())
    }

    /// Makes a state of one that a `moved` block brings from another type;
    /// `None` when this resource cannot take it over.
    ///
    /// # Errors
    ///
    /// Says what is missing in the source.
    fn moved_from(&self, source: &MoveSource) -> Result<Option<Self::Model>, Diagnostics> {
        let _ = source;
        Ok(None)
    }
}

/// Where a `moved` block takes a state from.
#[derive(Clone, Debug)]
pub struct MoveSource {
    /// Such as `registry.terraform.io/hashicorp/null`.
    pub provider: String,
    /// Such as `null_resource`.
    pub type_name: String,
    /// The source's schema version.
    pub schema_version: i64,
    /// The source's state.
    pub state: serde_json::Value,
}
