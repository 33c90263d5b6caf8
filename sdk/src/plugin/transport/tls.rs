//! Mutual TLS between exactly two certificates.
//!
//! The host announces its certificate before it starts the plugin, and the
//! plugin its own in the handshake line. Neither trusts anything else.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName as Issuer, Error, ServerConfig,
    SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature,
        verify_tls13_signature,
    },
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime},
    server::{
        NoServerSessionStorage,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

use super::p521;

/// The plugin's certificate and how it speaks TLS with it.
pub(crate) struct ServerIdentity {
    /// For the handshake line.
    pub(crate) certificate: CertificateDer<'static>,
    /// Lets in only the client that the host announced.
    pub(crate) config: Arc<ServerConfig>,
}

impl ServerIdentity {
    /// Makes a key and a certificate for this process alone.
    pub(crate) fn new(client: CertificateDer<'static>) -> Result<Self, String> {
        let (certificate, key) = self_signed().map_err(|error| error.to_string())?;
        let provider = Arc::new(ring::default_provider());
        let verifier = Arc::new(OneClient::new(client, &provider));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_client_cert_verifier(verifier)
                    .with_single_cert(vec![certificate.clone()], key.into())
            })
            .map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        // A resumed session would let a client in without its certificate.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { certificate, config: Arc::new(config) })
    }
}

/// The host takes the plugin's certificate for the only authority that may
/// have issued it, so that it must be one.
fn self_signed() -> Result<(CertificateDer<'static>, PrivatePkcs8KeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "localhost");
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.self_signed(&key)?;
    Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der())))
}

/// Lets in one client: the one that holds the key of one certificate.
///
/// That certificate is self-signed and an authority, so that there is no chain
/// to check and the usual rules for a client's certificate do not apply.
#[derive(Debug)]
struct OneClient {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl OneClient {
    fn new(certificate: CertificateDer<'static>, provider: &CryptoProvider) -> Self {
        Self { certificate, algorithms: provider.signature_verification_algorithms }
    }

    fn algorithms_for(&self, scheme: SignatureScheme) -> &WebPkiSupportedAlgorithms {
        match scheme {
            SignatureScheme::ECDSA_NISTP521_SHA512 => &p521::ALGORITHMS,
            _ => &self.algorithms,
        }
    }
}

impl ClientCertVerifier for OneClient {
    fn client_auth_mandatory(&self) -> bool {
        true
    }

    fn root_hint_subjects(&self) -> &[Issuer] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if *end_entity == self.certificate {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = self.algorithms_for(signed.scheme);
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = self.algorithms_for(signed.scheme);
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = p521::ALGORITHMS.supported_schemes();
        schemes.extend(self.algorithms.supported_schemes());
        schemes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verifier(certificate: &[u8]) -> OneClient {
        OneClient::new(CertificateDer::from(certificate.to_vec()), &ring::default_provider())
    }

    #[test]
    fn only_the_announced_certificate_is_let_in() {
        let verifier = verifier(b"announced");
        let check = |der: &'static [u8]| {
            verifier.verify_client_cert(&CertificateDer::from(der), &[], UnixTime::now())
        };
        assert!(check(b"announced").is_ok());
        assert!(check(b"other").is_err());
        assert!(verifier.client_auth_mandatory());
    }

    #[test]
    fn the_hosts_signature_scheme_is_offered() {
        // A Go client to which it is not offered presents no certificate.
        let schemes = verifier(b"").supported_verify_schemes();
        assert!(schemes.contains(&SignatureScheme::ECDSA_NISTP521_SHA512));
        assert!(schemes.contains(&SignatureScheme::ECDSA_NISTP256_SHA256));
    }

    #[test]
    fn each_process_has_its_own_certificate() {
        let client = || CertificateDer::from(vec![1]);
        let a = ServerIdentity::new(client()).unwrap();
        let b = ServerIdentity::new(client()).unwrap();
        assert_ne!(a.certificate, b.certificate);
        assert_eq!(a.config.alpn_protocols, [b"h2"]);
    }
}
