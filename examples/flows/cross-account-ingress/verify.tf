# The proof: a request for each name, through the gateway.

variable "connect_to" {
  description = "host:port to dial instead of what the names resolve to, for a gateway that is not reachable through DNS yet."
  type        = string
  default     = null
}

# Not nested in the check block: Terraform plans to read a nested one again at
# every run, and a plan without changes would never say so.
data "crossmesh_traffic_probe" "names" {
  connect_to = var.connect_to

  targets = {
    for name in keys(local.clusters) : name => {
      url           = "http://${name}.${var.domain}/"
      expected_body = "hello from ${name}"
    }
  }

  depends_on = [
    crossmesh_dnspod_record.wildcard,
    crossmesh_istio_virtual_service.name,
  ]
}

check "every_name_is_answered_by_its_cluster" {
  assert {
    condition = data.crossmesh_traffic_probe.names.ok
    error_message = join("\n", [
      for name, result in data.crossmesh_traffic_probe.names.results :
      "${name}: ${result.error}" if !result.ok
    ])
  }
}

output "clb_vip" {
  description = "Where the traffic comes in."
  value       = crossmesh_tcm_ingress_gateway.main.clb_vip
}

output "urls" {
  description = "The names, by cluster."
  value       = { for name in keys(local.clusters) : name => "http://${name}.${var.domain}/" }
}
