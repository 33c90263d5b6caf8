//! The provider block, and Ctrl-C.

use super::{Call, Fault, Serving};
use crate::{
    engine::Configure,
    plugin::{
        convert,
        wire::tfplugin6::{configure_provider, stop_provider, validate_provider_config},
    },
};

impl Call for validate_provider_config::Request {
    const NAME: &'static str = "ValidateProviderConfig";
    type Answer = validate_provider_config::Response;

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let config = convert::decode(self.config, &serving.types().provider(), "configuration")?;
        let diagnostics = serving.server().validate_provider(config).await;
        Ok(Self::Answer { diagnostics: convert::diagnostics(diagnostics) })
    }
}

impl Call for configure_provider::Request {
    const NAME: &'static str = "ConfigureProvider";
    type Answer = configure_provider::Response;

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let config = convert::decode(self.config, &serving.types().provider(), "configuration")?;
        let request = Configure {
            terraform_version: self.terraform_version,
            config,
            client: convert::client(self.client_capabilities),
        };
        let diagnostics = serving.server().configure(request).await;
        Ok(Self::Answer { diagnostics: convert::diagnostics(diagnostics) })
    }
}

impl Call for stop_provider::Request {
    const NAME: &'static str = "StopProvider";
    type Answer = stop_provider::Response;

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        serving.stop();
        Ok(Self::Answer::default())
    }
}
