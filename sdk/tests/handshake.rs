//! How a plugin is started, and whom it lets in.

#![cfg(unix)]

mod host;

use std::os::unix::fs::PermissionsExt;

use host::{
    Line, PATIENCE, Plugin, Starter,
    certificate::ClientIdentity,
    channel::{Channel, Security},
    provider, read_line,
};
use rustls::version::{TLS12, TLS13};
use tfsdk::plugin::wire::tfplugin6::get_metadata;
use tokio::{io::BufReader, time::timeout};

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-fake");

/// Whether a client with this certificate can call the plugin.
async fn is_served(plugin: &Plugin, identity: Option<&ClientIdentity>) -> bool {
    match plugin.connect_as(identity).await {
        Ok(channel) => call(channel).await,
        Err(_) => false,
    }
}

async fn call(channel: Channel) -> bool {
    let call = async { provider(channel).get_metadata(get_metadata::Request {}).await };
    timeout(PATIENCE, call).await.expect("an answer or a refusal in time").is_ok()
}

#[tokio::test]
async fn the_host_that_announced_its_certificate_is_served() {
    let plugin = Starter::new().start().await;
    assert_eq!(plugin.line.network, "unix");
    assert!(plugin.line.certificate.is_some());
    assert_eq!(plugin.line.text.matches('|').count(), 5, "{}", plugin.line.text);
    let channel = plugin.connect().await;
    assert!(call(channel.clone()).await);
    let ended = plugin.shut_down(channel).await;
    assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
}

#[tokio::test]
async fn both_versions_of_tls_work_with_the_hosts_curve() {
    let plugin = Starter::new().start().await;
    for version in [&TLS12, &TLS13] {
        let security = Security::Tls {
            server: plugin.line.certificate.clone().unwrap(),
            client: Some(ClientIdentity::p521(1)),
        };
        let (network, address) = (&plugin.line.network, &plugin.line.address);
        let channel =
            Channel::connect_with_versions(network, address, security, &[version]).await.unwrap();
        assert!(call(channel).await, "{version:?}");
    }
}

#[tokio::test]
async fn nobody_else_is_served() {
    let plugin = Starter::new().start().await;
    let announced = ClientIdentity::p521(1);
    assert!(!is_served(&plugin, None).await, "without a certificate");
    let another = ClientIdentity::p521(2);
    assert!(!is_served(&plugin, Some(&another)).await, "with another certificate");
    let other_kind = ClientIdentity::p256();
    assert!(!is_served(&plugin, Some(&other_kind)).await, "with another kind of certificate");
    let stolen = announced.with_key_of(&another);
    assert!(!is_served(&plugin, Some(&stolen)).await, "with the certificate but not its key");
    let stolen = announced.with_key_of(&other_kind);
    assert!(!is_served(&plugin, Some(&stolen)).await, "with another kind of key");
    let plain = Channel::connect(&plugin.line.network, &plugin.line.address, Security::None).await;
    assert!(!call(plain.unwrap()).await, "without TLS");
    assert!(is_served(&plugin, Some(&announced)).await, "the host is served all the same");
}

#[tokio::test]
async fn a_host_with_another_kind_of_certificate_is_served() {
    let identity = ClientIdentity::p256();
    let plugin = Starter::new().set("PLUGIN_CLIENT_CERT", &identity.pem()).start().await;
    assert!(is_served(&plugin, Some(&identity)).await);
    assert!(!is_served(&plugin, Some(&ClientIdentity::p521(1))).await);
}

#[tokio::test]
async fn the_socket_is_in_a_private_folder() {
    let plugin = Starter::new().start().await;
    let folder = std::path::Path::new(&plugin.line.address).parent().unwrap();
    assert_eq!(folder.parent().unwrap(), plugin.temporary.path());
    assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_host_can_say_where_the_socket_is_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let plugin = Starter::new().set("PLUGIN_UNIX_SOCKET_DIR", path).start().await;
    assert!(plugin.line.address.starts_with(path), "{}", plugin.line.address);
    plugin.shut_down_now().await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_means_a_port_in_the_hosts_range() {
    let starter = Starter::new();
    let deep = starter.temporary.path().join("x".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    let plugin = starter.set("TMPDIR", deep.to_str().unwrap()).start().await;
    assert_eq!(plugin.line.network, "tcp");
    let port = plugin.line.address.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    assert!((10000..=25000).contains(&port));
    assert!(call(plugin.connect().await).await);
    assert!(!is_served(&plugin, None).await);
}

#[tokio::test]
async fn without_certificates_there_is_no_port_that_anybody_could_use() {
    let starter = Starter::without_tls();
    let deep = starter.temporary.path().join("x".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    let ended = starter.set("TMPDIR", deep.to_str().unwrap()).run().await;
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains("TMPDIR"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_host_that_wants_no_tls_is_served_without() {
    let plugin = Starter::without_tls().start().await;
    assert_eq!(plugin.line.certificate, None);
    assert!(plugin.line.text.ends_with("|grpc|\n"), "{}", plugin.line.text);
    assert!(call(plugin.connect().await).await);
}

#[tokio::test]
async fn the_seventh_field_is_for_hosts_that_know_it() {
    let plugin = Starter::new().set("PLUGIN_MULTIPLEX_GRPC", "true").start().await;
    assert!(plugin.line.text.ends_with("|false\n"), "{}", plugin.line.text);
}

#[tokio::test]
async fn a_person_is_told_what_the_program_is() {
    for starter in [Starter::bare(), Starter::new().set("TF_PLUGIN_MAGIC_COOKIE", "no")] {
        let ended = starter.run().await;
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""));
        assert!(ended.stderr.contains("is a Terraform provider"), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1);
    }
}

#[tokio::test]
async fn a_host_of_other_versions_is_told_so() {
    let ended = Starter::new().set("PLUGIN_PROTOCOL_VERSIONS", "4,5").run().await;
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains("version 4,5"), "{}", ended.stderr);
    assert!(ended.stderr.contains("needs version 6"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_broken_certificate_is_not_taken_for_none() {
    let ended = Starter::new().set("PLUGIN_CLIENT_CERT", "-----BEGIN").run().await;
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains("PLUGIN_CLIENT_CERT"), "{}", ended.stderr);
}

#[tokio::test]
async fn version_and_help_are_for_people() {
    let version = Starter::bare().argument("--version").run().await;
    assert_eq!(version.status, Some(0));
    assert_eq!(version.stdout, "terraform-provider-fake 1.2.3 (Terraform plugin protocol 6.11)\n");
    let help = Starter::bare().argument("-h").run().await;
    assert_eq!(help.status, Some(0));
    assert!(help.stdout.contains("fake = { source = \"registry.terraform.io/tfsdk/fake\" }"));
    let wrong = Starter::bare().argument("plan").run().await;
    assert_eq!((wrong.status, wrong.stdout.as_str()), (Some(1), ""));
    assert!(wrong.stderr.contains("\"plan\""), "{}", wrong.stderr);
}

#[tokio::test]
async fn in_debug_mode_terraform_is_told_where_the_provider_is() {
    let starter = Starter::bare().argument("--debug");
    let mut child = starter.command().spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut export = String::new();
    while !export.contains("TF_REATTACH_PROVIDERS=") {
        export = read_line(&mut stdout).await;
    }
    let value = export.trim().strip_prefix("export TF_REATTACH_PROVIDERS='").unwrap();
    let value: serde_json::Value = serde_json::from_str(value.trim_end_matches('\'')).unwrap();
    let entry = &value["registry.terraform.io/tfsdk/fake"];
    assert_eq!(entry["Protocol"], "grpc");
    assert_eq!(entry["ProtocolVersion"], 6);
    assert_eq!(entry["Pid"], child.id().unwrap());
    assert_eq!(entry["Test"], true);
    assert_eq!(entry["Addr"]["Network"], "unix");
    let address = entry["Addr"]["String"].as_str().unwrap();
    for _ in 0..2 {
        let channel = Channel::connect("unix", address, Security::None).await.unwrap();
        assert!(call(channel).await);
    }
    let pid = child.id().unwrap().to_string();
    let kill = tokio::process::Command::new("kill").args(["-INT", &pid]).status().await;
    assert!(kill.unwrap().success());
    let status = timeout(PATIENCE, child.wait()).await.expect("Ctrl-C ends it").unwrap();
    assert!(status.success());
    assert_eq!(std::fs::read_dir(starter.temporary.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn each_start_makes_its_own_certificate() {
    let (a, b) = (Starter::new().start().await, Starter::new().start().await);
    assert_ne!(a.line.certificate, b.line.certificate);
    let Line { network, address, .. } = &a.line;
    let security = Security::Tls {
        server: b.line.certificate.clone().unwrap(),
        client: Some(ClientIdentity::p521(1)),
    };
    assert!(Channel::connect(network, address, security).await.is_err());
}
