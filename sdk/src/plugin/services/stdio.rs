//! The standard streams: nothing is ever written to them.

use futures::{FutureExt, StreamExt, future::ready};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, codegen::BoxStream};

use crate::plugin::wire::go_plugin::{StdioData, grpc_stdio_server::GrpcStdio};

/// A stream that is silent until the process ends.
pub(super) struct Stdio {
    pub(super) shutdown: CancellationToken,
}

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    async fn stream_stdio(
        &self,
        _request: Request<()>,
    ) -> Result<Response<BoxStream<StdioData>>, Status> {
        let end = self.shutdown.clone().cancelled_owned();
        Ok(Response::new(end.into_stream().filter_map(|()| ready(None)).boxed()))
    }
}
