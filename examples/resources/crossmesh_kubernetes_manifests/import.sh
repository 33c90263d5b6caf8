# The cluster and the objects by apiVersion/kind/namespace/name, without the
# namespace for those that have none, with commas between several.
terraform import crossmesh_kubernetes_manifests.echo \
  cls-0a1b2c3d/v1/Namespace/echo,apps/v1/Deployment/echo/echo,v1/Service/echo/echo
