//! Who signed a request: key, signature, clock and token.

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use super::{
    clock::Clock,
    service::{ApiError, Caller, Principal},
    signature::{Authorization, Signed},
    state::State,
};
use crate::world::World;

/// Largest difference between a request's timestamp and the cloud's wall clock.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Actions that prove who calls by what they carry, not by a signature.
const UNSIGNED: [(&str, &str); 2] =
    [("sts", "AssumeRoleWithWebIdentity"), ("sts", "AssumeRoleWithSAML")];

/// What a request claims about its origin.
#[derive(Clone, Debug)]
pub(crate) enum Claim {
    /// `Authorization: SKIP`.
    Skip,
    /// A signature.
    Signature(Authorization),
}

impl Claim {
    /// Reads the `Authorization` header.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        match text(headers, "authorization") {
            Some("SKIP") => Ok(Self::Skip),
            Some(value) => Authorization::parse(value).map(Self::Signature),
            None => Err(ApiError::new(
                "AuthFailure.InvalidAuthorization",
                "The request has no `Authorization` header.",
            )),
        }
    }

    /// Product of the credential scope.
    pub(crate) fn service(&self) -> Option<&str> {
        match self {
            Self::Skip => None,
            Self::Signature(authorization) => Some(&authorization.service),
        }
    }
}

/// Verifies a claim.
///
/// # Errors
/// The cloud's own `AuthFailure` codes.
pub(crate) fn authenticate(
    claim: &Claim,
    service: &str,
    action: &str,
    request: Signed<'_>,
    parts: (&World, &State, &Clock),
) -> Result<Caller, ApiError> {
    let (world, state, clock) = parts;
    let authorization = match claim {
        Claim::Skip if UNSIGNED.contains(&(service, action)) => return Ok(Caller::anonymous()),
        Claim::Skip => {
            let text = format!("{service}:{action} needs a signature.");
            return Err(ApiError::new("AuthFailure.SignatureFailure", text));
        }
        Claim::Signature(authorization) => authorization,
    };
    let timestamp = text(request.headers, "x-tc-timestamp")
        .ok_or_else(|| ApiError::missing("X-TC-Timestamp"))?;
    check_clock(timestamp, &authorization.date, clock)?;
    let key = find_key(authorization, world, state)?;
    if authorization.service != service || !authorization.verify(&key.secret, timestamp, request) {
        return Err(ApiError::new(
            "AuthFailure.SignatureFailure",
            "The provided credentials could not be validated. Please check your signature is \
             correct.",
        ));
    }
    check_token(&key, text(request.headers, "x-tc-token"), clock.now())?;
    Ok(key.caller)
}

fn check_clock(timestamp: &str, date: &str, clock: &Clock) -> Result<(), ApiError> {
    let signed = timestamp.parse().ok().and_then(|second| Timestamp::from_second(second).ok());
    let Some(signed) = signed else {
        return Err(ApiError::new(
            "InvalidParameter",
            format!("The header `X-TC-Timestamp` ({timestamp}) is not a Unix time in seconds."),
        ));
    };
    if clock.wall().duration_since(signed).abs() > TOLERANCE {
        return Err(ApiError::new(
            "AuthFailure.SignatureExpire",
            "The provided credentials could not be validated because the request has expired. \
             Its timestamp is more than five minutes away from the server's time.",
        ));
    }
    if jiff::tz::Offset::UTC.to_datetime(signed).date().to_string() != date {
        return Err(ApiError::new(
            "AuthFailure.SignatureFailure",
            "The date of the credential scope is not the UTC date of X-TC-Timestamp.",
        ));
    }
    Ok(())
}

/// A key, and whom it stands for.
struct Key {
    secret: String,
    caller: Caller,
    session: Option<(String, Timestamp)>,
}

fn find_key(authorization: &Authorization, world: &World, state: &State) -> Result<Key, ApiError> {
    let id = &authorization.secret_id;
    if let Some(account) = world.accounts.iter().find(|account| account.secret_id == *id) {
        let caller = Caller {
            uin: account.uin.clone(),
            app_id: account.app_id,
            account: account.name.clone(),
            secret_id: id.clone(),
            principal: Principal::Root,
            allow: account.allow.clone(),
        };
        return Ok(Key { secret: account.secret_key.clone(), caller, session: None });
    }
    if let Some(session) = state.sts.sessions.get(id) {
        let caller = session.caller(id, world);
        let token = Some((session.token.clone(), session.expires));
        return Ok(Key { secret: session.secret_key.clone(), caller, session: token });
    }
    let text = "The SecretId is not found, please ensure that your SecretId is correct.";
    Err(ApiError::new("AuthFailure.SecretIdNotFound", text))
}

fn check_token(key: &Key, token: Option<&str>, now: Timestamp) -> Result<(), ApiError> {
    let right = match (&key.session, token) {
        (None, None | Some("")) => true,
        (Some((expected, expires)), Some(token)) => expected == token && now < *expires,
        _ => false,
    };
    let text = "The token is wrong or has expired.";
    if right { Ok(()) } else { Err(ApiError::new("AuthFailure.TokenFailure", text)) }
}

/// A header's value as text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
