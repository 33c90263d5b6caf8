# Cluster, namespace and name. The name of an account stands before it where the
# kubeconfig of a cluster id is fetched with that one: shop/cls-0a1b2c3d/istio-system/mesh-default.
terraform import crossmesh_istio_telemetry.mesh cls-0a1b2c3d/istio-system/mesh-default
