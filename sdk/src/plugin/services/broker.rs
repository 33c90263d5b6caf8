//! Further connections: Terraform's providers need none.

use futures::{StreamExt, future::ready};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

use crate::plugin::wire::go_plugin::{ConnInfo, grpc_broker_server::GrpcBroker};

/// A stream that hears everything and says nothing until either side ends.
pub(super) struct Broker {
    pub(super) shutdown: CancellationToken,
}

#[tonic::async_trait]
impl GrpcBroker for Broker {
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        let heard = request.into_inner().take_until(self.shutdown.clone().cancelled_owned());
        Ok(Response::new(heard.filter_map(|_| ready(None)).boxed()))
    }
}
