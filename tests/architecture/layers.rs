//! Arrows point down only.

use std::collections::BTreeMap;

use crate::{
    Fault, check,
    paths::{Mention, mentions},
    source::{self, Source},
};

/// The rooms of a crate, from the top, each with those that it may know.
struct House {
    krate: &'static str,
    /// Where its sources stand.
    folder: &'static str,
    rooms: &'static [(&'static str, &'static [&'static str])],
}

const PROVIDER: House = House {
    krate: "crossmesh",
    folder: "src/",
    rooms: &[
        ("main", &["provider", "secret"]),
        ("bin", &["provider"]),
        ("provider", &["services", "functions", "cloud", "cluster", "wait", "secret"]),
        ("services", &["functions", "cloud", "cluster", "wait", "secret"]),
        ("functions", &[]),
        ("cloud", &["wait", "secret"]),
        ("cluster", &["wait", "secret"]),
        ("wait", &[]),
        ("secret", &[]),
    ],
};

const SDK: House = House {
    krate: "tfsdk",
    folder: "sdk/src/",
    rooms: &[
        ("plugin", &["engine", "schema", "value", "diagnostic"]),
        ("docs", &["engine", "schema", "value"]),
        ("engine", &["schema", "value", "diagnostic"]),
        ("schema", &["value", "diagnostic"]),
        ("diagnostic", &["value"]),
        ("value", &[]),
    ],
};

/// Crates that a folder's files may not name.
const STRANGERS: [(&str, &[&str]); 6] = [
    ("src/cloud", &["tfsdk"]),
    ("src/cluster", &["tfsdk"]),
    ("src/wait", &["tfsdk"]),
    ("src/secret.rs", &["tfsdk"]),
    ("sdk", &["crossmesh", "crossmesh_sim"]),
    ("acceptance-tests", &["crossmesh", "tfsdk"]),
];

#[test]
fn arrows_point_down() {
    for house in [&PROVIDER, &SDK] {
        let exports = exports(house, &source::read(&format!("{}lib.rs", house.folder)));
        let sources = source::rust().filter(|source| source.path.starts_with(house.folder));
        let faults = sources.flat_map(|source| upward(house, &exports, source));
        check("A module knows only those below it (docs/development/architecture.md).", faults);
    }
}

#[test]
fn every_room_has_its_place() {
    for house in [&PROVIDER, &SDK] {
        let known = |room: &str| house.rooms.iter().any(|(name, _)| *name == room);
        let faults = source::rust().filter_map(|source| {
            let module = module(house, &source.path)?;
            let room = module.get(1).filter(|room| !known(room))?;
            let what = format!("the table of layers does not say where {room:?} stands");
            Some(Fault { file: source.path.clone(), line: 0, what })
        });
        check("Every module stands in a layer (tests/architecture/layers.rs).", faults);
    }
}

#[test]
fn services_do_not_know_each_other() {
    let services = services();
    assert!(services.len() > 2, "the folders of src/services: {services:?}");
    let faults = source::rust().flat_map(|source| sideways(&services, source));
    check("A service names no other service; what services share stands beside them.", faults);
}

#[test]
fn the_sdk_the_clients_and_the_simulator_stand_alone() {
    for (folder, strangers) in STRANGERS {
        let sources = source::rust().filter(|source| source.path.starts_with(folder));
        let faults = sources.flat_map(|source| imports(strangers, source));
        check(&format!("{folder} names none of: {}.", strangers.join(", ")), faults);
    }
}

/// Where a file names a room that is not below its own.
fn upward(house: &House, exports: &BTreeMap<String, String>, source: &Source) -> Vec<Fault> {
    let Some(module) = module(house, &source.path) else { return Vec::new() };
    let Some(own) = module.get(1).copied() else { return Vec::new() };
    let below = house.rooms.iter().find(|(name, _)| *name == own).map_or(&[][..], |(_, b)| b);
    let faults = mentions(source, &module).into_iter().filter_map(|Mention { path, line }| {
        let [krate, name, ..] = path.as_slice() else { return None };
        let room = exports.get(name).unwrap_or(name);
        let fine = krate != house.krate || room == own || below.contains(&room.as_str());
        let what = format!("{own} may not name {}", path.join("::"));
        (!fine).then(|| Fault { file: source.path.clone(), line, what })
    });
    faults.collect()
}

/// Where a file of the services names a service that is not its own, or takes
/// all services at once.
fn sideways(services: &[String], source: &Source) -> Vec<Fault> {
    let Some(module) = module(&PROVIDER, &source.path) else { return Vec::new() };
    let Some(&[_, "services", ref inner @ ..]) = module.get(..) else { return Vec::new() };
    let own = inner.first().copied();
    let faults = mentions(source, &module).into_iter().filter_map(|Mention { path, line }| {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let wrong = match parts.as_slice() {
            ["crossmesh", "services"] | ["crossmesh", "services", "*"] => true,
            ["crossmesh", "services", service, ..] => {
                Some(*service) != own && services.iter().any(|one| one == service)
            }
            _ => false,
        };
        let what = format!("{} may not name {}", own.unwrap_or("services"), path.join("::"));
        wrong.then(|| Fault { file: source.path.clone(), line, what })
    });
    faults.collect()
}

/// Where a file names one of the crates.
fn imports(strangers: &[&str], source: &Source) -> Vec<Fault> {
    let named = mentions(source, &["own"]).into_iter().filter(|mention| {
        // The SDK's own tests and its derived code speak of it by name.
        strangers.contains(&mention.path[0].as_str())
    });
    let faults = named.map(|Mention { path, line }| Fault {
        file: source.path.clone(),
        line,
        what: format!("names {}", path.join("::")),
    });
    faults.collect()
}

/// What `lib.rs` exports from its rooms, by name: `Diagnostics` stands in
/// `diagnostic`.
fn exports(house: &House, lib: &str) -> BTreeMap<String, String> {
    let found = mentions(&Source::new("lib.rs", lib), &[house.krate]);
    let of_rooms = found.into_iter().filter_map(|mention| match mention.path.as_slice() {
        [room, name] if house.rooms.iter().any(|(one, _)| one == room) => {
            Some((name.clone(), room.clone()))
        }
        _ => None,
    });
    of_rooms.collect()
}

/// The module that a file of the house is; programs count as rooms.
fn module<'a>(house: &House, path: &'a str) -> Option<Vec<&'a str>> {
    let inner = path.strip_prefix(house.folder)?.strip_suffix(".rs")?;
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    let parts = inner.split('/').filter(|part| *part != "lib");
    Some(std::iter::once(house.krate).chain(parts).collect())
}

/// The services: folders, as opposed to the files that they share.
fn services() -> Vec<String> {
    let folders = source::rust().filter_map(|source| {
        let (service, _) = source.path.strip_prefix("src/services/")?.split_once('/')?;
        Some(service.to_owned())
    });
    let mut folders: Vec<String> = folders.collect();
    folders.dedup();
    folders
}

#[test]
fn an_arrow_that_points_up_is_found() {
    #[track_caller]
    fn faults(house: &House, path: &str, code: &str, expected: &[usize]) {
        let exports = exports(house, "pub mod value; pub use diagnostic::{Diagnostic};");
        let found = upward(house, &exports, &Source::new(path, code));
        let lines: Vec<usize> = found.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, expected, "{path}: {code}");
    }
    faults(&PROVIDER, "src/services/ccn/mod.rs", "use crate::{cloud::Error, wait};", &[]);
    faults(&PROVIDER, "src/cloud/client.rs", "use crate::{\nwait,\nservices::Cx};", &[3]);
    faults(&PROVIDER, "src/cloud/mod.rs", "fn f() {\ncrate::cluster::g() }", &[2]);
    faults(&PROVIDER, "src/wait/mod.rs", "use super::cloud;", &[1]);
    faults(&PROVIDER, "src/main.rs", "use crossmesh::{provider::X, secret, cloud};", &[1]);
    faults(&PROVIDER, "src/bin/docs.rs", "use crossmesh::provider::X;", &[]);
    faults(&SDK, "sdk/src/engine/plan.rs", "use crate::{Diagnostic, value::Path};", &[]);
    faults(&SDK, "sdk/src/engine/plan.rs", "use crate::plugin::serve;", &[1]);
    faults(&SDK, "sdk/src/value/mod.rs", "use tfsdk::Diagnostic;", &[1]);
}

#[test]
fn an_arrow_that_points_sideways_is_found() {
    #[track_caller]
    fn faults(path: &str, code: &str, expected: usize) {
        let services = ["ccn".to_owned(), "tcm".to_owned()];
        let found = sideways(&services, &Source::new(path, code));
        assert_eq!(found.len(), expected, "{path}: {code}");
    }
    faults("src/services/ccn/mod.rs", "use crate::services::{Client, ccn::x, scope::Scope};", 0);
    faults("src/services/ccn/mod.rs", "use crate::services::{Client, tcm::mesh};", 1);
    faults("src/services/ccn/a/b.rs", "use super::super::super::tcm::Mesh;", 1);
    faults("src/services/ccn/mod.rs", "use super::*;", 1);
    faults("src/services/client.rs", "use crate::services::ccn::Instance;", 1);
    faults("src/services/mod.rs", "pub mod ccn; pub use self::client::Client;", 0);
    faults("src/provider/mod.rs", "use crate::services::{self, ccn, tcm};", 0);
    let simulator = Source::new("acceptance-tests/src/x.rs", "use tfsdk::Model; use std::fs;");
    assert_eq!(imports(&["crossmesh", "tfsdk"], &simulator).len(), 1);
}
