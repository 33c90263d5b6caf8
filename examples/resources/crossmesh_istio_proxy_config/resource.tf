resource "crossmesh_istio_proxy_config" "busy" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "busy"
    namespace = "shop"
  }

  spec = {
    selector    = { match_labels = { app = "checkout" } }
    concurrency = 0 # a thread per core
    image       = { image_type = "distroless" }

    environment_variables = { ISTIO_META_TEAM = "shop" }
  }
}
