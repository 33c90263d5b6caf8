//! The simulator in this process.

use std::{fmt, io, net::SocketAddr, sync::Arc};

use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    cloud::{Cloud, Front, Instruments, clock::Clock, clusters::NoClusters},
    fleet::Fleet,
    kubernetes::Settings,
    world::{self, World},
};

/// How to run a simulator.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The cloud's time.
    pub clock: Clock,
    /// Factor on the documented rate limits; 0 switches them off.
    pub rate_scale: f64,
    /// The clusters.
    pub clusters: ClusterMode,
}

/// What a simulator's clusters are.
#[derive(Clone, Copy, Debug)]
pub enum ClusterMode {
    /// An API server for each cluster of the world, with these settings.
    Served(fn(&world::Cluster) -> Settings),
    /// Names without API servers: for tests of the cloud's API alone.
    Absent,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: Clock::real(),
            rate_scale: 1.0,
            clusters: ClusterMode::Served(Fleet::settings),
        }
    }
}

/// Why a simulator did not start.
#[derive(Debug)]
pub enum StartError {
    /// The address cannot be had.
    Listen(SocketAddr, io::Error),
    /// The world or what comes with the simulator is broken.
    World(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen(address, error) => write!(
                f,
                "cannot listen on {address}: {error}; choose another with --listen, or port 0 \
                 for any free one"
            ),
            Self::World(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for StartError {}

/// A running simulator; ends when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    cloud: Arc<Cloud>,
    fleet: Option<Arc<Fleet>>,
    address: SocketAddr,
    end: CancellationToken,
    task: JoinHandle<()>,
}

impl Simulator {
    /// Starts a simulator on the current runtime.
    ///
    /// # Errors
    /// The address is taken, or the world contradicts itself.
    pub async fn start(world: World, options: Options) -> Result<Self, StartError> {
        world.check().map_err(|error| StartError::World(error.to_string()))?;
        let instruments = Instruments::new(options.clock);
        let fleet = match options.clusters {
            ClusterMode::Served(settings) => {
                let started = Fleet::start(&world, &instruments, settings);
                Some(started.map_err(|error| StartError::World(error.to_string()))?)
            }
            ClusterMode::Absent => None,
        };
        let cloud = match &fleet {
            Some(fleet) => Cloud::new(world, instruments, fleet.clone(), options.rate_scale),
            None => Cloud::new(world, instruments, Arc::new(NoClusters), options.rate_scale),
        };
        let cloud = Arc::new(cloud.map_err(StartError::World)?);
        let failed = |error| StartError::Listen(options.listen, error);
        let front = Front::bind(options.listen, cloud.clone()).await.map_err(failed)?;
        let address = front.address().map_err(failed)?;
        let end = CancellationToken::new();
        let task = tokio::spawn(front.serve(end.clone()));
        Ok(Self { cloud, fleet, address, end, task })
    }

    /// `http://127.0.0.1:7310`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The cloud, for everything that an operator can do.
    pub fn cloud(&self) -> &Arc<Cloud> {
        &self.cloud
    }

    /// The clusters, unless they are absent.
    pub fn fleet(&self) -> Option<&Arc<Fleet>> {
        self.fleet.as_ref()
    }

    /// What `crossmesh-sim` prints once it is ready: endpoint, accounts with
    /// keys, clusters with kubeconfigs.
    pub fn ready_line(&self) -> Value {
        self.cloud.ready_line(&self.endpoint())
    }

    /// Ends the simulator and waits until it has.
    pub async fn stop(mut self) {
        self.end.cancel();
        // The task only ends early by a panic, which its own thread has reported.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare() -> Options {
        Options { clusters: ClusterMode::Absent, ..Options::default() }
    }

    #[tokio::test]
    async fn stopped_simulator_frees_its_port() {
        let simulator = Simulator::start(World::two_accounts(), bare()).await.unwrap();
        let listen = simulator.address();
        let taken = Options { listen, ..bare() };
        let error = Simulator::start(World::two_accounts(), taken.clone()).await.unwrap_err();
        assert!(error.to_string().contains("--listen"), "{error}");
        simulator.stop().await;
        Simulator::start(World::two_accounts(), taken).await.unwrap();
    }

    #[tokio::test]
    async fn contradictory_world_does_not_start() {
        let mut world = World::two_accounts();
        world.vpcs.clear();
        let error = Simulator::start(world, Options::default()).await.unwrap_err();
        assert!(matches!(error, StartError::World(_)), "{error}");
    }
}
