//! OIDC identity tokens (JWT, HS256) of the world's identity providers.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::Value;
use sha2::Sha256;

use crate::world::OidcProvider;

/// Checks form, signature, issuer, audience and expiry. `Err` says what is wrong.
pub(super) fn verify(token: &str, provider: &OidcProvider, now: Timestamp) -> Result<(), String> {
    let malformed = || "The token is not a JWT.".to_owned();
    let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
    let (_, payload) = signed.split_once('.').ok_or_else(malformed)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| malformed())?;
    let claims: Value = serde_json::from_slice(&payload).map_err(|_| malformed())?;
    if mac(provider, signed).verify_slice(&signature).is_err() {
        return Err("The token's signature is not the identity provider's.".to_owned());
    }
    if claims["iss"].as_str() != Some(&provider.issuer) {
        return Err(format!("The token's issuer is not {}.", provider.issuer));
    }
    let audience = match &claims["aud"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect::<Vec<_>>(),
    };
    let any = provider.audiences.is_empty();
    if !any && !audience.iter().any(|aud| provider.audiences.iter().any(|known| known == aud)) {
        return Err("The token is for another audience.".to_owned());
    }
    match claims["exp"].as_i64() {
        Some(second) if now.as_second() < second => Ok(()),
        _ => Err("The token has expired.".to_owned()),
    }
}

impl OidcProvider {
    /// A token of this provider for `subject` that expires at `expires`.
    pub fn issue(&self, subject: &str, expires: Timestamp) -> String {
        let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
        let claims = serde_json::json!({
            "iss": self.issuer, "sub": subject, "exp": expires.as_second(),
            "aud": self.audiences.first(),
        });
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = mac(self, &signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn mac(provider: &OidcProvider, text: &str) -> Hmac<Sha256> {
    let key = provider.signing_key.as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> OidcProvider {
        OidcProvider {
            name: "tf".to_owned(),
            issuer: "https://tokens.example.com".to_owned(),
            audiences: vec!["tencentcloud.workload.identity".to_owned()],
            signing_key: "a signing key".to_owned(),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn own_token_verifies_until_it_expires() {
        let token = provider().issue("run-1", at(1_000));
        verify(&token, &provider(), at(999)).unwrap();
        assert!(verify(&token, &provider(), at(1_000)).unwrap_err().contains("expired"));
    }

    #[test]
    fn foreign_tokens_are_refused() {
        let cases = [
            (OidcProvider { signing_key: "other".to_owned(), ..provider() }, "signature"),
            (OidcProvider { issuer: "https://x".to_owned(), ..provider() }, "issuer"),
            (OidcProvider { audiences: vec!["x".to_owned()], ..provider() }, "audience"),
        ];
        for (foreign, what) in cases {
            let token = foreign.issue("run-1", at(1_000));
            let error = verify(&token, &provider(), at(0)).unwrap_err();
            assert!(error.contains(what), "{error}");
        }
        assert!(verify("x.y", &provider(), at(0)).unwrap_err().contains("JWT"));
    }
}
