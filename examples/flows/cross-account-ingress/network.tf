# All VPCs in one CCN. The member applies, the hub accepts; Terraform orders it.

data "crossmesh_tke_cluster" "all" {
  for_each = local.clusters

  account    = each.value.account
  region     = each.value.region
  cluster_id = each.value.id
}

resource "crossmesh_ccn_instance" "main" {
  name        = "cross-account-ingress"
  description = "Joins the VPCs of the hub and of every member"

  lifecycle {
    precondition {
      condition = length(provider::crossmesh::cidr_conflicts({
        for name, cluster in data.crossmesh_tke_cluster.all :
        name => compact([cluster.cluster_cidr, cluster.service_cidr])
      })) == 0
      error_message = "The clusters' ranges overlap; traffic between them could not be routed."
    }
  }
}

resource "crossmesh_ccn_attachment" "hub" {
  ccn_id      = crossmesh_ccn_instance.main.id
  instance_id = var.hub.vpc_id
}

resource "crossmesh_ccn_cross_account_attachment" "member" {
  for_each = var.members

  account     = each.key
  ccn_id      = crossmesh_ccn_instance.main.id
  ccn_uin     = crossmesh_ccn_instance.main.owner_uin
  instance_id = each.value.vpc_id
}

resource "crossmesh_ccn_cross_account_attachment_accepter" "member" {
  for_each = crossmesh_ccn_cross_account_attachment.member

  ccn_id          = each.value.ccn_id
  instance_id     = each.value.instance_id
  instance_region = each.value.instance_region
}

# Global Router clusters publish their container range to the CCN; VPC-CNI
# clusters have their pods in the VPC's subnets already.
resource "crossmesh_ccn_cluster_cidr" "all" {
  for_each = {
    for name, cluster in local.clusters : name => cluster
    if data.crossmesh_tke_cluster.all[name].network_type == "GR"
  }

  account      = each.value.account
  region       = each.value.region
  vpc_id       = data.crossmesh_tke_cluster.all[each.key].vpc_id
  cluster_cidr = data.crossmesh_tke_cluster.all[each.key].cluster_cidr

  depends_on = [
    crossmesh_ccn_attachment.hub,
    crossmesh_ccn_cross_account_attachment_accepter.member,
  ]
}
