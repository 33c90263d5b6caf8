# Mesh, cluster, namespace and name. A name of the provider's `accounts`, a region,
# or both may stand before them.
terraform import crossmesh_tcm_ingress_gateway.public \
  'mesh-0a1b2c3d#cls-0a1b2c3d#istio-system#istio-ingressgateway'
