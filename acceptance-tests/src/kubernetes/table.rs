//! Tables, as `kubectl get` shows objects.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::Kind;

/// How rows carry their objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IncludeObject {
    Metadata,
    Full,
    None,
}

/// A `meta.k8s.io/v1` Table of objects of one kind.
pub(crate) fn table(
    kind: &Kind,
    objects: &[&Value],
    list_metadata: Value,
    include: IncludeObject,
    now: Timestamp,
) -> Value {
    let columns = columns(kind);
    let definitions: Vec<Value> = columns
        .iter()
        .map(|column| {
            json!({
                "name": column.name,
                "type": column.kind,
                "format": if column.name == "Name" { "name" } else { "" },
                "description": "",
                "priority": column.priority,
            })
        })
        .collect();
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let cells: Vec<Value> =
                columns.iter().map(|column| (column.cell)(object, now)).collect();
            let mut row = json!({"cells": cells});
            match include {
                IncludeObject::Metadata => {
                    row["object"] = json!({
                        "kind": "PartialObjectMetadata",
                        "apiVersion": "meta.k8s.io/v1",
                        "metadata": object["metadata"],
                    });
                }
                IncludeObject::Full => row["object"] = (*object).clone(),
                IncludeObject::None => {}
            }
            row
        })
        .collect();
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": list_metadata,
        "columnDefinitions": definitions,
        "rows": rows,
    })
}

/// What a column shows of an object at a time.
type Cell = Box<dyn Fn(&Value, Timestamp) -> Value>;

struct Column {
    name: String,
    kind: String,
    priority: i64,
    cell: Cell,
}

fn column(name: &str, cell: impl Fn(&Value) -> Value + 'static) -> Column {
    Column {
        name: name.to_owned(),
        kind: "string".to_owned(),
        priority: 0,
        cell: Box::new(move |object, _| cell(object)),
    }
}

fn at(name: &str, pointer: &'static str) -> Column {
    column(name, move |object| object.pointer(pointer).cloned().unwrap_or_else(|| json!("")))
}

fn age(name: &str) -> Column {
    Column {
        name: name.to_owned(),
        kind: "string".to_owned(),
        priority: 0,
        cell: Box::new(|object, now| since(&object["metadata"]["creationTimestamp"], now)),
    }
}

fn columns(kind: &Kind) -> Vec<Column> {
    let mut columns = vec![at("Name", "/metadata/name")];
    if let Some(custom) = &kind.custom {
        if custom.columns.is_empty() {
            columns.push(age("Age"));
        }
        columns.extend(custom.columns.iter().map(printer_column));
        return columns;
    }
    columns.extend(built_in_columns(&kind.kind));
    columns.push(age("Age"));
    columns
}

fn built_in_columns(kind: &str) -> Vec<Column> {
    let count = |object: &Value, pointer: &str| {
        object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
    };
    match kind {
        "Namespace" => vec![at("Status", "/status/phase")],
        "Pod" => vec![
            column("Ready", |pod| {
                let all = pod["spec"]["containers"].as_array().map_or(0, Vec::len);
                let statuses = pod["status"]["containerStatuses"].as_array();
                let ready = statuses.into_iter().flatten().filter(|one| one["ready"] == true);
                json!(format!("{}/{all}", ready.count()))
            }),
            column("Status", |pod| {
                if pod["metadata"].get("deletionTimestamp").is_some() {
                    return json!("Terminating");
                }
                pod["status"]["phase"].clone()
            }),
            column("Restarts", |_| json!("0")),
        ],
        "Deployment" => vec![
            column("Ready", move |object| {
                let (ready, all) =
                    (count(object, "/status/readyReplicas"), count(object, "/spec/replicas"));
                json!(format!("{ready}/{all}"))
            }),
            column("Up-to-date", move |object| json!(count(object, "/status/updatedReplicas"))),
            column("Available", move |object| json!(count(object, "/status/availableReplicas"))),
        ],
        "StatefulSet" => vec![column("Ready", move |object| {
            let (ready, all) =
                (count(object, "/status/readyReplicas"), count(object, "/spec/replicas"));
            json!(format!("{ready}/{all}"))
        })],
        "ReplicaSet" => vec![
            column("Desired", move |object| json!(count(object, "/spec/replicas"))),
            column("Current", move |object| json!(count(object, "/status/replicas"))),
            column("Ready", move |object| json!(count(object, "/status/readyReplicas"))),
        ],
        "DaemonSet" => vec![
            column("Desired", move |one| json!(count(one, "/status/desiredNumberScheduled"))),
            column("Ready", move |object| json!(count(object, "/status/numberReady"))),
        ],
        "Job" => vec![column("Completions", move |object| {
            let (done, all) =
                (count(object, "/status/succeeded"), count(object, "/spec/completions"));
            json!(format!("{done}/{all}"))
        })],
        "CustomResourceDefinition" => vec![at("Created At", "/metadata/creationTimestamp")],
        "Node" => vec![at("Version", "/status/nodeInfo/kubeletVersion")],
        kind => content_columns(kind),
    }
}

fn content_columns(kind: &str) -> Vec<Column> {
    match kind {
        "Service" => vec![
            at("Type", "/spec/type"),
            at("Cluster-IP", "/spec/clusterIP"),
            column("External-IP", external_address),
            column("Port(s)", service_ports),
        ],
        "ConfigMap" | "Secret" => {
            let data = column("Data", |object| {
                json!(object["data"].as_object().map_or(0, serde_json::Map::len))
            });
            if kind == "Secret" { vec![at("Type", "/type"), data] } else { vec![data] }
        }
        _ => Vec::new(),
    }
}

fn external_address(service: &Value) -> Value {
    match service.pointer("/status/loadBalancer/ingress/0") {
        Some(ingress) => {
            ingress.get("ip").or_else(|| ingress.get("hostname")).cloned().unwrap_or_default()
        }
        None if service["spec"]["type"] == "LoadBalancer" => json!("<pending>"),
        None => json!("<none>"),
    }
}

fn service_ports(service: &Value) -> Value {
    let ports: Vec<String> = service["spec"]["ports"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|port| {
            let protocol = port["protocol"].as_str().unwrap_or("TCP");
            match port["nodePort"].as_i64() {
                Some(node) => format!("{}:{node}/{protocol}", port["port"]),
                None => format!("{}/{protocol}", port["port"]),
            }
        })
        .collect();
    json!(ports.join(","))
}

fn printer_column(definition: &Value) -> Column {
    let path = definition["jsonPath"].as_str().unwrap_or_default().to_owned();
    let is_date = definition["type"] == "date";
    Column {
        name: definition["name"].as_str().unwrap_or_default().to_owned(),
        kind: definition["type"].as_str().unwrap_or("string").to_owned(),
        priority: definition["priority"].as_i64().unwrap_or(0),
        cell: Box::new(move |object, now| {
            let found = json_path(object, &path);
            if is_date { since(&found, now) } else { found }
        }),
    }
}

/// A value by a simple JSONPath: fields, `[n]`, `[*]` (the first match) and
/// `[?(@.field=="value")]`.
fn json_path(object: &Value, path: &str) -> Value {
    let mut current = object.clone();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let Some((selector, after)) = inner.split_once(']') else { return Value::Null };
            current = select(&current, selector);
            rest = after;
            continue;
        }
        let trimmed = rest.trim_start_matches('.');
        let end = trimmed.find(['.', '[']).unwrap_or(trimmed.len());
        let (field, after) = trimmed.split_at(end);
        current = current.get(field.replace('\\', "")).cloned().unwrap_or_default();
        rest = after;
    }
    match current {
        Value::Object(_) | Value::Array(_) => Value::from(current.to_string()),
        scalar => scalar,
    }
}

fn select(list: &Value, selector: &str) -> Value {
    if let Some(condition) = selector.strip_prefix("?(@.").map(|rest| rest.trim_end_matches(')')) {
        let Some((field, wanted)) = condition.split_once("==") else { return Value::Null };
        let wanted = wanted.trim().trim_matches(['"', '\'']);
        let found = list.as_array().into_iter().flatten().find(|one| one[field.trim()] == wanted);
        return found.cloned().unwrap_or_default();
    }
    let index = selector.parse().unwrap_or(0);
    list.get::<usize>(index).cloned().unwrap_or_default()
}

/// `12s`, `3m20s`, `5h`, `8d`: how long ago something was.
fn since(timestamp: &Value, now: Timestamp) -> Value {
    let Some(then) = timestamp.as_str().and_then(|text| text.parse::<Timestamp>().ok()) else {
        return json!("<unknown>");
    };
    let seconds = now.duration_since(then).as_secs().max(0);
    let shown = match seconds {
        0..120 => format!("{seconds}s"),
        120..600 if seconds % 60 != 0 => format!("{}m{}s", seconds / 60, seconds % 60),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    };
    json!(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::kinds::Kinds;

    #[test]
    fn shows_a_deployment() {
        let kind = Kinds::built_in().find("apps", "v1", "deployments").unwrap();
        let object = json!({
            "metadata": {"name": "web", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"replicas": 3}, "status": {"readyReplicas": 2, "updatedReplicas": 3},
        });
        let now: Timestamp = "2026-01-01T00:03:20Z".parse().unwrap();
        let table = table(&kind, &[&object], json!({}), IncludeObject::None, now);
        assert_eq!(table["rows"][0]["cells"], json!(["web", "2/3", 3, 0, "3m20s"]));
    }

    #[test]
    fn follows_simple_json_paths() {
        let object = json!({"spec": {"hosts": ["a", "b"]},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        assert_eq!(json_path(&object, ".spec.hosts"), json!("[\"a\",\"b\"]"));
        assert_eq!(json_path(&object, ".spec.hosts[1]"), json!("b"));
        assert_eq!(
            json_path(&object, ".status.conditions[?(@.type==\"Ready\")].status"),
            json!("True")
        );
        assert_eq!(json_path(&object, ".nothing.at.all"), Value::Null);
    }
}
