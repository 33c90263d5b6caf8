//! The API surface of the cloud.
//!
//! A call goes down through [`front`] (HTTP, routing), signature and clock
//! checks, rate limits, fault rules and the parameter check, and reaches one
//! [`Service`](service::Service) with a [`Context`](service::Context). All state is behind
//! one mutex and services are synchronous: the same calls in the same order
//! give the same answers.

pub mod clock;
pub mod clusters;
pub mod objects;
pub mod params;
pub mod service;
pub mod services;
pub mod state;
pub mod tags;
pub mod transition;
