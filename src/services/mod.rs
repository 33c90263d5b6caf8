//! The provider's objects: one folder per product, one file per object.
//!
//! What they share stands here: the [`Client`] that every operation gets, the
//! [`Scope`] (account and region) of cloud objects, and [`diagnostic`], the
//! only place that turns errors into what a person reads.

mod accounts;
mod claims;
mod client;
mod clusters;
mod complete;
mod creation;
pub mod diagnostic;
mod fetched;
mod in_cluster;
mod mesh;
pub mod notes;
mod owner;
mod scope;
pub mod tags;
mod turns;
mod wait_for;
pub mod waiting;

pub mod ccn;
pub mod dns;
pub mod istio;
pub mod kubernetes;
pub mod tcm;
pub mod tdcc;
pub mod tke;
pub mod traffic;

pub use self::{
    accounts::{Accounts, Slot},
    claims::Claims,
    client::{Client, Cx, PlanCx},
    clusters::{Clusters, NamedCluster},
    complete::complete,
    creation::create_once,
    fetched::Endpoint,
    in_cluster::{InCluster, Site},
    owner::Owner,
    scope::Scope,
    tags::Tags,
    turns::Turns,
    wait_for::WaitFor,
};
