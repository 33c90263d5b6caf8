//! Credentials of clusters.

use super::{done, endpoints::EndpointStatus, own_cluster};
use crate::{
    cloud::{
        clusters::ClusterError,
        service::{Answer, ApiError, Context, Params},
    },
    fields,
    world::Cluster,
};

/// `DescribeClusterKubeconfig`. With the endpoint not enabled the file names a
/// default domain that nobody can reach, as in the cloud.
pub(super) fn kubeconfig(cx: &mut Context<'_>, params: &Params) -> Answer {
    let cluster = own_cluster(cx, params, "InvalidParameter")?;
    let extranet = params.bool("IsExtranet").unwrap_or(false);
    Ok(fields! {"Kubeconfig": kubeconfig_of(cx, cluster, extranet)?})
}

/// `DescribeClusterSecurity`.
pub(super) fn security(cx: &mut Context<'_>, params: &Params) -> Answer {
    let cluster = own_cluster(cx, params, "InternalError")?;
    let server = cx.clusters.api_server(&cluster.id).map_err(unreachable)?;
    Ok(fields! {
        "UserName": "admin",
        "Password": "",
        "CertificationAuthority": server.ca_certificate,
        "ClusterExternalEndpoint": server.url,
        "Domain": default_domain(&cluster.id),
        "PgwEndpoint": bare(&server.url),
        "JnsGwEndpoint": "",
        "SecurityPolicy": [],
        "Kubeconfig": kubeconfig_of(cx, cluster, true)?,
    })
}

/// `AcquireClusterAdminRole`.
pub(super) fn acquire_admin_role(cx: &mut Context<'_>, params: &Params) -> Answer {
    let cluster = own_cluster(cx, params, "ResourceNotFound")?;
    let user = cx.caller.kube_user(cx.world.uin(&cluster.account));
    cx.clusters.grant_admin(&cluster.id, &user).map_err(unreachable)?;
    done()
}

pub(super) fn kubeconfig_of(
    cx: &Context<'_>,
    cluster: &Cluster,
    extranet: bool,
) -> Result<String, ApiError> {
    let user = cx.caller.kube_user(cx.world.uin(&cluster.account));
    let text = cx.clusters.kubeconfig(&cluster.id, &user).map_err(unreachable)?;
    let state = cx.state.tke.clusters.get(&cluster.id);
    let enabled = state
        .is_some_and(|state| *state.endpoint(extranet).status.current() == EndpointStatus::Created);
    if enabled {
        return Ok(text);
    }
    let server = cx.clusters.api_server(&cluster.id).map_err(unreachable)?;
    Ok(text.replace(&server.url, &format!("https://{}", default_domain(&cluster.id))))
}

/// The domain of a cluster's certificate; it resolves nowhere.
pub(super) fn default_domain(id: &str) -> String {
    format!("{id}.ccs.tencent-cloud.com")
}

/// A URL without its scheme, the way in which the product names endpoints.
pub(super) fn bare(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

pub(super) fn unreachable(error: ClusterError) -> ApiError {
    ApiError::new("InternalError.KubeClientConnection", error.to_string())
}
