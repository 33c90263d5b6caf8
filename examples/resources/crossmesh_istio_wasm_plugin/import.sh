# Cluster, namespace and name. The name of an account stands before it where the
# kubeconfig of a cluster id is fetched with that one: shop/cls-0a1b2c3d/istio-system/login.
terraform import crossmesh_istio_wasm_plugin.login cls-0a1b2c3d/istio-system/login
