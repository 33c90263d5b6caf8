# A cluster of another account gets its place in the hub.
resource "crossmesh_tdcc_registered_cluster" "shop" {
  hub_cluster_id      = crossmesh_tdcc_hub_cluster.main.id
  name                = "shop"
  description         = "The shop team's cluster"
  original_cluster_id = "cls-4e5f6a7b"
  original_region     = "ap-guangzhou"

  labels = {
    tier = "edge"
  }

  tags = {
    team = "shop"
  }
}
