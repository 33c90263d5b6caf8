//! Kubeconfig files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How the file's user proves who they are.
#[derive(Debug, Clone)]
pub(crate) enum Proof {
    /// A bearer token.
    Token(String),
    /// Client certificate and key, PEM.
    Certificate { certificate: String, key: String },
}

/// A kubeconfig with one cluster, one user and one context that is current.
pub(crate) fn render(cluster: &str, url: &str, ca: &str, user: &str, proof: &Proof) -> String {
    let credentials = match proof {
        Proof::Token(token) => format!("    token: {token}\n"),
        Proof::Certificate { certificate, key } => format!(
            "    client-certificate-data: {}\n    client-key-data: {}\n",
            STANDARD.encode(certificate),
            STANDARD.encode(key)
        ),
    };
    format!(
        "apiVersion: v1\n\
         kind: Config\n\
         clusters:\n\
         - name: {cluster}\n\
         \x20 cluster:\n\
         \x20   server: {url}\n\
         \x20   certificate-authority-data: {ca}\n\
         contexts:\n\
         - name: {cluster}-{user}-context-default\n\
         \x20 context:\n\
         \x20   cluster: {cluster}\n\
         \x20   user: \"{user}\"\n\
         current-context: {cluster}-{user}-context-default\n\
         preferences: {{}}\n\
         users:\n\
         - name: \"{user}\"\n\
         \x20 user:\n\
         {credentials}",
        ca = STANDARD.encode(ca),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn is_yaml_with_one_current_context() {
        let text = render("cls-1", "https://127.0.0.1:1", "CA", "10001", &Proof::Token("t".into()));
        let config: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(config["current-context"], config["contexts"][0]["name"]);
        assert_eq!(config["users"][0]["name"], "10001");
        assert_eq!(config["users"][0]["user"]["token"], "t");
        assert_eq!(config["clusters"][0]["cluster"]["certificate-authority-data"], "Q0E=");
    }
}
