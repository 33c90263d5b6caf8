//! A host as Terraform is one: starts the provider that the test names as
//! `PROGRAM`, reads its line, connects, and calls.

#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod certificate;
pub(crate) mod channel;
pub(crate) mod values;

use std::{collections::BTreeMap, io, process::Stdio, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use rustls::pki_types::CertificateDer;
use tfsdk::plugin::wire::{
    go_plugin::{
        Empty, grpc_broker_client::GrpcBrokerClient, grpc_controller_client::GrpcControllerClient,
        grpc_stdio_client::GrpcStdioClient,
    },
    health::health_client::HealthClient,
    tfplugin6::provider_client::ProviderClient,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use self::{
    certificate::ClientIdentity,
    channel::{Channel, Security},
};

/// The value by which Terraform says that it is the host.
pub(crate) const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const LARGEST_MESSAGE: usize = 256 << 20;

/// A provider's process that has shaken hands.
pub(crate) struct Plugin {
    pub(crate) child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) line: Line,
    identity: Option<ClientIdentity>,
    /// Where its socket's folder is made.
    pub(crate) temporary: tempfile::TempDir,
}

/// The line of the handshake.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) network: String,
    pub(crate) address: String,
    pub(crate) certificate: Option<CertificateDer<'static>>,
}

/// What a process that did not serve said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A process about to be started.
pub(crate) struct Starter {
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) arguments: Vec<String>,
    pub(crate) temporary: tempfile::TempDir,
    identity: Option<ClientIdentity>,
}

impl Starter {
    /// As Terraform starts a provider, with mutual TLS.
    pub(crate) fn new() -> Self {
        let identity = ClientIdentity::p521(1);
        let mut starter = Self::bare()
            .set("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
            .set("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .set("PLUGIN_MIN_PORT", "10000")
            .set("PLUGIN_MAX_PORT", "25000")
            .set("PLUGIN_CLIENT_CERT", &identity.pem());
        starter.identity = Some(identity);
        starter
    }

    /// As Terraform starts a provider when TLS is switched off.
    pub(crate) fn without_tls() -> Self {
        let mut starter = Self::new();
        starter.variables.remove("PLUGIN_CLIENT_CERT");
        starter.identity = None;
        starter
    }

    /// As a person starts it.
    pub(crate) fn bare() -> Self {
        let temporary = tempfile::Builder::new().prefix("tf").tempdir().expect("temporary folder");
        let variables =
            [("TMPDIR".to_owned(), temporary.path().to_str().expect("UTF-8").to_owned())];
        Self { variables: variables.into(), arguments: Vec::new(), temporary, identity: None }
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(crate::PROGRAM);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Starts it and reads its line.
    pub(crate) async fn start(self) -> Plugin {
        let mut child = self.command().spawn().expect("the provider starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let line = read_line(&mut stdout).await;
        let line = Line::parse(&line);
        Plugin { child, stdout, line, identity: self.identity, temporary: self.temporary }
    }

    /// Starts it and waits until it ends.
    pub(crate) async fn run(self) -> Ended {
        let run = self.command().output();
        let output = timeout(PATIENCE, run).await.expect("it ends").expect("it starts");
        Ended {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Plugin {
    /// A connection as Terraform makes it.
    pub(crate) async fn connect(&self) -> Channel {
        self.connect_as(self.identity.as_ref()).await.expect("the plugin lets its host in")
    }

    /// A connection of a client with another certificate, or none.
    pub(crate) async fn connect_as(
        &self,
        identity: Option<&ClientIdentity>,
    ) -> io::Result<Channel> {
        let security = match &self.line.certificate {
            None => Security::None,
            Some(server) => Security::Tls { server: server.clone(), client: identity.cloned() },
        };
        Channel::connect(&self.line.network, &self.line.address, security).await
    }

    pub(crate) async fn provider(&self) -> ProviderClient<Channel> {
        provider(self.connect().await)
    }

    /// Asks it to end and waits until it has.
    pub(crate) async fn shut_down(self, channel: Channel) -> Ended {
        let mut controller = GrpcControllerClient::new(channel.clone());
        controller.shutdown(Empty {}).await.expect("Shutdown");
        drop((controller, channel));
        self.ended().await
    }

    /// As [`shut_down`](Self::shut_down), with a connection of its own.
    pub(crate) async fn shut_down_now(self) -> Ended {
        let channel = self.connect().await;
        self.shut_down(channel).await
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(mut self) -> Ended {
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it ends").expect("wait");
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).await.expect("UTF-8");
        let mut err = self.child.stderr.take().expect("piped");
        err.read_to_string(&mut stderr).await.expect("UTF-8");
        let left: Vec<_> = std::fs::read_dir(self.temporary.path()).expect("folder").collect();
        assert!(left.is_empty(), "left in the temporary folder: {left:?}");
        Ended { status: status.code(), stdout, stderr }
    }

    /// Sends it a signal, by the name that `kill` knows.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args([format!("-{name}"), pid]).status().await;
        assert!(sent.expect("kill runs").success());
    }
}

impl Line {
    pub(crate) fn parse(text: &str) -> Self {
        let fields: Vec<&str> = text.trim_end().split('|').collect();
        assert_eq!(&fields[..2], ["1", "6"], "{text}");
        assert_eq!(fields[4], "grpc", "{text}");
        let certificate = Some(fields[5]).filter(|text| !text.is_empty()).map(|text| {
            CertificateDer::from(STANDARD_NO_PAD.decode(text).expect("base64 without padding"))
        });
        Self {
            text: text.to_owned(),
            network: fields[2].to_owned(),
            address: fields[3].to_owned(),
            certificate,
        }
    }
}

pub(crate) fn provider(channel: Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel)
        .max_decoding_message_size(LARGEST_MESSAGE)
        .max_encoding_message_size(LARGEST_MESSAGE)
}

pub(crate) fn stdio(channel: Channel) -> GrpcStdioClient<Channel> {
    GrpcStdioClient::new(channel)
}

pub(crate) fn broker(channel: Channel) -> GrpcBrokerClient<Channel> {
    GrpcBrokerClient::new(channel)
}

pub(crate) fn health(channel: Channel) -> HealthClient<Channel> {
    HealthClient::new(channel)
}

pub(crate) async fn read_line(stdout: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    timeout(PATIENCE, stdout.read_line(&mut line)).await.expect("a line in time").expect("UTF-8");
    line
}
