//! The provider: its block, its accounts and clusters, and the only list of
//! services.

mod accounts;
mod clusters;
mod config;

use std::collections::BTreeMap;

use tfsdk::{
    Diagnostics,
    engine::{Provider, Registry, Stop},
    value::Tf,
};

pub use self::config::Config;
use crate::{
    cloud::{Cloud, Dialect, Endpoints, Protocol, Settings},
    functions,
    services::{self, Claims, Client, Clusters, Turns},
};

/// The address under which Terraform knows the provider.
pub const ADDRESS: &str = "registry.terraform.io/crossmesh/crossmesh";

/// crossmesh.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crossmesh;

/// The heading under which the registry lists an object, by its name without
/// the provider's; empty where it has none.
pub fn subcategory(name: &str) -> &'static str {
    match name.split('_').next().unwrap_or(name) {
        "ccn" => "CCN",
        "dnspod" => "DNS",
        "istio" => "Istio",
        "kubernetes" => "Kubernetes",
        "tcm" => "Mesh",
        "tdcc" => "TDCC",
        "tke" => "TKE",
        "traffic" => "Traffic",
        _ => "",
    }
}

impl Provider for Crossmesh {
    type Config = Config;
    type Client = Client;

    const NAME: &'static str = "crossmesh";

    fn registry(&self) -> Registry<Client> {
        Registry::new()
            .extend(services::ccn::registry())
            .extend(services::tdcc::registry())
            .extend(services::tke::registry())
            .extend(services::tcm::registry())
            .extend(services::dns::registry())
            .extend(services::traffic::registry())
            .extend(functions::registry())
            .extend(services::istio::registry())
            .extend(services::kubernetes::registry())
    }

    fn validate(&self, config: &Config, diagnostics: &mut Diagnostics) {
        accounts::validate(config, diagnostics);
        clusters::validate(config, diagnostics);
    }

    async fn configure(
        &self,
        config: Config,
        terraform_version: &str,
        _stop: Stop,
    ) -> Result<Client, Diagnostics> {
        let cloud = Cloud::new(Settings {
            endpoints: endpoints(&config),
            dialects: dialects(&config),
            request_client: format!(
                "Terraform-crossmesh-{}-{terraform_version}",
                env!("CARGO_PKG_VERSION")
            ),
            ..Settings::default()
        });
        let default_tags = config.default_tags.known().and_then(|tags| tags.tags.known());
        Ok(Client {
            accounts: accounts::build(&cloud, &config),
            clusters: Clusters::new(clusters::build(&config)),
            default_tags: default_tags.cloned().unwrap_or_default(),
            turns: Turns::default(),
            claims: Claims::default(),
        })
    }
}

/// Where services are reached: the arguments, else the environment.
fn endpoints(config: &Config) -> Endpoints {
    let defaults = Endpoints::default();
    let protocol = argument_or(&config.protocol, "TENCENTCLOUD_PROTOCOL");
    let mut overrides: BTreeMap<String, String> = BTreeMap::new();
    if let Some(endpoint) = from_environment("CROSSMESH_ENDPOINT") {
        overrides.insert(crate::cloud::ANY_SERVICE.to_owned(), endpoint);
    }
    for (service, endpoint) in config.endpoints.known().into_iter().flatten() {
        let service = if service == "default" { crate::cloud::ANY_SERVICE } else { service };
        overrides.insert(service.to_owned(), endpoint.clone());
    }
    Endpoints {
        protocol: protocol.and_then(|text| Protocol::parse(&text)).unwrap_or(defaults.protocol),
        domain: argument_or(&config.domain, "TENCENTCLOUD_DOMAIN").unwrap_or(defaults.domain),
        overrides,
    }
}

/// How the unpublished API of TDCC is called.
fn dialects(config: &Config) -> BTreeMap<String, Dialect> {
    let Some(tdcc) = config.tdcc.known() else { return BTreeMap::new() };
    let dialect = Dialect {
        service: tdcc.service.known().cloned(),
        version: tdcc.version.known().cloned(),
        actions: tdcc.actions.known().cloned().unwrap_or_default(),
    };
    BTreeMap::from([("tdcc".to_owned(), dialect)])
}

/// The argument's text, else the environment variable's.
fn argument_or(argument: &Tf<String>, variable: &str) -> Option<String> {
    argument.known().cloned().or_else(|| from_environment(variable))
}

/// A variable that is set and not empty.
fn from_environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}
