//! The provider block.

use std::collections::BTreeMap;

use tfsdk::{Model, schema::validators, value::Tf};

/// crossmesh takes the traffic of services in several Tencent Cloud accounts in
/// through one of them. One provider block serves any number of accounts and
/// clusters: name them in `accounts` and `clusters`, and point a resource's
/// `account` or `cluster` at the name.
///
/// Credentials are taken from the first of these that has any: the arguments,
/// the environment (`TENCENTCLOUD_SECRET_ID`, `TENCENTCLOUD_SECRET_KEY`,
/// `TENCENTCLOUD_SECURITY_TOKEN`). `assume_role` and
/// `assume_role_with_web_identity` come on top.
#[derive(Clone, Model)]
pub struct Config {
    /// Who calls.
    #[attr(flatten)]
    pub credentials: Credentials,

    /// Region of every object that names none, such as `ap-guangzhou`. Default:
    /// `TENCENTCLOUD_REGION`.
    #[attr(optional, validate(validators::not_empty()))]
    pub region: Tf<String>,

    /// Further accounts, by the name that a resource's `account` uses.
    #[attr(optional)]
    pub accounts: Tf<BTreeMap<String, Account>>,

    /// Kubernetes clusters, by the name that a resource's `cluster` uses. A cluster
    /// of the cloud need not stand here: its id is enough, and its kubeconfig is
    /// fetched with the resource's account.
    #[attr(optional)]
    pub clusters: Tf<BTreeMap<String, Cluster>>,

    /// The only accounts (UINs) in which this configuration may act.
    #[attr(optional)]
    pub allowed_account_ids: Tf<Vec<String>>,

    /// Accounts (UINs) in which this configuration must never act.
    #[attr(optional)]
    pub forbidden_account_ids: Tf<Vec<String>>,

    /// Where a service is reached, by service (`vpc`, `tke`, `tdcc`, `tcm`,
    /// `dnspod`, `sts`, `clb`, `tag`): a host name, or a URL. The name `default`
    /// stands for every service that is not listed. Default:
    /// `CROSSMESH_ENDPOINT` for all, else `<service>.tencentcloudapi.com`.
    #[attr(optional)]
    pub endpoints: Tf<BTreeMap<String, String>>,

    /// `HTTPS` or `HTTP`, for endpoints that do not say. Default:
    /// `TENCENTCLOUD_PROTOCOL`, else `HTTPS`.
    #[attr(optional, validate(validators::one_of(["HTTPS", "HTTP"])))]
    pub protocol: Tf<String>,

    /// Domain of the default endpoints. Default: `TENCENTCLOUD_DOMAIN`, else
    /// `tencentcloudapi.com`.
    #[attr(optional, validate(validators::not_empty()))]
    pub domain: Tf<String>,

    /// Tags that every object with `tags` gets.
    #[attr(optional)]
    pub default_tags: Tf<DefaultTags>,

    /// How TDCC is called. Its API is not published; the defaults are inferred.
    #[attr(optional)]
    pub tdcc: Tf<Tdcc>,
}

/// How to prove who calls.
#[derive(Clone, Model)]
pub struct Credentials {
    /// Id of an API key. Default: `TENCENTCLOUD_SECRET_ID`.
    #[attr(optional)]
    pub secret_id: Tf<String>,

    /// The API key. Default: `TENCENTCLOUD_SECRET_KEY`.
    #[attr(optional, sensitive)]
    pub secret_key: Tf<String>,

    /// Token of a temporary API key. Default: `TENCENTCLOUD_SECURITY_TOKEN`.
    #[attr(optional, sensitive)]
    pub security_token: Tf<String>,

    /// Acts as a role, in this or another account.
    #[attr(optional)]
    pub assume_role: Tf<AssumeRole>,

    /// Acts as a role that trusts an OIDC identity provider; needs no API key.
    #[attr(optional)]
    pub assume_role_with_web_identity: Tf<WebIdentity>,
}

/// A further account.
#[derive(Clone, Model)]
pub struct Account {
    /// Who calls.
    #[attr(flatten)]
    pub credentials: Credentials,

    /// Region of the account's objects that name none. Default: the provider's.
    #[attr(optional, validate(validators::not_empty()))]
    pub region: Tf<String>,
}

/// A role to act as (STS `AssumeRole`).
#[derive(Clone, Model)]
pub struct AssumeRole {
    /// `qcs::cam::uin/<uin>:roleName/<name>`.
    #[attr(required, validate(validators::not_empty()))]
    pub role_arn: Tf<String>,

    /// Name of the session in audit records, 2 to 128 characters. Default:
    /// `crossmesh`.
    #[attr(optional, validate(validators::length(2..=128)))]
    pub session_name: Tf<String>,

    /// Lifetime of the credentials in seconds; they are renewed while Terraform
    /// runs. Default: 7200.
    #[attr(optional, validate(validators::range(1..=43_200)))]
    pub session_duration: Tf<i64>,

    /// A policy (JSON) that narrows the role's rights.
    #[attr(optional)]
    pub policy: Tf<String>,

    /// The external id that the role asks for.
    #[attr(optional, validate(validators::length(2..=128)))]
    pub external_id: Tf<String>,

    /// The source identity in audit records.
    #[attr(optional)]
    pub source_identity: Tf<String>,

    /// The MFA device, such as `qcs::cam:uin/<uin>::mfa/softToken`.
    #[attr(optional)]
    pub serial_number: Tf<String>,

    /// The MFA code.
    #[attr(optional, sensitive)]
    pub token_code: Tf<String>,
}

/// A role to act as with an OIDC token (STS `AssumeRoleWithWebIdentity`).
#[derive(Clone, Model)]
#[model(exactly_one_of("web_identity_token", "web_identity_token_file"))]
pub struct WebIdentity {
    /// `qcs::cam::uin/<uin>:roleName/<name>`.
    #[attr(required, validate(validators::not_empty()))]
    pub role_arn: Tf<String>,

    /// Name of the identity provider in CAM. Default: `OIDC`.
    #[attr(optional)]
    pub provider_id: Tf<String>,

    /// Name of the session in audit records, 2 to 128 characters. Default:
    /// `crossmesh`.
    #[attr(optional, validate(validators::length(2..=128)))]
    pub session_name: Tf<String>,

    /// Lifetime of the credentials in seconds; they are renewed while Terraform
    /// runs. Default: 7200.
    #[attr(optional, validate(validators::range(1..=43_200)))]
    pub session_duration: Tf<i64>,

    /// The token.
    #[attr(optional, sensitive)]
    pub web_identity_token: Tf<String>,

    /// The file that holds the token; read again at every renewal.
    #[attr(optional)]
    pub web_identity_token_file: Tf<String>,
}

/// How a Kubernetes cluster is reached: by a kubeconfig, or by `host` with a
/// token, a client certificate, a command that prints credentials, or a user's
/// name and password.
#[derive(Clone, Model)]
pub struct Cluster {
    /// The kubeconfig's text.
    #[attr(optional, sensitive)]
    pub kubeconfig: Tf<String>,

    /// The kubeconfig's file.
    #[attr(optional)]
    pub kubeconfig_path: Tf<String>,

    /// The kubeconfig's context. Default: its current one.
    #[attr(optional)]
    pub context: Tf<String>,

    /// The API server's URL.
    #[attr(optional)]
    pub host: Tf<String>,

    /// A bearer token.
    #[attr(optional, sensitive)]
    pub token: Tf<String>,

    /// A client certificate (PEM).
    #[attr(optional)]
    pub client_certificate: Tf<String>,

    /// The client certificate's key (PEM).
    #[attr(optional, sensitive)]
    pub client_key: Tf<String>,

    /// A user's name, for API servers that take a password; goes with `password`.
    #[attr(optional)]
    pub username: Tf<String>,

    /// The user's password.
    #[attr(optional, sensitive)]
    pub password: Tf<String>,

    /// A command that prints credentials, as in a kubeconfig's `exec`. It runs
    /// when they are first needed, and again when they end or are refused.
    #[attr(optional)]
    pub exec: Tf<Exec>,

    /// The certificate (PEM) that the API server's must be signed by.
    #[attr(optional)]
    pub cluster_ca_certificate: Tf<String>,

    /// The name that the API server's certificate must carry. Default: the
    /// URL's.
    #[attr(optional)]
    pub tls_server_name: Tf<String>,

    /// A proxy to reach the API server through (`http://`, `https://` or
    /// `socks5://`), with its user and password where it needs them.
    #[attr(optional, sensitive)]
    pub proxy_url: Tf<String>,

    /// Does not check the API server's certificate. Only for tests.
    #[attr(optional)]
    pub insecure: Tf<bool>,
}

/// A command that prints an `ExecCredential` of `client.authentication.k8s.io`.
#[derive(Clone, Model)]
pub struct Exec {
    /// Version in which the command is spoken to:
    /// `client.authentication.k8s.io/v1` or `client.authentication.k8s.io/v1beta1`.
    /// Default: the former.
    #[attr(
        optional,
        validate(validators::one_of([
            "client.authentication.k8s.io/v1",
            "client.authentication.k8s.io/v1beta1"
        ]))
    )]
    pub api_version: Tf<String>,

    /// The program: a path, or a name that is looked up on `PATH`.
    #[attr(required, validate(validators::not_empty()))]
    pub command: Tf<String>,

    /// Its arguments.
    #[attr(optional)]
    pub args: Tf<Vec<String>>,

    /// Environment variables that it gets in addition.
    #[attr(optional, sensitive)]
    pub env: Tf<BTreeMap<String, String>>,
}

/// Tags for everything.
#[derive(Clone, Model)]
pub struct DefaultTags {
    /// Tags by key. An object's own `tags` win.
    #[attr(optional)]
    pub tags: Tf<BTreeMap<String, String>>,
}

/// How TDCC is called.
#[derive(Clone, Model)]
pub struct Tdcc {
    /// The service, as in its host name and in signatures. Default: `tdcc`.
    #[attr(optional, validate(validators::not_empty()))]
    pub service: Tf<String>,

    /// The API version. Default: `2022-01-25`.
    #[attr(optional, validate(validators::not_empty()))]
    pub version: Tf<String>,

    /// The name to call, by the name that this provider expects, such as
    /// `CreateExternalCluster = "CreateTDCCExternalCluster"`.
    #[attr(optional)]
    pub actions: Tf<BTreeMap<String, String>>,
}
