//! The flow, killed after every kind of write that it makes.

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crossmesh_sim::cloud::recorder::Call;
use serde_json::{Value, json};

use super::impatient_stage;
use crate::setup::Stage;

/// How many there are of what would be there twice if it were made twice. Objects
/// in clusters have names, which are there once.
const ONCE: [(&str, usize); 10] = [
    ("ccn", 1),
    ("ccn_attachment", 2),
    ("ccn_cluster_cidr", 3),
    ("tdcc_hub_cluster", 1),
    ("tdcc_registered_cluster", 1),
    ("mesh", 1),
    ("mesh_cluster", 3),
    ("ingress_gateway", 1),
    ("load_balancer", 1),
    ("dns_record", 1),
];

const STATE: &str = "terraform.tfstate";

/// Writes that are made, and so killed after, among others.
const KILLED_AFTER: [&str; 14] = [
    "AttachCcnInstances",
    "AcceptAttachCcnInstances",
    "AddClusterCIDRToCcn",
    "CreateHubCluster",
    "CreateExternalCluster",
    "LinkClusterList",
    "ModifyMesh",
    "CreateRecord",
    "patch namespaces",
    "patch secrets",
    "patch deployments",
    "patch services",
    "patch gateways",
    "patch virtualservices",
];

#[test]
fn ends_in_the_same_place_with_nothing_twice() {
    let stage = impatient_stage();
    // Neither has a name or an id that a second run could find it by.
    let first = ["-target=crossmesh_ccn_instance.main", "-target=crossmesh_tcm_mesh.main"];
    let apply = ["apply", "-no-color", "-input=false", "-auto-approve"];
    stage.run(&[&apply[..], &first[..]].concat()).expect_success();

    // So slowly is a write answered that it has happened and nobody knows it yet.
    for action in ["A*", "C*", "L*", "M*", "patch *"] {
        stage.fault(json!({"action": action, "fault": {"kind": "slow", "ms": 200}}));
    }
    let mut killed_after = BTreeSet::new();
    while let Some(write) = apply_until_a_new_write(&stage, &killed_after) {
        killed_after.insert(write);
        assert!(killed_after.len() < 100, "it never ends: {killed_after:?}");
    }
    for write in KILLED_AFTER {
        assert!(killed_after.iter().any(|it| it.ends_with(write)), "{write}: {killed_after:#?}");
    }
    stage.plan().expect_empty();
    for (kind, count) in ONCE {
        assert_eq!(stage.objects(kind).len(), count, "{kind}: {:?}", stage.objects(kind));
    }
    stage.expect_clean_destroy();
}

/// Applies until a kind of write has been made that is not among `known`, and
/// kills terraform or the plugin then, in turns. `None` if the apply ends without
/// one; it must end well then.
fn apply_until_a_new_write(stage: &Stage, known: &BTreeSet<String>) -> Option<String> {
    let start = stage.cloud().recorder().last();
    let before = fs::read(stage.folder().join(STATE)).expect("there is a state");
    let one_by_one = ["apply", "-no-color", "-input=false", "-auto-approve", "-parallelism=1"];
    let mut terraform = stage.start(&one_by_one);
    loop {
        let calls = stage.cloud().recorder().since(start);
        let new = calls.iter().filter_map(write).find(|write| !known.contains(write));
        if let Some(new) = new {
            // Again until it is over: a plugin may end between being listed and killed.
            while !terraform.has_ended() {
                kill(&match known.len().is_multiple_of(2) {
                    true => vec![terraform.id()],
                    false => children(terraform.id()),
                });
                thread::sleep(Duration::from_millis(2));
            }
            terraform.end();
            tidy_up(stage, &before);
            return Some(new);
        }
        if terraform.has_ended() {
            let (success, said) = terraform.end();
            assert!(success, "{said}");
            return None;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Does what a person does after terraform was killed: who is killed cannot give
/// the state back, and may have been about to write it, which terraform does in
/// place.
fn tidy_up(stage: &Stage, before: &[u8]) {
    let _ = fs::remove_file(stage.folder().join(".terraform.tfstate.lock.info"));
    let state = stage.folder().join(STATE);
    let written = fs::read(&state).expect("there is a state");
    if serde_json::from_slice::<Value>(&written).is_err() {
        fs::write(&state, before).expect("the folder is writable");
    }
}

/// What a call changes: its action, and in a cluster which cluster. `None` for
/// calls that only read.
fn write(call: &Call) -> Option<String> {
    let verbs = ["Describe", "Get", "List", "Check", "AssumeRole", "get", "list", "watch"];
    let reads = verbs.iter().any(|verb| call.action.starts_with(verb));
    (!reads && call.code.is_empty()).then(|| match call.service.as_str() {
        "kubernetes" => format!("{} {}", call.account, call.action),
        _ => call.action.clone(),
    })
}

/// The processes that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let listed = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().expect("ps runs");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let pairs = listed.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    pairs.filter(|(_, of)| *of == parent).map(|(process, _)| process).collect()
}

fn kill(processes: &[u32]) {
    let ids = processes.iter().map(u32::to_string);
    // One that has just ended need not be killed.
    let _ = Command::new("kill").arg("-KILL").args(ids).stderr(Stdio::null()).status();
}
