//! Applying what was planned.

use super::{Call, Fault, Serving, Subject};
use crate::{
    engine::ApplyResource,
    plugin::{
        convert::{self, Family},
        wire::tfplugin6::apply_resource_change,
    },
};

impl Call for apply_resource_change::Request {
    const NAME: &'static str = "ApplyResourceChange";
    type Answer = apply_resource_change::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::Resource, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let ty = serving.types().of(Family::Resource, &self.type_name)?;
        let identity_ty = serving.types().identity(&self.type_name);
        let request = ApplyResource {
            type_name: self.type_name,
            prior: convert::decode(self.prior_state, &ty, "prior state")?,
            planned: convert::decode(self.planned_state, &ty, "planned state")?,
            config: convert::decode(self.config, &ty, "configuration")?,
            private: self.planned_private.into(),
            identity: convert::decode_some(self.planned_identity, identity_ty.as_ref())?,
        };
        let applied = serving.server().apply_resource(request).await;
        Ok(Self::Answer {
            new_state: applied
                .state
                .map(|state| convert::encode(&state, &ty, "new state"))
                .transpose()?,
            private: applied.private.into(),
            new_identity: convert::encode_some(applied.identity.as_ref(), identity_ty.as_ref())?,
            diagnostics: convert::diagnostics(applied.diagnostics),
            legacy_type_system: false,
        })
    }
}
