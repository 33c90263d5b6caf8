//! TLS towards a service.

use tfsdk::{
    Diagnostics, Model,
    schema::validators,
    value::{Path, Tf},
};

/// How connections to the service are made.
#[derive(Clone, Model)]
pub(crate) struct ClientTls {
    /// `DISABLE` (no TLS), `SIMPLE` (the server's certificate), `MUTUAL` (a
    /// client's certificate too) or `ISTIO_MUTUAL` (the mesh's own certificates).
    /// Default: `DISABLE`.
    #[attr(
        optional,
        validate(validators::one_of(["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]))
    )]
    pub mode: Tf<String>,

    /// Path of the client's certificate in the proxy. For `MUTUAL`.
    #[attr(optional)]
    pub client_certificate: Tf<String>,

    /// Path of the certificate's private key in the proxy. For `MUTUAL`.
    #[attr(optional)]
    pub private_key: Tf<String>,

    /// Path, in the proxy, of the authorities that the server's certificate is
    /// held against. Default: those of the system.
    #[attr(optional)]
    pub ca_certificates: Tf<String>,

    /// Secret with certificates, instead of paths, in the proxy's namespace:
    /// `tls.crt` and `tls.key` for `MUTUAL`, `ca.crt` for both.
    #[attr(optional)]
    pub credential_name: Tf<String>,

    /// Names of which the server's certificate must have one. Default: what the
    /// ServiceEntry of the host says, or `sni`.
    #[attr(optional)]
    pub subject_alt_names: Tf<Vec<String>>,

    /// Name that the server is asked for (SNI). Default: the host of the request.
    #[attr(optional)]
    pub sni: Tf<String>,

    /// Whether the server's certificate is not checked at all. Default: false.
    #[attr(optional)]
    pub insecure_skip_verify: Tf<bool>,

    /// Path, in the proxy, of the list of revoked server certificates.
    #[attr(optional)]
    pub ca_crl: Tf<String>,
}

impl ClientTls {
    /// Holds the mode against the certificates that are given.
    pub(super) fn check(&self, path: &Path, diagnostics: &mut Diagnostics) {
        self.unchecked(path, diagnostics);
        let named = |text: &Tf<String>| text.is_unknown() || !text.text().is_empty();
        let by_paths = [
            ("client_certificate", &self.client_certificate),
            ("private_key", &self.private_key),
            ("ca_certificates", &self.ca_certificates),
        ];
        let given = by_paths.iter().filter(|(_, text)| !text.text().is_empty());
        match self.mode.text() {
            "SIMPLE" | "MUTUAL" if named(&self.credential_name) => {
                for (name, _) in given.filter(|_| self.credential_name.is_known()) {
                    let detail = "`credential_name` names a Secret with certificates: remove it.";
                    diagnostics.error_at(
                        path.attribute(*name),
                        "Certificate is there twice",
                        detail,
                    );
                }
            }
            "MUTUAL" => {
                let missing = by_paths.iter().take(2).filter(|(_, text)| !named(text));
                let missing: Vec<String> = missing.map(|(name, _)| format!("`{name}`")).collect();
                if !missing.is_empty() {
                    let detail = format!(
                        "The mode MUTUAL needs a client's certificate: name its Secret in \
                         `credential_name`, or set {}.",
                        missing.join(" and ")
                    );
                    diagnostics.error_at(
                        path.attribute("mode"),
                        "Mode without a certificate",
                        detail,
                    );
                }
            }
            "ISTIO_MUTUAL" => {
                for (name, _) in given {
                    let detail = "ISTIO_MUTUAL uses the mesh's own certificates, not this one.";
                    diagnostics.warn_at(path.attribute(*name), "Certificate is not used", detail);
                }
            }
            _ => {}
        }
    }

    /// What cannot be checked where nothing is checked.
    fn unchecked(&self, path: &Path, diagnostics: &mut Diagnostics) {
        let names = !self.subject_alt_names.items().is_empty();
        if self.insecure_skip_verify != Tf::Known(true) {
            return;
        }
        let given = [
            ("ca_certificates", !self.ca_certificates.text().is_empty()),
            ("subject_alt_names", names),
        ];
        for (name, _) in given.iter().filter(|(_, given)| *given) {
            let detail = "With `insecure_skip_verify` nothing of the certificate is checked: remove \
                          one of them.";
            diagnostics.error_at(path.attribute(*name), "Check that is switched off", detail);
        }
    }
}
