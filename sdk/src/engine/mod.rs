//! Terraform's rules over the traits that a provider implements.
//!
//! [`Provider`], [`Resource`], [`DataSource`], [`EphemeralResource`] and
//! [`Function`] are what a provider author writes. [`Engine`] turns a provider
//! into a [`Server`]: one method per RPC, on [`Value`](crate::value::Value)s.
//! It holds every plan and every applied state against Terraform's own rules
//! before it answers, so that Terraform never has to complain about the
//! provider.

mod apply;
mod call;
mod check;
mod conform;
mod context;
mod data_source;
mod dispatch;
mod ephemeral;
mod erased;
mod function;
mod identity;
mod import;
mod managed;
mod panic;
mod plan;
mod provider;
mod query;
mod read;
mod resource;
pub mod rules;
mod schemas;
mod server;
mod session;
mod settle;
mod shape;
mod show;
#[cfg(test)]
mod testing;
mod timeouts;
mod unknown;
mod upgrade;
mod validate;
mod write_only;

pub use self::{
    context::{Change, Cx, PlanCx, Stop},
    data_source::DataSource,
    dispatch::Engine,
    ephemeral::{EphemeralResource, Opened, Renewed},
    function::{Function, FunctionError, Parameter, Signature},
    provider::{Provider, Registry},
    resource::{MoveSource, Operation, Resource},
    server::*,
};
