//! Refreshing a state.

use super::{Call, Fault, Serving, Subject};
use crate::{
    engine::ReadResource,
    plugin::{
        convert::{self, Family},
        wire::tfplugin6::read_resource,
    },
};

impl Call for read_resource::Request {
    const NAME: &'static str = "ReadResource";
    type Answer = read_resource::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::Resource, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let ty = serving.types().of(Family::Resource, &self.type_name)?;
        let identity_ty = serving.types().identity(&self.type_name);
        let request = ReadResource {
            type_name: self.type_name,
            state: convert::decode(self.current_state, &ty, "state")?,
            private: self.private.into(),
            identity: convert::decode_some(self.current_identity, identity_ty.as_ref())?,
            client: convert::client(self.client_capabilities),
        };
        let read = serving.server().read_resource(request).await;
        Ok(Self::Answer {
            new_state: read.state.map(|state| convert::encode(&state, &ty, "state")).transpose()?,
            private: read.private.into(),
            new_identity: convert::encode_some(read.identity.as_ref(), identity_ty.as_ref())?,
            deferred: read.deferred.map(convert::deferred),
            diagnostics: convert::diagnostics(read.diagnostics),
        })
    }
}
