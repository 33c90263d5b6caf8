//! The API surface of the cloud.
//!
//! A call goes down through [`front`] (HTTP, routing), signature and clock
//! checks, rate limits, fault rules and the parameter check, and reaches one
//! [`Service`](service::Service) with a [`Context`](service::Context). All state is behind
//! one mutex and services are synchronous: the same calls in the same order
//! give the same answers.

mod admission;
mod authentication;
#[cfg(test)]
pub(crate) mod bench;
pub mod catalogue;
pub mod clock;
pub mod clusters;
mod control;
mod dispatch;
pub mod faults;
mod front;
pub mod limits;
pub mod objects;
mod operator;
mod params;
mod pattern;
pub mod recorder;
pub mod service;
pub mod services;
pub mod signature;
pub mod state;
pub mod tags;
pub mod transition;

pub use dispatch::{ApiRequest, Cloud, Instruments, Reply, ReplyBody};
pub use front::Front;
