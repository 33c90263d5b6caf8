//! What a user can do about an error.

use super::{Error, Kind};
use crate::cloud::account;

/// A sentence or two for the user; `None` where the message says it all.
pub(super) fn next_step(error: &Error) -> Option<String> {
    by_code(error).or_else(|| by_kind(error))
}

fn by_code(error: &Error) -> Option<String> {
    let service = error.place().service.as_str();
    let account = account(error);
    let step = match (service, error.code()?) {
        (_, "AuthFailure.SignatureFailure") => format!(
            "The secret key of {account} does not belong to its secret id: check both for missing or \
             extra characters."
        ),
        (_, "AuthFailure.SecretIdNotFound" | "AuthFailure.InvalidSecretId") => format!(
            "The secret id of {account} does not exist or is disabled: check it in the console under \
             Access Management > API Keys."
        ),
        (_, "AuthFailure.SignatureExpire") => {
            "This machine's clock is more than five minutes off and the cloud's time could not be \
             learnt: set the clock."
                .to_owned()
        }
        (_, "AuthFailure.TokenFailure") => format!(
            "The security token of {account} is wrong or expired: get new temporary credentials, or \
             let the provider assume the role so that it renews them."
        ),
        (_, "AuthFailure.MFAFailure") | ("sts", "FailedOperation.CheckMFAError") => {
            "The call needs multi-factor authentication: give serial_number and a fresh token_code in \
             assume_role."
                .to_owned()
        }
        (_, "UnauthorizedOperation.NoRealNameAuthentication") => {
            "Complete the account's identity verification in the console first.".to_owned()
        }
        ("sts", "ResourceNotFound.RoleNotFound") => {
            "Check role_arn: the role must exist in the account that the ARN names.".to_owned()
        }
        ("vpc", "UnsupportedOperation.UinNotFound") => {
            "No account has this UIN: give the root account's UIN of the CCN's owner, not that of a \
             sub-user or an AppId."
                .to_owned()
        }
        ("vpc", "UnsupportedOperation.CcnCrossAccount") => {
            "This kind of instance cannot join a CCN of another account.".to_owned()
        }
        ("vpc", "UnsupportedOperation.ExistCcnInstancesNotSupportDeleteCcn" | "ResourceInUse") => {
            "The CCN still has attachments; detach them first. Some may not be managed here, or belong \
             to other accounts."
                .to_owned()
        }
        ("vpc", "UnsupportedOperation.InsufficientFunds") => {
            format!("Top up the balance of {account}.")
        }
        ("tcm", "FailedOperation.RBACForbidden") | ("tke", "FailedOperation.NoRBACPermissions") => {
            format!(
                "{account} has no rights inside the cluster: let its owner grant them, or call \
                 AcquireClusterAdminRole for it."
            )
        }
        _ => return None,
    };
    Some(capitalised(step))
}

fn by_kind(error: &Error) -> Option<String> {
    let place = error.place();
    let (service, action, account) = (&place.service, &place.action, account(error));
    let step = match error.kind() {
        Kind::Denied if action.is_empty() => return None,
        Kind::Denied => format!(
            "Allow {account} the CAM action {service}:{action} on the resource, or use another account."
        ),
        Kind::Unsupported if service == "tdcc" => format!(
            "TDCC is not open for {account}: apply for it in the console. Its API is not published; if \
             the names in use have changed, override service, version and action names in the provider \
             configuration."
        ),
        Kind::Unsupported => {
            format!("The action {service}:{action} is not open to {account}; ask the vendor to open it.")
        }
        Kind::Quota => format!("Raise the quota of {account} in the console, or remove what is unused."),
        Kind::Network { sent: false } => format!(
            "The endpoint of {service} could not be reached: check network, proxy settings and the \
             provider's endpoints, domain and protocol."
        ),
        Kind::Network { sent: true } | Kind::Server | Kind::Timeout => {
            "Run it again; if it stays, give the request id to the vendor's support.".to_owned()
        }
        Kind::AnswerLost => {
            "The cloud may have done it although its answer was lost: run it again, the provider looks \
             before it repeats."
                .to_owned()
        }
        Kind::Malformed => format!(
            "The answer does not come from the {service} API: check the provider's endpoints and any \
             proxy between."
        ),
        Kind::Throttled => "Other tools use up this account's rate limit: try again later.".to_owned(),
        Kind::Auth => format!("Check the credentials of {account}."),
        _ => return None,
    };
    Some(capitalised(step))
}

fn account(error: &Error) -> String {
    account::called(&error.place().account)
}

fn capitalised(text: String) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::{super::Place, *};

    fn step(service: &str, code: &str) -> Option<String> {
        let place = Place {
            service: service.into(),
            action: "DoIt".into(),
            account: "member".into(),
            ..Place::default()
        };
        Error::answered(service, code, "no", "").at(place).next_step()
    }

    #[test]
    fn advice_fits_code_or_kind() {
        for (service, code, part) in [
            ("vpc", "AuthFailure.SignatureFailure", "secret key of account \"member\""),
            ("vpc", "AuthFailure.SecretIdNotFound", "disabled"),
            ("vpc", "AuthFailure.UnauthorizedOperation", "CAM action vpc:DoIt"),
            ("tdcc", "NoSuchProduct", "TDCC is not open"),
            ("tke", "InvalidAction", "tke:DoIt is not open"),
            ("vpc", "LimitExceeded", "Raise the quota"),
            ("vpc", "UnsupportedOperation.UinNotFound", "root account's UIN"),
            ("tcm", "FailedOperation.RBACForbidden", "AcquireClusterAdminRole"),
            ("vpc", "InternalError", "vendor's support"),
        ] {
            let step = step(service, code).unwrap();
            assert!(step.contains(part), "{code}: {step}");
            assert!(step.starts_with(char::is_uppercase), "{step}");
        }
    }

    #[test]
    fn what_speaks_for_itself_needs_no_advice() {
        assert_eq!(step("vpc", "InvalidParameterValue.TooLong"), None);
    }
}
