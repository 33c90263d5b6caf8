//! Reading a data source.

use super::{Call, Fault, Serving, Subject};
use crate::{
    engine::ReadDataSource,
    plugin::{
        convert::{self, Family},
        wire::tfplugin6::read_data_source,
    },
};

impl Call for read_data_source::Request {
    const NAME: &'static str = "ReadDataSource";
    type Answer = read_data_source::Response;

    fn subject(&self) -> Subject {
        Subject::Type(Family::DataSource, self.type_name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let ty = serving.types().of(Family::DataSource, &self.type_name)?;
        let request = ReadDataSource {
            type_name: self.type_name,
            config: convert::decode(self.config, &ty, "configuration")?,
            client: convert::client(self.client_capabilities),
        };
        let read = serving.server().read_data_source(request).await;
        Ok(Self::Answer {
            state: read.state.map(|state| convert::encode(&state, &ty, "result")).transpose()?,
            deferred: read.deferred.map(convert::deferred),
            diagnostics: convert::diagnostics(read.diagnostics),
        })
    }
}
