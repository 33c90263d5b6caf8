//! The simulator in this process.

use std::net::SocketAddr;

use crate::cloud::clock::Clock;

/// How to run a simulator.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The cloud's time.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), clock: Clock::real() }
    }
}

/// A running simulator; ends when it is dropped.
#[derive(Debug)]
pub struct Simulator;
