//! What Istio's webhook refuses of TLS on a port, and what it warns of.

use tfsdk::{
    Diagnostic, Diagnostics,
    value::{Path, Tf},
};

use super::{ServerTls, VERSIONS};

/// Cipher suites that Envoy knows; Istio leaves out others.
const CIPHERS: &[&str] = &[
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA",
    "AES256-SHA",
    "DES-CBC3-SHA",
];

impl ServerTls {
    /// Checks how TLS is handled.
    pub(in crate::services::istio) fn check(&self, path: &Path, diagnostics: &mut Diagnostics) {
        certificates(self, path, diagnostics);
        versions(self, path, diagnostics);
        ciphers(self, path, diagnostics);
    }

    /// Whether it says more than that plain HTTP is redirected.
    pub(in crate::services::istio) fn has_more_than_a_redirect(&self) -> bool {
        let texts = [
            &self.mode,
            &self.credential_name,
            &self.ca_cert_credential_name,
            &self.server_certificate,
            &self.private_key,
            &self.ca_certificates,
            &self.ca_crl,
            &self.min_protocol_version,
            &self.max_protocol_version,
        ];
        let lists = [
            &self.credential_names,
            &self.subject_alt_names,
            &self.verify_certificate_spki,
            &self.verify_certificate_hash,
            &self.cipher_suites,
        ];
        texts.iter().any(|text| text.is_known())
            || lists.iter().any(|list| list.is_known())
            || self.tls_certificates.is_known()
    }
}

/// Holds the mode against the certificates that are given.
fn certificates(tls: &ServerTls, path: &Path, diagnostics: &mut Diagnostics) {
    let by_paths = [
        ("server_certificate", &tls.server_certificate),
        ("private_key", &tls.private_key),
        ("ca_certificates", &tls.ca_certificates),
    ];
    let mode = if tls.mode.is_unknown() { return } else { tls.mode.text() };
    let credential = [
        ("credential_name", !tls.credential_name.is_null()),
        ("credential_names", !tls.credential_names.is_null()),
        ("tls_certificates", !tls.tls_certificates.is_null()),
    ];
    let given = credential.iter().find(|(_, given)| *given).map(|(name, _)| *name);
    match mode {
        "ISTIO_MUTUAL" => {
            let path_given =
                by_paths.iter().find(|(_, text)| !text.is_null()).map(|(name, _)| *name);
            if let Some(name) = given.or(path_given) {
                let detail = "ISTIO_MUTUAL uses the mesh's own certificates: remove it.";
                diagnostics.error_at(path.attribute(name), "Certificate of its own", detail);
            }
        }
        "SIMPLE" | "MUTUAL" | "OPTIONAL_MUTUAL" if given.is_none() => {
            let needed = if mode == "SIMPLE" { 2 } else { 3 };
            let missing = by_paths.iter().take(needed).filter(|(_, text)| text.is_null());
            let missing: Vec<String> = missing.map(|(name, _)| format!("`{name}`")).collect();
            if !missing.is_empty() {
                let detail = format!(
                    "The mode {mode} needs a certificate: name its Secret in `credential_name`, or \
                     set {}.",
                    missing.join(" and ")
                );
                diagnostics.error_at(path.attribute("mode"), "Mode without a certificate", detail);
            }
        }
        "PASSTHROUGH" | "AUTO_PASSTHROUGH" => {
            if let Some(name) = given {
                let detail =
                    format!("With {mode}, TLS is not ended here: the certificate is not used.");
                diagnostics.warn_at(path.attribute(name), "Certificate is not used", detail);
            }
        }
        _ => {}
    }
}

fn versions(tls: &ServerTls, path: &Path, diagnostics: &mut Diagnostics) {
    let rank = |version: &Tf<String>| {
        VERSIONS.iter().position(|it| *it == version.text()).filter(|rank| *rank > 0)
    };
    if let (Some(least), Some(most)) =
        (rank(&tls.min_protocol_version), rank(&tls.max_protocol_version))
        && least > most
    {
        diagnostics.error_at(
            path.attribute("min_protocol_version"),
            "No version of TLS is left",
            "The oldest version that is accepted is newer than `max_protocol_version`.",
        );
    }
}

fn ciphers(tls: &ServerTls, path: &Path, diagnostics: &mut Diagnostics) {
    let path = path.attribute("cipher_suites");
    for (i, suite) in tls.cipher_suites.items().iter().enumerate() {
        // Suites of equal preference stand together: `[A|B]`.
        let names = suite.trim_start_matches('[').trim_end_matches(']').split('|');
        for name in names.filter(|name| !CIPHERS.contains(name)) {
            let detail =
                format!("Istio leaves out the cipher suite {name:?}, which it does not know.");
            diagnostics.push(Diagnostic::warning("Unknown cipher suite", detail).at(path.index(i)));
        }
    }
}
