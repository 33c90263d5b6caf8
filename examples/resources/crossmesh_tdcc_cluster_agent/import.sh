# The id of the registered cluster, and the cluster itself: the id that it has in
# its own account, or a key of the provider's `clusters`. Before them whose
# credentials reach the cluster, behind them whose registration it is, where that is
# not the provider's own account:
# 'shop@ap-shanghai/cls-8c9d0e1f#cls-4e5f6a7b#hub@ap-guangzhou'.
terraform import crossmesh_tdcc_cluster_agent.shop 'shop/cls-8c9d0e1f#cls-4e5f6a7b'
