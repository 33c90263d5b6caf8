//! Starting an import.

use super::{Call, Fault, Serving, Subject};
use crate::{
    engine::{ImportBy, ImportResource},
    plugin::{
        convert::{self, Family},
        wire::tfplugin6::import_resource_state,
    },
};

impl Call for import_resource_state::Request {
    const NAME: &'static str = "ImportResourceState";
    type Answer = import_resource_state::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::Resource, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let ty = serving.types().of(Family::Resource, &self.type_name)?;
        let identity_ty = serving.types().identity(&self.type_name);
        let by = match convert::decode_some(self.identity, identity_ty.as_ref())? {
            Some(identity) => ImportBy::Identity(identity),
            None => ImportBy::Id(self.id),
        };
        let type_name = self.type_name.clone();
        let client = convert::client(self.client_capabilities);
        let imported =
            serving.server().import_resource(ImportResource { type_name, by, client }).await;
        let identity = convert::encode_some(imported.identity.as_ref(), identity_ty.as_ref())?;
        let found = imported
            .state
            .map(|state| {
                Ok(import_resource_state::ImportedResource {
                    type_name: self.type_name,
                    state: Some(convert::encode(&state, &ty, "imported state")?),
                    private: imported.private.into(),
                    identity,
                })
            })
            .transpose()?;
        Ok(Self::Answer {
            imported_resources: found.into_iter().collect(),
            deferred: imported.deferred.map(convert::deferred),
            diagnostics: convert::diagnostics(imported.diagnostics),
        })
    }
}
