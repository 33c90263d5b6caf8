//! What a phase took.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

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
    ended: Arc<AtomicBool>,
    peak: Arc<AtomicU64>,
    sampler: JoinHandle<()>,
}

/// How often the plugin's memory is looked at. A process's peak is kept by the
/// system, so only its last look counts.
const PERIOD: Duration = Duration::from_millis(20);

impl Watch {
    /// Starts watching; `calls` is the number of API calls so far.
    pub(super) fn start(plugin: &Path, calls: u64) -> Self {
        let (ended, peak) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let sampler = thread::spawn({
            let (plugin, ended, peak) = (plugin.to_owned(), Arc::clone(&ended), Arc::clone(&peak));
            move || {
                while !ended.load(Ordering::Relaxed) {
                    peak.fetch_max(largest(&plugin), Ordering::Relaxed);
                    thread::park_timeout(PERIOD);
                }
            }
        });
        Self { started: Instant::now(), calls, ended, peak, sampler }
    }

    /// Ends watching.
    pub(super) fn end(self, name: &'static str, calls: u64) -> Phase {
        let time = self.started.elapsed();
        self.ended.store(true, Ordering::Relaxed);
        self.sampler.thread().unpark();
        // A sampler that panicked has seen nothing more.
        let _ = self.sampler.join();
        let memory = Some(self.peak.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0);
        Phase { name, time, calls: calls - self.calls, memory }
    }
}

/// The peak resident memory of the largest process that runs this program, by
/// its name, since Terraform starts it through a mirror's link; 0 if there is
/// none or the system does not tell.
fn largest(plugin: &Path) -> u64 {
    let name = plugin.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .map(|process| process.path())
        .filter(|process| runs(process, &name))
        .map(|process| peak(&process))
        .max()
        .unwrap_or_default()
}

fn runs(process: &Path, name: &str) -> bool {
    let program: Option<PathBuf> = fs::read_link(process.join("exe")).ok();
    program.is_some_and(|program| {
        program.file_name().is_some_and(|file| file.to_string_lossy().starts_with(name))
    })
}

/// `VmHWM` of a process, in bytes.
fn peak(process: &Path) -> u64 {
    let status = fs::read_to_string(process.join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}
