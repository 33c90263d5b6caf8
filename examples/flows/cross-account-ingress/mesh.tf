# The members' clusters become known to the hub through TDCC, then every cluster
# is linked into one mesh.

resource "crossmesh_tdcc_hub_cluster" "main" {
  vpc_id    = var.hub.vpc_id
  subnet_id = var.hub.subnet_id
}

resource "crossmesh_tdcc_registered_cluster" "member" {
  for_each = var.members

  hub_cluster_id      = crossmesh_tdcc_hub_cluster.main.id
  name                = each.key
  original_cluster_id = each.value.cluster_id
  original_region     = each.value.region
}

resource "crossmesh_tdcc_cluster_agent" "member" {
  for_each = crossmesh_tdcc_registered_cluster.member

  registered_cluster_id = each.value.id
  account               = each.key
  cluster               = var.members[each.key].cluster_id

  # The agent calls home through the CCN.
  depends_on = [
    crossmesh_ccn_attachment.hub,
    crossmesh_ccn_cross_account_attachment_accepter.member,
  ]
}

resource "crossmesh_tcm_mesh" "main" {
  display_name = "cross-account-ingress"
  mesh_version = var.mesh_version

  config = {
    istio = { outbound_traffic_policy = "ALLOW_ANY" }
  }
}

resource "crossmesh_tcm_mesh_cluster" "hub" {
  for_each = var.hub.clusters

  mesh_id    = crossmesh_tcm_mesh.main.id
  cluster_id = each.value
  role       = each.value == local.main_cluster ? "MASTER" : "REMOTE"
  vpc_id     = var.hub.vpc_id
  subnet_id  = var.hub.subnet_id

  depends_on = [crossmesh_ccn_cluster_cidr.all]
}

resource "crossmesh_tcm_mesh_cluster" "member" {
  for_each = crossmesh_tdcc_cluster_agent.member

  mesh_id    = crossmesh_tcm_mesh.main.id
  cluster_id = each.value.registered_cluster_id
  role       = "REMOTE"
  type       = "TDCC" # not published by Tencent Cloud; see the resource's documentation
  vpc_id     = var.hub.vpc_id
  subnet_id  = var.hub.subnet_id

  # What the cluster is in its own account: the plan warns where its pods could
  # get no sidecars.
  cluster_account     = each.key
  original_cluster_id = var.members[each.key].cluster_id
  original_region     = var.members[each.key].region

  depends_on = [crossmesh_tcm_mesh_cluster.hub, crossmesh_ccn_cluster_cidr.all]
}

resource "crossmesh_tcm_ingress_gateway" "main" {
  mesh_id    = crossmesh_tcm_mesh.main.id
  cluster_id = local.main_cluster
  name       = "istio-ingressgateway"

  service  = { type = "LoadBalancer" }
  workload = { replicas = 2 }

  depends_on = [crossmesh_tcm_mesh_cluster.hub]
}

locals {
  # The cluster that holds the mesh's configuration and its ingress gateway:
  # the first of the hub's, by name.
  main_cluster = var.hub.clusters[sort(keys(var.hub.clusters))[0]]
}
