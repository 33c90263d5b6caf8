resource "crossmesh_ccn_instance" "main" {
  name        = "cross-account"
  description = "Joins the VPCs of every account"
  qos         = "AU"

  tags = {
    purpose = "mesh"
  }
}

# What a member account needs to apply for joining.
output "ccn" {
  value = {
    id        = crossmesh_ccn_instance.main.id
    owner_uin = crossmesh_ccn_instance.main.owner_uin
  }
}
