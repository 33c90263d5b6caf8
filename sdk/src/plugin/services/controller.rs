//! The orderly end.

use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::plugin::wire::go_plugin::{Empty, grpc_controller_server::GrpcController};

/// Passes on that the host wants the process to end.
pub(super) struct Controller {
    pub(super) shutdown: CancellationToken,
}

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.shutdown.cancel();
        Ok(Response::new(Empty {}))
    }
}
