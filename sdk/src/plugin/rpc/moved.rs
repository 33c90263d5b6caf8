//! Taking over the state of another type.

use super::{Call, Fault, Serving, Subject};
use crate::{
    engine::MoveSource,
    plugin::{
        convert::{self, Family},
        wire::tfplugin6::move_resource_state,
    },
};

impl Call for move_resource_state::Request {
    const NAME: &'static str = "MoveResourceState";
    type Answer = move_resource_state::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::Resource, self.target_type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let ty = serving.types().of(Family::Resource, &self.target_type_name)?;
        let identity_ty = serving.types().identity(&self.target_type_name);
        let state = convert::json(self.source_state)
            .ok_or_else(|| Fault::malformed("source state", "it is not JSON"))
            .and_then(|json| {
                serde_json::from_slice(&json)
                    .map_err(|error| Fault::malformed("source state", error))
            })?;
        let source = MoveSource {
            provider: self.source_provider_address,
            type_name: self.source_type_name,
            schema_version: self.source_schema_version,
            state,
        };
        let moved = serving.server().move_resource(self.target_type_name, source).await;
        Ok(Self::Answer {
            target_state: moved
                .state
                .map(|state| convert::encode(&state, &ty, "moved state"))
                .transpose()?,
            target_private: moved.private.into(),
            target_identity: convert::encode_some(moved.identity.as_ref(), identity_ty.as_ref())?,
            diagnostics: convert::diagnostics(moved.diagnostics),
        })
    }
}
