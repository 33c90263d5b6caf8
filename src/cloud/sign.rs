//! TC3-HMAC-SHA256, the signature of Tencent Cloud API 3.0, as a pure function.
//!
//! Source: <https://cloud.tencent.com/document/api/213/30654>; the published examples are the tests.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// The parts of a `POST /` request that the signature covers.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The product's short name, the third part of the credential scope: `vpc`.
    pub service: &'a str,
    /// The headers to sign, names in lower case and in alphabetical order; the API demands at least
    /// `content-type` and `host`.
    pub headers: &'a [(&'a str, &'a str)],
    /// The exact bytes of the body.
    pub payload: &'a [u8],
}

/// The value of the `Authorization` header for a request that is sent with `X-TC-Timestamp: at`.
///
/// The secret key takes part only as the key of an HMAC and cannot be read from the result.
pub fn authorization(
    parts: &Parts<'_>,
    secret_id: &str,
    secret_key: &str,
    at: Timestamp,
) -> String {
    let scope = scope(parts.service, at);
    let signed = signed_headers(parts.headers);
    let signature = hex(&hmac(
        &signing_key(secret_key, parts.service, at),
        string_to_sign(&canonical_request(parts), &scope, at).as_bytes(),
    ));
    format!(
        "{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
}

fn canonical_request(parts: &Parts<'_>) -> String {
    let mut canonical = String::from("POST\n/\n\n");
    for (name, value) in parts.headers {
        // Writing to a string cannot fail.
        let _ = writeln!(canonical, "{name}:{}", value.trim().to_lowercase());
    }
    let signed = signed_headers(parts.headers);
    let _ = write!(canonical, "\n{signed}\n{}", hex(&Sha256::digest(parts.payload)));
    canonical
}

fn signed_headers(headers: &[(&str, &str)]) -> String {
    headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
}

fn string_to_sign(canonical_request: &str, scope: &str, at: Timestamp) -> String {
    let digest = hex(&Sha256::digest(canonical_request.as_bytes()));
    format!("{ALGORITHM}\n{}\n{scope}\n{digest}", at.as_second())
}

fn scope(service: &str, at: Timestamp) -> String {
    format!("{}/{service}/tc3_request", date(at))
}

/// The day in UTC: the local day would be refused for hours around midnight.
fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

fn signing_key(secret_key: &str, service: &str, at: Timestamp) -> [u8; 32] {
    let date_key = hmac(format!("TC3{secret_key}").as_bytes(), date(at).as_bytes());
    hmac(&hmac(&date_key, service.as_bytes()), b"tc3_request")
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC is defined for keys of any length (RFC 2104, section 3).
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: &str =
        r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
    const CONTENT_TYPE: (&str, &str) = ("content-type", "application/json; charset=utf-8");
    const HOST: (&str, &str) = ("host", "cvm.tencentcloudapi.com");
    const ACTION: (&str, &str) = ("x-tc-action", "DescribeInstances");
    const TWO: &[(&str, &str)] = &[CONTENT_TYPE, HOST];
    const THREE: &[(&str, &str)] = &[CONTENT_TYPE, HOST, ACTION];

    struct Vector {
        secret_id: &'static str,
        secret_key: &'static str,
        headers: &'static [(&'static str, &'static str)],
        canonical_digest: &'static str,
        signing_key: &'static str,
        signature: &'static str,
    }

    /// The published example with its key shown, and the one with masked keys (32 asterisks).
    const PUBLISHED: [Vector; 2] = [
        Vector {
            secret_id: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
            secret_key: "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
            headers: TWO,
            canonical_digest: "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031",
            signing_key: "ac658d5dde49e9bfdd14e04e062f66b05d9f637d44b8a8d845327d4a77f666b1",
            signature: "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
        },
        Vector {
            secret_id: "AKID********************************",
            secret_key: "********************************",
            headers: THREE,
            canonical_digest: "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84",
            signing_key: "b596b923aad85185e2d1f6659d2a062e0a86731226e021e61bfe06f7ed05f5af",
            signature: "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
        },
    ];

    fn at() -> Timestamp {
        Timestamp::from_second(1_551_113_065).unwrap()
    }

    fn parts(headers: &'static [(&'static str, &'static str)]) -> Parts<'static> {
        Parts { service: "cvm", headers, payload: PAYLOAD.as_bytes() }
    }

    #[test]
    fn the_payload_is_the_published_one() {
        assert_eq!(
            hex(&Sha256::digest(PAYLOAD.as_bytes())),
            "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"
        );
    }

    #[test]
    fn published_examples_come_out_step_by_step() {
        for vector in &PUBLISHED {
            let canonical = canonical_request(&parts(vector.headers));
            assert_eq!(hex(&Sha256::digest(canonical.as_bytes())), vector.canonical_digest);
            assert_eq!(hex(&signing_key(vector.secret_key, "cvm", at())), vector.signing_key);
            assert_eq!(
                authorization(&parts(vector.headers), vector.secret_id, vector.secret_key, at()),
                format!(
                    "TC3-HMAC-SHA256 Credential={}/2019-02-25/cvm/tc3_request, SignedHeaders={}, \
                     Signature={}",
                    vector.secret_id,
                    signed_headers(vector.headers),
                    vector.signature
                )
            );
        }
    }

    #[test]
    fn the_shown_key_signs_three_headers_too() {
        let shown = &PUBLISHED[0];
        let value = authorization(&parts(THREE), shown.secret_id, shown.secret_key, at());
        assert!(
            value.ends_with("644be983de9a8a3f00db8eadaba61467c3b429e2215758ba897b738ca469fd26"),
            "{value}"
        );
    }

    #[test]
    fn the_day_is_that_of_utc() {
        let just_before_midnight = Timestamp::from_second(1_551_139_199).unwrap();
        assert_eq!(date(just_before_midnight), "2019-02-25");
        let midnight = Timestamp::from_second(1_551_139_200).unwrap();
        assert_eq!(date(midnight), "2019-02-26");
    }

    #[test]
    fn every_part_changes_the_signature() {
        let base = authorization(&parts(THREE), "id", "key", at());
        let other_body = Parts { payload: b"{}", ..parts(THREE) };
        let other_service = Parts { service: "vpc", ..parts(THREE) };
        for other in [
            authorization(&other_body, "id", "key", at()),
            authorization(&other_service, "id", "key", at()),
            authorization(&parts(TWO), "id", "key", at()),
            authorization(&parts(THREE), "id", "other", at()),
            authorization(&parts(THREE), "id", "key", Timestamp::from_second(1).unwrap()),
        ] {
            assert_ne!(base, other);
        }
    }
}
