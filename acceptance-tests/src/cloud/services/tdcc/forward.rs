//! `ForwardRequestTDCC`: the hub's Kubernetes API through the cloud's.

use serde_json::{Value, json};

use super::{Registered, RegisteredStatus, not_found};
use crate::{
    cloud::service::{Answer, ApiError, Context, Params},
    fields,
};

const MANAGED_CLUSTERS: &str = "/apis/clusters.clusternet.io/v1beta1/managedclusters";

/// Reads a hub's version and its ManagedCluster objects; everything else is
/// the 404 of a Kubernetes API.
pub(super) fn request(cx: &mut Context<'_>, params: &Params) -> Answer {
    let hub_id = params.required("ClusterId")?;
    let hub = cx.state.tdcc.hubs.get(hub_id).filter(|hub| cx.is_caller(&hub.owner));
    let Some(hub) = hub else { return Err(not_found(hub_id)) };
    if !hub.is_running() {
        let text = format!("hub cluster {hub_id} is {}", hub.status.current());
        return Err(ApiError::new("ResourceUnavailable.ClusterState", text));
    }
    let path = params.required("Path")?;
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let body = match (params.required("Method")?, path) {
        ("GET", "/version") => json!({"major": "1", "minor": "26", "gitVersion": "v1.26.1"}),
        ("GET", MANAGED_CLUSTERS) => {
            let clusters = cx.state.tdcc.registered.values();
            let items: Vec<Value> = clusters
                .filter(|cluster| cluster.hub_id == hub_id && cluster.report.is_some())
                .filter(|cluster| selected(cluster, query))
                .map(managed_cluster)
                .collect();
            json!({"kind": "ManagedClusterList", "apiVersion": "clusters.clusternet.io/v1beta1",
                "metadata": {"resourceVersion": "1"}, "items": items})
        }
        (method, path) => json!({"kind": "Status", "apiVersion": "v1", "status": "Failure",
            "reason": "NotFound", "code": 404,
            "message": format!("the hub does not serve {method} {path}")}),
    };
    Ok(fields! {"ResponseBody": body.to_string()})
}

const ID_LABEL: &str = "tdcc.cloud.tencent.com/cluster-id";
const NAME_LABEL: &str = "tdcc.cloud.tencent.com/cluster-name";

/// Whether the query's `labelSelector` for the cluster id, if any, fits.
fn selected(cluster: &Registered, query: &str) -> bool {
    let selector = query.split('&').find_map(|pair| pair.strip_prefix("labelSelector="));
    let decoded = selector.map(|text| percent_encoding::percent_decode_str(text));
    let decoded = decoded.map(|text| text.decode_utf8_lossy().into_owned());
    decoded.is_none_or(|text| text == format!("{ID_LABEL}={}", cluster.id))
}

fn managed_cluster(cluster: &Registered) -> Value {
    let report = cluster.report.as_ref();
    let (ready, reason) = match cluster.status.current() {
        RegisteredStatus::Running => ("True", "ManagedClusterReady"),
        _ => ("Unknown", "ClusterStatusUnknown"),
    };
    let mut labels = json!({"clusternet.io/created-by": "clusternet-agent"});
    labels[ID_LABEL] = json!(cluster.id);
    labels[NAME_LABEL] = json!(cluster.name);
    json!({
        "kind": "ManagedCluster",
        "apiVersion": "clusters.clusternet.io/v1beta1",
        "metadata": {"name": cluster.name, "namespace": format!("clusternet-{}", cluster.id),
            "labels": labels},
        "spec": {"clusterId": cluster.id, "syncMode": "Dual"},
        "status": {
            "k8sVersion": report.map(|report| format!("v{}", report.version)),
            "clusterCIDR": report.map(|report| &report.cluster_cidr),
            "serviceCIDR": report.map(|report| &report.service_cidr),
            "nodeStatistics": {"readyNodes": report.map(|report| report.nodes)},
            "heartbeatFrequencySeconds": 180,
            "conditions": [{"type": "Ready", "status": ready, "reason": reason}],
        },
    })
}
