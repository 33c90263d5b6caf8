//! A cloud on loopback, for tests and demonstrations.
//!
//! The simulator imitates the parts of Tencent Cloud that cross-account
//! traffic needs, seen by several accounts at once, with their clusters and
//! the ingress gateway that carries real requests. It shares no code with the
//! provider: a fake that shares the code under test shares its mistakes.
//!
//! * [`world`]: what exists before anybody calls: accounts, networks, clusters, domains.
//! * [`cloud`]: the API front (signatures, parameters, limits, faults) and one module per product.
//! * [`kubernetes`]: the API servers of the world's clusters.
//! * [`fleet`]: the clusters and gateways of a world, as the cloud sees them.
//! * [`gateway`]: the load balancers and ingress gateways that answer requests.
//! * [`simulator`]: all of it, started in this process.
//! * [`demo`]: the demonstration.
//! * [`terraform`]: real `terraform` over the built provider.
//! * [`memory`] and [`table`]: what the plugin takes, and how that is shown.

pub mod cloud;
pub mod demo;
pub mod fleet;
pub mod gateway;
pub mod kubernetes;
pub mod memory;
pub mod simulator;
pub mod table;
pub mod terraform;
pub mod world;

pub use simulator::{ClusterMode, Options, Simulator};
pub use world::World;
