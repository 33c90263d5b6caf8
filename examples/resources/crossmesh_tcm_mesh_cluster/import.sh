# The ids of mesh and cluster. A name of the provider's `accounts`, a region, or
# both may stand before them: hub@ap-shanghai/mesh-0a1b2c3d#cls-0a1b2c3d.
terraform import crossmesh_tcm_mesh_cluster.hub 'mesh-0a1b2c3d#cls-0a1b2c3d'
