//! How a live object differs from what was applied, on our fields only.
//!
//! Ownership says most: whoever changes a field that we applied takes it over,
//! so an owned field whose value is spelled or filled in differently was
//! normalised, defaulted or changed by admission, and is no drift. A field
//! that we no longer own drifted if its value is not the one we want.

use serde_json::{Map, Value};

use super::{
    fields::{FieldPath, FieldSet, Step},
    intent::intent,
    owned::{self, Owner},
    quantity::same_quantity,
};

/// One field that is not as it was applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// The field.
    pub path: FieldPath,
    /// What the manifest says; `None` for a field that is ours but no longer
    /// in the manifest.
    pub expected: Option<Value>,
    /// What the cluster has; `None` if it was removed.
    pub found: Option<Value>,
    /// The manager that owns it now, if another does.
    pub manager: Option<String>,
}

/// What stands for the data of a Secret in a [`Drift`].
pub const MASKED: &str = "(sensitive)";

/// What `kubectl apply` notes on an object: a copy of it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Compares a live object with the manifest that `manager` applied.
///
/// `accepted` is the [`owned::project`]ion of the object right after that
/// apply, if it was kept: values that admission changed then are no drift.
/// Empty if nothing that we own has changed.
pub fn drift(
    manifest: &Value,
    live: &Value,
    manager: &str,
    accepted: Option<&Value>,
) -> Vec<Drift> {
    let expected = intent(manifest);
    let owners = owned::owners(live);
    let mut structure = FieldSet::default();
    for owner in &owners {
        structure.merge(&owner.fields);
    }
    let ours = owned::fields_of(live, manager).unwrap_or_default();
    let mut comparison = Comparison { live, owners, manager, ours: &ours, found: Vec::new() };
    comparison.compare_object(&expected, live, accepted, &structure);
    comparison.left_over(&ours, &expected, live, &FieldPath::root());
    if expected.get("kind").is_some_and(|kind| kind == "Secret") {
        comparison.found.iter_mut().for_each(mask);
    }
    comparison.found
}

struct Comparison<'a> {
    live: &'a Value,
    owners: Vec<Owner>,
    manager: &'a str,
    ours: &'a FieldSet,
    found: Vec<Drift>,
}

impl Comparison<'_> {
    fn compare_object(
        &mut self,
        expected: &Value,
        live: &Value,
        accepted: Option<&Value>,
        structure: &FieldSet,
    ) {
        for (name, value) in expected.as_object().into_iter().flatten() {
            if name == "apiVersion" || name == "kind" {
                continue;
            }
            let path = FieldPath::root().field(name);
            if name == "status" && !self.owns(&path) {
                // Servers ignore it where there is a status subresource.
                continue;
            }
            let value = if name == "metadata" { &without_identity(value) } else { value };
            let below = structure.child(&Step::Field(name.clone()));
            self.compare(value, live.get(name), accepted.and_then(|it| it.get(name)), below, &path);
        }
    }

    fn compare(
        &mut self,
        expected: &Value,
        live: Option<&Value>,
        accepted: Option<&Value>,
        structure: Option<&FieldSet>,
        path: &FieldPath,
    ) {
        let divided = structure.filter(|it| !it.is_leaf());
        match (expected, live) {
            (Value::Object(fields), Some(Value::Object(_)))
                if divided.is_some() || structure.is_none() =>
            {
                for (name, value) in fields {
                    let step = Step::Field(name.clone());
                    let below = divided.and_then(|it| it.child(&step));
                    let live = live.and_then(|it| it.get(name));
                    let accepted = accepted.and_then(|it| it.get(name));
                    self.compare(value, live, accepted, below, &path.join(step));
                }
            }
            (Value::Array(items), Some(Value::Array(live))) if divided.is_some() => {
                let structure = divided.unwrap_or(self.ours);
                self.compare_items(items, live, accepted, structure, path);
            }
            _ => self.compare_leaf(expected, live, accepted, path),
        }
    }

    /// A list whose items are told apart by key fields or by value.
    fn compare_items(
        &mut self,
        expected: &[Value],
        live: &[Value],
        accepted: Option<&Value>,
        structure: &FieldSet,
        path: &FieldPath,
    ) {
        let keys: Option<Vec<&str>> = structure.children.iter().find_map(|(step, _)| match step {
            Step::Key(key) => Some(key.iter().map(|(name, _)| name.as_str()).collect()),
            _ => None,
        });
        let accepted = accepted.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for item in expected {
            let step = match &keys {
                Some(keys) => key_of(item, keys),
                None => Step::Item(item.clone()),
            };
            let find =
                |items: &[Value]| items.iter().position(|it| owned::selects(&step, usize::MAX, it));
            let path = path.join(step.clone());
            match find(live) {
                Some(at) if keys.is_some() => {
                    let accepted = find(accepted).map(|at| &accepted[at]);
                    self.compare(item, Some(&live[at]), accepted, structure.child(&step), &path);
                }
                Some(_) => {}
                None => self.report(path, Some(item.clone()), None),
            }
        }
    }

    fn compare_leaf(
        &mut self,
        expected: &Value,
        live: Option<&Value>,
        accepted: Option<&Value>,
        path: &FieldPath,
    ) {
        let owned = self.owns(path);
        let same = match live {
            None if owned => is_zero(expected),
            None => is_empty(expected),
            Some(live) if owned => same_if_owned(expected, live) || accepted == Some(live),
            Some(live) => same(expected, live) || accepted == Some(live),
        };
        if !same {
            self.report(path.clone(), Some(expected.clone()), live.cloned());
        }
    }

    /// What we own and the manifest does not mention: the next apply removes
    /// it.
    fn left_over(&mut self, ours: &FieldSet, expected: &Value, live: &Value, path: &FieldPath) {
        for (step, below) in &ours.children {
            let path = path.join(step.clone());
            let (wanted, found) = (part(expected, step), part(live, step));
            match (wanted, found) {
                (None, Some(found)) => {
                    let found = owned::project(found, below);
                    self.report(path, None, Some(found));
                }
                (Some(wanted), Some(found)) if !below.is_leaf() => {
                    self.left_over(below, wanted, found, &path);
                }
                _ => {}
            }
        }
    }

    fn owns(&self, path: &FieldPath) -> bool {
        self.ours.covers(path)
    }

    fn report(&mut self, path: FieldPath, expected: Option<Value>, found: Option<Value>) {
        let manager = match found {
            Some(_) if !self.owns(&path) => {
                owned::other_manager(self.live, &path, self.manager).or_else(|| self.latest_other())
            }
            _ => None,
        };
        self.found.push(Drift { path, expected, found, manager });
    }

    /// An object that was replaced has no entry for the field: its only
    /// manager is the one to name.
    fn latest_other(&self) -> Option<String> {
        match self.owners.as_slice() {
            [only] if only.manager != self.manager => Some(only.manager.clone()),
            _ => None,
        }
    }
}

/// Name and namespace cannot differ: they are how the object was found.
fn without_identity(metadata: &Value) -> Value {
    let mut fields = metadata.as_object().cloned().unwrap_or_default();
    fields.remove("name");
    fields.remove("namespace");
    Value::Object(fields)
}

fn key_of(item: &Value, names: &[&str]) -> Step {
    let value = |name: &str| owned::key_value(item, name).cloned().unwrap_or(Value::Null);
    Step::Key(names.iter().map(|name| ((*name).to_owned(), value(name))).collect())
}

fn part<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match (value, step) {
        (Value::Object(fields), Step::Field(name)) => fields.get(name),
        (Value::Array(items), step) => {
            let mut items = items.iter().enumerate();
            items.find(|(index, item)| owned::selects(step, *index, item)).map(|(_, item)| item)
        }
        _ => None,
    }
}

/// Equal but for how numbers are written.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let equal = |(name, value): (&String, &Value)| {
                other.get(name).is_some_and(|it| same(value, it))
            };
            one.len() == other.len() && one.iter().all(equal)
        }
        _ => one == other,
    }
}

/// Equal but for spelling and for what the server filled in.
fn same_if_owned(expected: &Value, live: &Value) -> bool {
    match (expected, live) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| same_if_owned(one, other))
        }
        (Value::Object(one), Value::Object(other)) => one.iter().all(|(name, value)| {
            other.get(name).map_or_else(|| is_zero(value), |it| same_if_owned(value, it))
        }),
        _ => same(expected, live) || same_quantity(expected, live),
    }
}

/// Values that the server leaves out of an object although they were applied.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        other => is_empty(other),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
        _ => false,
    }
}

/// Hides the data of a Secret, also where `kubectl apply` copied it to.
fn mask(drift: &mut Drift) {
    let field = |at: usize| match drift.path.steps().get(at) {
        Some(Step::Field(name)) => name.as_str(),
        _ => "",
    };
    let is_data = field(0) == "data";
    let is_annotation = field(0) == "metadata" && field(1) == "annotations";
    if is_annotation && field(2) != LAST_APPLIED {
        for value in [&mut drift.expected, &mut drift.found].into_iter().flatten() {
            if let Some(copy) = value.get_mut(LAST_APPLIED) {
                *copy = MASKED.into();
            }
        }
    }
    let is_copy = is_annotation && field(2) == LAST_APPLIED;
    if !is_data && !is_copy {
        return;
    }
    let keys_only = drift.path.steps().len() == 1;
    for value in [&mut drift.expected, &mut drift.found].into_iter().flatten() {
        *value = match value {
            Value::Object(fields) if keys_only => fields
                .keys()
                .map(|name| (name.clone(), MASKED.into()))
                .collect::<Map<_, _>>()
                .into(),
            _ => MASKED.into(),
        };
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(mut object: Value, entries: Value) -> Value {
        object["metadata"]["managedFields"] = entries;
        object
    }

    fn ours(fields: Value) -> Value {
        json!({"manager": "crossmesh", "operation": "Apply", "time": "2026-01-01T00:00:00Z", "fieldsV1": fields})
    }

    fn theirs(fields: Value) -> Value {
        json!({"manager": "kubectl-edit", "operation": "Update", "time": "2026-01-02T00:00:00Z", "fieldsV1": fields})
    }

    fn found(manifest: &Value, live: &Value) -> Vec<String> {
        let text =
            |it: &Option<Value>| it.as_ref().map_or_else(|| "-".to_owned(), Value::to_string);
        drift(manifest, live, "crossmesh", None)
            .into_iter()
            .map(|it| {
                let by = it.manager.map(|it| format!(" by {it}")).unwrap_or_default();
                format!("{}: {} -> {}{by}", it.path, text(&it.expected), text(&it.found))
            })
            .collect()
    }

    fn deployment() -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": {"spec": {
                "hostNetwork": false,
                "containers": [{"name": "web", "image": "nginx",
                    "resources": {"limits": {"cpu": "1000m"}}, "ports": [{"containerPort": 80}]}]}}}})
    }

    fn deployment_fields() -> Value {
        json!({"f:metadata": {"f:labels": {"f:app": {}}},
            "f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": {"f:spec": {
                "f:hostNetwork": {},
                "f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:name": {}, "f:image": {},
                    "f:resources": {"f:limits": {"f:cpu": {}}},
                    "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":
                        {".": {}, "f:containerPort": {}}}}}}}}})
    }

    fn live_deployment() -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web", "team": "a"},
                "annotations": {"deployment.kubernetes.io/revision": "1"}},
            "spec": {"replicas": 2, "revisionHistoryLimit": 10,
                "selector": {"matchLabels": {"app": "web"}}, "template": {"spec": {
                "restartPolicy": "Always",
                "containers": [{"name": "sidecar", "image": "proxy"},
                    {"name": "web", "image": "nginx", "imagePullPolicy": "Always",
                    "resources": {"limits": {"cpu": "1"}},
                    "ports": [{"containerPort": 80, "protocol": "TCP"}]}]}}},
            "status": {"replicas": 2}})
    }

    #[test]
    fn defaults_spelling_and_foreign_fields_are_no_drift() {
        let live = live(live_deployment(), json!([ours(deployment_fields())]));
        assert_eq!(found(&deployment(), &live), Vec::<String>::new());
    }

    #[test]
    fn a_field_that_another_manager_took_is_drift_with_its_name() {
        let mut object = live_deployment();
        object["spec"]["replicas"] = json!(5);
        object["spec"]["template"]["spec"]["containers"][1]["image"] = json!("evil");
        let mut fields = deployment_fields();
        fields["f:spec"].as_object_mut().unwrap().remove("f:replicas");
        let container = "/f:spec/f:template/f:spec/f:containers/k:{\"name\":\"web\"}";
        let container = fields.pointer_mut(container).unwrap().as_object_mut().unwrap();
        container.remove("f:image");
        let taken = theirs(json!({"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {
            "f:containers": {"k:{\"name\":\"web\"}": {"f:image": {}}}}}}}));
        let live = live(object, json!([ours(fields), taken]));
        assert_eq!(
            found(&deployment(), &live),
            [
                ".spec.replicas: 2 -> 5 by kubectl-edit",
                ".spec.template.spec.containers[name=\"web\"].image: \"nginx\" -> \"evil\" by kubectl-edit",
            ]
        );
    }

    #[test]
    fn what_was_removed_is_drift() {
        let mut object = live_deployment();
        object["metadata"]["labels"] = json!({"team": "a"});
        object["spec"]["template"]["spec"]["containers"] = json!([{"name": "sidecar"}]);
        let fields = json!({"f:spec": {"f:replicas": {}, "f:selector": {}}});
        let others = theirs(json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {
            "k:{\"name\":\"sidecar\"}": {".": {}}}}}}}));
        let live = live(object, json!([ours(fields), others]));
        let found = found(&deployment(), &live);
        assert!(found.contains(&".metadata.labels.app: \"web\" -> -".to_owned()), "{found:?}");
        let container = ".spec.template.spec.containers[name=\"web\"]: ";
        assert!(found.iter().any(|it| it.starts_with(container)), "{found:?}");
    }

    #[test]
    fn atomic_lists_are_compared_whole_once_they_are_not_ours() {
        let manifest = json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
            "metadata": {"name": "a"}, "spec": {"hosts": ["a"], "http": [{"route": [{"weight": 1}]}]}});
        let mut object = manifest.clone();
        object["spec"]["http"][0]["timeout"] = json!("3s");
        let both = json!([ours(json!({"f:spec": {"f:hosts": {}, "f:http": {}}}))]);
        assert_eq!(found(&manifest, &live(object.clone(), both)), Vec::<String>::new());
        let taken = json!([
            ours(json!({"f:spec": {"f:hosts": {}}})),
            theirs(json!({"f:spec": {"f:http": {}}}))
        ]);
        let found = found(&manifest, &live(object, taken));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with(".spec.http: ") && found[0].ends_with("by kubectl-edit"));
    }

    #[test]
    fn values_changed_by_admission_are_known_by_the_accepted_projection() {
        let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
            "data": {"a": "b"}});
        let mut object = manifest.clone();
        object["data"]["a"] = json!("mutated");
        let live = live(object, json!([ours(json!({"f:data": {"f:a": {}}}))]));
        assert_eq!(found(&manifest, &live).len(), 1);
        let fields = owned::fields_of(&live, "crossmesh").unwrap();
        let accepted = owned::project(&live, &fields);
        assert_eq!(drift(&manifest, &live, "crossmesh", Some(&accepted)), []);
    }

    #[test]
    fn what_is_ours_but_not_in_the_manifest_will_be_removed() {
        let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
            "data": {"a": "b"}});
        let mut object = manifest.clone();
        object["data"]["extra"] = json!("x");
        let live = live(object, json!([ours(json!({"f:data": {"f:a": {}, "f:extra": {}}}))]));
        assert_eq!(found(&manifest, &live), [".data.extra: - -> \"x\""]);
    }

    #[test]
    fn data_of_secrets_is_masked() {
        let manifest = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"},
            "stringData": {"token": "hunter2"}});
        let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"},
            "data": {"token": "b3RoZXI="}});
        let taken = json!([theirs(json!({"f:data": {"f:token": {}}}))]);
        let found = found(&manifest, &live(object, taken));
        assert_eq!(found, [".data.token: \"(sensitive)\" -> \"(sensitive)\" by kubectl-edit"]);
    }

    #[test]
    fn an_object_without_our_fields_is_all_drift_unless_equal() {
        let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
            "data": {"a": "b", "c": "d"}});
        let mut object = manifest.clone();
        object["data"]["c"] = json!("x");
        assert_eq!(found(&manifest, &object), [".data.c: \"d\" -> \"x\""]);
    }

    #[test]
    fn copies_of_a_secret_in_annotations_are_masked() {
        let copy = |data: &str| json!({LAST_APPLIED: data});
        let secret = |data: &str| {
            json!({"apiVersion": "v1", "kind": "Secret",
                "metadata": {"name": "s", "annotations": copy(data)}})
        };
        for entries in [json!([]), json!([theirs(json!({"f:metadata": {"f:annotations": {}}}))])] {
            let changes =
                drift(&secret("hunter2"), &live(secret("hunter3"), entries), "crossmesh", None);
            assert_eq!(changes.len(), 1, "{changes:?}");
            let said = format!("{changes:?}");
            assert!(!said.contains("hunter") && said.contains(MASKED), "{said}");
        }
    }
}
