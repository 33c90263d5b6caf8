data "crossmesh_ccn_attachments" "all" {
  ccn_id = "ccn-0a1b2c3d"
}

# Who waits for being accepted.
data "crossmesh_ccn_attachments" "pending" {
  ccn_id = "ccn-0a1b2c3d"
  state  = "PENDING"
}

output "address_ranges" {
  value = { for it in data.crossmesh_ccn_attachments.all.attachments : it.instance_id => it.cidr_blocks }
}

output "applications" {
  value = { for it in data.crossmesh_ccn_attachments.pending.attachments : it.instance_id => it.instance_uin }
}
