//! The provider.

pub mod cluster;
