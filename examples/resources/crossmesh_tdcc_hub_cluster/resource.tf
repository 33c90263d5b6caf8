# One hub for each account and region. The first one opens TDCC for the account.
resource "crossmesh_tdcc_hub_cluster" "main" {
  vpc_id    = "vpc-0a1b2c3d"
  subnet_id = "subnet-0a1b2c3d"
}
