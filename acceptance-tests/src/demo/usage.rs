//! What a phase took.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::memory::MemoryWatch;

/// One phase's figures.
pub(super) struct Phase {
    pub(super) name: &'static str,
    pub(super) time: Duration,
    /// API calls, to the cloud and to clusters.
    pub(super) calls: u64,
    /// The largest plugin process, in bytes; `None` where the system does not
    /// tell.
    pub(super) memory: Option<u64>,
}

/// Watches a phase.
pub(super) struct Watch {
    started: Instant,
    calls: u64,
    memory: MemoryWatch,
}

impl Watch {
    /// Starts watching; `calls` is the number of API calls so far.
    pub(super) fn start(plugin: &Path, calls: u64) -> Self {
        Self { started: Instant::now(), calls, memory: MemoryWatch::start(plugin) }
    }

    /// Ends watching.
    pub(super) fn end(self, name: &'static str, calls: u64) -> Phase {
        let time = self.started.elapsed();
        Phase { name, time, calls: calls - self.calls, memory: self.memory.end() }
    }
}
