resource "crossmesh_istio_telemetry" "mesh" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "mesh-default"
    namespace = "istio-system" # the root namespace: for the whole mesh
  }

  spec = {
    tracing = [{
      random_sampling_percentage = 1.5
      custom_tags                = { team = { literal = { value = "shop" } } }
    }]

    metrics = [{
      providers = [{ name = "prometheus" }]
      overrides = [{
        match         = { metric = "REQUEST_COUNT" }
        tag_overrides = { request_host = { value = "request.host" } }
      }]
    }]

    access_logging = [{
      providers = [{ name = "envoy" }]
      filter    = { expression = "response.code >= 400" }
    }]
  }
}
