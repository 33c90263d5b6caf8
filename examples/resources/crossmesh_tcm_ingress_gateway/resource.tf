# A gateway with a new public load balancer.
resource "crossmesh_tcm_ingress_gateway" "public" {
  mesh_id    = crossmesh_tcm_mesh.main.id
  cluster_id = crossmesh_tcm_mesh_cluster.main.cluster_id
  name       = "istio-ingressgateway"

  service = {
    external_traffic_policy = "Local"
  }

  workload = {
    resources = {
      requests = { cpu = "500m", memory = "512Mi" }
      limits   = { cpu = "2", memory = "1Gi" }
    }
    horizontal_pod_autoscaler = {
      min_replicas = 2
      max_replicas = 10
    }
  }

  load_balancer = {
    internet_charge_type       = "TRAFFIC_POSTPAID_BY_HOUR"
    internet_max_bandwidth_out = 100
  }
}

# A gateway behind a load balancer that is there already.
resource "crossmesh_tcm_ingress_gateway" "existing" {
  mesh_id          = crossmesh_tcm_mesh.main.id
  cluster_id       = crossmesh_tcm_mesh_cluster.main.cluster_id
  name             = "partners"
  load_balancer_id = "lb-0a1b2c3d"
}

output "address" {
  value = crossmesh_tcm_ingress_gateway.public.clb_vip
}
