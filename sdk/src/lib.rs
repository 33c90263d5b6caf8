//! A Terraform plugin SDK for Rust.
//!
//! A provider is a [`Provider`](engine::Provider) with a list of
//! [`Resource`](engine::Resource)s, [`DataSource`](engine::DataSource)s,
//! [`Function`](engine::Function)s and
//! [`EphemeralResource`](engine::EphemeralResource)s. Each is described by one
//! Rust struct that derives [`Model`](trait@schema::Model): its fields and doc
//! comments are the schema, the codec and the documentation.
//!
//! The layers, each knowing only those above it in this list:
//!
//! * [`value`] – Terraform's values: types, paths, unknown and null, exact
//!   numbers, and the msgpack and JSON codecs.
//! * [`schema`] – attributes, nesting, validators, defaults, plan rules, and
//!   the [`Model`](trait@schema::Model) trait.
//! * [`engine`] – Terraform's rules over the traits that a provider
//!   implements: validate, plan, apply, read, import, identity, move,
//!   timeouts.
//! * [`docs`] – registry pages from schemas and examples.
//! * [`plugin`] – how Terraform starts and talks to the process: handshake,
//!   mutual TLS, gRPC, signals, logs. No semantics.

// Derived code speaks of `::tfsdk`, in this crate too.
extern crate self as tfsdk;

pub mod diagnostic;
pub mod docs;
pub mod engine;
pub mod plugin;
pub mod schema;
pub mod value;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
// The trait and its derive, which one `use tfsdk::Model` brings.
pub use schema::Model;
pub use tfsdk_derive::Model;

/// Compiles what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
