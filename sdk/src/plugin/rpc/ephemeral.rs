//! Opening, renewing and closing an ephemeral resource.

use super::{Call, Fault, Serving, Subject};
use crate::{
    engine::ReadDataSource,
    plugin::{
        convert::{self, Family},
        wire::tfplugin6::{
            close_ephemeral_resource, open_ephemeral_resource, renew_ephemeral_resource,
        },
    },
};

impl Call for open_ephemeral_resource::Request {
    const NAME: &'static str = "OpenEphemeralResource";
    type Answer = open_ephemeral_resource::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::Ephemeral, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let ty = serving.types().of(Family::Ephemeral, &self.type_name)?;
        let request = ReadDataSource {
            type_name: self.type_name,
            config: convert::decode(self.config, &ty, "configuration")?,
            client: convert::client(self.client_capabilities),
        };
        let (opened, deferred, diagnostics) = serving.server().open_ephemeral(request).await;
        let mut answer = Self::Answer {
            deferred: deferred.map(convert::deferred),
            diagnostics: convert::diagnostics(diagnostics),
            ..Default::default()
        };
        if let Some(opened) = opened {
            answer.result = Some(convert::encode(&opened.model, &ty, "result")?);
            answer.private = Some(opened.private.into());
            answer.renew_at = opened.renew_at.map(Into::into);
        }
        Ok(answer)
    }
}

impl Call for renew_ephemeral_resource::Request {
    const NAME: &'static str = "RenewEphemeralResource";
    type Answer = renew_ephemeral_resource::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::Ephemeral, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let private = self.private.unwrap_or_default().into();
        let (renewed, diagnostics) =
            serving.server().renew_ephemeral(self.type_name, private).await;
        let (private, renew_at) = match renewed {
            Some(renewed) => (Some(renewed.private.into()), renewed.renew_at.map(Into::into)),
            None => (None, None),
        };
        Ok(Self::Answer { diagnostics: convert::diagnostics(diagnostics), renew_at, private })
    }
}

impl Call for close_ephemeral_resource::Request {
    const NAME: &'static str = "CloseEphemeralResource";
    type Answer = close_ephemeral_resource::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::Ephemeral, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let private = self.private.unwrap_or_default().into();
        let diagnostics = serving.server().close_ephemeral(self.type_name, private).await;
        Ok(Self::Answer { diagnostics: convert::diagnostics(diagnostics) })
    }
}
