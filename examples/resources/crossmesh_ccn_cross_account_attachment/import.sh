# CCN#TYPE#REGION#INSTANCE, behind the name of the account that owns the instance.
terraform import crossmesh_ccn_cross_account_attachment.shop 'shop/ccn-0a1b2c3d#VPC#ap-guangzhou#vpc-1b2c3d4e'
