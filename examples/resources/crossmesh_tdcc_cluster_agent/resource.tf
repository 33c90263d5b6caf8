# The agent runs in the shop account's cluster and calls the hub, which belongs to
# the provider's own account.
resource "crossmesh_tdcc_cluster_agent" "shop" {
  registered_cluster_id = crossmesh_tdcc_registered_cluster.shop.id

  account = "shop"
  cluster = "cls-4e5f6a7b"

  # It calls through the CCN: both networks must be attached before.
  depends_on = [crossmesh_ccn_cross_account_attachment_accepter.shop]
}

# A cluster that no CCN reaches calls over the internet. It is reached with the
# kubeconfig that the provider's `clusters` has under this name.
resource "crossmesh_tdcc_cluster_agent" "branch" {
  registered_cluster_id = crossmesh_tdcc_registered_cluster.branch.id

  cluster  = "branch"
  extranet = true

  timeouts = {
    create = "20m"
  }
}
