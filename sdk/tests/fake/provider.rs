//! A provider for the tests of the wire: it speaks on `Server` directly, knows
//! just enough of Terraform's rules, and misbehaves when it is told to.

mod schemas;
mod server;

use std::{process::ExitCode, sync::Arc};

use tfsdk::plugin::{ServeOptions, serve_with};

fn main() -> ExitCode {
    let options = ServeOptions::new("registry.terraform.io/tfsdk/fake", "1.2.3")
        .log_crate(env!("CARGO_CRATE_NAME"));
    serve_with(Arc::new(server::Fake::new()), options)
}
