//! Health checks.

use futures::{FutureExt, StreamExt, future::ready, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, codegen::BoxStream};

use crate::plugin::wire::health::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
    health_server::Health,
};

/// Says that the plugin can be used, for as long as it runs.
pub(super) struct Healthy {
    pub(super) shutdown: CancellationToken,
}

/// The server as a whole, and the name that go-plugin asks for.
const SERVICES: [&str; 2] = ["", "plugin"];

#[tonic::async_trait]
impl Health for Healthy {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        match self.status(&service) {
            ServingStatus::ServiceUnknown => {
                Err(Status::not_found(format!("there is no service {service:?}")))
            }
            status => Ok(Response::new(response(status))),
        }
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<BoxStream<HealthCheckResponse>>, Status> {
        let status = self.status(&request.into_inner().service);
        let end = self.shutdown.clone().cancelled_owned();
        let now = stream::once(ready(Ok(response(status))));
        let later = end.into_stream().map(|()| Ok(response(ServingStatus::NotServing)));
        Ok(Response::new(now.chain(later).boxed()))
    }
}

impl Healthy {
    fn status(&self, service: &str) -> ServingStatus {
        if !SERVICES.contains(&service) {
            ServingStatus::ServiceUnknown
        } else if self.shutdown.is_cancelled() {
            ServingStatus::NotServing
        } else {
            ServingStatus::Serving
        }
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}
