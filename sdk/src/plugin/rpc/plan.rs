//! Planning a change.

use super::{Call, Fault, Serving, Subject};
use crate::{
    engine::PlanResource,
    plugin::{
        convert::{self, Family},
        wire::tfplugin6::plan_resource_change,
    },
};

impl Call for plan_resource_change::Request {
    const NAME: &'static str = "PlanResourceChange";
    type Answer = plan_resource_change::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::Resource, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let ty = serving.types().of(Family::Resource, &self.type_name)?;
        let identity_ty = serving.types().identity(&self.type_name);
        let request = PlanResource {
            type_name: self.type_name,
            prior: convert::decode(self.prior_state, &ty, "prior state")?,
            proposed: convert::decode(self.proposed_new_state, &ty, "proposed state")?,
            config: convert::decode(self.config, &ty, "configuration")?,
            private: self.prior_private.into(),
            identity: convert::decode_some(self.prior_identity, identity_ty.as_ref())?,
            client: convert::client(self.client_capabilities),
        };
        let plan = serving.server().plan_resource(request).await;
        Ok(Self::Answer {
            planned_state: plan
                .planned
                .map(|planned| convert::encode(&planned, &ty, "planned state"))
                .transpose()?,
            requires_replace: plan.replace.iter().map(convert::path).collect(),
            planned_private: plan.private.into(),
            planned_identity: convert::encode_some(plan.identity.as_ref(), identity_ty.as_ref())?,
            deferred: plan.deferred.map(convert::deferred),
            diagnostics: convert::diagnostics(plan.diagnostics),
            legacy_type_system: false,
        })
    }
}
