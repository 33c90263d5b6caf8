//! How often a cluster is asked for what is in the state.

use crossmesh_sim::{kubernetes::Cluster, terraform::Action};
use serde_json::json;

use crate::cluster::Bench;

const SIXTY: &str = r#"
resource "crossmesh_istio_virtual_service" "all" {
  count    = 60
  cluster  = "CLUSTER"
  metadata = { name = "route-${count.index}", namespace = "NAMESPACE" }

  force_conflicts = true

  spec = {
    hosts = ["${count.index}.example.com"]
    http  = [{ route = [{ destination = { host = "a" } }] }]
  }
}
"#;

/// Reads of virtual services since a namespace was made last: of single ones,
/// and of all.
fn reads(cluster: &Cluster) -> (usize, usize) {
    let calls = cluster.calls();
    let made = |call: &String| call.starts_with("POST /api/v1/namespaces");
    let since = calls.iter().rposition(made).expect("a namespace was made");
    let of_kind = calls[since..].iter().filter(|it| it.starts_with("GET"));
    let of_kind = of_kind.filter_map(|it| it.split_once("/virtualservices"));
    let (single, all): (Vec<_>, Vec<_>) = of_kind.partition(|(_, rest)| rest.starts_with('/'));
    (single.len(), all.len())
}

#[test]
fn one_list_serves_all_objects_of_a_kind_and_namespace() {
    let bench = Bench::with_istio();
    bench.apply_config(&bench.here(SIXTY));
    let path = bench.istio("virtualservices", "route-7");
    bench.kube().edit(&path, &json!({"spec": {"hosts": ["other.example.com"]}}));
    bench.make_namespace("mark-one");
    let seventh = "crossmesh_istio_virtual_service.all[7]";
    bench.plan().expect_changes(&[(seventh, Action::Update)]);
    if let Some(cluster) = bench.simulated() {
        assert_eq!(reads(cluster), (1, 1));
    }

    // What was applied shows at once, and what is gone is gone.
    bench.apply().expect_success();
    bench.plan().expect_empty();
    bench.kube().delete(&bench.istio("virtualservices", "route-9"));
    let ninth = "crossmesh_istio_virtual_service.all[9]";
    bench.plan().expect_changes(&[(ninth, Action::Create)]);
}
