//! Terraform's calls: convert in, call the [`Server`], convert out.

mod answer;
mod apply;
mod configure;
mod data_source;
mod ephemeral;
mod fault;
mod function;
mod import;
mod moved;
mod plan;
mod read;
mod schemas;
mod upgrade;
mod validate;

pub(crate) use self::{
    answer::{Call, Serving, Subject},
    fault::Fault,
};

use tonic::{Request, Response, Status};

use crate::plugin::wire::tfplugin6::{provider_server::Provider, *};

/// Answers one RPC each. What is not here (list resources, actions, state
/// stores) is UNIMPLEMENTED, which Terraform never calls for a provider whose
/// schema has none.
macro_rules! answer {
    ($($rpc:ident => $messages:ident),* $(,)?) => {
        #[tonic::async_trait]
        impl Provider for Serving {
            $(
                async fn $rpc(
                    &self,
                    request: Request<$messages::Request>,
                ) -> Result<Response<$messages::Response>, Status> {
                    Ok(Response::new(self.answer(request.into_inner()).await))
                }
            )*
        }
    };
}

answer! {
    get_metadata => get_metadata,
    get_provider_schema => get_provider_schema,
    get_resource_identity_schemas => get_resource_identity_schemas,
    get_functions => get_functions,
    validate_provider_config => validate_provider_config,
    configure_provider => configure_provider,
    stop_provider => stop_provider,
    validate_resource_config => validate_resource_config,
    upgrade_resource_state => upgrade_resource_state,
    upgrade_resource_identity => upgrade_resource_identity,
    read_resource => read_resource,
    plan_resource_change => plan_resource_change,
    apply_resource_change => apply_resource_change,
    import_resource_state => import_resource_state,
    move_resource_state => move_resource_state,
    validate_data_resource_config => validate_data_resource_config,
    read_data_source => read_data_source,
    validate_ephemeral_resource_config => validate_ephemeral_resource_config,
    open_ephemeral_resource => open_ephemeral_resource,
    renew_ephemeral_resource => renew_ephemeral_resource,
    close_ephemeral_resource => close_ephemeral_resource,
    call_function => call_function,
}
