# The domain and the record's id. A name of the provider's `accounts` may stand
# before it: shop/example.com#1234567.
terraform import crossmesh_dnspod_record.wildcard 'example.com#1234567'
