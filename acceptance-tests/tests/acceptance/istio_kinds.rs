//! What holds for every kind of Istio, from create to destroy: one entry per
//! kind, each in a file of its own.

mod authorization_policy;
mod destination_rule;
mod envoy_filter;
mod gateway;
mod peer_authentication;
mod proxy_config;
mod request_authentication;
mod service_entry;
mod sidecar;
mod telemetry;
mod traffic_extension;
mod virtual_service;
mod wasm_plugin;
mod workload_entry;
mod workload_group;

use crossmesh_sim::terraform::{Action, Plan};
use serde_json::{Value, json};

use crate::cluster::Bench;

/// One kind: what is written in HCL, and what the cluster has then.
pub(crate) struct Life {
    /// Type of the resource, such as `crossmesh_istio_gateway`.
    pub(crate) resource: &'static str,
    /// Group and version that the cluster prefers.
    pub(crate) api_version: &'static str,
    /// The kind's name in URLs.
    pub(crate) plural: &'static str,
    /// A `spec` in HCL with all that can stand in it.
    pub(crate) full: &'static str,
    /// The `spec` that the cluster has of `full`, as JSON.
    pub(crate) wire: &'static str,
    /// Texts of `full` and what takes their place in an update.
    pub(crate) changes: &'static [(&'static str, &'static str)],
    /// The least `spec` in HCL.
    pub(crate) least: &'static str,
    /// The `spec` that the cluster has of `least`, as JSON.
    pub(crate) left: &'static str,
    /// What somebody else changes of the `spec` of `full` (a merge patch), and
    /// the one attribute at which the plan shows it.
    pub(crate) edit: (&'static str, &'static str),
    /// What somebody else sets beside the `spec` of `least` (a merge patch).
    pub(crate) foreign: &'static str,
}

impl Life {
    /// Lives it.
    #[track_caller]
    pub(crate) fn expect(&self) {
        let bench = Bench::with_istio();
        self.is_made_and_imported(&bench);
        self.shows_what_others_change(&bench);
        self.is_updated_and_cleared(&bench);
        self.leaves_alone_what_others_set(&bench);
        bench.destroy().expect_success();
        assert_eq!(self.object(&bench), Value::Null);
    }

    fn is_made_and_imported(&self, bench: &Bench) {
        bench.apply_config(&self.config(bench, self.full, METADATA, ""));
        bench.plan().expect_empty();
        assert_eq!(self.object(bench)["spec"], parsed(self.wire));
        bench.expect_import(&self.address(), &bench.here("CLUSTER/NAMESPACE/main"));
    }

    fn shows_what_others_change(&self, bench: &Bench) {
        let (change, attribute) = self.edit;
        bench.kube().edit(&self.path(bench), &json!({"spec": parsed(change)}));
        let plan = bench.plan();
        self.expect_update(&plan);
        let change = plan.change(&self.address());
        let mut found = Vec::new();
        differences(&change["before"], &change["after"], "", &mut found);
        assert_eq!(found, [attribute], "{}", plan.outcome.text());
    }

    fn is_updated_and_cleared(&self, bench: &Bench) {
        let changed = self.changes.iter().fold(self.full.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "the full spec has no {from:?}");
            text.replace(from, to)
        });
        let metadata = METADATA.replace("first", "second");
        let forced = "force_conflicts = true";
        self.expect_update(&bench.plan_config(&self.config(bench, &changed, &metadata, forced)));
        bench.apply().expect_success();
        bench.plan().expect_empty();
        let now = self.object(bench);
        assert_ne!(now["spec"], parsed(self.wire), "the update changes something");
        assert_eq!(now["metadata"]["annotations"]["example.com/note"], "second");

        self.expect_update(&bench.plan_config(&self.config(bench, self.least, "", forced)));
        bench.apply().expect_success();
        bench.plan().expect_empty();
        let now = self.object(bench);
        // A server that clears all of an object drops the object.
        let spec = if now["spec"].is_null() { json!({}) } else { now["spec"].clone() };
        assert_eq!(spec, parsed(self.left), "what is left out is cleared");
        assert_eq!(now["metadata"]["labels"], Value::Null);
    }

    fn leaves_alone_what_others_set(&self, bench: &Bench) {
        let theirs = json!({
            "metadata": {"labels": {"theirs": "1"}, "annotations": {"theirs": "1"}},
            "spec": parsed(self.foreign),
        });
        bench.kube().edit(&self.path(bench), &theirs);
        assert_ne!(self.object(bench)["spec"], parsed(self.left), "the others set something");
        bench.plan().expect_empty();
    }

    #[track_caller]
    fn expect_update(&self, plan: &Plan) {
        plan.expect_changes(&[(&self.address(), Action::Update)]);
    }

    fn address(&self) -> String {
        format!("{}.main", self.resource)
    }

    fn path(&self, bench: &Bench) -> String {
        bench.object(self.api_version, self.plural, "main")
    }

    fn object(&self, bench: &Bench) -> Value {
        bench.kube().get(&self.path(bench))
    }

    fn config(&self, bench: &Bench, spec: &str, metadata: &str, more: &str) -> String {
        let head = bench.here(
            "  cluster = \"CLUSTER\"\n  metadata = {\n    name = \"main\"\n    \
             namespace = \"NAMESPACE\"\n",
        );
        let (resource, spec) = (self.resource, spec.trim());
        format!(
            "resource {resource:?} \"main\" {{\n{head}{metadata}  }}\n  spec = {spec}\n{more}\n}}\n"
        )
    }
}

const METADATA: &str = "    labels = { team = \"edge\" }\n    \
    annotations = { \"example.com/note\" = \"first\" }\n";

#[track_caller]
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Paths of what differs, as deep as they are in both.
fn differences(before: &Value, after: &Value, at: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let added = after.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(added) {
                let none = Value::Null;
                let (before, after) = (before.get(name), after.get(name));
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                differences(before.unwrap_or(&none), after.unwrap_or(&none), &at, found);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (i, (before, after)) in before.iter().zip(after).enumerate() {
                differences(before, after, &format!("{at}[{i}]"), found);
            }
        }
        _ if before != after => found.push(at.to_owned()),
        _ => {}
    }
}
