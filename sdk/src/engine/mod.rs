//! Terraform's rules over the traits that a provider implements.
//!
//! [`Provider`], [`Resource`], [`DataSource`], [`EphemeralResource`] and
//! [`Function`] are what a provider author writes. [`Engine`] turns a provider
//! into a [`Server`]: one method per RPC, on [`Value`](crate::value::Value)s.
//! It holds every plan and every applied state against Terraform's own rules
//! before it answers, so that Terraform never has to complain about the
//! provider.

mod context;
mod data_source;
mod ephemeral;
mod function;
mod provider;
mod resource;
mod server;

pub use self::{
    context::{Change, Cx, PlanCx, Stop},
    data_source::DataSource,
    ephemeral::{EphemeralResource, Opened, Renewed},
    function::{Function, FunctionError, Parameter, Signature},
    provider::{Provider, Registry},
    resource::{MoveSource, Operation, Resource},
    server::*,
};
