//! Signals from the system.
//!
//! Ctrl-C reaches every process of the terminal's group, the plugin too, but
//! Terraform wants to end in order and needs the plugin for that: what counts
//! is its StopProvider.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Receives signals in place of the system's default, which is to end at once.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    hangup: Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    /// From here on, no signal ends the process.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            #[cfg(unix)]
            hangup: signal(SignalKind::hangup())?,
            #[cfg(windows)]
            interrupt: tokio::signal::windows::ctrl_c()?,
        })
    }

    /// Waits until the system asks the process to end. Ctrl-C does so only if
    /// `interrupt` says that it counts.
    #[cfg(unix)]
    pub(super) async fn end(&mut self, interrupt: bool) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => {
                    if interrupt {
                        return;
                    }
                    tracing::debug!("ignored an interrupt: Terraform says when to stop");
                }
                _ = self.terminate.recv() => return,
                _ = self.hangup.recv() => return,
            }
        }
    }

    /// Waits until the system asks the process to end. Ctrl-C does so only if
    /// `interrupt` says that it counts.
    #[cfg(windows)]
    pub(super) async fn end(&mut self, interrupt: bool) {
        loop {
            let received = self.interrupt.recv().await;
            if interrupt {
                return;
            }
            if received.is_none() {
                std::future::pending::<()>().await;
            }
        }
    }
}
