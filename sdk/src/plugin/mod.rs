//! How Terraform starts and talks to the process.
//!
//! A provider's `main` calls [`serve`] and returns what it returns. Everything
//! between is here: the handshake over standard output, a private Unix socket
//! with mutual TLS, gRPC, signals, log lines, and an orderly end. There are no
//! semantics: each call is decoded, handed to a [`Server`], and its result
//! encoded.

mod command;
mod convert;
mod handshake;
mod log;
mod orphan;
mod process;
mod rpc;
mod services;
mod signals;
mod transport;
pub mod wire;

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};

pub use self::log::mask;
use self::{command::Command, handshake::Handshake, process::Role};
use crate::engine::{Engine, Provider, Server};

/// What a provider's program says about itself.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The provider's address in a registry, as in
    /// `registry.terraform.io/crossmesh/crossmesh`.
    pub address: String,
    /// The program's version.
    pub version: String,
    /// The crates whose events are logged at every level, by the names that
    /// Rust code knows them by. Of others, only what is at least information.
    pub log_crates: Vec<String>,
}

impl ServeOptions {
    /// A provider of that address, as `host/namespace/name`, and version.
    pub fn new(address: impl Into<String>, version: impl Into<String>) -> Self {
        Self { address: address.into(), version: version.into(), log_crates: Vec::new() }
    }

    /// Logs the events of one more crate at every level.
    #[must_use]
    pub fn log_crate(mut self, name: impl Into<String>) -> Self {
        self.log_crates.push(name.into());
        self
    }

    /// The last part of the address.
    fn name(&self) -> &str {
        self.address.rsplit('/').next().unwrap_or(&self.address)
    }

    fn program(&self) -> String {
        format!("terraform-provider-{}", self.name())
    }

    /// The provider's name in the name of a variable.
    fn log_suffix(&self) -> String {
        self.name().to_uppercase().replace('-', "_")
    }

    fn log_filter(&self) -> Option<log::Filter> {
        let own = self.log_crates.iter().map(String::as_str);
        log::Filter::read(variable, &self.log_suffix(), own)
    }
}

/// Serves a provider until Terraform ends it; what `main` returns.
///
/// Terraform starts the program without arguments and with the variables of
/// go-plugin's handshake. People can pass `--debug`, `--version` or `--help`.
/// Nothing may be written to standard output before or meanwhile.
///
/// Makes its own runtime: call it from an ordinary `main`.
pub fn serve<P: Provider>(provider: P, options: ServeOptions) -> ExitCode {
    let own = std::any::type_name::<P>().split("::").next().unwrap_or_default();
    match Engine::new(provider) {
        Ok(engine) => serve_with(Arc::new(engine), options.log_crate(own)),
        Err(problems) => fail(&format!("This provider has a bug and cannot run: {problems}")),
    }
}

/// Serves any [`Server`]; see [`serve`].
pub fn serve_with(server: Arc<dyn Server>, options: ServeOptions) -> ExitCode {
    let role = match Command::parse(std::env::args_os().skip(1)) {
        Command::Serve => match Handshake::read(variable) {
            Ok(handshake) => Role::Plugin(Box::new(handshake)),
            Err(refusal) => return fail(&refusal.to_string()),
        },
        Command::Debug => Role::Attachable,
        Command::Version => return print(&command::version(&options)),
        Command::Help => return print(&command::help(&options)),
        Command::Unknown(argument) => {
            return fail(&format!("Unknown argument {argument:?}; see --help."));
        }
    };
    match process::run(role, &options, server) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Says what is wrong, as one line that Terraform logs as an error.
fn fail(text: &str) -> ExitCode {
    // There is nowhere else to complain.
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::FAILURE
}
