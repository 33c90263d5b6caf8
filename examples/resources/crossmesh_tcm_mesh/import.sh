# The mesh's id. A name of the provider's `accounts`, a region, or both may stand
# before it: shop/mesh-0a1b2c3d, @ap-shanghai/mesh-0a1b2c3d, shop@ap-shanghai/mesh-0a1b2c3d.
terraform import crossmesh_tcm_mesh.main mesh-0a1b2c3d
