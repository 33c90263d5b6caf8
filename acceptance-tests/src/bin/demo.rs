//! `cargo demo`: the whole flow against the simulator.

use std::process::ExitCode;

use crossmesh_sim::{demo, world::MAX_MEMBERS};

const USAGE: &str = "\
Usage: cargo demo [--members N] [--keep]

  --members N   number of member accounts (default 1)
  --keep        leave everything running, and print how to go on by hand
";

fn main() -> ExitCode {
    let options = match read(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            eprint!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(text) => {
            eprint!("{text}\n\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("The demonstration cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(demo::run(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

/// The options; `None` for help.
fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<demo::Options>, String> {
    let mut options = demo::Options { members: 1, keep: false };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--keep" => options.keep = true,
            "--members" => {
                let number = arguments.next().and_then(|text| text.parse().ok());
                let known = number.filter(|n| (1..=MAX_MEMBERS).contains(n));
                options.members = known
                    .ok_or_else(|| format!("--members takes a number from 1 to {MAX_MEMBERS}."))?;
            }
            other => return Err(format!("Unknown argument {other:?}.")),
        }
    }
    Ok(Some(options))
}
