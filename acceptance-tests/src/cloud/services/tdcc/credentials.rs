//! Credentials of registered clusters.

use serde_json::json;

use super::{done, not_found, registered::own};
use crate::{
    cloud::{
        clock::{later, utc_time},
        clusters::KubeUser,
        service::{Answer, ApiError, Context, Params},
    },
    fields,
};

/// `ListClusterCertificates`: the caller's own.
pub(super) fn list(cx: &mut Context<'_>, params: &Params) -> Answer {
    let (cluster, user) = member(cx, params)?;
    let kubeconfig = cx.clusters.kubeconfig(&cluster, &user).map_err(|error| {
        ApiError::new("InternalError.KubernetesClientBuildError", error.to_string())
    })?;
    let end = later(cx.moment.now, jiff::SignedDuration::from_hours(24 * 365 * 20));
    let certificates = vec![json!({
        "IntraKubeconfig": kubeconfig,
        "ExtraKubeconfig": kubeconfig,
        "ClientCertificate": value_of(&kubeconfig, "client-certificate-data"),
        "ClientKey": value_of(&kubeconfig, "client-key-data"),
        "SubAccountUin": user.user,
        "NickName": cx.caller.account,
        "CertificateStatus": "Normal",
        "ExpirationTime": utc_time(end),
    })];
    let total = certificates.len();
    let page = params.page(certificates, 20, 50)?;
    Ok(fields! {"TotalCount": total, "CertificateInfos": page})
}

/// `UpdateClusterKubeconfig`.
pub(super) fn update(cx: &mut Context<'_>, params: &Params) -> Answer {
    let (_, user) = member(cx, params)?;
    let accounts = params.strings("SubAccounts");
    let updated = if accounts.is_empty() { vec![user.user.as_str()] } else { accounts };
    Ok(fields! {"UpdatedSubAccounts": updated})
}

/// `AcquireClusterAdminRole`.
pub(super) fn acquire_admin_role(cx: &mut Context<'_>, params: &Params) -> Answer {
    let (cluster, user) = member(cx, params)?;
    cx.clusters.grant_admin(&cluster, &user).map_err(|error| {
        ApiError::new("InternalError.KubernetesCreateOperationError", error.to_string())
    })?;
    done()
}

/// The world's id of a connected cluster, and the caller as its user.
fn member(cx: &mut Context<'_>, params: &Params) -> Result<(String, KubeUser), ApiError> {
    let cluster = own(cx, params)?;
    let Some(report) = cluster.report.clone() else {
        let text = format!("cluster {} is {}", cluster.id, cluster.status.current());
        return Err(ApiError::new("ResourceUnavailable.ClusterState", text));
    };
    let Some(known) = cx.world.cluster(&report.cluster) else {
        return Err(not_found(&report.cluster));
    };
    let user = cx.caller.kube_user(cx.world.uin(&known.account));
    Ok((report.cluster, user))
}

/// The value of a key that occurs once in a kubeconfig, on a line of its own.
fn value_of(kubeconfig: &str, key: &str) -> String {
    let value = |line: &str| {
        let rest = line.trim_start_matches(['-', ' ']).strip_prefix(key)?;
        Some(rest.strip_prefix(':')?.trim().trim_matches('"').to_owned())
    };
    kubeconfig.lines().find_map(value).unwrap_or_default()
}
