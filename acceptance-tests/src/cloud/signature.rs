//! Signature version 3 (TC3-HMAC-SHA256), verified.
//!
//! Source: the API 3.0 signature document. A request is signed over method,
//! path, query, the headers that it names and a hash of its body, with a key
//! derived from the secret key, the UTC date and the product.

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::{Digest, Sha256};

use super::service::ApiError;

/// What was signed, as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `POST`.
    pub method: &'a str,
    /// Path, `/`.
    pub path: &'a str,
    /// Query without `?`; empty for POST.
    pub query: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// Body.
    pub body: &'a [u8],
}

/// The parts of an `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// Key id.
    pub secret_id: String,
    /// Date of the credential scope, `2019-02-25`.
    pub date: String,
    /// Product of the credential scope.
    pub service: String,
    /// Lower-case names of the headers that are signed.
    pub signed_headers: Vec<String>,
    /// Signature in hexadecimal.
    pub signature: String,
}

const ALGORITHM: &str = "TC3-HMAC-SHA256";

impl Authorization {
    /// Reads the header's value.
    ///
    /// # Errors
    /// `AuthFailure.InvalidAuthorization` with what is wrong.
    pub fn parse(value: &str) -> Result<Self, ApiError> {
        let wrong = |what: &str| {
            let text = format!("The `Authorization` header is not valid: {what}.");
            ApiError::new("AuthFailure.InvalidAuthorization", text)
        };
        let fields = value
            .strip_prefix(ALGORITHM)
            .ok_or_else(|| wrong("the algorithm must be TC3-HMAC-SHA256"))?;
        let field = |name: &str| {
            fields
                .split(',')
                .filter_map(|part| part.trim().split_once('='))
                .find_map(|(key, value)| (key == name).then_some(value))
                .ok_or_else(|| wrong(&format!("{name} is missing")))
        };
        let credential: Vec<&str> = field("Credential")?.split('/').collect();
        let &[secret_id, date, service, "tc3_request"] = credential.as_slice() else {
            return Err(wrong("Credential must be <SecretId>/<date>/<service>/tc3_request"));
        };
        let signed_headers: Vec<String> =
            field("SignedHeaders")?.split(';').map(str::to_ascii_lowercase).collect();
        for name in ["content-type", "host"] {
            if !signed_headers.iter().any(|signed| signed == name) {
                return Err(wrong(&format!("{name} must be among SignedHeaders")));
            }
        }
        Ok(Self {
            secret_id: secret_id.to_owned(),
            date: date.to_owned(),
            service: service.to_owned(),
            signed_headers,
            signature: field("Signature")?.to_owned(),
        })
    }

    /// Whether the signature is the one that `secret_key` gives.
    pub fn verify(&self, secret_key: &str, timestamp: &str, request: Signed<'_>) -> bool {
        let canonical = canonical_request(request, &self.signed_headers);
        let key = signing_key(secret_key, &self.date, &self.service);
        let to_sign = string_to_sign(timestamp, &self.date, &self.service, &canonical);
        let Some(given) = unhex(&self.signature) else {
            return false;
        };
        mac(&key, &to_sign).verify_slice(&given).is_ok()
    }
}

/// The text whose hash is signed.
fn canonical_request(request: Signed<'_>, signed_headers: &[String]) -> String {
    let mut names: Vec<&str> = signed_headers.iter().map(String::as_str).collect();
    names.sort_unstable();
    let headers: String = names.iter().map(|name| canonical_header(request, name)).collect();
    let unsigned = request
        .headers
        .get("x-tc-content-sha256")
        .is_some_and(|value| value.as_bytes() == b"UNSIGNED-PAYLOAD");
    let payload = if unsigned { &b"UNSIGNED-PAYLOAD"[..] } else { request.body };
    let Signed { method, path, query, .. } = request;
    let (names, hash) = (names.join(";"), hex(&Sha256::digest(payload)));
    format!("{method}\n{path}\n{query}\n{headers}\n{names}\n{hash}")
}

fn canonical_header(request: Signed<'_>, name: &str) -> String {
    let value = request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    format!("{name}:{}\n", value.trim().to_lowercase())
}

fn string_to_sign(timestamp: &str, date: &str, service: &str, canonical: &str) -> String {
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    format!("{ALGORITHM}\n{timestamp}\n{date}/{service}/tc3_request\n{hash}")
}

fn signing_key(secret_key: &str, date: &str, service: &str) -> Vec<u8> {
    let dated = mac_bytes(format!("TC3{secret_key}").as_bytes(), date);
    let scoped = mac_bytes(&dated, service);
    mac_bytes(&scoped, "tc3_request")
}

fn mac_bytes(key: &[u8], text: &str) -> Vec<u8> {
    mac(key, text).finalize().into_bytes().to_vec()
}

fn mac(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    mac
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str =
        r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
    const TIMESTAMP: &str = "1551113065";

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/json; charset=utf-8".parse().unwrap());
        headers.insert("host", "cvm.tencentcloudapi.com".parse().unwrap());
        headers.insert("x-tc-action", "DescribeInstances".parse().unwrap());
        headers
    }

    fn request(headers: &HeaderMap) -> Signed<'_> {
        Signed { method: "POST", path: "/", query: "", headers, body: BODY.as_bytes() }
    }

    fn authorization(id: &str, signed: &str, signature: &str) -> Authorization {
        Authorization::parse(&format!(
            "TC3-HMAC-SHA256 Credential={id}/2019-02-25/cvm/tc3_request, \
             SignedHeaders={signed}, Signature={signature}"
        ))
        .unwrap()
    }

    /// Published examples: older and current documentation page, and the older
    /// one's key with the current one's headers.
    #[test]
    fn published_examples_verify() {
        let older = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";
        let masked = "*".repeat(32);
        let cases = [
            (
                older,
                "content-type;host",
                "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031",
                "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
            ),
            (
                &masked,
                "content-type;host;x-tc-action",
                "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84",
                "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
            ),
            (
                older,
                "content-type;host;x-tc-action",
                "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84",
                "644be983de9a8a3f00db8eadaba61467c3b429e2215758ba897b738ca469fd26",
            ),
        ];
        for (key, signed, canonical_hash, signature) in cases {
            let headers = headers();
            let auth = authorization("AKIDEXAMPLE", signed, signature);
            let canonical = canonical_request(request(&headers), &auth.signed_headers);
            assert_eq!(hex(&Sha256::digest(canonical.as_bytes())), canonical_hash);
            assert!(auth.verify(key, TIMESTAMP, request(&headers)), "{signed}");
        }
    }

    #[test]
    fn published_key_derivation() {
        let dated = mac_bytes(b"TC3Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "2019-02-25");
        assert_eq!(hex(&dated), "d1308c81fe71cfd4e06437bbc067b2b8a3d2d8c0e375d547f15c41d5214b395a");
        let key = signing_key("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "2019-02-25", "cvm");
        assert_eq!(hex(&key), "ac658d5dde49e9bfdd14e04e062f66b05d9f637d44b8a8d845327d4a77f666b1");
    }

    #[test]
    fn every_signed_part_counts() {
        let key = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";
        let signature = "644be983de9a8a3f00db8eadaba61467c3b429e2215758ba897b738ca469fd26";
        let auth = authorization("AKIDEXAMPLE", "content-type;host;x-tc-action", signature);
        let good = headers();
        assert!(auth.verify(key, TIMESTAMP, request(&good)));
        assert!(!auth.verify("another key", TIMESTAMP, request(&good)));
        assert!(!auth.verify(key, "1551113066", request(&good)));
        assert!(!auth.verify(key, TIMESTAMP, Signed { body: b"{}", ..request(&good) }));
        assert!(!auth.verify(key, TIMESTAMP, Signed { query: "a=b", ..request(&good) }));
        let mut other = headers();
        other.insert("x-tc-action", "RunInstances".parse().unwrap());
        assert!(!auth.verify(key, TIMESTAMP, request(&other)));
        let mut truncated = auth;
        truncated.signature.truncate(62);
        assert!(!truncated.verify(key, TIMESTAMP, request(&good)));
    }

    #[test]
    fn malformed_headers_say_what_is_wrong() {
        for (value, what) in [
            ("Bearer x", "algorithm"),
            ("TC3-HMAC-SHA256 SignedHeaders=content-type;host, Signature=00", "Credential"),
            ("TC3-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=00", "tc3_request"),
            (
                "TC3-HMAC-SHA256 Credential=a/b/c/tc3_request, SignedHeaders=host, Signature=00",
                "content-type",
            ),
            (
                "TC3-HMAC-SHA256 Credential=a/b/c/tc3_request, SignedHeaders=content-type;host",
                "Signature",
            ),
        ] {
            let error = Authorization::parse(value).unwrap_err();
            assert!(error.message.contains(what), "{value}: {error}");
        }
    }
}
