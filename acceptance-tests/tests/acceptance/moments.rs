//! Doing something at the right moment while `terraform` works: waiting for what
//! it has come to, letting the cloud go on, and stopping it.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crossmesh_sim::{
    cloud::transition::Release,
    terraform::{Outcome, Workspace},
};

use crate::setup::Stage;

impl Stage {
    /// Lets changes of a kind go that wait for it.
    pub(crate) fn release(&self, kind: &str) {
        self.cloud().release(Release { kind: Some(kind.to_owned()), id: None });
    }

    /// Waits until there is an object of a kind, and returns its id.
    #[track_caller]
    pub(crate) fn await_object(&self, kind: &str) -> String {
        self.wait_until(&format!("a {kind}"), || self.objects(kind).into_iter().next())
    }

    /// Waits until an action has been called well that many times more.
    #[track_caller]
    pub(crate) fn await_calls(&self, action: &str, count: usize) {
        let before = self.calls(action).len();
        self.wait_until(&format!("{count} more calls of {action}"), || {
            (self.calls(action).len() >= before + count).then_some(())
        });
    }

    /// Waits until `look` finds something; `what` says what it is.
    #[track_caller]
    pub(crate) fn wait_until<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < end, "waited for {what} in vain");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Starts an apply, and interrupts it as Ctrl-C does once `reached` returns.
pub(crate) fn interrupted<T>(terraform: &Workspace, reached: impl FnOnce() -> T) -> Outcome {
    stopped(terraform, "INT", reached)
}

/// Starts an apply, and kills terraform without a warning once `reached` returns.
pub(crate) fn killed<T>(terraform: &Workspace, reached: impl FnOnce() -> T) -> Outcome {
    let outcome = stopped(terraform, "KILL", reached);
    // Who is killed cannot give the state back.
    let _ = std::fs::remove_file(terraform.folder().join(".terraform.tfstate.lock.info"));
    outcome
}

fn stopped<T>(terraform: &Workspace, signal: &str, reached: impl FnOnce() -> T) -> Outcome {
    let child = terraform
        .command(&["apply", "-no-color", "-input=false", "-auto-approve"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("terraform starts");
    reached();
    let sent = Command::new("kill").arg(format!("-{signal}")).arg(child.id().to_string()).status();
    assert!(sent.is_ok_and(|status| status.success()), "the signal was not sent");
    let output = child.wait_with_output().expect("terraform ends");
    Outcome {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
