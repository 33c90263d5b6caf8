//! Endpoints of clusters: how their API servers are reached.

use std::fmt;

use super::{
    access::{bare, default_domain, unreachable},
    done, own_cluster,
};
use crate::{
    cloud::{
        service::{Answer, ApiError, Context, Params},
        transition::Managed,
    },
    fields,
};

/// An endpoint of a cluster, in the network or public.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its state.
    pub status: Managed<EndpointStatus>,
    /// Subnet of one in the network.
    pub subnet_id: String,
    /// Security group of a public one.
    pub security_group: String,
    /// Domain that the caller wanted for it.
    pub domain: String,
    /// Whether a caller made it; otherwise the world brought it along.
    pub made: bool,
}

/// State of an [`Endpoint`], as `DescribeClusterEndpointStatus` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointStatus {
    /// There is none.
    NotFound,
    /// It is being made.
    Creating,
    /// It works.
    Created,
    /// It is being taken away.
    Deleting,
}

impl fmt::Display for EndpointStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Endpoint {
    /// An endpoint that the world brought along.
    pub fn existing(subnet_id: &str) -> Self {
        Self {
            status: Managed::settled(EndpointStatus::Created),
            subnet_id: subnet_id.to_owned(),
            security_group: String::new(),
            domain: String::new(),
            made: false,
        }
    }
}

/// Kinds of change.
pub(super) const CREATE: &str = "tke/endpoint-create";
pub(super) const DELETE: &str = "tke/endpoint-delete";

/// `DescribeClusterEndpoints`: bare host and port, empty where there is none.
pub(super) fn describe(cx: &mut Context<'_>, params: &Params) -> Answer {
    let cluster = own_cluster(cx, params, "ResourceNotFound")?;
    let server = cx.clusters.api_server(&cluster.id).map_err(unreachable)?;
    let Some(state) = cx.state.tke.clusters.get(&cluster.id) else {
        return Err(ApiError::new("InternalError.DbRecordNotFound", "record not found"));
    };
    let shown = |endpoint: &Endpoint| match endpoint.status.current() {
        EndpointStatus::Created => bare(&server.url).to_owned(),
        _ => String::new(),
    };
    Ok(fields! {
        "CertificationAuthority": server.ca_certificate,
        "ClusterDomain": default_domain(&cluster.id),
        "ClusterExternalEndpoint": shown(&state.extranet),
        "ClusterExternalDomain": state.extranet.domain,
        "ClusterExternalACL": [],
        "SecurityGroup": state.extranet.security_group,
        "ClusterIntranetEndpoint": shown(&state.intranet),
        "ClusterIntranetDomain": state.intranet.domain,
        "ClusterIntranetSubnetId": state.intranet.subnet_id,
        "IntranetSecurityGroup": state.intranet.security_group,
    })
}

/// `DescribeClusterEndpointStatus`.
pub(super) fn status(cx: &mut Context<'_>, params: &Params) -> Answer {
    let endpoint = endpoint(cx, params)?;
    endpoint.status.observe();
    Ok(fields! {"Status": endpoint.status.current().to_string(), "ErrorMsg": ""})
}

/// `CreateClusterEndpoint`.
pub(super) fn create(cx: &mut Context<'_>, params: &Params) -> Answer {
    let extranet = params.bool("IsExtranet").unwrap_or(false);
    let cluster = own_cluster(cx, params, "ResourceNotFound")?;
    if !extranet {
        let subnet = params.required("SubnetId")?;
        let vpc = cx.world.vpc(&cluster.vpc_id);
        if !vpc.is_some_and(|vpc| vpc.subnets.iter().any(|known| known.id == subnet)) {
            let text = format!("subnet {subnet} is not in {}", cluster.vpc_id);
            return Err(ApiError::new("InvalidParameter.Param", text));
        }
    }
    let moment = cx.moment;
    let endpoint = endpoint(cx, params)?;
    if *endpoint.status.current() != EndpointStatus::NotFound {
        let text = format!("the endpoint of {} exists already", cluster.id);
        return Err(ApiError::new("FailedOperation.ClusterState", text));
    }
    *endpoint = Endpoint {
        status: Managed::settled(EndpointStatus::NotFound),
        subnet_id: params.text("SubnetId"),
        security_group: params.text("SecurityGroup"),
        domain: params.text("Domain"),
        made: true,
    };
    let (via, target) = (EndpointStatus::Creating, EndpointStatus::Created);
    endpoint.status.begin(CREATE, &cluster.id, via, target, moment);
    done()
}

/// `DeleteClusterEndpoint`.
pub(super) fn delete(cx: &mut Context<'_>, params: &Params) -> Answer {
    let moment = cx.moment;
    let id = params.required("ClusterId")?;
    let endpoint = endpoint(cx, params)?;
    if *endpoint.status.current() == EndpointStatus::NotFound {
        let text = format!("{id} has no such endpoint");
        return Err(ApiError::new("ResourceNotFound", text));
    }
    let (via, target) = (EndpointStatus::Deleting, EndpointStatus::NotFound);
    endpoint.status.begin(DELETE, id, via, target, moment);
    done()
}

fn endpoint<'c>(cx: &'c mut Context<'_>, params: &Params) -> Result<&'c mut Endpoint, ApiError> {
    let id = &own_cluster(cx, params, "ResourceNotFound")?.id;
    let extranet = params.bool("IsExtranet").unwrap_or(false);
    let state = cx.state.tke.clusters.get_mut(id);
    state
        .map(|state| state.endpoint_mut(extranet))
        .ok_or_else(|| ApiError::new("InternalError.DbRecordNotFound", "record not found"))
}
