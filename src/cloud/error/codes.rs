//! The one table from the API's error codes to kinds.

use super::Kind;

/// The kind of an error `code` that an action of `service` answered with `message`.
pub(in crate::cloud) fn classify(service: &str, code: &str, message: &str) -> Kind {
    // TKE hides missing rows of its database behind codes of every family.
    if matches!(service, "tke" | "tdcc") && message.to_lowercase().contains("record not found") {
        return Kind::NotFound;
    }
    TABLE
        .iter()
        .find(|(services, pattern, _)| {
            (services.is_empty() || services.contains(&service)) && covers(pattern, code)
        })
        .map_or(Kind::Failed, |(_, _, kind)| *kind)
}

/// `A.B` covers itself and its sub-codes (`A.B.C`); `*.B` covers codes whose last part is `B`;
/// `*B*` covers codes that contain `B`.
fn covers(pattern: &str, code: &str) -> bool {
    if let Some(inner) = pattern.strip_prefix('*').and_then(|rest| rest.strip_suffix('*')) {
        return code.contains(inner);
    }
    if let Some(last) = pattern.strip_prefix("*.") {
        return code.rsplit('.').next() == Some(last);
    }
    code.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

const ANY: &[&str] = &[];
const VPC: &[&str] = &["vpc"];
const TKE: &[&str] = &["tke", "tdcc"];
const TDCC: &[&str] = &["tdcc"];
const TCM: &[&str] = &["tcm"];
const DNSPOD: &[&str] = &["dnspod"];
const STS: &[&str] = &["sts"];
const CLB: &[&str] = &["clb"];

/// Services (none: all), pattern of the code, kind. The first row that fits decides, so that what one
/// product means by a code stands before what it means in general.
#[rustfmt::skip]
const TABLE: &[(&[&str], &str, Kind)] = &[
    // CCN and VPC.
    (VPC, "UnsupportedOperation.CcnNotAttached", Kind::NotFound),
    (VPC, "*.NotFound", Kind::NotFound),
    (VPC, "UnsupportedOperation.CcnAttached", Kind::AlreadyExists),
    (VPC, "UnsupportedOperation.MutexOperationTaskRunning", Kind::Busy),
    (VPC, "UnsupportedOperation.TagAllocate", Kind::Busy),
    (VPC, "FailedOperation.CreateCcnFailed", Kind::Busy),
    (VPC, "UnsupportedOperation.UinNotFound", Kind::Invalid),
    (VPC, "UnsupportedOperation.AppIdNotFound", Kind::Invalid),
    (VPC, "UnsupportedOperation.CcnRouteTableNotExist", Kind::Invalid),
    (VPC, "UnsupportedOperation.AppIdMismatch", Kind::Denied),
    (VPC, "UnsupportedOperation.CcnCrossAccount", Kind::Denied),
    (VPC, "UnsupportedOperation.CcnOrdinaryAccountRefuseAttach", Kind::Denied),
    (VPC, "UnsupportedOperation.InstanceOrdinaryAccountRefuseAttach", Kind::Denied),
    (VPC, "UnsupportedOperation.IsNotFinanceAccount", Kind::Denied),
    (VPC, "UnsupportedOperation.UnableCrossBorder", Kind::Denied),
    (VPC, "UnsupportedOperation.UnableCrossFinance", Kind::Denied),
    (VPC, "UnsupportedOperation.InsufficientFunds", Kind::Quota),
    (VPC, "UnsupportedOperation.PurchaseLimit", Kind::Quota),
    // A CCN that still has attachments; waiting alone does not detach them.
    (VPC, "ResourceInUse", Kind::Conflict),

    // TKE and TDCC: one meaning under several families, told by the last part.
    (TDCC, "ResourceNotFound.KubernetesResourceNotFound", Kind::Busy),
    // A hub that still has clusters; waiting alone does not deregister them.
    (TDCC, "ResourceInUse", Kind::Conflict),
    (TKE, "*.ClusterNotFound", Kind::NotFound),
    (TKE, "*.DbRecordNotFound", Kind::NotFound),
    (TKE, "*.CamNoAuth", Kind::Denied),
    (TKE, "*.NoRBACPermissions", Kind::Denied),
    (TKE, "*.DeprecatedAPI", Kind::Unsupported),
    (TKE, "*Whitelist*", Kind::Unsupported),
    (TKE, "*.ClusterState", Kind::Busy),
    (TKE, "*.ClusterInAbnormalStat", Kind::Busy),
    (TKE, "*.KubeClientConnection", Kind::Server),
    (TKE, "*.KubeCommon", Kind::Server),
    (TKE, "*.ComponentClientHttp", Kind::Server),
    (TKE, "*.Db", Kind::Server),
    (TKE, "*.DbAffectivedRows", Kind::Server),
    (TKE, "*.UnexpectedInternal", Kind::Server),
    (TKE, "*.LbCommon", Kind::Server),
    (TKE, "*.VpcCommon", Kind::Server),
    (TKE, "*.CvmCommon", Kind::Server),

    // TCM.
    (TCM, "FailedOperation.RBACForbidden", Kind::Denied),
    (TCM, "FailedOperation.ClusterNoEnoughResource", Kind::Quota),
    (TCM, "OperationDenied", Kind::Conflict),

    // DNSPod.
    (DNSPOD, "InvalidParameter.RecordIdInvalid", Kind::NotFound),
    (DNSPOD, "InvalidParameter.DomainIdInvalid", Kind::NotFound),
    (DNSPOD, "InvalidParameterValue.DomainNotExists", Kind::NotFound),
    (DNSPOD, "InvalidParameter.DomainRecordExist", Kind::AlreadyExists),
    (DNSPOD, "FailedOperation.FrequencyLimit", Kind::Throttled),
    (DNSPOD, "FailedOperation.UnknowError", Kind::Server),
    (DNSPOD, "InvalidParameter.OperateFailed", Kind::Server),
    (DNSPOD, "FailedOperation.DomainIsLocked", Kind::Conflict),
    (DNSPOD, "FailedOperation.MustAddDefaultLineFirst", Kind::Conflict),
    (DNSPOD, "LimitExceeded.SubdomainRollLimit", Kind::Conflict),

    // STS.
    (STS, "InvalidParameter.OverLimit", Kind::Throttled),
    (STS, "InvalidParameter.WebIdentityTokenError", Kind::Auth),
    (STS, "InvalidParameter.AccessKeyNotSupport", Kind::Auth),
    (STS, "FailedOperation.CheckMFAError", Kind::Auth),

    // CLB.
    (CLB, "*LBIdNotFound*", Kind::NotFound),

    // Every product.
    (ANY, "AuthFailure.UnauthorizedOperation", Kind::Denied),
    (ANY, "UnauthorizedOperation", Kind::Denied),
    (ANY, "OperationDenied", Kind::Denied),
    (ANY, "AuthFailure", Kind::Auth),
    (ANY, "InvalidAction", Kind::Unsupported),
    (ANY, "UnsupportedOperation.ActionNotFound", Kind::Unsupported),
    (ANY, "NoSuchVersion", Kind::Unsupported),
    (ANY, "NoSuchProduct", Kind::Unsupported),
    (ANY, "ActionOffline", Kind::Unsupported),
    (ANY, "RequestLimitExceeded", Kind::Throttled),
    (ANY, "LimitExceeded.RateLimitExceeded", Kind::Throttled),
    (ANY, "LimitExceeded", Kind::Quota),
    (ANY, "ResourceInsufficient", Kind::Quota),
    (ANY, "ResourceNotFound", Kind::NotFound),
    (ANY, "ResourceInUse", Kind::Busy),
    (ANY, "ResourceBusy", Kind::Busy),
    (ANY, "ResourceUnavailable", Kind::Busy),
    (ANY, "ResourcesSoldOut", Kind::Quota),
    (ANY, "UnsupportedOperation", Kind::Conflict),
    (ANY, "InternalError", Kind::Server),
    (ANY, "InvalidParameter", Kind::Invalid),
    (ANY, "InvalidParameterValue", Kind::Invalid),
    (ANY, "InvalidRequest", Kind::Invalid),
    (ANY, "MissingParameter", Kind::Invalid),
    (ANY, "UnknownParameter", Kind::Invalid),
    (ANY, "UnsupportedRegion", Kind::Invalid),
    (ANY, "UnsupportedProtocol", Kind::Invalid),
    (ANY, "RequestSizeLimitExceeded", Kind::Invalid),
    (ANY, "ResponseSizeLimitExceeded", Kind::Failed),
    (ANY, "FailedOperation", Kind::Failed),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_what_they_say() {
        for (pattern, code, covered) in [
            ("LimitExceeded", "LimitExceeded", true),
            ("LimitExceeded", "LimitExceeded.Tag", true),
            ("LimitExceeded", "LimitExceededByFar", false),
            ("*.CamNoAuth", "InternalError.CamNoAuth", true),
            ("*.Db", "InternalError.DbRecordNotFound", false),
            ("*Whitelist*", "InternalError.WhitelistUnexpectedError", true),
            ("*Whitelist*", "InternalError", false),
        ] {
            assert_eq!(covers(pattern, code), covered, "{pattern} {code}");
        }
    }

    #[test]
    fn codes_of_every_product_have_their_kind() {
        for (service, code, kind) in [
            ("vpc", "RequestLimitExceeded.UinLimitExceeded", Kind::Throttled),
            ("vpc", "UnsupportedOperation.CcnNotAttached", Kind::NotFound),
            ("vpc", "UnsupportedOperation.CcnAttached", Kind::AlreadyExists),
            ("vpc", "UnsupportedOperation.NotPendingCcnInstance", Kind::Conflict),
            ("vpc", "UnsupportedOperation.MutexOperationTaskRunning", Kind::Busy),
            ("vpc", "UnsupportedOperation.ExistCcnInstancesNotSupportDeleteCcn", Kind::Conflict),
            ("vpc", "InvalidVpcId.NotFound", Kind::NotFound),
            ("vpc", "InvalidVpcId.Malformed", Kind::Failed),
            ("vpc", "ResourceInUse", Kind::Conflict),
            ("tke", "ResourceInUse", Kind::Busy),
            ("tdcc", "ResourceInUse", Kind::Conflict),
            ("tke", "InternalError.ClusterNotFound", Kind::NotFound),
            ("tke", "InternalError.CamNoAuth", Kind::Denied),
            ("tke", "FailedOperation.CamNoAuth", Kind::Denied),
            ("tke", "InternalError.Db", Kind::Server),
            ("tke", "FailedOperation.DeprecatedAPI", Kind::Unsupported),
            ("tdcc", "InternalError.WhitelistUnexpectedError", Kind::Unsupported),
            ("tdcc", "NoSuchProduct", Kind::Unsupported),
            ("tdcc", "ResourceUnavailable.ClusterState", Kind::Busy),
            ("tdcc", "ResourceNotFound.KubernetesResourceNotFound", Kind::Busy),
            ("tcm", "FailedOperation.RBACForbidden", Kind::Denied),
            ("tcm", "ResourceNotFound", Kind::NotFound),
            ("tcm", "OperationDenied", Kind::Conflict),
            ("dnspod", "OperationDenied.NoPermissionToOperateDomain", Kind::Denied),
            ("dnspod", "InvalidParameter.RecordIdInvalid", Kind::NotFound),
            ("dnspod", "ResourceNotFound.NoDataOfRecord", Kind::NotFound),
            ("dnspod", "InvalidParameter.DomainRecordExist", Kind::AlreadyExists),
            ("dnspod", "InvalidParameter.SubdomainInvalid", Kind::Invalid),
            ("sts", "InvalidParameter.OverLimit", Kind::Throttled),
            ("sts", "AuthFailure.TokenFailure", Kind::Auth),
            ("sts", "AuthFailure.UnauthorizedOperation", Kind::Denied),
            ("clb", "InvalidParameter.LBIdNotFound", Kind::NotFound),
            ("vpc", "SomethingNew.Entirely", Kind::Failed),
        ] {
            assert_eq!(classify(service, code, ""), kind, "{service} {code}");
        }
    }

    #[test]
    fn a_missing_database_row_is_a_missing_object() {
        let message = "DB error: Record not found.";
        assert_eq!(classify("tke", "InternalError.Db", message), Kind::NotFound);
        assert_eq!(classify("vpc", "InternalError", message), Kind::Server);
    }

    #[test]
    fn no_row_is_shadowed_by_an_earlier_one() {
        for (later, (services, pattern, _)) in TABLE.iter().enumerate() {
            let code = pattern.replace("*.", "Any.").replace('*', "");
            let service = services.first().copied().unwrap_or("any");
            let first = TABLE
                .iter()
                .position(|(s, p, _)| (s.is_empty() || s.contains(&service)) && covers(p, &code))
                .unwrap();
            assert_eq!(first, later, "{pattern} is shadowed by {}", TABLE[first].1);
        }
    }
}
