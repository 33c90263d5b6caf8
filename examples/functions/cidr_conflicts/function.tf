# Fails the plan when two clusters could not be routed side by side.
locals {
  ranges = {
    hub  = ["10.0.0.0/16", "172.16.0.0/20"]
    shop = ["10.1.0.0/16", "172.16.16.0/20"]
  }
}

resource "crossmesh_ccn_instance" "main" {
  name = "mesh"

  lifecycle {
    precondition {
      condition     = length(provider::crossmesh::cidr_conflicts(local.ranges)) == 0
      error_message = "The clusters' ranges overlap."
    }
  }
}
