//! TLS of what a proxy listens on: a Gateway's server, a Sidecar's port.

mod check;

use tfsdk::{Model, schema::validators, value::Tf};

/// Versions of TLS, from the oldest; the first leaves it to the proxy.
const VERSIONS: [&str; 5] = ["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"];

/// How a server handles TLS.
#[derive(Clone, Model)]
#[model(at_most_one_of("credential_name", "credential_names", "tls_certificates"))]
pub(super) struct ServerTls {
    /// Answers plain HTTP with a redirect (301) to HTTPS.
    #[attr(optional)]
    pub https_redirect: Tf<bool>,

    /// `SIMPLE` (the server's certificate), `MUTUAL` (the client's too),
    /// `OPTIONAL_MUTUAL` (the client's if it has one), `ISTIO_MUTUAL` (the mesh's
    /// own certificates), `PASSTHROUGH` (routed by its SNI, not ended) or
    /// `AUTO_PASSTHROUGH` (routed to the service that the SNI names). Default:
    /// `PASSTHROUGH`.
    #[attr(
        optional,
        validate(validators::one_of([
            "PASSTHROUGH",
            "SIMPLE",
            "MUTUAL",
            "AUTO_PASSTHROUGH",
            "ISTIO_MUTUAL",
            "OPTIONAL_MUTUAL",
        ]))
    )]
    pub mode: Tf<String>,

    /// Secret with the certificate (`tls.crt`, `tls.key`, and `ca.crt` or a
    /// second Secret `<name>-cacert` for `MUTUAL`), in the proxies' namespace.
    #[attr(optional, validate(validators::not_empty()))]
    pub credential_name: Tf<String>,

    /// Secrets with certificates of different key types, of which the client's
    /// choice is served: one or two.
    #[attr(
        optional,
        validate(validators::count(1..=2), validators::each(validators::not_empty()))
    )]
    pub credential_names: Tf<Vec<String>>,

    /// Secret with the authorities that clients' certificates are held against,
    /// where it is not that of `credential_name`.
    #[attr(optional, validate(validators::not_empty()))]
    pub ca_cert_credential_name: Tf<String>,

    /// Path of the server's certificate in the proxy, where no Secret is named.
    #[attr(optional)]
    pub server_certificate: Tf<String>,

    /// Path of the certificate's private key in the proxy.
    #[attr(optional)]
    pub private_key: Tf<String>,

    /// Path, in the proxy, of the authorities that clients' certificates are held
    /// against.
    #[attr(optional)]
    pub ca_certificates: Tf<String>,

    /// Path, in the proxy, of the list of revoked client certificates.
    #[attr(optional)]
    pub ca_crl: Tf<String>,

    /// Certificates of different key types by their paths in the proxy: one or
    /// two.
    #[attr(optional, validate(validators::count(1..=2)))]
    pub tls_certificates: Tf<Vec<Certificate>>,

    /// Names of which a client's certificate must have one.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub subject_alt_names: Tf<Vec<String>>,

    /// SHA-256 of public keys of which a client's certificate must have one, in
    /// base64.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub verify_certificate_spki: Tf<Vec<String>>,

    /// SHA-256 of certificates of which a client must present one, in hex, also
    /// with colons.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub verify_certificate_hash: Tf<Vec<String>>,

    /// Oldest version of TLS that is accepted: `TLS_AUTO`, `TLSV1_0`, `TLSV1_1`,
    /// `TLSV1_2` or `TLSV1_3`. Default: `TLSV1_2`.
    #[attr(optional, validate(validators::one_of(VERSIONS)))]
    pub min_protocol_version: Tf<String>,

    /// Newest version of TLS that is accepted, in the same words. Default:
    /// `TLSV1_3`.
    #[attr(optional, validate(validators::one_of(VERSIONS)))]
    pub max_protocol_version: Tf<String>,

    /// Cipher suites that are accepted, in OpenSSL's names, for TLS up to 1.2.
    /// Default: those that the proxy holds for safe.
    #[attr(optional)]
    pub cipher_suites: Tf<Vec<String>>,
}

/// A certificate by its paths in the proxy.
#[derive(Clone, Model)]
pub(super) struct Certificate {
    /// Path of the certificate.
    #[attr(optional)]
    pub server_certificate: Tf<String>,

    /// Path of its private key.
    #[attr(optional)]
    pub private_key: Tf<String>,

    /// Path of the authorities that clients' certificates are held against.
    #[attr(optional)]
    pub ca_certificates: Tf<String>,
}
