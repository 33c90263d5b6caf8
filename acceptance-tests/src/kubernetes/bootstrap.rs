//! What is in a cluster from the start.

use serde_json::{Value, json};

use super::auth::VIEWERS;
use super::request::Options;
use super::state::{State, Write};

/// Namespaces, nodes, default roles and the API's own Service.
pub(crate) fn fill(state: &mut State) {
    for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        create(
            state,
            "",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
        );
    }
    for node in 1..=state.settings.nodes {
        let name = format!("{}-node-{node}", state.settings.id);
        create(state, "", json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}));
        ready_node(state, &name, node);
    }
    roles(state);
    create(
        state,
        "default",
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
            "spec": {"ports": [{"name": "https", "port": 443, "targetPort": 6443}]},
        }),
    );
}

fn roles(state: &mut State) {
    let all = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]}]);
    let read = json!(["get", "list", "watch"]);
    let viewed = json!([
        {"apiGroups": [""], "resources": ["configmaps", "endpoints", "events", "namespaces", "nodes",
            "persistentvolumeclaims", "pods", "serviceaccounts", "services"], "verbs": read},
        {"apiGroups": ["apps", "batch", "networking.k8s.io", "discovery.k8s.io", "policy",
            "autoscaling", "networking.istio.io", "security.istio.io", "telemetry.istio.io",
            "extensions.istio.io", "apiextensions.k8s.io"], "resources": ["*"], "verbs": read},
    ]);
    for (name, rules) in
        [("cluster-admin", &all), ("admin", &all), ("edit", &all), ("view", &viewed)]
    {
        create(
            state,
            "",
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
                "rules": rules,
            }),
        );
    }
    for (name, role, group) in [
        ("cluster-admin", "cluster-admin", "system:masters"),
        ("crossmesh:viewers", "view", VIEWERS),
    ] {
        create(
            state,
            "",
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
            }),
        );
    }
}

fn ready_node(state: &mut State, name: &str, number: u32) {
    let status = json!({
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
        "addresses": [{"type": "InternalIP", "address": format!("10.0.0.{}", number % 250)},
            {"type": "Hostname", "address": name}],
        "nodeInfo": {"kubeletVersion": format!("v{}", state.settings.version)},
    });
    let key = super::store::Key::new("", "nodes", "", name);
    state.set_status(&key, status, "kubelet");
}

fn create(state: &mut State, namespace: &str, object: Value) {
    let Some(kind) = state.kinds.of_object(&object) else { return };
    let options = Options::default();
    let write = Write {
        kind: &kind,
        namespace,
        subresource: "",
        options: &options,
        manager: "kube-apiserver",
    };
    let mut object = object;
    let accepted = super::content::accept(&kind, &mut object, Default::default());
    debug_assert!(accepted.is_ok(), "{accepted:?}");
    let created = state.create(&write, object, false);
    debug_assert!(created.is_ok(), "{created:?}");
}
