//! The demonstration: the whole cross-account flow, applied by real `terraform`
//! against the simulator, from nothing to answers and back to nothing.

mod progress;
mod requests;
mod stage;
mod usage;

use std::{io, time::Duration};

pub use self::stage::{FLOW, variables};
use self::{
    progress::Progress,
    requests::Reply,
    stage::Stage,
    usage::{Phase, Watch},
};
use crate::{
    table::Table,
    terraform::{Provider, Workspace},
};

/// What the person asked for.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Number of member accounts.
    pub members: usize,
    /// Leave everything running at the end.
    pub keep: bool,
}

/// Why the demonstration did not hold.
pub type Failure = String;

/// Runs the demonstration and prints what happens.
///
/// # Errors
///
/// The first thing that did not hold, as a sentence.
pub async fn run(options: Options) -> Result<(), Failure> {
    crate::terraform::program().map_err(|sentence| sentence.to_string())?;
    say("Building the provider");
    let provider = Provider::build("release").map_err(plain)?;
    let stage = Stage::set(&provider, options.members).await?;
    say(&stage.opening());

    let mut phases = Vec::new();
    let terraform = stage.workspace();
    phase(&stage, &provider, &mut phases, "init", || progress::run(terraform, &["init"]))?;
    phase(&stage, &provider, &mut phases, "apply", || {
        Progress::follow(terraform, &["apply", "-auto-approve"])
    })?;
    let answers = ask(&stage).await?;
    phase(&stage, &provider, &mut phases, "plan again", || no_changes(terraform))?;
    if options.keep {
        say(&stage.how_to_go_on());
        return wait_for_interrupt().await;
    }
    phase(&stage, &provider, &mut phases, "destroy", || {
        Progress::follow(terraform, &["destroy", "-auto-approve"])
    })?;
    let left = stage.left();
    say(&figures(&phases));
    answers?;
    if left.is_empty() {
        say("Nothing is left in the cloud.");
        Ok(())
    } else {
        Err(format!("These objects are left in the cloud: {}.", left.join(", ")))
    }
}

/// Runs one phase and notes its time, its calls and the plugin's memory.
fn phase(
    stage: &Stage,
    provider: &Provider,
    phases: &mut Vec<Phase>,
    name: &'static str,
    act: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    say(&format!("terraform {name}"));
    let watch = Watch::start(provider.binary(), stage.calls());
    let outcome = act();
    phases.push(watch.end(name, stage.calls()));
    outcome
}

/// Requests every name and prints what came back. The inner result says whether
/// every name was answered by its own cluster.
async fn ask(stage: &Stage) -> Result<Result<(), Failure>, Failure> {
    say("Requesting every name through the gateway");
    let gateway = stage.gateway();
    let mut table = Table::new(["name", "status", "body", "cluster"]);
    let mut wrong = Vec::new();
    for (name, cluster) in stage.names() {
        let host = format!("{name}.{}", stage::DOMAIN);
        let reply = requests::get(gateway, &host, Duration::from_secs(10)).await;
        let reply = reply.unwrap_or_else(|error| Reply::none(&error.to_string()));
        let status = reply.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        table.row([&host, &status, reply.body.trim(), &reply.cluster]);
        let right = reply.status == Some(200) && reply.cluster == cluster;
        if !right || reply.body.trim() != format!("hello from {name}") {
            wrong.push(host);
        }
    }
    say(&table.to_string());
    Ok(match wrong.as_slice() {
        [] => Ok(()),
        names => Err(format!("Not answered by their own clusters: {}.", names.join(", "))),
    })
}

/// Plans once more: nothing may be left to do.
fn no_changes(terraform: &Workspace) -> Result<(), Failure> {
    let arguments = ["plan", "-no-color", "-input=false", "-detailed-exitcode"];
    let outcome = terraform.run(&arguments);
    if outcome.success {
        say("No changes.");
        return Ok(());
    }
    Err(format!("A plan right after apply should change nothing:\n{}", outcome.text()))
}

fn figures(phases: &[Phase]) -> String {
    let mut table = Table::new(["phase", "seconds", "API calls", "plugin's memory"]);
    for phase in phases {
        let memory = phase.memory.map_or_else(
            || "-".to_owned(),
            |bytes| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
        );
        let seconds = format!("{:.1}", phase.time.as_secs_f64());
        table.row([phase.name, &seconds, &phase.calls.to_string(), &memory]);
    }
    table.to_string()
}

async fn wait_for_interrupt() -> Result<(), Failure> {
    tokio::signal::ctrl_c().await.map_err(plain)
}

/// Prints a paragraph.
#[expect(clippy::print_stdout, reason = "the demonstration talks to a person")]
fn say(text: &str) {
    println!("{text}\n");
}

fn plain(error: io::Error) -> Failure {
    error.to_string()
}
