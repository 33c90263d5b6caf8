data "crossmesh_tke_cluster" "shop" {
  account    = "shop"
  cluster_id = "cls-0a1b2c3d"
}

output "shop_ranges" {
  value = {
    pods     = data.crossmesh_tke_cluster.shop.cluster_cidr
    services = data.crossmesh_tke_cluster.shop.service_cidr
  }
}
