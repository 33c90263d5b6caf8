# One service in each cluster, one name for each service, one way in.

resource "crossmesh_kubernetes_manifests" "service" {
  for_each = local.clusters

  account = each.value.account
  region  = each.value.region
  cluster = each.value.id

  manifests = templatefile("${path.module}/templates/service.yaml", { name = each.key })

  depends_on = [crossmesh_tcm_mesh_cluster.hub, crossmesh_tcm_mesh_cluster.member]
}

resource "crossmesh_istio_gateway" "main" {
  cluster = local.main_cluster

  metadata = {
    name      = "ingress"
    namespace = "istio-system"
  }

  spec = {
    selector = { istio = crossmesh_tcm_ingress_gateway.main.name }
    servers = [{
      port  = { number = 80, name = "http", protocol = "HTTP" }
      hosts = ["*.${var.domain}"]
    }]
  }
}

resource "crossmesh_istio_virtual_service" "name" {
  for_each = local.clusters

  cluster = local.main_cluster

  metadata = {
    name      = each.key
    namespace = "istio-system"
  }

  spec = {
    hosts    = ["${each.key}.${var.domain}"]
    gateways = ["istio-system/${crossmesh_istio_gateway.main.metadata.name}"]
    http = [{
      route = [{
        destination = {
          host = "${each.key}.services.svc.cluster.local"
          port = { number = 80 }
        }
      }]
    }]
  }

  depends_on = [crossmesh_kubernetes_manifests.service]
}

resource "crossmesh_dnspod_record" "wildcard" {
  domain      = var.domain
  sub_domain  = "*"
  record_type = "A"
  value       = crossmesh_tcm_ingress_gateway.main.clb_vip
  ttl         = 600
}
