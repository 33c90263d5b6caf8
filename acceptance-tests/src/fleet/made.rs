//! The objects that callers have made in the clusters.

use serde_json::{Value, json};

use super::Fleet;
use crate::cloud::objects::ObjectRecord;
use crate::kubernetes::Cluster;

/// The kind of these records.
const KIND: &str = "kubernetes_object";

/// What callers have created in a cluster and is still there. The id is
/// `cluster/apiVersion/kind/namespace/name`.
pub(super) fn objects(cluster: &Cluster) -> Vec<ObjectRecord> {
    cluster.made().iter().map(|object| record(cluster.id(), object)).collect()
}

/// Deletes such an object at once, finalizers or not.
pub(super) fn delete(fleet: &Fleet, id: &str) -> bool {
    let found = fleet.clusters().find_map(|cluster| {
        let object = cluster.made().into_iter().find(|one| record(cluster.id(), one).id == id)?;
        Some((cluster, object))
    });
    let Some((cluster, object)) = found else { return false };
    cluster.remove(&object)
}

fn record(cluster: &str, object: &Value) -> ObjectRecord {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    let parts = [
        cluster.to_owned(),
        text(&object["apiVersion"]),
        text(&object["kind"]),
        text(&metadata["namespace"]),
        text(&metadata["name"]),
    ];
    ObjectRecord {
        kind: KIND,
        id: parts.join("/"),
        owner: String::new(),
        state: metadata.get("deletionTimestamp").map(|_| "Terminating".to_owned()),
        detail: json!({"cluster": cluster, "uid": metadata["uid"]}),
    }
}
