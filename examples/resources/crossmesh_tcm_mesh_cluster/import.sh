# The ids of mesh and cluster. A name of the provider's `accounts`, a region, or
# both may stand before them: hub@ap-shanghai/mesh-0a1b2c3d#cls-0a1b2c3d. What a
# registered cluster is in its own account (`cluster_account`, `original_region`,
# `original_cluster_id`) may stand behind them:
# 'mesh-0a1b2c3d#cls-8c9d0e1f#shop@ap-shanghai/cls-4e5f6a7b'.
terraform import crossmesh_tcm_mesh_cluster.hub 'mesh-0a1b2c3d#cls-0a1b2c3d'
