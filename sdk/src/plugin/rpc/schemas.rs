//! What the provider offers.
//!
//! Nothing here is kept for a second call: Terraform asks one process of a run
//! for the schemas, once, and keeps them for its others.

use std::collections::BTreeMap;

use super::{Call, Fault, Serving};
use crate::{
    plugin::{
        convert,
        wire::tfplugin6::{
            Function, ServerCapabilities, get_functions, get_metadata, get_provider_schema,
            get_resource_identity_schemas,
        },
    },
    schema::Schema,
};

/// What the server can do.
///
/// `plan_destroy` is off: no call is made for what needs no decision.
/// `get_provider_schema_optional` spares all processes of a run but one the
/// call for the schemas.
fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        plan_destroy: false,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: false,
    }
}

impl Call for get_provider_schema::Request {
    const NAME: &'static str = "GetProviderSchema";
    type Answer = get_provider_schema::Response;

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let schemas = serving.types().schemas();
        let all = |by_name: &BTreeMap<String, Schema>| {
            by_name.iter().map(|(name, schema)| (name.clone(), convert::schema(schema))).collect()
        };
        Ok(Self::Answer {
            provider: Some(convert::schema(&schemas.provider)),
            resource_schemas: all(&schemas.resources),
            data_source_schemas: all(&schemas.data_sources),
            ephemeral_resource_schemas: all(&schemas.ephemeral),
            functions: functions(serving),
            server_capabilities: Some(capabilities()),
            ..Default::default()
        })
    }
}

impl Call for get_metadata::Request {
    const NAME: &'static str = "GetMetadata";
    type Answer = get_metadata::Response;

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        use get_metadata::{
            DataSourceMetadata, EphemeralMetadata, FunctionMetadata, ResourceMetadata,
        };
        let schemas = serving.types().schemas();
        Ok(Self::Answer {
            server_capabilities: Some(capabilities()),
            data_sources: schemas
                .data_sources
                .keys()
                .map(|name| DataSourceMetadata { type_name: name.clone() })
                .collect(),
            resources: schemas
                .resources
                .keys()
                .map(|name| ResourceMetadata { type_name: name.clone() })
                .collect(),
            functions: schemas
                .functions
                .keys()
                .map(|name| FunctionMetadata { name: name.clone() })
                .collect(),
            ephemeral_resources: schemas
                .ephemeral
                .keys()
                .map(|name| EphemeralMetadata { type_name: name.clone() })
                .collect(),
            ..Default::default()
        })
    }
}

impl Call for get_resource_identity_schemas::Request {
    const NAME: &'static str = "GetResourceIdentitySchemas";
    type Answer = get_resource_identity_schemas::Response;

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let identities = serving.types().schemas().identities.iter();
        Ok(Self::Answer {
            identity_schemas: identities
                .map(|(name, schema)| (name.clone(), convert::identity_schema(schema)))
                .collect(),
            ..Default::default()
        })
    }
}

impl Call for get_functions::Request {
    const NAME: &'static str = "GetFunctions";
    type Answer = get_functions::Response;

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        Ok(Self::Answer { functions: functions(serving), ..Default::default() })
    }
}

fn functions(serving: &Serving) -> BTreeMap<String, Function> {
    let functions = serving.types().schemas().functions.iter();
    functions.map(|(name, signature)| (name.clone(), convert::function(signature))).collect()
}
