data "crossmesh_tke_cluster" "shop" {
  account    = "shop"
  cluster_id = "cls-0a1b2c3d"
}

# The pods of a Global Router cluster, for the other networks of the CCN. `ccn_id`
# comes from the accepter, so that the VPC is in the CCN before.
resource "crossmesh_ccn_cluster_cidr" "shop" {
  account      = "shop"
  vpc_id       = data.crossmesh_tke_cluster.shop.vpc_id
  cluster_cidr = data.crossmesh_tke_cluster.shop.cluster_cidr
  ccn_id       = crossmesh_ccn_cross_account_attachment_accepter.shop.ccn_id
}

resource "crossmesh_ccn_cross_account_attachment_accepter" "shop" {
  ccn_id          = "ccn-0a1b2c3d"
  instance_id     = data.crossmesh_tke_cluster.shop.vpc_id
  instance_region = "ap-guangzhou"
}
