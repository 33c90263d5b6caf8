# The account's own clusters. The mesh reads its Istio objects from the first.
resource "crossmesh_tcm_mesh_cluster" "hub" {
  for_each = {
    "cls-0a1b2c3d" = "MASTER"
    "cls-1b2c3d4e" = "REMOTE"
  }

  mesh_id    = crossmesh_tcm_mesh.main.id
  cluster_id = each.key
  role       = each.value
  vpc_id     = "vpc-0a1b2c3d"
  subnet_id  = "subnet-0a1b2c3d"

  auto_injection_namespaces = ["shop", "cart"]
}

# A cluster of another account, registered to the hub. VPC and subnet are the
# hub's; the API's word for such a cluster is not published.
resource "crossmesh_tcm_mesh_cluster" "shop" {
  mesh_id    = crossmesh_tcm_mesh.main.id
  cluster_id = crossmesh_tdcc_registered_cluster.shop.id
  vpc_id     = "vpc-0a1b2c3d"
  subnet_id  = "subnet-0a1b2c3d"

  # With these the plan warns if sidecars cannot be injected there.
  cluster_account     = "shop"
  original_cluster_id = "cls-2c3d4e5f"

  depends_on = [crossmesh_tdcc_cluster_agent.shop]
}
