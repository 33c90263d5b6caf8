//! Checks of blocks.

use super::{Call, Fault, Serving, Subject};
use crate::{
    engine::ValidateResource,
    plugin::{
        convert::{self, Family},
        wire::tfplugin6::{
            validate_data_resource_config, validate_ephemeral_resource_config,
            validate_resource_config,
        },
    },
};

impl Call for validate_resource_config::Request {
    const NAME: &'static str = "ValidateResourceConfig";
    type Answer = validate_resource_config::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::Resource, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let ty = serving.types().of(Family::Resource, &self.type_name)?;
        let request = ValidateResource {
            config: convert::decode(self.config, &ty, "configuration")?,
            type_name: self.type_name,
            client: convert::client(self.client_capabilities),
        };
        let diagnostics = serving.server().validate_resource(request).await;
        Ok(Self::Answer { diagnostics: convert::diagnostics(diagnostics) })
    }
}

impl Call for validate_data_resource_config::Request {
    const NAME: &'static str = "ValidateDataResourceConfig";
    type Answer = validate_data_resource_config::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::DataSource, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let ty = serving.types().of(Family::DataSource, &self.type_name)?;
        let config = convert::decode(self.config, &ty, "configuration")?;
        let diagnostics = serving.server().validate_data_source(self.type_name, config).await;
        Ok(Self::Answer { diagnostics: convert::diagnostics(diagnostics) })
    }
}

impl Call for validate_ephemeral_resource_config::Request {
    const NAME: &'static str = "ValidateEphemeralResourceConfig";
    type Answer = validate_ephemeral_resource_config::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::Ephemeral, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let ty = serving.types().of(Family::Ephemeral, &self.type_name)?;
        let config = convert::decode(self.config, &ty, "configuration")?;
        let diagnostics = serving.server().validate_ephemeral(self.type_name, config).await;
        Ok(Self::Answer { diagnostics: convert::diagnostics(diagnostics) })
    }
}
