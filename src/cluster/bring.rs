//! What changed in the cluster, brought into the object that was applied.

use serde_json::{Map, Value};

use super::{drift::Drift, fields::Step};

impl Drift {
    /// Puts what the cluster has in place of what was applied, at one field.
    pub fn bring(&self, object: &mut Value) {
        place(object, self.path.steps(), self.found.as_ref());
    }
}

impl Step {
    /// Where in a list the item is that the step means.
    pub fn position(&self, items: &[Value]) -> Option<usize> {
        items.iter().position(|item| is_meant(self, item))
    }
}

fn place(at: &mut Value, steps: &[Step], found: Option<&Value>) {
    let Some((step, rest)) = steps.split_first() else {
        *at = found.cloned().unwrap_or_default();
        return;
    };
    match step {
        Step::Field(name) => {
            let none = || Value::Object(Map::new());
            if !at.is_object() {
                *at = none();
            }
            let Value::Object(fields) = at else { return };
            match (rest, found) {
                ([], None) => {
                    fields.remove(name);
                }
                _ => place(fields.entry(name.clone()).or_insert_with(none), rest, found),
            }
        }
        Step::Index(index) => {
            if let Some(item) = at.get_mut(*index) {
                place(item, rest, found);
            }
        }
        Step::Key(_) | Step::Item(_) => {
            if !at.is_array() {
                *at = Value::Array(Vec::new());
            }
            let Value::Array(items) = at else { return };
            let position = step.position(items);
            match (position, rest, found) {
                (Some(position), [], None) => {
                    items.remove(position);
                }
                (Some(position), rest, found) => place(&mut items[position], rest, found),
                (None, [], Some(found)) => items.push(found.clone()),
                (None, ..) => {}
            }
        }
    }
}

fn is_meant(step: &Step, item: &Value) -> bool {
    match step {
        Step::Key(key) => key.iter().all(|(name, value)| item.get(name) == Some(value)),
        Step::Item(value) => value == item,
        Step::Field(_) | Step::Index(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::FieldPath;

    fn brought(path: &str, found: Option<Value>) -> Value {
        let mut object = json!({"spec": {"hosts": ["a"], "ports": [{"name": "http", "number": 80}],
            "selector": {"app": "web"}}});
        let path = FieldPath::parse(path);
        Drift { path, expected: None, found, manager: None }.bring(&mut object);
        object["spec"].take()
    }

    #[test]
    fn changed_added_and_removed_fields_are_brought() {
        assert_eq!(brought(".spec.hosts", Some(json!(["b"])))["hosts"], json!(["b"]));
        assert_eq!(brought(".spec.new.deep", Some(json!(1)))["new"], json!({"deep": 1}));
        let removed = brought(".spec.selector.app", None);
        assert_eq!(removed["selector"], json!({}));
        assert_eq!(brought(".spec.hosts", None).get("hosts"), None);
    }

    #[test]
    fn items_are_found_by_their_keys() {
        let changed = brought(".spec.ports[name=\"http\"].number", Some(json!(81)));
        assert_eq!(changed["ports"], json!([{"name": "http", "number": 81}]));
        assert_eq!(brought(".spec.ports[name=\"http\"]", None)["ports"], json!([]));
        let added = json!({"name": "x"});
        assert_eq!(brought(".spec.ports[name=\"x\"]", Some(added.clone()))["ports"][1], added);
        assert_eq!(brought(".spec.hosts[=\"a\"]", None)["hosts"], json!([]));
    }
}
