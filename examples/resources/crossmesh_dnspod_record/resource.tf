# Every name of the domain leads to the gateway.
resource "crossmesh_dnspod_record" "wildcard" {
  domain      = "example.com"
  sub_domain  = "*"
  record_type = "A"
  value       = crossmesh_tcm_ingress_gateway.main.clb_vip
  ttl         = 600
}

# A name for a load balancer that has no fixed address.
resource "crossmesh_dnspod_record" "shop" {
  domain      = "example.com"
  sub_domain  = "shop"
  record_type = "CNAME"
  value       = "lb-0a1b2c3d.clb.tencentclb.com"
}
