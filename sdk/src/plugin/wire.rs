//! The messages and services of the protocol, generated from `proto/` by
//! `UPDATE_GENERATED=1 cargo test -p tfsdk --test generated`.
//!
//! Public for tests that talk to a plugin as Terraform does, without
//! Terraform.

/// Terraform's plugin protocol 6.11.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::use_self)]
#[rustfmt::skip]
#[path = "generated/tfplugin6.rs"]
pub mod tfplugin6;

/// go-plugin's own services.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::use_self)]
#[rustfmt::skip]
#[path = "generated/plugin.rs"]
pub mod go_plugin;

/// gRPC's health checks.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::use_self)]
#[rustfmt::skip]
#[path = "generated/grpc.health.v1.rs"]
pub mod health;
