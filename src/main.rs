//! The plugin: hands the provider to the SDK.

use std::process::ExitCode;

use crossmesh::provider::{ADDRESS, Crossmesh};
use tfsdk::plugin::{ServeOptions, serve};

fn main() -> ExitCode {
    serve(Crossmesh, ServeOptions::new(ADDRESS, env!("CARGO_PKG_VERSION")))
}
