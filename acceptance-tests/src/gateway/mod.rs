//! Load balancers and ingress gateways that answer real HTTP.
//!
//! A [`LoadBalancer`] is an address with listening sockets. An [`Ingress`]
//! decides what a request that arrives there comes to: it follows the Gateway,
//! VirtualService and DestinationRule objects in the mesh's primary clusters
//! (`config`, `hosts`, `matching`, `routes`), chooses a pod behind the
//! destination in any linked cluster (`endpoints`, `balance`), and answers as
//! that pod's workload would (`workload`).

mod balance;
mod config;
mod endpoints;
mod hosts;
mod ingress;
mod listener;
mod matching;
mod routes;
mod workload;

pub use ingress::{Answer, Ingress, IngressMember, Request};
pub use listener::LoadBalancer;
