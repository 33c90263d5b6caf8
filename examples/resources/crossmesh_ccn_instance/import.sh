# The CCN's id. A name of the provider's `accounts`, a region, or both may stand
# before it: shop/ccn-0a1b2c3d, @ap-shanghai/ccn-0a1b2c3d, shop@ap-shanghai/ccn-0a1b2c3d.
terraform import crossmesh_ccn_instance.main ccn-0a1b2c3d
