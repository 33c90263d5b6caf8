# Mesh or cluster, namespace and name. The name of an account stands before it
# where that one's credentials are needed: shop/cls-0a1b2c3d/shop/shop.
terraform import crossmesh_istio_virtual_service.shop mesh-0a1b2c3d/shop/shop
