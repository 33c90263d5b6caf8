resource "crossmesh_tcm_mesh" "main" {
  display_name = "cross-account"
  mesh_version = "1.18.5"

  config = {
    istio = {
      outbound_traffic_policy = "REGISTRY_ONLY"
      smart_dns = {
        istio_meta_dns_capture       = true
        istio_meta_dns_auto_allocate = true
      }
    }
    inject = {
      exclude_ip_ranges                   = ["169.254.0.0/16"]
      hold_application_until_proxy_starts = true
    }
    tracing = {
      enable   = true
      sampling = 1
      apm      = { enable = true, region = "ap-guangzhou" }
    }
    sidecar_resources = {
      limits   = { cpu = "2", memory = "1Gi" }
      requests = { cpu = "100m", memory = "128Mi" }
    }
  }

  tags = {
    purpose = "mesh"
  }

  # What was made along with the mesh goes with it.
  delete_with = {
    apm = true
  }
}
