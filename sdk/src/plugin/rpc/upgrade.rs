//! Stored states and identities, brought to the current schema.

use super::{Call, Fault, Serving, Subject};
use crate::{
    engine::UpgradeState,
    plugin::{
        convert::{self, Family},
        wire::tfplugin6::{upgrade_resource_identity, upgrade_resource_state},
    },
};

impl Call for upgrade_resource_state::Request {
    const NAME: &'static str = "UpgradeResourceState";
    type Answer = upgrade_resource_state::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::Resource, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let ty = serving.types().of(Family::Resource, &self.type_name)?;
        let request = UpgradeState {
            type_name: self.type_name,
            version: self.version,
            json: convert::json(self.raw_state),
        };
        let (state, diagnostics) = serving.server().upgrade_state(request).await;
        Ok(Self::Answer {
            upgraded_state: state
                .map(|state| convert::encode(&state, &ty, "upgraded state"))
                .transpose()?,
            diagnostics: convert::diagnostics(diagnostics),
        })
    }
}

impl Call for upgrade_resource_identity::Request {
    const NAME: &'static str = "UpgradeResourceIdentity";
    type Answer = upgrade_resource_identity::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::Resource, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let ty = serving.types().identity(&self.type_name);
        let request = UpgradeState {
            type_name: self.type_name,
            version: self.version,
            json: convert::json(self.raw_identity),
        };
        let (identity, diagnostics) = serving.server().upgrade_identity(request).await;
        Ok(Self::Answer {
            upgraded_identity: convert::encode_some(identity.as_ref(), ty.as_ref())?,
            diagnostics: convert::diagnostics(diagnostics),
        })
    }
}
