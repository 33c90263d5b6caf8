# The id of the registered cluster. A name of the provider's `accounts`, a region,
# or both may stand before it: hub@ap-shanghai/cls-8c9d0e1f. The hub is found where
# the account has one in the region; else its id comes first:
# 'cls-0a1b2c3d#cls-8c9d0e1f'. Labels and annotations cannot be read: the next apply
# sets those of the configuration.
terraform import crossmesh_tdcc_registered_cluster.shop cls-8c9d0e1f
