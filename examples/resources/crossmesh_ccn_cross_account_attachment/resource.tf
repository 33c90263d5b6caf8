# Account `shop` of the provider's `accounts` applies to join the hub's CCN.
resource "crossmesh_ccn_cross_account_attachment" "shop" {
  account     = "shop"
  ccn_id      = crossmesh_ccn_instance.main.id
  ccn_uin     = crossmesh_ccn_instance.main.owner_uin
  instance_id = "vpc-1b2c3d4e"
  description = "The shop's network"
}

# The hub accepts.
resource "crossmesh_ccn_cross_account_attachment_accepter" "shop" {
  ccn_id          = crossmesh_ccn_cross_account_attachment.shop.ccn_id
  instance_id     = crossmesh_ccn_cross_account_attachment.shop.instance_id
  instance_region = crossmesh_ccn_cross_account_attachment.shop.instance_region
}

resource "crossmesh_ccn_instance" "main" {
  name = "cross-account"
}
