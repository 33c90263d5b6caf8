//! From a request's path to the service that answers it.

use std::convert::Infallible;

use hyper::{Request, Response, body::Incoming, service::Service};
use tokio_util::sync::CancellationToken;
use tonic::{
    Status,
    body::Body,
    codegen::{BoxFuture, Service as _},
    server::NamedService,
};

use super::{broker::Broker, controller::Controller, health::Healthy, stdio::Stdio};
use crate::plugin::{
    rpc::Serving,
    wire::{
        go_plugin::{
            grpc_broker_server::GrpcBrokerServer, grpc_controller_server::GrpcControllerServer,
            grpc_stdio_server::GrpcStdioServer,
        },
        health::health_server::HealthServer,
        tfplugin6::provider_server::ProviderServer,
    },
};

/// What a message may have, both ways; Terraform's own SDKs allow as much.
const LARGEST_MESSAGE: usize = 256 << 20;

/// All services.
#[derive(Clone)]
pub(crate) struct Router {
    provider: ProviderServer<Serving>,
    controller: GrpcControllerServer<Controller>,
    stdio: GrpcStdioServer<Stdio>,
    broker: GrpcBrokerServer<Broker>,
    health: HealthServer<Healthy>,
}

impl Router {
    /// `shutdown` fires when the host calls Shutdown, and ends the streams when
    /// it fires for another reason.
    pub(crate) fn new(serving: Serving, shutdown: &CancellationToken) -> Self {
        let shutdown = || shutdown.clone();
        Self {
            provider: ProviderServer::new(serving)
                .max_decoding_message_size(LARGEST_MESSAGE)
                .max_encoding_message_size(LARGEST_MESSAGE),
            controller: GrpcControllerServer::new(Controller { shutdown: shutdown() }),
            stdio: GrpcStdioServer::new(Stdio { shutdown: shutdown() }),
            broker: GrpcBrokerServer::new(Broker { shutdown: shutdown() }),
            health: HealthServer::new(Healthy { shutdown: shutdown() }),
        }
    }
}

impl Service<Request<Incoming>> for Router {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let service = request.uri().path().split('/').nth(1).unwrap_or_default();
        match service {
            ProviderServer::<Serving>::NAME => self.provider.clone().call(request),
            GrpcControllerServer::<Controller>::NAME => self.controller.clone().call(request),
            GrpcStdioServer::<Stdio>::NAME => self.stdio.clone().call(request),
            GrpcBrokerServer::<Broker>::NAME => self.broker.clone().call(request),
            HealthServer::<Healthy>::NAME => self.health.clone().call(request),
            _ => {
                let status = Status::unimplemented(format!("there is no service {service:?}"));
                Box::pin(std::future::ready(Ok(status.into_http())))
            }
        }
    }
}
