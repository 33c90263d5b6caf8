//! Meshes: Istio in the members, gateways in front of them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Fleet;
use crate::cloud::clusters::{ClusterError, Clusters as _, Mesh, MeshGateway};
use crate::gateway::{Ingress, IngressMember};
use crate::kubernetes::{Cluster, LOAD_BALANCER_ADDRESS};

/// The field manager of what a mesh puts into clusters.
const MANAGER: &str = "tcm";

/// Makes the clusters and load balancers what the mesh wants of them.
pub(super) fn sync(fleet: &Fleet, mesh: &Mesh) -> Result<(), ClusterError> {
    let before = fleet.edge().meshes.get(&mesh.id).cloned();
    for member in &mesh.members {
        let Some(cluster) = fleet.answering(&member.cluster)? else { continue };
        cluster.install_istio_crds().map_err(ClusterError::Refused)?;
        cluster.join_mesh(Some((member.injection, &member.injected_namespaces)));
    }
    for gateway in &mesh.gateways {
        if let Some(cluster) = fleet.answering(&gateway.cluster)? {
            let address = fleet.load_balancer(&gateway.load_balancer, None)?.address;
            install(cluster, gateway, &address).map_err(ClusterError::Refused)?;
        }
    }
    for old in before.iter().flat_map(|mesh| &mesh.gateways) {
        let same = |one: &&MeshGateway| {
            (&one.cluster, &one.namespace, &one.name) == (&old.cluster, &old.namespace, &old.name)
        };
        match mesh.gateways.iter().find(same) {
            Some(now) if now.load_balancer == old.load_balancer => {}
            Some(_) => close(fleet, &old.load_balancer),
            None => withdraw(fleet, old),
        }
    }
    fleet.edge().meshes.insert(mesh.id.clone(), mesh.clone());
    for old in before.iter().flat_map(|mesh| &mesh.members) {
        leave(fleet, &old.cluster);
    }
    serve(fleet, mesh);
    Ok(())
}

/// Takes a mesh apart.
pub(super) fn remove(fleet: &Fleet, mesh_id: &str) {
    let Some(mesh) = fleet.edge().meshes.remove(mesh_id) else { return };
    for gateway in &mesh.gateways {
        withdraw(fleet, gateway);
    }
    for member in &mesh.members {
        leave(fleet, &member.cluster);
    }
}

/// Points the gateways' load balancers at what the mesh is now.
fn serve(fleet: &Fleet, mesh: &Mesh) {
    for gateway in &mesh.gateways {
        let members: Vec<IngressMember> = mesh
            .members
            .iter()
            .filter_map(|member| {
                Some(IngressMember {
                    cluster: fleet.cluster(&member.cluster)?.clone(),
                    primary: member.primary,
                    reachable: gateway.reaches.contains(&member.cluster),
                })
            })
            .collect();
        let balancer = fleet.edge().balancers.get(&gateway.load_balancer).cloned();
        if let Some(balancer) = balancer {
            balancer.serve(Some(Arc::new(Ingress::new(&gateway.name, members))));
        }
    }
}

/// A gateway goes: its workload, and what its load balancer serves.
fn withdraw(fleet: &Fleet, gateway: &MeshGateway) {
    close(fleet, &gateway.load_balancer);
    if let Some(cluster) = fleet.cluster(&gateway.cluster) {
        for (group, plural) in [("", "services"), ("apps", "deployments")] {
            cluster.delete(group, plural, &gateway.namespace, &gateway.name);
        }
    }
}

fn close(fleet: &Fleet, balancer: &str) {
    let balancer = fleet.edge().balancers.get(balancer).cloned();
    if let Some(balancer) = balancer {
        balancer.serve(None);
    }
}

/// Istio leaves a cluster that is in no mesh any more.
fn leave(fleet: &Fleet, id: &str) {
    let linked = |mesh: &Mesh| mesh.members.iter().any(|member| member.cluster == id);
    if fleet.edge().meshes.values().any(linked) {
        return;
    }
    if let Some(cluster) = fleet.cluster(id) {
        cluster.remove_istio_crds();
        cluster.join_mesh(None);
    }
}

/// The gateway's Namespace, Deployment and Service.
fn install(cluster: &Cluster, gateway: &MeshGateway, address: &str) -> Result<(), String> {
    let labels = json!({"app": gateway.name, "istio": gateway.name});
    let metadata = json!({
        "name": gateway.name,
        "namespace": gateway.namespace,
        "labels": labels,
    });
    if cluster.object("", "namespaces", "", &gateway.namespace).is_none() {
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": gateway.namespace},
        });
        cluster.apply(MANAGER, &namespace.to_string())?;
    }
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": gateway.replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{
                    "name": "istio-proxy",
                    "image": "ccr.ccs.tencentyun.com/tke-istio/proxyv2:1.18.5",
                    "ports": [{"containerPort": 8080, "name": "http2"}],
                }]},
            },
        },
    });
    let mut service: Value = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "type": "LoadBalancer",
            "selector": labels,
            "ports": [
                {"name": "http2", "port": 80, "targetPort": 8080},
                {"name": "https", "port": 443, "targetPort": 8443},
            ],
        },
    });
    service["metadata"]["annotations"] = json!({
        "service.kubernetes.io/loadbalance-id": gateway.load_balancer,
        LOAD_BALANCER_ADDRESS: address,
    });
    cluster.apply(MANAGER, &deployment.to_string())?;
    cluster.apply(MANAGER, &service.to_string())
}
