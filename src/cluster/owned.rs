//! Who owns which fields of an object (`metadata.managedFields`).

use serde_json::{Map, Value};

use super::fields::{FieldPath, FieldSet, Step};

/// One entry of the managed fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// Name of the manager.
    pub manager: String,
    /// Subresource that it wrote through, such as `status` or `scale`.
    pub subresource: Option<String>,
    /// Whether it applied (and so prunes what it leaves out) or updated.
    pub applied: bool,
    /// When it last changed something, RFC 3339.
    pub time: String,
    /// What it owns.
    pub fields: FieldSet,
}

/// All owners of an object's fields, the latest first.
pub fn owners(object: &Value) -> Vec<Owner> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let mut owners: Vec<Owner> = entries.into_iter().flatten().map(owner).collect();
    owners.sort_by(|one, other| other.time.cmp(&one.time));
    owners
}

/// The fields that `manager` applied; `None` if it never applied any.
pub fn fields_of(object: &Value, manager: &str) -> Option<FieldSet> {
    let ours =
        |owner: &Owner| owner.manager == manager && owner.applied && owner.subresource.is_none();
    owners(object).into_iter().filter(ours).map(|owner| owner.fields).reduce(|mut all, fields| {
        all.merge(&fields);
        all
    })
}

/// The part of `value` that `fields` names, in the order of `value`.
///
/// Applied right after an apply this is what the server made of our manifest,
/// without its defaults and everybody else's fields.
pub fn project(value: &Value, fields: &FieldSet) -> Value {
    if fields.is_leaf() {
        return value.clone();
    }
    match value {
        Value::Object(map) => {
            let owned = map.iter().filter_map(|(name, value)| {
                let below = fields.child(&Step::Field(name.clone()))?;
                Some((name.clone(), project(value, below)))
            });
            Value::Object(owned.collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let owned = items.iter().enumerate().filter_map(|(index, item)| {
                let (_, below) =
                    fields.children.iter().find(|(step, _)| selects(step, index, item))?;
                Some(project(item, below))
            });
            Value::Array(owned.collect())
        }
        scalar => scalar.clone(),
    }
}

/// The latest manager other than `except` that owns the value at `path`, with
/// its subresource.
pub(super) fn other_manager(object: &Value, path: &FieldPath, except: &str) -> Option<String> {
    let owner = owners(object).into_iter().find(|owner| {
        owner.manager != except && !owner.fields.is_leaf() && owner.fields.covers(path)
    })?;
    Some(match owner.subresource {
        Some(subresource) => format!("{} ({subresource})", owner.manager),
        None => owner.manager,
    })
}

/// Whether a step names this item of a list.
pub(super) fn selects(step: &Step, index: usize, item: &Value) -> bool {
    match step {
        Step::Field(_) => false,
        Step::Index(at) => *at == index,
        Step::Item(value) => value == item,
        Step::Key(key) => key.iter().all(|(name, value)| key_value(item, name) == Some(value)),
    }
}

/// Value of a key field of a list item. `protocol` is the one key field that
/// Kubernetes defaults.
pub(super) fn key_value<'a>(item: &'a Value, name: &str) -> Option<&'a Value> {
    static TCP: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| "TCP".into());
    item.get(name).or_else(|| (name == "protocol" && item.is_object()).then_some(&*TCP))
}

fn owner(entry: &Value) -> Owner {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    Owner {
        manager: text("manager"),
        subresource: Some(text("subresource")).filter(|it| !it.is_empty()),
        applied: text("operation") == "Apply",
        time: text("time"),
        fields: FieldSet::parse(entry.get("fieldsV1").unwrap_or(&Value::Null)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service() -> Value {
        json!({
            "metadata": {"name": "web", "labels": {"app": "web", "other": "x"}, "managedFields": [
                {"manager": "crossmesh", "operation": "Apply", "time": "2026-01-01T00:00:00Z", "fieldsV1": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {"f:selector": {}, "f:ports": {
                        "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}, "f:targetPort": {}}}}}},
                {"manager": "kubectl-edit", "operation": "Update", "time": "2026-01-02T00:00:00Z",
                    "fieldsV1": {"f:metadata": {"f:labels": {"f:other": {}}}}},
                {"manager": "crossmesh", "operation": "Update", "subresource": "status",
                    "fieldsV1": {"f:status": {}}},
            ]},
            "spec": {"selector": {"app": "web"}, "clusterIP": "10.0.0.1", "ports": [
                {"port": 53, "protocol": "UDP", "targetPort": 53},
                {"port": 80, "protocol": "TCP", "targetPort": 8080, "nodePort": 30080}]},
        })
    }

    #[test]
    fn only_applied_fields_count_as_ours() {
        let fields = fields_of(&service(), "crossmesh").unwrap();
        assert!(fields.covers(&FieldPath::parse(".metadata.labels.app")));
        assert!(!fields.covers(&FieldPath::parse(".status")));
        assert!(fields_of(&service(), "kubectl-edit").is_none());
    }

    #[test]
    fn the_projection_leaves_out_what_others_and_defaults_set() {
        let fields = fields_of(&service(), "crossmesh").unwrap();
        assert_eq!(
            project(&service(), &fields),
            json!({"metadata": {"labels": {"app": "web"}},
                "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}})
        );
    }

    #[test]
    fn the_other_manager_of_a_field_is_named() {
        let taken =
            other_manager(&service(), &FieldPath::parse(".metadata.labels.other"), "crossmesh");
        assert_eq!(taken.as_deref(), Some("kubectl-edit"));
        assert_eq!(
            other_manager(&service(), &FieldPath::parse(".spec.clusterIP"), "crossmesh"),
            None
        );
    }
}
