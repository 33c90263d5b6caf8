//! How much memory the plugin's processes take.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// How often processes are looked at. The system keeps a process's peak, so
/// only the last look before its end counts.
const PERIOD: Duration = Duration::from_millis(5);

/// Watches every process that runs one program.
#[derive(Debug)]
pub struct MemoryWatch {
    ended: Arc<AtomicBool>,
    peak: Arc<AtomicU64>,
    sampler: JoinHandle<()>,
}

impl MemoryWatch {
    /// Starts watching. Links to the program count as the program.
    pub fn start(program: &Path) -> Self {
        let (ended, peak) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let file = file(program);
        let sampler = thread::spawn({
            let (ended, peak) = (Arc::clone(&ended), Arc::clone(&peak));
            move || {
                while !ended.load(Ordering::Relaxed) {
                    peak.fetch_max(largest(file), Ordering::Relaxed);
                    thread::park_timeout(PERIOD);
                }
            }
        });
        Self { ended, peak, sampler }
    }

    /// Ends watching: the peak resident memory of the largest process so far, in
    /// bytes; `None` if there was none or the system does not tell.
    pub fn end(self) -> Option<u64> {
        self.ended.store(true, Ordering::Relaxed);
        self.sampler.thread().unpark();
        // A sampler that panicked has seen nothing more.
        let _ = self.sampler.join();
        Some(self.peak.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0)
    }
}

/// The peak resident memory of a process, in bytes; `None` if it is gone or the
/// system does not tell.
pub fn peak(process: u32) -> Option<u64> {
    peak_in(&Path::new("/proc").join(process.to_string()))
}

/// What tells a file from all others, however it is called; `None` if there is
/// no file or the system does not tell.
fn file(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// The largest peak of the processes that run this file.
fn largest(program: Option<(u64, u64)>) -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .map(|process| process.path())
        .filter(|process| program.is_some() && file(&process.join("exe")) == program)
        .filter_map(|process| peak_in(&process))
        .max()
        .unwrap_or_default()
}

/// `VmHWM` of a process's folder under `/proc`.
fn peak_in(process: &Path) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_running_program_is_seen() {
        let own = std::env::current_exe().unwrap();
        assert!(largest(file(&own)) > 1 << 20);
        assert_eq!(largest(file(Path::new("/nowhere"))), 0);
        assert!(peak(std::process::id()) > Some(1 << 20));
        assert_eq!(peak(u32::MAX), None);
    }
}
