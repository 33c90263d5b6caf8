//! From the provider block's `clusters` to clusters that can be used.

use std::{collections::BTreeMap, path::PathBuf};

use tfsdk::{
    Diagnostics,
    value::{Path, Tf},
};

use super::config::{Cluster as Arguments, Config, Exec as Command};
use crate::{
    cluster::{Access, Cluster, Direct, Exec},
    secret::Secret,
    services::NamedCluster,
};

/// The ways to reach a cluster, of which one must be chosen.
const WAYS: &str = "`kubeconfig`, `kubeconfig_path` or `host`";

/// Version in which credential commands are spoken to unless another is named.
const EXEC_VERSION: &str = "client.authentication.k8s.io/v1";

/// Checks what attributes cannot check alone.
pub(super) fn validate(config: &Config, diagnostics: &mut Diagnostics) {
    for (name, cluster) in config.clusters.known().into_iter().flatten() {
        let ways = [&cluster.kubeconfig, &cluster.kubeconfig_path, &cluster.host];
        let chosen = ways.iter().filter(|way| !way.is_null()).count();
        if chosen != 1 {
            diagnostics.error_at(
                Path::from("clusters").key(name),
                "Cluster reached in no way or in several",
                format!("Set exactly one of {WAYS} for the cluster {name:?}."),
            );
        }
    }
}

/// The clusters of a configuration. What is not known yet fails only what
/// needs it.
pub(super) fn build(config: &Config) -> BTreeMap<String, NamedCluster> {
    let clusters = config.clusters.known().into_iter().flatten();
    clusters.map(|(name, arguments)| (name.clone(), named(name, arguments))).collect()
}

fn named(name: &str, arguments: &Arguments) -> NamedCluster {
    if let Some(argument) = unknown_argument(arguments) {
        return NamedCluster::Unknown(format!("clusters[{name:?}].{argument}"));
    }
    match Cluster::new(name, access(arguments)) {
        Ok(cluster) => NamedCluster::Ready(cluster),
        Err(error) => NamedCluster::Unusable(format!("{} {}", error.message(), error.next_step())),
    }
}

fn access(arguments: &Arguments) -> Access {
    let text = |argument: &Tf<String>| argument.known().cloned();
    let secret = |argument: &Tf<String>| argument.known().map(Secret::new);
    let context = text(&arguments.context);
    if let Some(kubeconfig) = secret(&arguments.kubeconfig) {
        return Access::Kubeconfig { text: kubeconfig, context };
    }
    if let Some(path) = arguments.kubeconfig_path.known() {
        return Access::KubeconfigFile { path: PathBuf::from(path), context };
    }
    Access::Direct(Box::new(Direct {
        host: arguments.host.text().to_owned(),
        token: secret(&arguments.token),
        client_certificate: text(&arguments.client_certificate),
        client_key: secret(&arguments.client_key),
        username: text(&arguments.username),
        password: secret(&arguments.password),
        exec: arguments.exec.known().map(exec),
        cluster_ca_certificate: text(&arguments.cluster_ca_certificate),
        tls_server_name: text(&arguments.tls_server_name),
        insecure: arguments.insecure.or_default(),
        proxy_url: secret(&arguments.proxy_url),
    }))
}

fn exec(command: &Command) -> Exec {
    let env = command.env.known().into_iter().flatten();
    Exec {
        api_version: command.api_version.known().map_or(EXEC_VERSION, String::as_str).to_owned(),
        command: command.command.text().to_owned(),
        args: command.args.items().to_vec(),
        env: env.map(|(name, value)| (name.clone(), Secret::new(value))).collect(),
        ..Exec::default()
    }
}

/// The first argument whose value is not known yet.
fn unknown_argument(arguments: &Arguments) -> Option<&'static str> {
    let exec = arguments.exec.known();
    let is_open = |it: &Command| {
        let texts = [&it.api_version, &it.command];
        texts.into_iter().any(Tf::is_unknown) || it.args.is_unknown() || it.env.is_unknown()
    };
    if arguments.exec.is_unknown() || exec.is_some_and(is_open) {
        return Some("exec");
    }
    [
        ("kubeconfig", &arguments.kubeconfig),
        ("kubeconfig_path", &arguments.kubeconfig_path),
        ("context", &arguments.context),
        ("host", &arguments.host),
        ("token", &arguments.token),
        ("client_certificate", &arguments.client_certificate),
        ("client_key", &arguments.client_key),
        ("username", &arguments.username),
        ("password", &arguments.password),
        ("cluster_ca_certificate", &arguments.cluster_ca_certificate),
        ("tls_server_name", &arguments.tls_server_name),
        ("proxy_url", &arguments.proxy_url),
    ]
    .into_iter()
    .find_map(|(name, argument)| argument.is_unknown().then_some(name))
}
