//! `crossmesh-sim` as a program.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crossmesh_sim::World;
use serde_json::Value;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_crossmesh-sim"))
}

fn start(arguments: &[&str]) -> (Child, Value) {
    let mut child = program()
        .args(["--listen", "127.0.0.1:0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready = serde_json::from_str(&line).unwrap();
    (child, ready)
}

#[test]
fn prints_what_clients_need_and_ends_on_sigterm() {
    let (mut child, ready) = start(&["--members", "3"]);
    let endpoint = ready["endpoint"].as_str().unwrap();
    assert!(endpoint.starts_with("http://127.0.0.1:"), "{endpoint}");
    let accounts = ready["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 4);
    for key in ["name", "uin", "secret_id", "secret_key"] {
        assert!(!accounts[0][key].as_str().unwrap().is_empty(), "{key}");
    }
    assert_eq!(ready["clusters"].as_array().unwrap().len(), 5);
    assert_eq!(ready["clusters"][0]["account"], "hub");
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert!(child.wait().unwrap().success());
}

#[test]
fn printed_world_can_be_read_again() {
    let output = program().arg("--print-world").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(World::from_json(&text).unwrap(), World::two_accounts());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.json");
    let mut world = World::two_accounts();
    world.accounts.truncate(1);
    world.vpcs.truncate(1);
    world.clusters.truncate(2);
    std::fs::write(&path, serde_json::to_string(&world).unwrap()).unwrap();
    let (mut child, ready) = start(&["--world", path.to_str().unwrap()]);
    assert_eq!(ready["accounts"].as_array().unwrap().len(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn mistakes_are_explained() {
    for (arguments, what) in [
        (vec!["--nope"], "unknown argument --nope"),
        (vec!["--world", "/does/not/exist"], "/does/not/exist"),
        (vec!["--members", "many"], "many is not a number"),
        (vec!["--members", "100000"], "at most"),
        (vec!["--listen", "nowhere"], "nowhere is no address"),
        (vec!["--world"], "--world needs a value"),
    ] {
        let output = program().args(&arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(what), "{arguments:?}: {text}");
    }
}
