# Cluster, namespace and name. The name of an account stands before it where the
# kubeconfig of a cluster id is fetched with that one: shop/cls-0a1b2c3d/shop/reviews.
terraform import crossmesh_istio_destination_rule.reviews cls-0a1b2c3d/shop/reviews
