//! Whether there still is somebody to serve.
//!
//! A Terraform that is killed cannot ask its plugins to end. What it leaves is
//! a plugin without a connection and, where the system says so, with another
//! parent.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

/// How often to look while nobody is connected.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a host that is still there may be without a connection after it
/// had one.
const GRACE: Duration = Duration::from_secs(30);
/// How long it may take to make its first. go-plugin gives up the handshake
/// after one minute.
const FIRST_GRACE: Duration = Duration::from_secs(120);

/// The process that started this one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Parent(Option<u32>);

impl Parent {
    /// The parent at this moment.
    pub(super) fn now() -> Self {
        #[cfg(unix)]
        return Self(Some(std::os::unix::process::parent_id()));
        #[cfg(not(unix))]
        return Self(None);
    }
}

/// Waits until nobody is connected any more and nobody will be. `first` is the
/// parent that started the process, and `parent` says who it is now.
pub(super) async fn orphaned(
    mut connections: watch::Receiver<usize>,
    first: Parent,
    parent: impl Fn() -> Parent,
) {
    let mut used = false;
    loop {
        used |= *connections.borrow() > 0;
        if connections.wait_for(|count| *count == 0).await.is_err() {
            // Nothing accepts connections any more: the process is ending.
            return std::future::pending().await;
        }
        let since = Instant::now();
        loop {
            tokio::select! {
                _ = connections.wait_for(|count| *count > 0) => break,
                () = sleep(PAUSE) => {
                    let grace = if used { GRACE } else { FIRST_GRACE };
                    if parent() != first || since.elapsed() >= grace {
                        return;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use tokio::time::timeout;

    use super::*;

    struct World {
        connections: watch::Sender<usize>,
        parent: Arc<AtomicU32>,
    }

    impl World {
        fn new() -> Self {
            Self { connections: watch::Sender::new(0), parent: Arc::new(AtomicU32::new(7)) }
        }

        /// Whether the plugin finds itself alone within `limit`.
        async fn alone_within(&self, limit: Duration) -> bool {
            let parent = Arc::clone(&self.parent);
            let parent = move || Parent(Some(parent.load(Ordering::Relaxed)));
            let orphaned = orphaned(self.connections.subscribe(), Parent(Some(7)), parent);
            timeout(limit, orphaned).await.is_ok()
        }

        /// Changes the world `after` a time from now.
        fn later(&self, after: Duration, change: impl FnOnce(&Self) + Send + 'static) {
            let world =
                Self { connections: self.connections.clone(), parent: Arc::clone(&self.parent) };
            tokio::spawn(async move {
                sleep(after).await;
                change(&world);
            });
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_host_may_take_its_time_to_connect() {
        assert!(!World::new().alone_within(60 * SECOND).await);
        assert!(World::new().alone_within(125 * SECOND).await, "but not forever");
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_dies_before_it_connects_is_noticed() {
        let world = World::new();
        world.later(5 * SECOND, |world| world.parent.store(1, Ordering::Relaxed));
        assert!(world.alone_within(6 * SECOND).await);
    }

    #[tokio::test(start_paused = true)]
    async fn while_somebody_is_connected_the_parent_does_not_matter() {
        let world = World::new();
        world.connections.send_replace(1);
        world.later(SECOND, |world| world.parent.store(1, Ordering::Relaxed));
        assert!(!world.alone_within(600 * SECOND).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_killed_host_leaves_no_orphan() {
        let world = World::new();
        world.connections.send_replace(1);
        world.later(5 * SECOND, |world| {
            world.parent.store(1, Ordering::Relaxed);
            world.connections.send_replace(0);
        });
        assert!(world.alone_within(6 * SECOND).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_connection_can_be_made_again() {
        let world = World::new();
        world.connections.send_replace(1);
        world.later(SECOND, |world| world.connections.send_modify(|count| *count = 0));
        world.later(20 * SECOND, |world| world.connections.send_modify(|count| *count = 1));
        world.later(60 * SECOND, |world| world.connections.send_modify(|count| *count = 0));
        assert!(!world.alone_within(85 * SECOND).await);
        world.connections.send_replace(1);
        world.later(SECOND, |world| world.connections.send_modify(|count| *count = 0));
        assert!(world.alone_within(35 * SECOND).await);
    }
}
