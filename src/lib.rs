//! The provider.

pub mod cloud;
pub mod cluster;
pub mod functions;
pub mod services;
pub mod wait;
