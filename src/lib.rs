//! The provider.

pub mod cloud;
pub mod cluster;
pub mod wait;
