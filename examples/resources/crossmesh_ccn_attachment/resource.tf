resource "crossmesh_ccn_instance" "main" {
  name = "cross-account"
}

# A VPC of the account that owns the CCN.
resource "crossmesh_ccn_attachment" "hub" {
  ccn_id      = crossmesh_ccn_instance.main.id
  instance_id = "vpc-0a1b2c3d"
  description = "The hub's network"
}

# One in another region.
resource "crossmesh_ccn_attachment" "shanghai" {
  ccn_id          = crossmesh_ccn_instance.main.id
  instance_id     = "vpc-1b2c3d4e"
  instance_region = "ap-shanghai"

  timeouts = {
    create = "20m"
  }
}
