# VPC#RANGE, behind the name of the account that owns the cluster.
terraform import crossmesh_ccn_cluster_cidr.shop 'shop/vpc-1b2c3d4e#172.16.64.0/19'
