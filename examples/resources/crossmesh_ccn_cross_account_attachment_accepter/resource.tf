# Every application that waits for the hub's CCN, whoever made it.
data "crossmesh_ccn_attachments" "pending" {
  ccn_id = "ccn-0a1b2c3d"
  state  = "PENDING"
}

# Accepts that of one account, known by its UIN. With an application that is made
# in the same configuration, refer to it instead, so that it is made first.
resource "crossmesh_ccn_cross_account_attachment_accepter" "shop" {
  ccn_id          = "ccn-0a1b2c3d"
  instance_id     = "vpc-1b2c3d4e"
  instance_region = "ap-guangzhou"
  order_type      = "PayByCcnOwner"

  timeouts = {
    create = "30m"
  }

  lifecycle {
    postcondition {
      condition     = self.instance_uin == "100010001002"
      error_message = "The network belongs to another account than was agreed on."
    }
  }
}
