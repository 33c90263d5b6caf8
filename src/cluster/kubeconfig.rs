//! From [`Access`] to an [`Endpoint`]: one server, its trust, one login.

use std::path::{Path, PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::Uri;
use kube::config::{AuthInfo, Cluster, ExecConfig, Kubeconfig, KubeconfigError};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::access::{Access, Direct, Exec};
use crate::secret::Secret;

/// A server and how to talk to it, checked as far as that goes offline.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) url: Uri,
    /// DER certificates; `None` for the system's.
    pub(super) authorities: Option<Vec<Vec<u8>>>,
    pub(super) insecure: bool,
    pub(super) tls_server_name: Option<String>,
    pub(super) proxy: Option<Uri>,
    pub(super) namespace: String,
    pub(super) identity: Option<Identity>,
    pub(super) login: Login,
    pub(super) impersonate: AuthInfo,
    /// What an exec plugin is told about the cluster.
    pub(super) cluster_info: serde_json::Value,
}

/// A client certificate with its key, PEM.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) certificate: String,
    pub(super) key: Secret,
}

/// What goes into the `Authorization` header.
#[derive(Clone, Debug)]
pub(super) enum Login {
    None,
    Token(Secret),
    TokenFile(PathBuf),
    Basic { username: String, password: Secret },
    Exec(Box<Exec>),
}

impl Login {
    /// Whether the next look may find other credentials.
    pub(super) fn renews(&self) -> bool {
        matches!(self, Self::TokenFile(_) | Self::Exec(_))
    }
}

/// Reads and checks an access. The error is a sentence for the user and never
/// shows any of the configuration's text.
pub(super) fn endpoint(access: &Access) -> Result<Endpoint, String> {
    match access {
        Access::Kubeconfig { text, context } => {
            let config = Kubeconfig::from_yaml(text.expose()).map_err(|it| unreadable(&it))?;
            selected(config, context.as_deref())
        }
        Access::KubeconfigFile { path, context } => {
            let path = expanded(path);
            let shown = path.display();
            let config = Kubeconfig::read_from(&path)
                .map_err(|it| format!("{shown}: {}", unreadable(&it)))?;
            selected(config, context.as_deref()).map_err(|problem| format!("{shown}: {problem}"))
        }
        Access::Direct(direct) => from_parts(direct),
    }
}

fn selected(config: Kubeconfig, context: Option<&str>) -> Result<Endpoint, String> {
    let name = context.or(config.current_context.as_deref()).filter(|it| !it.is_empty());
    let Some(name) = name else {
        return Err("the kubeconfig has no current-context; name one with context".to_owned());
    };
    let known = || config.contexts.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ");
    let context = config
        .contexts
        .iter()
        .find(|it| it.name == name)
        .and_then(|it| it.context.clone())
        .ok_or_else(|| format!("the kubeconfig has no context {name:?}; it has: {}", known()))?;
    let cluster = config
        .clusters
        .iter()
        .find(|it| it.name == context.cluster)
        .and_then(|it| it.cluster.clone())
        .ok_or_else(|| {
            format!("context {name:?} names the cluster {:?}, which is not there", context.cluster)
        })?;
    // Like kubectl, an absent user means to go without credentials.
    let user = context
        .user
        .and_then(|user| config.auth_infos.into_iter().find(|it| it.name == user)?.auth_info)
        .unwrap_or_default();
    from_kubeconfig(&cluster, user, context.namespace)
}

fn from_kubeconfig(
    cluster: &Cluster,
    user: AuthInfo,
    namespace: Option<String>,
) -> Result<Endpoint, String> {
    let server = cluster.server.as_deref().ok_or("the cluster has no server")?;
    let authority = loaded(
        "certificate-authority",
        cluster.certificate_authority_data.as_deref(),
        cluster.certificate_authority.as_deref(),
    )?;
    let authorities = authority.as_deref().map(certificates).transpose()?;
    let identity = identity(&user)?;
    let login = login(&user)?;
    Ok(Endpoint {
        url: server_url(server)?,
        cluster_info: cluster_info(cluster, authority.as_deref()),
        authorities,
        insecure: cluster.insecure_skip_tls_verify.unwrap_or(false),
        tls_server_name: cluster.tls_server_name.clone().filter(|it| !it.is_empty()),
        proxy: cluster.proxy_url.as_deref().filter(|it| !it.is_empty()).map(proxy).transpose()?,
        namespace: namespace.filter(|it| !it.is_empty()).unwrap_or_else(|| "default".to_owned()),
        identity,
        login,
        impersonate: AuthInfo {
            impersonate: user.impersonate,
            impersonate_uid: user.impersonate_uid,
            impersonate_groups: user.impersonate_groups,
            impersonate_user_extra: user.impersonate_user_extra,
            ..AuthInfo::default()
        },
    })
}

fn from_parts(direct: &Direct) -> Result<Endpoint, String> {
    let identity = match (&direct.client_certificate, &direct.client_key) {
        (Some(certificate), Some(key)) => {
            Some(Identity { certificate: certificate.clone(), key: key.clone() })
        }
        (None, None) => None,
        _ => return Err("client_certificate and client_key belong together".to_owned()),
    };
    let login = match (&direct.token, &direct.username, &direct.password, &direct.exec) {
        (Some(token), None, None, None) => Login::Token(trimmed(token)),
        (None, Some(username), Some(password), None) => {
            Login::Basic { username: username.clone(), password: password.clone() }
        }
        (None, None, None, Some(exec)) => Login::Exec(Box::new(exec.clone())),
        (None, None, None, None) => Login::None,
        _ => return Err("give one of token, username with password, and exec".to_owned()),
    };
    let url = server_url(&direct.host)?;
    let authority = direct.cluster_ca_certificate.as_deref();
    Ok(Endpoint {
        cluster_info: json!({
            "server": url.to_string(),
            "certificate-authority-data": authority.map(|pem| BASE64_STANDARD.encode(pem)),
            "insecure-skip-tls-verify": direct.insecure,
        }),
        url,
        authorities: authority.map(|pem| certificates(pem.as_bytes())).transpose()?,
        insecure: direct.insecure,
        tls_server_name: direct.tls_server_name.clone(),
        proxy: direct.proxy_url.as_ref().map(|it| proxy(it.expose())).transpose()?,
        namespace: "default".to_owned(),
        identity,
        login,
        impersonate: AuthInfo::default(),
    })
}

fn login(user: &AuthInfo) -> Result<Login, String> {
    if let Some(provider) = &user.auth_provider {
        return Err(format!(
            "the kubeconfig uses the auth-provider {:?}, which Kubernetes has removed; use its \
             exec plugin",
            provider.name
        ));
    }
    if let Some(token) = exposed(user.token.as_ref()) {
        return Ok(Login::Token(trimmed(&token)));
    }
    if let Some(path) = &user.token_file {
        return Ok(Login::TokenFile(absolute("tokenFile", path)?));
    }
    if let (Some(username), Some(password)) = (&user.username, exposed(user.password.as_ref())) {
        return Ok(Login::Basic { username: username.clone(), password });
    }
    match &user.exec {
        Some(exec) => Ok(Login::Exec(Box::new(exec_of(exec)?))),
        None => Ok(Login::None),
    }
}

fn exec_of(exec: &ExecConfig) -> Result<Exec, String> {
    let command = exec.command.clone().filter(|it| !it.is_empty());
    let env = exec.env.iter().flatten();
    let env = env.filter_map(|it| Some((it.get("name")?.clone(), Secret::new(it.get("value")?))));
    Ok(Exec {
        api_version: exec
            .api_version
            .clone()
            .unwrap_or_else(|| "client.authentication.k8s.io/v1".to_owned()),
        command: command.ok_or("the exec plugin has no command")?,
        args: exec.args.clone().unwrap_or_default(),
        env: env.collect(),
        install_hint: exec.install_hint.clone(),
        provide_cluster_info: exec.provide_cluster_info,
    })
}

fn identity(user: &AuthInfo) -> Result<Option<Identity>, String> {
    let certificate = loaded(
        "client-certificate",
        user.client_certificate_data.as_deref(),
        user.client_certificate.as_deref(),
    )?;
    let key = exposed(user.client_key_data.as_ref());
    let key = loaded("client-key", key.as_ref().map(Secret::expose), user.client_key.as_deref())?;
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(Identity {
            certificate: text("client-certificate", certificate)?,
            key: Secret::new(text("client-key", key)?),
        })),
        (None, None) => Ok(None),
        (Some(_), None) => Err("client-certificate is given without client-key".to_owned()),
        (None, Some(_)) => Err("client-key is given without client-certificate".to_owned()),
    }
}

/// Inline base64 wins over the file, as with kubectl.
fn loaded(name: &str, data: Option<&str>, file: Option<&str>) -> Result<Option<Vec<u8>>, String> {
    if let Some(data) = data.filter(|it| !it.is_empty()) {
        let compact: String = data.split_ascii_whitespace().collect();
        let bytes = BASE64_STANDARD.decode(compact);
        return bytes.map(Some).map_err(|_| format!("{name}-data is no base64"));
    }
    let Some(file) = file.filter(|it| !it.is_empty()) else { return Ok(None) };
    let path = absolute(name, file)?;
    let read = std::fs::read(&path);
    read.map(Some).map_err(|error| format!("{name} {}: {error}", path.display()))
}

fn absolute(name: &str, file: &str) -> Result<PathBuf, String> {
    let path = expanded(Path::new(file));
    if path.is_absolute() {
        return Ok(path);
    }
    Err(format!("{name} {file:?} is a relative path; use kubeconfig_path, or put the data inline"))
}

fn expanded(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

fn server_url(server: &str) -> Result<Uri, String> {
    let server = server.trim();
    let full = if server.contains("://") { server.to_owned() } else { format!("https://{server}") };
    let url: Uri = full.parse().map_err(|_| format!("{server:?} is no URL of an API server"))?;
    match (url.scheme_str(), url.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(url),
        _ => Err(format!("{server:?} is no URL of an API server")),
    }
}

/// The proxy's URL may hold a password, so the error does not repeat it.
fn proxy(url: &str) -> Result<Uri, String> {
    let parsed: Option<Uri> = url.trim().parse().ok();
    let known = |it: &Uri| matches!(it.scheme_str(), Some("http" | "https" | "socks5"));
    parsed
        .filter(known)
        .ok_or_else(|| "the proxy URL must begin with http://, https:// or socks5://".to_owned())
}

fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match parsed {
        Ok(list) if !list.is_empty() => Ok(list.iter().map(|it| it.to_vec()).collect()),
        Ok(_) => Err("the certificate authority holds no PEM certificate".to_owned()),
        Err(error) => Err(format!("the certificate authority is no PEM: {error}")),
    }
}

fn cluster_info(cluster: &Cluster, authority: Option<&[u8]>) -> serde_json::Value {
    let extensions = cluster.extensions.iter().flatten();
    let config = extensions
        .filter(|it| it.name == "client.authentication.k8s.io/exec")
        .map(|it| &it.extension)
        .next();
    json!({
        "server": cluster.server,
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify.unwrap_or(false),
        "certificate-authority-data": authority.map(|pem| BASE64_STANDARD.encode(pem)),
        "proxy-url": cluster.proxy_url,
        "config": config,
    })
}

fn trimmed(token: &Secret) -> Secret {
    Secret::new(token.expose().trim())
}

fn text(name: &str, bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| format!("{name} is no PEM text"))
}

/// YAML errors carry a snippet of the source, which may be a token: only the
/// position is passed on.
fn unreadable(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => format!(
                "the kubeconfig is no valid YAML of a kubeconfig (line {}, column {})",
                at.line(),
                at.column()
            ),
            None => "the kubeconfig is no valid YAML of a kubeconfig".to_owned(),
        },
        KubeconfigError::ReadConfig(error, _) => error.to_string(),
        other => other.to_string(),
    }
}

fn exposed(secret: Option<&SecretString>) -> Option<Secret> {
    secret.map(ExposeSecret::expose_secret).filter(|it| !it.is_empty()).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"
apiVersion: v1
kind: Config
current-context: member
clusters:
- name: one
  cluster: {server: "https://one.example:6443", tls-server-name: kubernetes, proxy-url: "http://p:3128"}
- name: two
  cluster: {server: "https://two.example", insecure-skip-tls-verify: true}
contexts:
- name: member
  context: {cluster: one, user: alice, namespace: shop}
- name: other
  context: {cluster: two, user: nobody}
- name: broken
  context: {cluster: three}
users:
- name: alice
  user: {token: "  s3cret\n", as: bob}
- name: robot
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: login
      args: [--now]
      env: [{name: A, value: b}]
"#;

    fn read(text: &str, context: Option<&str>) -> Result<Endpoint, String> {
        endpoint(&Access::Kubeconfig {
            text: Secret::new(text),
            context: context.map(str::to_owned),
        })
    }

    #[test]
    fn the_current_context_is_used_unless_another_is_named() {
        let one = read(CONFIG, None).unwrap();
        assert_eq!(one.url.host(), Some("one.example"));
        assert_eq!(one.namespace, "shop");
        assert_eq!(one.tls_server_name.as_deref(), Some("kubernetes"));
        assert_eq!(one.proxy.unwrap().port_u16(), Some(3128));
        assert_eq!(one.impersonate.impersonate.as_deref(), Some("bob"));
        assert!(matches!(one.login, Login::Token(token) if token.expose() == "s3cret"));
        let two = read(CONFIG, Some("other")).unwrap();
        assert!(two.insecure && matches!(two.login, Login::None));
        assert_eq!(two.namespace, "default");
    }

    #[test]
    fn what_is_missing_is_named() {
        let problem = read(CONFIG, Some("absent")).unwrap_err();
        assert!(problem.contains("\"absent\"") && problem.contains("member, other"), "{problem}");
        let problem = read(CONFIG, Some("broken")).unwrap_err();
        assert!(problem.contains("\"three\""), "{problem}");
        assert!(read("{}", None).unwrap_err().contains("current-context"));
        let legacy = CONFIG.replace("token: \"  s3cret\\n\"", "auth-provider: {name: gcp}");
        assert!(read(&legacy, None).unwrap_err().contains("auth-provider \"gcp\""));
    }

    #[test]
    fn errors_show_nothing_of_the_text() {
        let problem = read("users: [{name: a, user: {token: hunter2", None).unwrap_err();
        assert!(!problem.contains("hunter2") && problem.contains("line 1"), "{problem}");
        let problem = read("users:\n- name: a\n  user: hunter2\n", None).unwrap_err();
        assert!(!problem.contains("hunter2"), "{problem}");
    }

    #[test]
    fn exec_plugins_are_read() {
        let config = CONFIG.replace("user: alice", "user: robot");
        let Login::Exec(exec) = read(&config, None).unwrap().login else { panic!("no exec") };
        assert_eq!(
            (exec.command.as_str(), exec.args.as_slice()),
            ("login", &["--now".to_owned()][..])
        );
        assert_eq!(exec.env["A"].expose(), "b");
    }

    #[test]
    fn relative_paths_need_a_file() {
        let relative = CONFIG.replace("token: \"  s3cret\\n\"", "tokenFile: token");
        assert!(read(&relative, None).unwrap_err().contains("kubeconfig_path"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, relative).unwrap();
        let read = endpoint(&Access::KubeconfigFile { path, context: None }).unwrap();
        assert!(matches!(read.login, Login::TokenFile(at) if at == folder.path().join("token")));
        let absent = Access::KubeconfigFile { path: folder.path().join("nothing"), context: None };
        assert!(endpoint(&absent).unwrap_err().contains("nothing"));
    }

    #[test]
    fn parts_are_checked_for_sense() {
        let direct = |change: fn(&mut Direct)| {
            let mut direct = Direct { host: "10.0.0.1:6443".to_owned(), ..Direct::default() };
            change(&mut direct);
            endpoint(&Access::Direct(Box::new(direct)))
        };
        assert_eq!(direct(|_| {}).unwrap().url.to_string(), "https://10.0.0.1:6443/");
        assert!(direct(|it| it.host = "ftp://a".to_owned()).is_err());
        assert!(direct(|it| it.client_certificate = Some("x".to_owned())).is_err());
        assert!(direct(|it| it.username = Some("x".to_owned())).is_err());
        assert!(direct(|it| it.proxy_url = Some("p:1".into())).is_err());
        let no_pem = direct(|it| it.cluster_ca_certificate = Some("x".to_owned())).unwrap_err();
        assert!(no_pem.contains("certificate authority"), "{no_pem}");
    }
}
