//! A line per step while `terraform` runs.

use std::{
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

use serde_json::Value;

use super::Failure;
use crate::terraform::Workspace;

/// Runs a command whose output matters only when it fails.
pub(super) fn run(terraform: &Workspace, arguments: &[&str]) -> Result<(), Failure> {
    let arguments = [arguments, &["-no-color", "-input=false"]].concat();
    let outcome = terraform.run(&arguments);
    if outcome.success { Ok(()) } else { Err(outcome.text()) }
}

/// Follows the events that `terraform -json` prints.
pub(super) struct Progress {
    problems: Vec<String>,
}

impl Progress {
    /// Runs a command and prints a line for each object as it is done.
    ///
    /// # Errors
    ///
    /// The command failed; with what it said. A warning is no failure, except
    /// that a check did not pass.
    pub(super) fn follow(terraform: &Workspace, arguments: &[&str]) -> Result<(), Failure> {
        let arguments = [arguments, &["-json", "-input=false"]].concat();
        let mut command = terraform.command(&arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(super::plain)?;
        let mut progress = Self { problems: Vec::new() };
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                progress.event(&line);
            }
        }
        let mut rest = String::new();
        if let Some(mut stderr) = child.stderr.take() {
            // What cannot be read cannot be shown.
            let _ = stderr.read_to_string(&mut rest);
        }
        let status = child.wait().map_err(super::plain)?;
        if status.success() && progress.problems.is_empty() {
            return Ok(());
        }
        progress.problems.push(rest);
        Err(progress.problems.join("\n"))
    }

    fn event(&mut self, line: &str) {
        let Ok(event) = serde_json::from_str::<Value>(line) else { return };
        match event["type"].as_str() {
            Some("apply_complete") => {
                let hook = &event["hook"];
                let seconds = hook["elapsed_seconds"].as_f64().unwrap_or_default();
                let address = hook["resource"]["addr"].as_str().unwrap_or_default();
                step(&format!("  {:<8} {address} ({seconds:.0} s)", done(&hook["action"])));
            }
            Some("change_summary") => {
                let message = event["@message"].as_str().unwrap_or_default();
                step(&format!("  {message}\n"));
            }
            Some("diagnostic") => {
                let diagnostic = &event["diagnostic"];
                let text =
                    ["summary", "detail"].map(|part| diagnostic[part].as_str().unwrap_or(""));
                self.problems.push(text.join("\n"));
            }
            _ => {}
        }
    }
}

fn done(action: &Value) -> &str {
    match action.as_str() {
        Some("create") => "created",
        Some("update") => "changed",
        Some("delete") => "deleted",
        Some("read") => "read",
        _ => "done",
    }
}

/// Prints a line.
#[expect(clippy::print_stdout, reason = "the demonstration talks to a person")]
fn step(text: &str) {
    println!("{text}");
}
