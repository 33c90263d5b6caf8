//! The plugin: hands the provider to the SDK.

use std::{process::ExitCode, sync::Arc};

use crossmesh::{
    provider::{ADDRESS, Crossmesh},
    secret,
};
use tfsdk::{
    engine::Engine,
    plugin::{ServeOptions, mask, serve_with},
};

fn main() -> ExitCode {
    secret::watch(mask);
    let options = ServeOptions::new(ADDRESS, env!("CARGO_PKG_VERSION")).log_crate("crossmesh");
    match Engine::new(Crossmesh) {
        Ok(engine) => serve_with(&options, || Arc::new(engine)),
        Err(problems) => {
            eprintln!("This provider has a bug and cannot run: {problems}");
            ExitCode::FAILURE
        }
    }
}
