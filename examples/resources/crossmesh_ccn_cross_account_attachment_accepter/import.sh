# CCN#TYPE#REGION#INSTANCE, as the CCN's owner sees it.
terraform import crossmesh_ccn_cross_account_attachment_accepter.shop 'ccn-0a1b2c3d#VPC#ap-guangzhou#vpc-1b2c3d4e'
