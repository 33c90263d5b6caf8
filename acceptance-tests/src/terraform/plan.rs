//! What `terraform show -json` says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Outcome;

/// What a plan does to one object.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Action {
    /// Makes it.
    Create,
    /// Removes it.
    Delete,
    /// Nothing.
    NoOp,
    /// Reads a data source during apply.
    Read,
    /// Removes it and makes a new one.
    Replace,
    /// Changes it in place.
    Update,
}

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How `terraform plan` ended and what it said.
    pub outcome: Outcome,
    json: Value,
}

impl Plan {
    pub(crate) fn parse(text: &str, outcome: Outcome) -> Self {
        let json = serde_json::from_str(text).expect("terraform show -json prints JSON");
        Self { outcome, json }
    }

    /// What happens to each managed object, by address; those to which nothing
    /// happens and data sources are left out.
    pub fn changes(&self) -> BTreeMap<String, Action> {
        self.all().filter(|(_, action)| !matches!(action, Action::NoOp | Action::Read)).collect()
    }

    /// Whether nothing changes, neither objects nor outputs.
    pub fn is_empty(&self) -> bool {
        let outputs = self.json["output_changes"].as_object();
        let quiet = outputs.is_none_or(|all| {
            all.values().all(|change| change["actions"] == serde_json::json!(["no-op"]))
        });
        quiet && self.changes().is_empty()
    }

    /// The planned change of one object: `before`, `after`, `after_unknown`, ….
    pub fn change(&self, address: &str) -> &Value {
        let found = self.resource_changes().find(|change| change["address"] == address);
        found.map_or(&Value::Null, |change| &change["change"])
    }

    /// Panics unless the plan changes nothing, and shows what it would change.
    #[track_caller]
    pub fn expect_empty(&self) {
        assert!(self.is_empty(), "the plan should be empty:\n{}", self.outcome.text());
    }

    /// Panics unless the plan changes exactly these objects so.
    #[track_caller]
    pub fn expect_changes(&self, expected: &[(&str, Action)]) {
        let expected = expected.iter().map(|(a, action)| ((*a).to_owned(), *action)).collect();
        assert_eq!(self.changes(), expected, "terraform said:\n{}", self.outcome.text());
    }

    fn all(&self) -> impl Iterator<Item = (String, Action)> {
        self.resource_changes().map(|change| {
            let address = change["address"].as_str().unwrap_or_default().to_owned();
            (address, action(&change["change"]["actions"]))
        })
    }

    fn resource_changes(&self) -> impl Iterator<Item = &Value> {
        self.json["resource_changes"].as_array().into_iter().flatten()
    }
}

/// A state.
#[derive(Clone, Debug)]
pub struct State {
    json: Value,
}

impl State {
    pub(crate) fn parse(text: &str) -> Self {
        Self { json: serde_json::from_str(text).expect("terraform show -json prints JSON") }
    }

    /// The attributes of one object; null when it is not in the state.
    pub fn attributes(&self, address: &str) -> &Value {
        let found = self.resources().find(|resource| resource["address"] == address);
        found.map_or(&Value::Null, |resource| &resource["values"])
    }

    /// The addresses of all objects.
    pub fn addresses(&self) -> Vec<String> {
        self.resources()
            .map(|resource| resource["address"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Whether the object is tainted.
    pub fn is_tainted(&self, address: &str) -> bool {
        self.resources().any(|r| r["address"] == address && r["tainted"] == true)
    }

    /// The value of an output.
    pub fn output(&self, name: &str) -> &Value {
        &self.json["values"]["outputs"][name]["value"]
    }

    fn resources(&self) -> impl Iterator<Item = &Value> {
        self.json["values"]["root_module"]["resources"].as_array().into_iter().flatten()
    }
}

fn action(actions: &Value) -> Action {
    let names: Vec<&str> =
        actions.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match names[..] {
        ["create"] => Action::Create,
        ["delete"] => Action::Delete,
        ["read"] => Action::Read,
        ["update"] => Action::Update,
        ["create", "delete"] | ["delete", "create"] => Action::Replace,
        _ => Action::NoOp,
    }
}
