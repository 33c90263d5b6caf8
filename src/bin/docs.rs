//! Writes the registry pages under `docs/`, or with `--check` says which are
//! stale.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crossmesh::provider::{Crossmesh, subcategory};
use tfsdk::{
    docs::{Source, stale, write},
    engine::{Engine, Server as _},
};

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    match run(check) {
        Ok(stale) if stale.is_empty() => ExitCode::SUCCESS,
        Ok(stale) => {
            for page in stale {
                eprintln!("docs/{} is stale", page.display());
            }
            eprintln!("Refresh the pages with `cargo run --bin docs`.");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(check: bool) -> io::Result<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let engine = Engine::new(Crossmesh).map_err(io::Error::other)?;
    let source = Source {
        name: "crossmesh",
        schemas: &engine.schemas(),
        examples: &root.join("examples"),
        subcategory,
    };
    let docs = root.join("docs");
    if check {
        return stale(&source, &docs);
    }
    write(&source, &docs)?;
    Ok(Vec::new())
}
