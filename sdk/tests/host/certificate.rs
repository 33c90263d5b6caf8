//! Certificates as go-plugin makes them for its clients: self-signed
//! authorities on the curve P-521. The crate `rcgen` cannot make these without
//! OpenSSL's or Amazon's cryptography, so that they are put together here.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use p521::ecdsa::{DerSignature, SigningKey, signature::Signer as _};
use rustls::{
    Error, SignatureAlgorithm, SignatureScheme,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    sign::{CertifiedKey, Signer, SigningKey as TlsKey},
};

/// A client's certificate and how it signs.
#[derive(Clone, Debug)]
pub(crate) struct ClientIdentity {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: Arc<dyn TlsKey>,
}

impl ClientIdentity {
    /// As go-plugin makes it; the same seed makes the same.
    pub(crate) fn p521(seed: u8) -> Self {
        let mut scalar = [seed; 66];
        // The order of the curve has 521 bits.
        scalar[0] = 0;
        let key = SigningKey::from_slice(&scalar).expect("a scalar below the order");
        Self { certificate: self_signed(&key), key: Arc::new(P521Key(Arc::new(key))) }
    }

    /// Of another kind of key.
    pub(crate) fn p256() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("rcgen");
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        Self {
            certificate: made.cert.der().clone(),
            key: rustls::crypto::ring::sign::any_ecdsa_type(&key.into()).expect("ring"),
        }
    }

    /// This certificate with the key of another.
    pub(crate) fn with_key_of(&self, other: &Self) -> Self {
        Self { certificate: self.certificate.clone(), key: Arc::clone(&other.key) }
    }

    pub(crate) fn certified(&self) -> CertifiedKey {
        CertifiedKey::new(vec![self.certificate.clone()], Arc::clone(&self.key))
    }

    /// As the host announces it.
    pub(crate) fn pem(&self) -> String {
        let body = STANDARD.encode(&self.certificate);
        let lines: Vec<&str> =
            body.as_bytes().chunks(64).map(|line| str::from_utf8(line).expect("ASCII")).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}

/// A key for TLS.
struct P521Key(Arc<SigningKey>);

impl TlsKey for P521Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered
            .contains(&SignatureScheme::ECDSA_NISTP521_SHA512)
            .then(|| Box::new(Self(Arc::clone(&self.0))) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for P521Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(sign(&self.0, message))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}

impl fmt::Debug for P521Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P521Key")
    }
}

fn sign(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    let signature: DerSignature = key.sign(message);
    signature.as_bytes().to_vec()
}

// ASN.1 tags.
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT: u8 = 0x06;
const UTF8: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

// Object identifiers, encoded.
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const SECP521R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const ECDSA_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

fn self_signed(key: &SigningKey) -> CertificateDer<'static> {
    let algorithm = der(SEQUENCE, &[&der(OBJECT, &[ECDSA_SHA512])]);
    let body = to_be_signed(key, &algorithm);
    let signature = der(BIT_STRING, &[&[0], &sign(key, &body)]);
    CertificateDer::from(der(SEQUENCE, &[&body, &algorithm, &signature]))
}

fn to_be_signed(key: &SigningKey, algorithm: &[u8]) -> Vec<u8> {
    let common_name = der(SEQUENCE, &[&der(OBJECT, &[COMMON_NAME]), &der(UTF8, &[b"localhost"])]);
    let name = der(SEQUENCE, &[&der(SET, &[&common_name])]);
    let validity =
        der(SEQUENCE, &[&der(UTC_TIME, &[b"200101000000Z"]), &der(UTC_TIME, &[b"491231235959Z"])]);
    let point = key.verifying_key().to_sec1_point(false);
    let key_kind = der(SEQUENCE, &[&der(OBJECT, &[EC_PUBLIC_KEY]), &der(OBJECT, &[SECP521R1])]);
    let public_key = der(SEQUENCE, &[&key_kind, &der(BIT_STRING, &[&[0], point.as_bytes()])]);
    let authority = extension(BASIC_CONSTRAINTS, &der(SEQUENCE, &[&[0x01, 0x01, 0xff]]));
    let names = extension(SUBJECT_ALT_NAME, &der(SEQUENCE, &[&der(0x82, &[b"localhost"])]));
    let extensions = der(0xa3, &[&der(SEQUENCE, &[&authority, &names])]);
    let version = der(0xa0, &[&der(INTEGER, &[&[2]])]);
    let serial = der(INTEGER, &[&[1]]);
    der(
        SEQUENCE,
        &[&version, &serial, algorithm, &name, &validity, &name, &public_key, &extensions],
    )
}

fn extension(id: &[u8], value: &[u8]) -> Vec<u8> {
    der(SEQUENCE, &[&der(OBJECT, &[id]), &der(OCTET_STRING, &[value])])
}

/// One element: its tag, its length, its parts.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut element = vec![tag];
    match u16::try_from(body.len()).expect("a certificate is small").to_be_bytes() {
        [0, short @ 0..=127] => element.push(short),
        [0, long] => element.extend([0x81, long]),
        [high, low] => element.extend([0x82, high, low]),
    }
    element.extend(body);
    element
}
