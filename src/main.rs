//! The plugin: hands the provider to the SDK.

use std::process::ExitCode;

use crossmesh::{
    provider::{ADDRESS, Crossmesh},
    secret,
};
use tfsdk::plugin::{ServeOptions, mask, serve};

fn main() -> ExitCode {
    secret::watch(mask);
    serve(Crossmesh, ServeOptions::new(ADDRESS, env!("CARGO_PKG_VERSION")))
}
