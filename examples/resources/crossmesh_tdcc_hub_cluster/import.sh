# The hub's id. A name of the provider's `accounts` may stand before it:
# hub/cls-0a1b2c3d. The region is found by itself.
terraform import crossmesh_tdcc_hub_cluster.main cls-0a1b2c3d
